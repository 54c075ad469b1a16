import Bluetooth
import Core
import Testing

/// Transcripts written by hand from Bluetooth Core 5.4, Vol 3, Parts F and G. Where a transcript follows a test case of
/// the Bluetooth SIG's GATT test suite it carries its name.
@Suite struct GATTClientTests {
    /// MTU 23, one service of one indicated and one readable characteristic; CCCD behind another descriptor.
    static let discovery = """
        >02 0502
        <03 1700
        >10 0100 ffff 0028
        <11 06 0100 0900 1018
        >10 0a00 ffff 0028
        <01 10 0a00 0a
        >08 0100 0900 0228
        <01 08 0100 0a
        >08 0100 0900 0328
        <09 07 0200 20 0300 352a 0600 0a 0700 082a
        >08 0700 0900 0328
        <01 08 0700 0a
        >04 0400 0500
        <05 01 0400 0129 0500 0229
        >04 0800 0900
        <01 04 0800 0a

        """

    /// A client that has discovered the device above, and what the script says after that.
    func discovered(_ rest: String) async throws -> (GATTClient, ScriptedBearer) {
        let bearer = ScriptedBearer(Self.discovery + rest)
        let client = GATTClient(bearer)
        try await client.discover()
        return (client, bearer)
    }

    @Test("GATT/CL/GAC/BV-01-C and GATT/CL/GAD/BV-01-C, BV-03-C, BV-04-C, BV-06-C: exchange MTU, discover all")
    func discoversServicesCharacteristicsAndDescriptors() async throws {
        let (client, bearer) = try await discovered("")
        #expect(client.has(0x2A35) && client.has(0x2A08) && !client.has(0x2A36))
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aDeviceThatKnowsNoMTUExchangeKeepsTheDefault() async throws {
        let bearer = ScriptedBearer(">02 0502\n<01 02 0000 06\n>10 0100 ffff 0028\n<01 10 0100 0a")
        try await GATTClient(bearer).discover()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aServiceThatEndsAtTheLastHandleEndsTheDiscovery() async throws {
        let bearer = ScriptedBearer(
            """
            >02 0502
            <03 1700
            >10 0100 ffff 0028
            <11 06 0100 ffff 1018
            >08 0100 ffff 0228
            <01 08 0100 0a
            >08 0100 ffff 0328
            <09 07 feff 02 ffff 352a
            >08 ffff ffff 0328
            <01 08 ffff 0a
            """)
        let client = GATTClient(bearer)
        try await client.discover()
        #expect(client.has(0x2A35) && bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAR/BV-01-C: read a characteristic value")
    func reads() async throws {
        let (client, bearer) = try await discovered(">0a 0700\n<0b ea07 03 02 0a 0c 0c")
        #expect(try await client.read(0x2A08) == [0xEA, 7, 3, 2, 10, 12, 12])
        #expect(bearer.isDone)
    }

    @Test(
        "GATT/CL/GAR/BI-01-C to BI-05-C: a refused read names its layer",
        arguments: [
            (0x01, Fault.device(.refused(0x01))), (0x02, .device(.refused(0x02))), (0x08, .pairing(.notPaired)),
            (0x05, .pairing(.notPaired)), (0x0C, .pairing(.notPaired)), (0x0F, .pairing(.notPaired)),
            (0x80, .device(.refused(0x80))),
        ] as [(UInt8, Fault)])
    func refusedReads(code: UInt8, fault: Fault) async throws {
        let (client, bearer) = try await discovered(
            ">0a 0700\n<01 0a 0700 \(hex(code))\n>0a 0700\n<0b 00")
        await #expect(throws: fault) { try await client.read(0x2A08) }
        // A refusal ends the request, not the connection.
        #expect(try await client.read(0x2A08) == [0])
        #expect(bearer.isDone)
    }

    @Test("GATT/CL/GAR/BV-04-C: a value that fills the PDU is read on until a short piece")
    func readsLongValues() async throws {
        let piece = String(repeating: "41", count: 22)
        let (client, bearer) = try await discovered(
            """
            >0a 0700
            <0b \(piece)
            >0c 0700 1600
            <0d \(piece)
            >0c 0700 2c00
            <0d 4243
            """)
        let value = try await client.read(0x2A08)
        #expect(value.count == 46 && value.suffix(2) == [0x42, 0x43] && bearer.isDone)
    }

    @Test(arguments: ["<0d", "<01 0c 0700 07", "<01 0c 0700 0b"])
    func aValueOfExactlyOnePDUIsWhole(answer: String) async throws {
        let piece = String(repeating: "41", count: 22)
        let (client, bearer) = try await discovered(">0a 0700\n<0b \(piece)\n>0c 0700 1600\n\(answer)")
        #expect(try await client.read(0x2A08).count == 22)
        #expect(bearer.isDone)
    }

    @Test("GATT/CL/GAW/BV-03-C: write a characteristic value")
    func writes() async throws {
        let (client, bearer) = try await discovered(">12 0700 ea07 03 02 0a 0c 0c\n<13")
        try await client.write([0xEA, 7, 3, 2, 10, 12, 12], to: 0x2A08)
        #expect(bearer.isDone)
    }

    @Test("GATT/CL/GAW/BI-03-C: a refused write")
    func refusedWrite() async throws {
        let (client, bearer) = try await discovered(">12 0700 00\n<01 12 0700 03")
        await #expect(throws: Fault.device(.refused(3))) { try await client.write([0], to: 0x2A08) }
        #expect(bearer.isDone)
    }

    @Test func whatDoesNotFitOnePDUIsNotSent() async throws {
        let (client, bearer) = try await discovered("")
        let long = [UInt8](repeating: 0, count: 21)
        await #expect(throws: Fault.device(.refused(0x0D))) { try await client.write(long, to: 0x2A08) }
        #expect(bearer.isDone)
    }

    @Test("GATT/CL/GAW/BV-01-C: write without response")
    func writesWithoutResponse() async throws {
        let (client, bearer) = try await discovered(">52 0700 01\n>0a 0700\n<0b 01")
        try await client.writeWithoutResponse([1], to: 0x2A08)
        #expect(try await client.read(0x2A08) == [1])
        let long = [UInt8](repeating: 0, count: 21)
        await #expect(throws: Fault.device(.refused(0x0D))) {
            try await client.writeWithoutResponse(long, to: 0x2A08)
        }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAR/BV-06-C and BV-07-C: read a descriptor, long ones too")
    func readsDescriptors() async throws {
        let piece = String(repeating: "41", count: 22)
        let (client, bearer) = try await discovered(">0a 0400\n<0b \(piece)\n>0c 0400 1600\n<0d 42")
        #expect(try await client.read(descriptor: 0x2901, of: 0x2A35).count == 23)
        await #expect(throws: Fault.device(.lacking("2906 of 2A35"))) {
            try await client.read(descriptor: 0x2906, of: 0x2A35)
        }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAD/BV-03-C: the characteristics of included services are found")
    func includedServices() async throws {
        let bearer = ScriptedBearer(
            """
            >02 0502
            <03 1700
            >10 0100 ffff 0028
            <11 06 0100 0500 1d18 0600 0700 0f18
            >10 0800 ffff 0028
            <01 10 0800 0a
            >08 0100 0500 0228      ; one that is listed, one that is not
            <09 08 0200 0600 0700 0f18 0300 2000 2200 1b18
            >08 0400 0500 0228      ; one with a full UUID, which does not fit the answer
            <09 06 0400 3000 3000
            >08 0500 0500 0228
            <01 08 0500 0a
            >0a 3000
            <0b e4ab9056 0d00 5c97 6d1b 345a00f03b23
            >08 0100 0500 0328
            <01 08 0100 0a
            >08 0600 0700 0228
            <01 08 0600 0a
            >08 0600 0700 0328
            <01 08 0600 0a
            >08 2000 2200 0228
            <01 08 2000 0a
            >08 2000 2200 0328
            <09 07 2100 20 2200 9c2a
            >08 2200 2200 0328
            <01 08 2200 0a
            >08 3000 3000 0228
            <01 08 3000 0a
            >08 3000 3000 0328
            <01 08 3000 0a
            """)
        let client = GATTClient(bearer)
        try await client.discover()
        #expect(bearer.isDone && client.has(0x2A9C), "\(bearer.mistakes)")
        #expect(
            client.table?.description == """
                0001 2800 1d18
                0002 2802 060007000f18
                0003 2802 200022001b18
                0004 2802 30003000
                0006 2800 0f18
                0020 2801 1b18
                0021 2803 2022009c2a
                0022 2A9C
                0030 2801 e4ab90560d005c976d1b345a00f03b23
                """)
    }

    @Test("GATT/CL/GAT/BV-01-C and BV-02-C: after 30 s without an answer the bearer is dead for good")
    func timeout() async throws {
        let (client, bearer) = try await discovered(">0a 0700\n~\n<0b 01\n<13\n<1d 0300 01")
        await #expect(throws: Fault.device(.silent)) { try await client.read(0x2A08) }
        // What comes late answers nothing else.
        await #expect(throws: Fault.device(.silent)) { try await client.read(0x2A08) }
        await #expect(throws: Fault.device(.silent)) { try await client.write([1], to: 0x2A08) }
        await #expect(throws: Fault.device(.silent)) { try await client.writeWithoutResponse([1], to: 0x2A08) }
        await #expect(throws: Fault.device(.silent)) { try await client.subscribe(0x2A35) }
        await #expect(throws: Fault.device(.silent)) { try await client.next(within: .seconds(1)) }
        await #expect(throws: Fault.device(.silent)) { try await client.discover() }
        #expect(bearer.steps.count == 3 && bearer.mistakes.isEmpty, "\(bearer.mistakes)")
    }

    @Test func hangingUpDuringARequestIsAFault() async throws {
        let (client, _) = try await discovered(">0a 0700")
        await #expect(throws: Fault.device(.hungUp)) { try await client.read(0x2A08) }
    }

    @Test func hangingUpBetweenRequestsIsTheEnd() async throws {
        let (client, bearer) = try await discovered("")
        #expect(try await client.next(within: .seconds(1)) == nil && bearer.isDone)
    }

    @Test func theDevicesOwnRequestsAreAnswered() async throws {
        let (client, bearer) = try await discovered(
            """
            >0a 0700
            <02 1700        ; its own exchange of MTU
            >03 0502
            <10 0100 ffff 0028
            >01 10 0100 0a  ; nothing is served
            <0b 2a
            <7f             ; an unknown command is passed over
            <3e 00          ; an unknown request is refused
            >01 3e 0000 06
            """)
        #expect(try await client.read(0x2A08) == [0x2A])
        #expect(try await client.next(within: .seconds(1)) == nil)
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func whatIsLackingIsNamed() async throws {
        let (client, bearer) = try await discovered("")
        await #expect(throws: Fault.device(.lacking("2A36"))) { try await client.read(0x2A36) }
        await #expect(throws: Fault.device(.lacking("2902 of 2A08"))) { try await client.subscribe(0x2A08) }
        #expect(bearer.isDone)
    }

    @Test func aWholeDeviceIsDiscoveredWhateverTheMTU() async throws {
        let uuid = try #require(BluetoothUUID("233BF001-5A34-1B6D-975C-000D5690ABE4"))
        for mtu in [23, 24, 30, 64, 185, 517] {
            let client = GATTClient(ServedBearer(monitor(), mtu: mtu))
            try await client.discover()
            #expect(client.has(0x2A35) && client.has(0x2A08) && client.has(0x2A29) && client.has(uuid))
            #expect(String(decoding: try await client.read(0x2A29), as: UTF8.self) == "A&D Company, Limited, Tokyo")
        }
    }
}
