import Bluetooth
import Core
import Testing

/// What a device that calls us is told. The record's bytes were made by another implementation of SDP; the requests
/// follow Bluetooth Core 5.4, Vol 3, Part B, 4, and what real clients ask.
@Suite struct SDPServerTests {
    static let record = """
        3550 0900000a00010001 090001 3503191101 090004 350c 3503190100 3505190003 0807 090005 3503191002
        090006 3509 09656e 09006a 090100 090009 3508 3506 191101 090102 090100 2507 766974616c7364
        """.replacing("\n", with: "").replacing(" ", with: "")
    private let server = SDPServer([ServiceRecord(serialPort: "vitalsd", channel: 7)])

    private func answer(_ request: String, mtu: Int = 672) throws -> String? {
        let server = SDPServer([ServiceRecord(serialPort: "vitalsd", channel: 7)], mtu: mtu)
        return server.answer(try #require(bytes(hex: request))).map { hex($0) }
    }

    @Test(
        arguments: [
            // SDP/SR/SS/BV-01-C: a search with a UUID of 16, 32 and 128 bits, one that finds nothing, one of two UUIDs.
            ("02 0001 0008 3503191101 0001 00", "03 0001 0009 0001 0001 00010001 00"),
            ("02 0001 000a 35051a00001101 0001 00", "03 0001 0009 0001 0001 00010001 00"),
            ("02 0001 0016 35111c0000110100001000800000805f9b34fb 0001 00", "03 0001 0009 0001 0001 00010001 00"),
            ("02 0001 0008 3503191105 0001 00", "03 0001 0005 0000 0000 00"),
            ("02 0001 000b 3506191101190003 0001 00", "03 0001 0009 0001 0001 00010001 00"),
            ("02 0001 000b 3506191101190008 0001 00", "03 0001 0005 0000 0000 00"),
            // SDP/SR/SA/BV-01-C: attributes by handle.
            ("04 0009 000c 00010001 ffff 3503090100 00", "05 0009 0011 000e 350c 090100 2507 766974616c7364 00"),
            ("04 0009 000c 00010002 ffff 3503090100 00", "01 0009 0002 0002"),
            // SDP/SR/SSA/BV-01-C to BV-04-C: no such service, no such attribute, neither, both.
            ("06 0000 000d 3503199875 012c 3503090001 00", "07 0000 0005 0002 3500 00"),
            ("06 0000 000d 3503191101 012c 350309abcd 00", "07 0000 0007 0004 3502 3500 00"),
            ("06 0000 000d 3503199875 012c 350309abcd 00", "07 0000 0005 0002 3500 00"),
            (
                "06 0000 000d 3503191101 012c 3503090004 00",
                "07 0000 0018 0015 3513 3511 090004 350c 3503190100 3505190003 0807 00"
            ),
            // All there is, as phones ask.
            ("06 0000 000f 3503191101 ffff 35050a0000ffff 00", "07 0000 0057 0054 3552 \(record) 00"),
            // SDP/SR/SSA/BI-01-C to BI-03-C: syntax, size, continuation state.
            ("06 0000 000d 3603191101 012c 3503090001 00", "01 0000 0002 0003"),
            ("06 0000 000d 3503191101 012c 3503190001 00", "01 0000 0002 0003"),
            ("06 0000 000d 3503191101 0006 3503090001 00", "01 0000 0002 0003"),
            ("06 0000 000a 3503191101 0001 35020900", "01 0000 0002 0004"),
            ("06 0000 000a 3503191101 0001 350209", "01 0000 0002 0003"),
            ("06 0000 000c 3503191101 012c 3503090001 00", "01 0000 0002 0004"),
            ("06 0000 000f 3503191101 012c 3503090001 02 ffff", "01 0000 0002 0005"),
            ("06 0000 000e 3503191101 012c 3503090001 01 01", "01 0000 0002 0005"),
            ("06 0000 000f 3503191101 012c 3503090001 02 0000", "01 0000 0002 0005"),
            ("08 0000 0000", "01 0000 0002 0003"), ("07 0000 0000", "01 0000 0002 0003"),
            ("06 0000", "01 0000 0002 0004"),
        ])
    func answers(request: String, response: String) throws {
        #expect(try answer(request) == response.replacing(" ", with: ""))
    }

    @Test func whatIsTooShortHasNoAnswer() throws {
        #expect(try answer("") == nil && answer("06") == nil && answer("06 00") == nil)
    }

    @Test func ourRecordIsAsOthersWriteIt() throws {
        #expect(
            hex(server.answer(try #require(bytes(hex: "04 0000 000e 00010001 ffff 35050a0000ffff 00"))) ?? [])
                == "05000000550052\(Self.record)00")
    }

    @Test("SDP/SR/SSA/BV-06-C: an answer that does not fit is given in pieces")
    func pieces() throws {
        #expect(
            try answer("06 0000 000d 3503191101 0007 3503090004 00")
                == "07 0000 000c 0007 35133511090004 02 0007".replacing(" ", with: ""))
        #expect(
            try answer("06 0001 000f 3503191101 0007 3503090004 02 000e")
                == "07 0001 000a 0007 3505190003 0807 00".replacing(" ", with: ""))
    }

    /// Our own client and server, whatever the packets' size.
    @Test(arguments: [48, 49, 64, 128, 672])
    func theClientFindsWhatTheServerServes(mtu: Int) async throws {
        let bearer = Served(SDPServer([ServiceRecord(serialPort: "vitalsd", channel: 7)], mtu: mtu))
        #expect(try await SDP.channel(over: bearer) == 7)
        await #expect(throws: Fault.device(.lacking("1105"))) { try await SDP.channel(of: 0x1105, over: bearer) }
        #expect(bearer.longest <= mtu)
    }

    @Test func noRequestTraps() throws {
        let honest = try #require(bytes(hex: "06 0000 000f 3503191101 0010 35050a0000ffff 00"))
        for at in honest.indices {
            for byte in UInt8.min...UInt8.max {
                var lie = honest
                lie[at] = byte
                #expect(server.answer(lie) != nil)
                #expect((server.answer(Array(lie.prefix(at))) ?? [0]).count <= 672)
            }
        }
    }
}

/// An SDP server behind a bearer.
private final class Served: Bearer {
    private let server: SDPServer
    private var answers: [[UInt8]] = []
    private(set) var longest = 0

    init(_ server: SDPServer) { self.server = server }
    func send(_ pdu: [UInt8]) async throws(Fault) {
        guard let answer = server.answer(pdu) else { return }
        answers.append(answer)
        longest = max(longest, answer.count)
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        answers.isEmpty ? nil : answers.removeFirst()
    }
}
