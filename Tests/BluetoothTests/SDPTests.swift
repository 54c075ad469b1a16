import Bluetooth
import Core
import Testing

/// Bytes from Bluetooth Core 5.4, Vol 3, Part B, and from what others have published of real devices and servers.
@Suite struct SDPTests {
    private func packet(_ text: String) throws -> [UInt8] { try #require(bytes(hex: text)) }

    // MARK: Data elements

    @Test(
        arguments: [
            ("00", .null), ("08 05", .unsigned(5, width: 1)), ("09 1101", .unsigned(0x1101, width: 2)),
            ("0a 00010000", .unsigned(0x10000, width: 4)), ("11 fffe", .signed(-2, width: 2)),
            ("10 7f", .signed(127, width: 1)), ("19 0003", .uuid(0x0003)), ("28 01", .boolean(true)),
            ("25 03 434f4d", .text([0x43, 0x4F, 0x4D])), ("45 08 687474703a2f2f78", .url(Array("http://x".utf8))),
            ("35 03 19 1101", .sequence([.uuid(0x1101)])), ("3d 02 08 01", .alternative([.unsigned(1, width: 1)])),
            ("35 00", .sequence([])), ("0c" + String(repeating: "ff", count: 16), .unsigned(.max, width: 16)),
        ] as [(String, DataElement)])
    func elements(text: String, element: DataElement) throws {
        #expect(try DataElement(packet(text)) == element)
        #expect(hex(element.bytes) == hex(try packet(text)))
    }

    @Test func longFormsAndOtherSizesOfUUIDs() throws {
        #expect(try DataElement(packet("1a 00000003")) == .uuid(0x0003))
        #expect(try DataElement(packet("1c 00001101 0000 1000 8000 00805f9b34fb")) == .uuid(0x1101))
        #expect(try DataElement(packet("36 0003 19 1101")) == .sequence([.uuid(0x1101)]))
        #expect(try DataElement(packet("37 00000003 19 1101")) == .sequence([.uuid(0x1101)]))
        let full = try #require(BluetoothUUID("46A970E0-0D5F-11E2-8B5E-0002A5D5C51B"))
        #expect(hex(DataElement.uuid(full).bytes) == "1c46a970e00d5f11e28b5e0002a5d5c51b")
        #expect(DataElement.text([UInt8](repeating: 0x61, count: 300)).bytes.prefix(4) == [0x26, 0x01, 0x2C, 0x61])
    }

    @Test(arguments: [
        "", "01", "05 00", "0d", "18 00", "1b 0000000000000000", "20 00", "29 0000", "30", "40 00", "48", "f8",
        "09 11", "35 04 19 1101", "35 02 19 1101", "35 03 19 1101 00", "37 ffffffff 00", "26 01", "36 ffff",
    ])
    func whatIsNoElementIsRefused(text: String) throws {
        let bytes = try packet(text)
        #expect(throws: Malformed.self) { try DataElement(bytes) }
    }

    @Test func nestingIsBounded() throws {
        func nested(_ depth: Int) -> [UInt8] {
            (0..<depth).reduce([0x35, 0x00]) { inner, _ in
                [0x36, UInt8(inner.count >> 8), UInt8(inner.count & 0xFF)] + inner
            }
        }
        #expect(throws: Never.self) { try DataElement(nested(7)) }
        #expect(throws: Malformed.invalid(at: 24, expected: .dataElement)) { try DataElement(nested(8)) }
        #expect(throws: Malformed.self) { try DataElement(nested(20_000)) }
    }

    // MARK: The client

    @Test func asksForTheClassesAndProtocolsOfASerialPort() {
        #expect(
            hex(ServiceSearch(for: SDP.serialPort).request)
                == "06 0001 0010 3503191101 01e0 3506090001090004 00".replacing(" ", with: ""))
        let full: BluetoothUUID = BluetoothUUID(full: 0x0000_0000_DECA_FADE_DECA_DEAF_DECA_CAFF)
        #expect(
            hex(ServiceSearch(for: full).request).hasPrefix("060001001e35111c00000000decafadedecadeafdecacaff01e0"))
    }

    /// What a client has published as a device's answer.
    @Test func findsTheChannel() async throws {
        let bearer = ScriptedBearer(
            """
            >06 0001 0010 3503191101 01e0 3506090001090004 00
            <07 0001 0018 0015 3513 3511 0900 04 350c 3503 190100 3505 190003 0808 00
            """)
        #expect(try await SDP.channel(over: bearer) == 8)
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    /// A record that was captured from an accessory: it names the serial port only as its profile, and a search for
    /// serial ports finds it first.
    static let accessory = """
        3557 0900000a00010000 090001 3511 1c00000000decafadedecadeafdecacaff
        090004 350c 3503190100 3505190003 0801 090005 3503191002
        090009 3508 3506 191101 090100 090100 250e 576972656c657373206941507632
        """.replacing("\n", with: "")

    @Test func theServicesOwnRecordGoesBeforeOneThatMentionsIt() async throws {
        let port = "3526 090001 3503191101 090004 350c 3503190100 3505190003 0808 090009 3508 3506 191101 090102"
        let bearer = ScriptedBearer(
            """
            >06 0001 0010 3503191101 01e0 3506090001090004 00
            <07 0001 0086 0083 3581 \(Self.accessory) \(port) 00
            """)
        #expect(try await SDP.channel(over: bearer) == 8)
        #expect(bearer.isDone, "\(bearer.mistakes)")
        let alone = ScriptedBearer(
            """
            >06 0001 0010 3503191101 01e0 3506090001090004 00
            <07 0001 005e 005b 3559 \(Self.accessory) 00
            """)
        #expect(try await SDP.channel(over: alone) == 1)
    }

    @Test("SDP/CL/SSA/BV-01-C and ContinuationState: an answer in pieces is asked for piece by piece")
    func continuation() async throws {
        let bearer = ScriptedBearer(
            """
            >06 0001 0010 3503191101 01e0 3506090001090004 00
            <07 0001 0010 0009 3513 3511 0900 04 350c 04 deadbeef
            >06 0002 0014 3503191101 01e0 3506090001090004 04 deadbeef
            <07 0002 000d 0008 3503 190100 3505 19 02 0011
            >06 0003 0012 3503191101 01e0 3506090001090004 02 0011
            <07 0003 0007 0004 0003 0808 00
            """)
        #expect(try await SDP.channel(over: bearer) == 8)
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test(
        arguments: [
            ("3500", nil), ("3502 3500", nil),
            // Over L2CAP alone; channel 0; channel 31; a channel that is none; OBEX above RFCOMM.
            ("350f 350d 090004 3508 3506 190100 09000f", nil),
            ("3513 3511 090004 350c 3503190100 3505190003 0800", nil),
            ("3513 3511 090004 350c 3503190100 3505190003 081f", nil),
            ("3513 3511 090004 350c 3503190100 3505190003 2500", nil),
            ("3518 3516 090004 3511 3503190100 3505190003 080c 3503190008", 12),
            // The channel in two bytes, the UUID in 16; two stacks to choose from.
            ("3522 3520 090004 351b 3503190100 3514 1c0000000300001000800000805f9b34fb 090007", 7),
            ("351f 351d 090004 3d18 3508 3506190100 09000f 350c 3503190100 3505190003 081e", 30),
        ] as [(String, UInt8?)])
    func channels(lists: String, channel: UInt8?) async throws {
        let bytes = try packet(lists)
        let header = [0x07, 0, 1] + [0, UInt8(bytes.count + 3)] + [0, UInt8(bytes.count)] as [UInt8]
        let bearer = ScriptedBearer(
            ">06 0001 0010 3503191101 01e0 3506090001090004 00\n<\(hex(header + bytes + [0]))")
        if let channel {
            #expect(try await SDP.channel(over: bearer) == channel)
        } else {
            await #expect(throws: Fault.device(.lacking("1101"))) { try await SDP.channel(over: bearer) }
        }
    }

    @Test(arguments: [
        "01 0001 0002 0003",  // refused
        "07 0002 0005 0002 3500 00",  // another's answer
        "07 0001 0006 0002 3500 00", "07 0001 0005 0003 3500 00", "07 0001 0005 0002 3500 01", "07 0001 0005 0002 3500",
        "07", "07 00", "07 0001", "07 0001 0000", "07 0001 0003 0000 00", "07 0001 0005 0002 0800 00",
        "07 0001 0016 0002 3500 11 0000000000000000000000000000000000",  // a continuation state of 17 bytes
        "07 0001 0004 0000 01 aa",  // a piece with nothing in it
    ])
    func aBrokenAnswerIsAFault(answer: String) async throws {
        let bearer = ScriptedBearer(">06 0001 0010 3503191101 01e0 3506090001090004 00\n<\(answer)")
        do throws(Fault) {
            _ = try await SDP.channel(over: bearer)
            Issue.record("no fault")
        } catch {
            guard case .device(.malformed) = error else { Issue.record("\(error)"); return }
        }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func noChangedOrCutByteTraps() throws {
        let honest = try packet("07 0001 0018 0015 3513 3511 0900 04 350c 3503 190100 3505 190003 0808 00")
        for at in honest.indices {
            for byte in UInt8.min...UInt8.max {
                var lie = honest
                lie[at] = byte
                for pdu in [lie, Array(lie.prefix(at))] {
                    var search = ServiceSearch(for: SDP.serialPort)
                    guard (try? search.take(pdu)) == true, let records = try? search.records else { continue }
                    #expect(records.allSatisfy { $0.channel.map { 1...30 ~= $0 } ?? true })
                }
            }
        }
    }

    @Test func anAnswerWithoutEndIsAFault() throws {
        var search = ServiceSearch(for: SDP.serialPort), pieces = 0
        #expect(throws: Malformed.invalid(at: 8, expected: .endOfDiscovery)) {
            while true {
                let transaction = search.request[1...2]
                pieces += 1
                guard try !search.take([0x07] + transaction + [0, 5, 0, 1, 0x35, 1, 0]) else { return }
            }
        }
        #expect(pieces == 256)
    }
}
