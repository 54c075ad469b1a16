import Bluetooth
import Core
import Testing

/// One request, one answer; bytes by hand from Bluetooth Core 5.4, Vol 3, Part F, 3.4.
@Suite struct AttributeServerTests {
    @Test(
        arguments: [
            ("02 0502", "03 1700"),
            ("02 05", "01 02 0000 04"),
            ("04 0300 0500", "05 01 0300 352a 0400 0129 0500 0229"),
            ("04 2200 2300", "05 02 2200 e4ab90560d005c976d1b345a01f03b23"),
            ("04 3000 ffff", "01 04 3000 0a"),
            ("04 0000 ffff", "01 04 0000 01"),
            ("04 0500 0400", "01 04 0500 01"),
            ("06 0100 ffff 0028 0a18", "07 1000 1200"),
            ("06 0100 ffff 0028 0b18", "01 06 0100 0a"),
            ("08 0100 ffff 0328", "09 07 0200 20 0300 352a 0600 0a 0700 082a 1100 02 1200 292a"),
            ("08 1200 ffff 0328", "09 15 2100 18 2200 e4ab 9056 0d00 5c97 6d1b 345a 01f0 3b23"),
            ("08 0700 ffff 0328", "09 07 1100 02 1200 292a"),
            ("08 0100 ffff 352a", "01 08 0300 02"),
            ("10 0100 ffff 0028", "11 06 0100 0700 1018 1000 1200 0a18"),
            ("10 1300 ffff 0028", "11 14 2000 2300 e4ab 9056 0d00 5c97 6d1b 345a 00f0 3b23"),
            ("10 0100 ffff 0328", "01 10 0100 10"),
            ("0a 0700", "0b ea07 03 02 0a 0c 0c"),
            ("0a 0300", "01 0a 0300 02"),
            ("0a 0900", "01 0a 0900 01"),
            ("0c 1200 1600", "0d 546f 6b79 6f"),
            ("0c 1200 1b00", "0d"),
            ("0c 1200 1c00", "01 0c 1200 07"),
            ("12 0500 0200", "13"),
            ("12 0300 00", "01 12 0300 03"),
            ("12 0100 00", "01 12 0100 03"),
            ("12 05", "01 12 0000 04"),
            ("0e 0100 0200", "01 0e 0000 06"),
            ("16 0700 0000 00", "01 16 0000 06"),
        ])
    func answers(request: String, response: String) throws {
        var server = AttributeServer(monitor(), mtu: 23)
        let answer = server.answer(try #require(bytes(hex: request)))
        #expect(answer.response.map { hex($0) } == hex(try #require(bytes(hex: response))))
    }

    @Test func aWriteIsToldAndStaysInTheTable() {
        var server = AttributeServer(monitor())
        let clock = Attribute(handle: 7, type: 0x2A08, value: [1, 2])
        #expect(server.answer([0x12, 7, 0, 1, 2]) == .init(response: [0x13], written: clock))
        #expect(server.answer([0x0A, 7, 0]).response == [0x0B, 1, 2])
    }

    @Test func aCommandIsNeverAnswered() {
        var server = AttributeServer(monitor())
        #expect(server.answer([0x52, 7, 0, 9]) == .init(), "2A08 is written with a response only")
        #expect(server.answer([0x52]) == .init())
        #expect(server.answer([0xD2, 7, 0]) == .init())
        #expect(server.answer([0x0B, 7]) == .init(), "a response is for no server")
        #expect(server.answer([]) == .init())
    }

    @Test func everyAnswerFitsTheMTUAndEveryRequestHasOne() {
        for opcode in UInt8.min...UInt8.max {
            for length in 0...24 {
                for fill in [0x00, 0x01, 0x03, 0x12, 0x28, 0xFF] as [UInt8] {
                    var server = AttributeServer(monitor(), mtu: 23)
                    let answer = server.answer([opcode] + [UInt8](repeating: fill, count: length))
                    #expect((answer.response?.count ?? 0) <= 23)
                    if ATT.Opcode(rawValue: opcode)?.response != nil { #expect(answer.response != nil) }
                }
            }
        }
    }
}
