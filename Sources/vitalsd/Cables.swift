import Core
import Devices
import Host

/// The line over a cable: a device speaks as soon as its line is there, or waits to be asked.
extension Gateway {
    func hearLines() async {
        await withDiscardingTaskGroup { group in
            while true {
                do throws(Fault) {
                    guard let change = try await lines.next() else { return }
                    switch change {
                    case .appeared(let line):
                        Systemd.log(.info, "hub: serial line \(line.path) appeared")
                        let appearance = roster.present(line)
                        note(line)
                        group.addTask { await self.attend(line, since: appearance) }
                    case .vanished(let path):
                        Systemd.log(.info, "hub: serial line \(path) is gone")
                        roster.absent(path)
                        hearing.forget(line: path)
                    }
                } catch {
                    log(error)
                    await loop.sleep(for: .seconds(5))
                }
            }
        }
    }

    /// Stays with a serial line until it is gone: listens, visits, listens again. It stays open from one visit to the next: to
    /// close it would throw away what a device has said meanwhile.
    private func attend(_ line: SerialLine, since appearance: Int) async {
        var patience = Patience()
        while roster.isPresent(line, since: appearance) {
            await SerialPort.closed(line.path)
            guard roster.isPresent(line, since: appearance) else { return }
            do throws(Fault) {
                let port = try SerialPort(line.path, roster.settings(for: line))
                roster.open(line, port)
                defer { roster.close(line, port) }
                var quiet: HubTime?
                while roster.isPresent(line, since: appearance) {
                    hearing.note(line: line)
                    quiet = try await visit(line, since: appearance, over: port, after: quiet)
                    patience = Patience()
                }
            } catch {
                if error != .hub(.portGone), error != .device(.hungUp) {
                    if roster.isPresent(line, since: appearance) { hearing.note(line: line, error) }
                    log(error, about: line.path)
                }
                await loop.sleep(for: patience.next())
            }
        }
    }

    /// Listens whose the line is, and visits that device. Answers when the visit last listened, and takes when the one before
    /// did. Throws `portGone` where nobody can be at the other end any more.
    private func visit(
        _ line: SerialLine, since appearance: Int, over port: SerialPort, after quiet: HubTime?
    ) async throws(Fault) -> HubTime {
        let arrears = Arrears()
        // A slow card may have held up what is written behind a visit.
        if let quiet, port.isUnread, HubClock.now().uptime - quiet.uptime > .seconds(1) { arrears.wait(since: quiet) }
        let (driver, heard) = try await roster.recognise(line, port) { fault in
            self.note(fault, of: line, since: appearance)
        }
        // It may have gone meanwhile, and what is noted of it would outlast it.
        guard roster.isPresent(line, since: appearance) else { throw .hub(.portGone) }
        hearing.note(line: line, driver: driver.id)
        guard case .line(let conversation) = driver.visit else { throw .device(.unrecognised) }
        let sighting = Sighting(.line(line)), recording = recording(of: sighting)
        let link = Resumed(port, heard: heard, arrears) { self.contacts.hear(line: sighting.identity) }
        try await visit(driver, sighting, recording, arrears) { report throws(Fault) in
            try await conversation(recording?.tap(link) ?? link, report)
        }
        return link.listened
    }

    /// A line is in trouble, and goes on: it is said once, until somebody is recognised there.
    private func note(_ fault: Fault, of line: SerialLine, since appearance: Int) {
        guard roster.isPresent(line, since: appearance), hearing.lines[line.path]?.trouble != Trouble(fault) else {
            return
        }
        hearing.note(line: line, fault)
        log(fault, about: line.path)
    }

    /// Of a device that goes by the socket of its cable, and is nobody's by name, those that are bound in another. While in one
    /// of these none is plugged in it may have been moved from there, and is not the home's patient's before somebody says so.
    func formerSockets(of identity: String) async throws(Fault) -> [String] {
        guard let kind = identity.socketed, !acceptList.isBound(identity) else { return [] }
        let bound = try await journal.bindings().map(\.device)
        guard !bound.contains(identity) else { return [] }
        let others = bound.filter { $0.socketed == kind }
        if !arePluggedIn(others) { log(.pairing(.notBound), about: identity) }
        return others
    }

    func arePluggedIn(_ identities: [String]) -> Bool {
        identities.allSatisfy { identity in hearing.lines.values.contains { $0.identity == identity } }
    }
}

extension String {
    /// Of the identity of a USB adapter that goes by its socket, or by its line, what kind of adapter it is; nil of any other.
    fileprivate var socketed: Substring? {
        let words = split(separator: ":", maxSplits: 3)
        guard words.count == 4, words[0] == "usb", words[3].contains(where: { $0 == ":" || $0 == "/" })
        else { return nil }
        return self[..<words[3].startIndex]
    }
}
