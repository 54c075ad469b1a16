import Bluetooth
import Core
import Testing

/// Says what it was told to say, whatever it is asked, and counts.
private final class Impostor: Bearer {
    private let lines: [[UInt8]]
    private var at = 0
    private(set) var sent = 0

    init(_ lines: [[UInt8]]) { self.lines = lines }
    func send(_ pdu: [UInt8]) async throws(Fault) { sent += 1 }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        guard at < lines.count else { return nil }
        at += 1
        return lines[at - 1]
    }
}

/// Answers every request out of a function, for ever.
private final class Endless: Bearer {
    private let answer: ([UInt8], Int) -> [UInt8]
    private var last: [UInt8] = []
    private(set) var sent = 0, received = 0

    init(_ answer: @escaping ([UInt8], Int) -> [UInt8]) { self.answer = answer }
    func send(_ pdu: [UInt8]) async throws(Fault) {
        last = pdu
        sent += 1
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        received += 1
        return answer(last, received)
    }
}

@Suite struct HostileTests {
    /// What a whole visit asks of a client.
    private func visit(_ bearer: any Bearer) async throws(Fault) {
        let client = GATTClient(bearer)
        try await client.discover()
        _ = try await client.read(0x2A08)
        try await client.subscribe(0x2A35)
        while try await client.next(within: .seconds(1)) != nil { try await client.confirm() }
    }

    private let table = Array(monitor().prefix(7))

    /// Every answer of the honest device, in order.
    private func honest() async throws -> [[UInt8]] {
        let bearer = ServedBearer(table, unasked: [[0x1D, 3, 0, 0, 0x80, 0], [0x1B, 3, 0, 1]])
        try await visit(bearer)
        #expect(bearer.heard.count == 11)
        return bearer.heard
    }

    @Test func noChangedByteTrapsOrHangs() async throws {
        let honest = try await honest()
        for line in honest.indices {
            for at in honest[line].indices {
                for byte in UInt8.min...UInt8.max {
                    var lies = honest
                    lies[line][at] = byte
                    let bearer = Impostor(lies)
                    do throws(Fault) { try await visit(bearer) } catch { #expect(error.layer != "hub") }
                    #expect(bearer.sent <= 2 * honest.count)
                }
            }
        }
    }

    @Test func noCutAnswerTrapsOrHangs() async throws {
        let honest = try await honest()
        for line in honest.indices {
            for length in 0...honest[line].count {
                for extra in [[], [0], [0xFF, 0xFF, 0xFF]] as [[UInt8]] {
                    var lies = honest
                    lies[line] = Array(lies[line].prefix(length)) + extra
                    let bearer = Impostor(lies)
                    do throws(Fault) { try await visit(bearer) } catch { #expect(error.layer != "hub") }
                }
            }
        }
    }

    @Test func aDiscoveryThatDoesNotRiseIsAFault() async {
        let bearer = Endless { pdu, _ in
            pdu.first == 0x02 ? [3, 23, 0] : [0x11, 6, 1, 0, 1, 0, 0x10, 0x18]
        }
        await #expect(throws: Fault.device(.malformed(.invalid(at: 2, expected: .risingHandle)))) {
            try await GATTClient(bearer).discover()
        }
        #expect(bearer.sent == 3)
    }

    @Test func aDiscoveryWithoutEndIsAFault() async {
        let bearer = Endless { pdu, _ in
            pdu.first == 0x02 ? [3, 23, 0] : [0x11, 6, pdu[1], pdu[2], pdu[1], pdu[2], 0x10, 0x18]
        }
        await #expect(throws: Fault.device(.malformed(.invalid(at: 0, expected: .endOfDiscovery)))) {
            try await GATTClient(bearer).discover()
        }
    }

    @Test func aDeviceThatTalksInsteadOfAnsweringIsAFault() async {
        let bearer = Endless { _, _ in [0x1B, 3, 0, 1] }
        await #expect(throws: Fault.device(.malformed(.invalid(at: 0, expected: .wholeFrame)))) {
            try await GATTClient(bearer).discover()
        }
    }

    @Test func aWrongAnswerIsAFault() async {
        let bearer = Endless { _, _ in [0x13] }
        await #expect(throws: Fault.device(.malformed(.header(at: 0, got: 0x13, expected: 0x03)))) {
            try await GATTClient(bearer).discover()
        }
        let other = Endless { _, _ in [0x01, 0x0A, 0, 0, 0x05] }
        await #expect(throws: Fault.device(.malformed(.header(at: 1, got: 0x0A, expected: 0x02)))) {
            try await GATTClient(other).discover()
        }
    }

    @Test func whatNobodyAskedForIsPassedOver() async throws {
        // A Read Response, the refusal of a read, an indication that ends in its handle; then the answer.
        let bearer = ScriptedBearer(
            """
            > 02 0502
            < 0b 41
            < 01 0a 0300 0a
            < 1d 03
            < 03 1700
            > 10 0100 ffff 0028
            < 01 10 0100 0a
            """)
        let client = GATTClient(bearer)
        try await client.discover()
        #expect(bearer.isDone, "\(bearer.mistakes) \(bearer.steps)")
    }

    @Test func aValueWithoutEndIsReadToTheLongestThereIs() async throws {
        let long = [UInt8](repeating: 0x41, count: 22)
        let served = ServedBearer(table)
        let client = GATTClient(
            Switch(served) { pdu in
                switch pdu.first {
                case 0x0A: [0x0B] + long
                case 0x0C: [0x0D] + long
                default: nil
                }
            })
        try await client.discover()
        #expect(try await client.read(0x2A08).count == 528)
    }
}

/// An honest device, but for the requests that `answer` takes.
private final class Switch: Bearer {
    private let honest: any Bearer
    private let answer: ([UInt8]) -> [UInt8]?
    private var pending: [UInt8]?

    init(_ honest: any Bearer, _ answer: @escaping ([UInt8]) -> [UInt8]?) {
        self.honest = honest
        self.answer = answer
    }
    func send(_ pdu: [UInt8]) async throws(Fault) {
        pending = answer(pdu)
        if pending == nil { try await honest.send(pdu) }
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        if let pdu = pending {
            pending = nil
            return pdu
        }
        return try await honest.receive(within: time)
    }
}
