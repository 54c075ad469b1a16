import Bluetooth
import Core
import Host

/// A simulated device: plays a capture from the device's side, and has a memory like the real one.
///
/// What the capture hears (`<`) it says; a record that it indicates it forgets only when the hub confirms, and begins
/// with the first unconfirmed one the next time. So it can tell what it believes to be safe.
@Hub final class FarEnd {
    let capture: Capture
    let advertisement: Advertisement
    /// Records not yet confirmed, oldest first, each as the PDU that indicates it.
    private(set) var memory: [[UInt8]] = []
    private(set) var confirmed = 0
    /// Called after each confirmation.
    var onConfirmation: () -> Void = {}
    private var server: AttributeServer

    init?(_ capture: Capture, as address: BluetoothAddress? = nil) {
        guard case .advertisement(var advertisement) = capture.sighting.way else { return nil }
        if let address { advertisement.address = address }
        self.capture = capture
        self.advertisement = advertisement
        server = AttributeServer(capture.attributes)
    }

    /// A person measures: the records of the capture are in memory.
    func measure() {
        memory += capture.lines.compactMap { line in
            if case .heard(let pdu) = line, pdu.first == ATT.Opcode.indication.rawValue { pdu } else { nil }
        }
    }

    /// One connection, until the memory is empty or the hub hangs up.
    func serve(_ link: SocketBearer) async throws(Fault) {
        var inFlight = false
        while let pdu = try await link.receive(within: .seconds(20)) {
            if pdu.first == ATT.Opcode.confirmation.rawValue {
                if inFlight {
                    memory.removeFirst()
                    confirmed += 1
                    inFlight = false
                    onConfirmation()
                }
            } else {
                for answer in answers(to: pdu) { try await link.send(answer) }
            }
            guard !inFlight, pdu.first == ATT.Opcode.confirmation.rawValue || asksForIndications(pdu) else { continue }
            guard let record = memory.first else {
                await loop.sleep(for: .milliseconds(100))
                return link.hangUp()
            }
            // A real cuff's radio takes about this long for each.
            await loop.sleep(for: .milliseconds(60))
            try await link.send(record)
            inFlight = true
        }
    }

    /// What the capture answered to the same request; for the rest, what the attribute table says.
    private func answers(to pdu: [UInt8]) -> [[UInt8]] {
        let asked = capture.lines.firstIndex { line in
            // A write of the present time differs from the recorded one; its handle does not.
            if case .sent(let sent) = line { sent.prefix(3) == pdu.prefix(3) } else { false }
        }
        guard let asked else { return server.answer(pdu).response.map { [$0] } ?? [] }
        return capture.lines[(asked + 1)...].prefix { if case .sent = $0 { false } else { true } }.compactMap { line in
            if case .heard(let answer) = line, answer.first != ATT.Opcode.indication.rawValue { answer } else { nil }
        }
    }

    /// A write of 0002 to a client characteristic configuration, but for that of Service Changed.
    private func asksForIndications(_ pdu: [UInt8]) -> Bool {
        !server.isAsked(pdu) && pdu.count == 5 && pdu[0] == ATT.Opcode.writeRequest.rawValue && pdu[3] == 2
            && pdu[4] == 0
    }
}

/// The simulated air of the demonstration: far ends that advertise while they hold something.
@Hub final class SimulatedAir {
    private let listener: SocketListener
    private var ears: [SocketBearer] = []
    private var onAir: [FarEnd] = []

    init(at path: String) throws(Fault) { listener = try SocketListener(path) }

    func add(_ end: FarEnd) { onAir.append(end) }
    func remove(_ end: FarEnd) { onAir.removeAll { $0 === end } }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.advertise() }
            while let link = try? await listener.accept() {
                group.addTask { await self.greet(link) }
            }
        }
    }

    /// The first packet tells an ear, which says nothing, from a connection.
    private func greet(_ link: SocketBearer) async {
        ears.append(link)
        let packet = try? await link.receive(within: .seconds(3600))
        ears.removeAll { $0 === link }
        guard let packet, let words = Optional(String(decoding: packet, as: UTF8.self).split(separator: " ")),
            words.count == 2, let end = onAir.first(where: { $0.advertisement.address.description == words[1] })
        else { return }
        try? await end.serve(link)
    }

    private func advertise() async {
        while true {
            for end in onAir where !end.memory.isEmpty {
                for ear in ears { try? await ear.send(Array(end.advertisement.notation.utf8)) }
            }
            await loop.sleep(for: .milliseconds(150))
        }
    }
}
