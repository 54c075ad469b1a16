import Bluetooth
import Core

/// Keeping the radio alive: how it is examined, and what is tried where it fails.
extension Radio {
    /// After so long without a sign from the air it is examined, where there is somebody to hear.
    static let quietTime = Duration.seconds(600)
    /// Most advertisers are heard within this.
    static let examinationTime = Duration.seconds(4)

    var examinationIsDue: Bool { !followed.isEmpty && pairing == nil && lastSign + Self.quietTime <= .now }

    /// The end of an examination, if this discovery was one. Throws `radioFailing` where silence is evidence, or that a device
    /// is there to which the kernel has not connected.
    func conclude() throws(Fault) {
        guard let heard = examination else { return }
        examination = nil
        lastSign = .now
        // Whom it connects to is not on its list any more. If it stays so, it is the device that takes nobody.
        let missed = reachable.filter { added[$0] != nil && isAwaited($0) && !isHarmless($0) }
        reachable = []
        if !missed.isSubset(of: unreached) {
            unreached.formUnion(missed)
            lastSign = .now + (.seconds(60) - Self.quietTime)
            health.skip(to: .powerCycle)
            throw .hub(.radioFailing("it hears a device and does not connect to it"))
        }
        if let usual = health.examined(heard.count) {
            throw .hub(.radioFailing("it hears nobody, where \(usual) and more used to be"))
        }
        // Once is chance: asked again soon.
        if heard.isEmpty { lastSign = .now + (.seconds(60) - Self.quietTime) }
    }

    /// After so long without a sign the controller is asked for one. A cuff is on the air no longer than that.
    static let muteTime = Duration.seconds(30)

    /// Asks the controller where it has given no sign for a while and somebody is waited for. Returns when it is to be asked
    /// next; nil where it is not. Throws `radioFailing` where it answers nothing.
    func probeController(_ index: Management.Index) async throws(Fault) -> ContinuousClock.Instant? {
        guard !followed.isEmpty, pairing == nil, discoveryEnds == nil else { return nil }
        let due = max(lastSign, lastAnswer) + Self.muteTime
        guard isMute || due <= .now else { return due }
        guard await probe.answers(index) else {
            isMute = true
            throw .hub(.radioFailing("its controller answers nothing"))
        }
        if isMute { health.isWell() }
        isMute = false
        lastAnswer = .now
        return lastAnswer + Self.muteTime
    }

    /// So often the kernel is asked who is connected. It tells that by itself, but drops news for which there is no room, and says
    /// nothing of it (net/bluetooth/hci_sock.c, hci_send_to_channel).
    static let censusTime = Duration.seconds(60)

    /// Takes for known what the kernel may have told in vain. Returns when it is to be asked next; nil where nobody is waited for.
    func takeCensus(
        _ channel: ManagementSocket, _ index: Management.Index
    ) async throws(Fault) -> ContinuousClock.Instant? {
        guard !followed.isEmpty, pairing == nil else { return nil }
        guard lastCensus + Self.censusTime <= .now else { return lastCensus + Self.censusTime }
        lastCensus = .now
        let before = connected
        let links = Set(try read(try await channel.ask(.getConnections, of: index), Management.connections))
        // What has not been looked at yet may tell it all the same.
        guard channel.isDrained else { return lastCensus + Self.censusTime }
        for device in before.subtracting(links) where connected.contains(device) { part(from: device) }
        for device in links.subtracting(connected) where added[device] != nil || dropped.contains(device) {
            await meet(device, [], channel)
        }
        // Nor does it always end a link that nobody uses, and a device that has one is not met. What begins a visit is sooner done.
        let unused = links.filter { followed[$0] != nil && $0.kind != .classic && !visited.contains($0) }
        for device in unused.intersection(idle) {
            // Each takes its time, and somebody may be visited or paired with by then.
            func isUsed() -> Bool { visited.contains(device) || pairing != nil }
            if isUsed() { continue }
            await hearAWord(from: device)
            if !isUsed() { await hangUp(device, channel) }
        }
        idle = unused
        return lastCensus + Self.censusTime
    }

    /// Does the next thing that may help. Returns when to compare again.
    func remedy(_ fault: Fault) -> ContinuousClock.Instant? {
        guard case .hub(.radioFailing) = fault else { return fault == .hub(.noRadio) ? nil : .now + .seconds(5) }
        let rung = health.fails()
        Systemd.log(.notice, "hub: Bluetooth adapter: \(rung.words)")
        switch rung {
        // It gets its settings and keys again, and a discovery ends the kernel's own scanning, which begins anew behind it.
        case .restartScanning:
            adapter?.isPrepared = false
            if discoveryEnds == nil { (examination, discoveryEnds) = ([], .now + Self.examinationTime) }
        case .powerCycle: mustRestart = true
        case .resetUSB:
            guard let name = adapter?.index.description else { break }
            do throws(Fault) {
                try usbReset.perform(on: name)
            } catch {
                Systemd.log(.notice, error.description)
            }
        case .giveUp:
            mustRestart = true
            return .now + .seconds(300)
        }
        return .now + .seconds(5)
    }
}

extension RadioHealth.Rung {
    /// For the log and the technician.
    package var words: String {
        switch self {
        case .restartScanning: "its scanning is started anew"
        case .powerCycle: "it is switched off and on"
        case .resetUSB: "its USB device is reset"
        case .giveUp: "nothing has helped; it is tried again in five minutes"
        }
    }
}
