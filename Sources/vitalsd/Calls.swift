import Bluetooth
import Core
import Devices
import Host

/// The line over classic Bluetooth: a device calls the hub when it has something to say, or it waits to be called.
extension Gateway {
    func hearCalls() async {
        guard let central else { return }
        await withDiscardingTaskGroup { group in
            while let line = await central.nextCall() {
                group.addTask { await self.answer(line) }
            }
        }
    }

    /// Visits a device of ours that has called; hangs up on any other. The device alone knows when it has something to say,
    /// so it never rests: a call that fails is its to repeat.
    ///
    /// What it sends it takes for received as soon as the link is there, and forgets. So it is heard even while what it said in
    /// an earlier call waits for room.
    func answer(_ line: RFCOMMSocket) async {
        let caller = Advertisement(address: line.device, kind: .classic, name: "", services: [])
        guard acceptList.isBound(Sighting(.advertisement(caller)).identity) else {
            line.hangUp()
            if roster.isNews(caller) {
                Systemd.log(.info, "pairing: \(line.device) calls and is bound to nobody; hung up")
            }
            return
        }
        guard acceptList.mayBe(caller) else {
            noteImpostor(caller)
            return line.hangUp()
        }
        guard roster.answer(caller) else {
            Systemd.log(.warning, "hub: \(line.device) called as the daemon was ending; what it told then may be lost")
            return line.hangUp()
        }
        defer { roster.left(caller) }
        let identity = Sighting(.advertisement(caller)).identity
        do throws(Fault) {
            try await visit(caller, over: line)
            hearing.visited(identity)
        } catch {
            hearing.visited(identity, error)
            log(error, about: line.device.description)
        }
    }

    /// Somebody has the address of a device that is bonded, and is not it. That is no fault of the device's, which does not rest
    /// for it.
    func noteImpostor(_ advertisement: Advertisement) {
        guard roster.isNews(advertisement) else { return }
        Systemd.log(
            .warning,
            "pairing: \(advertisement.address) is paired, and somebody else uses its address or its key is damaged; left "
                + "alone; if it is the device itself, pair it again")
    }

    /// A device of ours could not be visited, or not to the end.
    func missed(_ advertisement: Advertisement, _ fault: Fault) {
        let device = Sighting(.advertisement(advertisement)).identity
        hearing.visited(device, fault)
        scene.visit(device, .failed, fault: fault)
        // It was heard, and what it has is still in it. A classic device is called without having been heard.
        if advertisement.kind != .classic { contacts.left(device, isRead: false) }
        if acceptList.failed(device, fault) { log(fault, about: advertisement.address.description) }
    }

    /// Calls a device of ours that waits for it, and visits it. Mostly it is off, which only the call can tell: no fault, and
    /// after a rest it is called again.
    func call(_ device: Advertisement, over central: any Central) async throws(Fault) {
        let identity = Sighting(.advertisement(device)).identity
        let line: RFCOMMSocket
        do throws(Fault) {
            line = try await central.call(device.address)
        } catch .device(.silent) {
            return acceptList.rest(identity)
        }
        try await visit(device, over: line)
        acceptList.rest(identity)
        hearing.visited(identity)
    }

    /// One visit over the serial port of a classic device, whoever has called.
    private func visit(_ heard: Advertisement, over line: RFCOMMSocket) async throws(Fault) {
        roster.open(heard, line)
        defer {
            roster.close(heard, line)
            line.hangUp()
        }
        // Whoever gave it back while it was being called could not hang up on it yet.
        guard acceptList.isBound(Sighting(.advertisement(heard)).identity) else { throw .pairing(.notBound) }
        // A call gives no name: it is the one that the device was paired by.
        let sighting = Sighting(.advertisement(acceptList.completed(heard)))
        guard let driver = drivers.soleClaimant(of: sighting), case .line(let conversation) = driver.visit else {
            throw .device(.unrecognised)
        }
        let recording = recording(of: sighting), arrears = Arrears(), link = Resumed(line, arrears)
        try await visit(driver, sighting, recording, arrears) { report throws(Fault) in
            try await conversation(recording?.tap(link) ?? link, report)
        }
    }
}
