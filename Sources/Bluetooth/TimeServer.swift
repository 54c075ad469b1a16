import Core

/// What the hub serves to a device that is a client too: its name, and the time of the house (Current Time Service 1.1).
///
/// A device that asks may set itself by the answer, but what it has stored is dated by the clock that it had. So the
/// question waits until the driver says that it knows that clock; ATT gives an answer 30 s. Where a driver does not say so
/// before it waits for what the device tells, the device is refused the time.
struct TimeServer {
    private var server = AttributeServer(Self.table)
    private let time: (() -> [UInt8]?)?
    private var mayTell = false
    private var held: [UInt8]?

    /// `time` is Current Time (0x2A2B), ten bytes; nil while the hub is not sure of it. Without `time` nothing is served.
    init(_ time: (() -> [UInt8]?)?) {
        self.time = time
        if time == nil { server = AttributeServer() }
    }

    private static let value: UInt16 = 9

    /// A device is told the time when it asks. That the hub's clock was set since is told by its next visit, which is
    /// minutes away: nobody who subscribes is ever notified.
    private static let table = [
        Attribute(handle: 1, type: ATT.primaryService, value: [0x00, 0x18]),
        Attribute(handle: 2, type: ATT.characteristic, value: [0x02, 3, 0, 0x00, 0x2A]),
        Attribute(handle: 3, type: 0x2A00, value: Array("vitalsd".utf8)),
        Attribute(handle: 4, type: ATT.characteristic, value: [0x02, 5, 0, 0x01, 0x2A]),
        // Appearance: unknown.
        Attribute(handle: 5, type: 0x2A01, value: [0, 0]),
        Attribute(handle: 6, type: ATT.primaryService, value: [0x01, 0x18]),
        Attribute(handle: 7, type: ATT.primaryService, value: [0x05, 0x18]),
        Attribute(handle: 8, type: ATT.characteristic, value: [0x12, 9, 0, 0x2B, 0x2A]),
        Attribute(handle: value, type: 0x2A2B, value: []),
        Attribute(handle: 10, type: ATT.clientConfiguration, value: [0, 0]),
    ]

    /// The response to a request; nil where there is none, or none yet.
    mutating func answer(_ pdu: [UInt8]) -> [UInt8]? {
        guard asksForTime(pdu) else { return server.answer(pdu).response }
        guard mayTell else {
            held = pdu
            return nil
        }
        return tell(pdu)
    }

    /// The driver knows the device's clock. Gives the response to whoever waits for the time.
    mutating func release() -> [UInt8]? {
        mayTell = true
        return answerHeld()
    }

    /// The response to whoever still waits: the time, or a refusal where nobody has said that it may be told.
    mutating func answerHeld() -> [UInt8]? {
        defer { held = nil }
        return held.flatMap { mayTell ? tell($0) : refusal($0) }
    }

    private mutating func tell(_ pdu: [UInt8]) -> [UInt8]? {
        guard let time = time?() else { return refusal(pdu) }
        server.set(time, at: Self.value)
        return server.answer(pdu).response
    }

    private func refusal(_ pdu: [UInt8]) -> [UInt8] {
        [ATT.Opcode.errorResponse.rawValue, pdu[0]] + Self.value.attBytes + [ATT.ErrorCode.unlikely]
    }

    private func asksForTime(_ pdu: [UInt8]) -> Bool {
        guard time != nil else { return false }
        switch pdu.first.flatMap(ATT.Opcode.init) {
        case .readRequest, .readBlobRequest: return pdu.u16(at: 1) == Self.value
        case .readByTypeRequest: return pdu.u16(at: 5) == 0x2A2B
        default: return false
        }
    }
}
