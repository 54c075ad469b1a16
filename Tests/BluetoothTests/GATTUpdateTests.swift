import Bluetooth
import Core
import Testing

/// What a device sends by itself, and when it is confirmed.
extension GATTClientTests {
    @Test("GATT/CL/GAN/BV-02-C: several notifications in one PDU are several")
    func multipleNotifications() async throws {
        let (client, bearer) = try await discovered("<23 0300 0200 0102 0700 0000 0300 0100 03")
        for update in [
            Update(0x2A35, [1, 2], isIndication: false), Update(0x2A08, [], isIndication: false),
            Update(0x2A35, [3], isIndication: false),
        ] {
            #expect(try await client.next(within: .seconds(1)) == update)
        }
        #expect(try await client.next(within: .seconds(1)) == nil && bearer.isDone)
    }

    @Test(arguments: ["23 0300 0200 01", "23 0300 01", "23 0300", "23 03", "23 0300 0100 01 07"])
    func aListOfNotificationsThatIsCutShortIsAFault(pdu: String) async throws {
        let (client, _) = try await discovered("<\(pdu)")
        await #expect(throws: Fault.self) {
            while try await client.next(within: .seconds(1)) != nil {}
        }
    }

    @Test func whatComesBeforeTheAnswerToTheSubscriptionIsKept() async throws {
        let (client, bearer) = try await discovered(">12 0500 0200\n<1d 0300 01\n<13\n>1e\n<1d 0300 02\n>1e")
        try await client.subscribe(0x2A35)
        for value: UInt8 in 1...2 {
            #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [value], isIndication: true))
            try await client.confirm()
        }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    /// Otherwise a memory that was cut off would have been told to its end.
    @Test func aLinkThatIsLostIsAFaultBehindWhatCameBefore() async throws {
        let (client, bearer) = try await discovered("<1d 0300 01\n!")
        #expect(try await client.next(within: .seconds(1))?.value == [1])
        for _ in 0..<2 {
            await #expect(throws: Fault.device(.hungUp)) { try await client.next(within: .seconds(1)) }
        }
        #expect(bearer.steps == [.lost] && bearer.mistakes == [])
    }

    @Test func oneCharacteristicCanBeWaitedForAlone() async throws {
        let (client, bearer) = try await discovered("<1b 0300 01\n<1b 0300 02\n<1b 0700 03\n~")
        #expect(try await client.next(from: 0x2A08, within: .seconds(1))?.value == [3])
        #expect(try await client.next(within: .seconds(1))?.value == [1])
        #expect(try await client.next(from: 0x2A08, within: .seconds(1)) == nil, "silence")
        #expect(try await client.next(from: 0x2A35, within: .seconds(1))?.value == [2])
        await #expect(throws: Fault.device(.lacking("2A36"))) {
            try await client.next(from: 0x2A36, within: .seconds(1))
        }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAI/BV-01-C: an indication is confirmed when the driver says so, and not before")
    func indications() async throws {
        let (client, bearer) = try await discovered(
            """
            >12 0500 0200
            <13
            <1d 0300 1e80
            >1e
            ~
            """)
        try await client.subscribe(0x2A35)
        let update = try await client.next(within: .seconds(1))
        #expect(update == Update(0x2A35, [0x1E, 0x80], isIndication: true))
        #expect(bearer.steps.first == .sent([0x1E]))
        try await client.confirm()
        #expect(try await client.next(within: .seconds(1)) == nil)
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAN/BV-01-C: a notification needs no confirmation")
    func notifications() async throws {
        let bearer = ServedBearer(monitor(), unasked: [[0x1B, 0x22, 0, 7]])
        let client = GATTClient(bearer)
        try await client.discover()
        let uuid = try #require(BluetoothUUID("233BF001-5A34-1B6D-975C-000D5690ABE4"))
        try await client.subscribe(uuid)
        #expect(bearer.written == [Attribute(handle: 0x23, type: 0x2902, value: [1, 0])])
        #expect(try await client.next(within: .seconds(1)) == Update(uuid, [7], isIndication: false))
        try await client.confirm()
        #expect(bearer.sent.last != [0x1E])
    }

    @Test func whatComesWhileWeWaitForAnAnswerIsKeptInOrder() async throws {
        let (client, bearer) = try await discovered(
            """
            >0a 0700
            <1d 0300 01
            <1b 0300 02
            <0b 2a
            <1b 0300 03
            """)
        #expect(try await client.read(0x2A08) == [0x2A])
        var values: [[UInt8]] = []
        while let update = try await client.next(within: .seconds(1)) { values.append(update.value) }
        #expect(values == [[1], [2], [3]] && bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func anIndicationBeforeTheDiscoveryIsNamedAfterIt() async throws {
        let bearer = ScriptedBearer(">02 0502\n<1d 0300 01\n" + Self.discovery.dropFirst(">02 0502\n".count) + ">1e")
        let client = GATTClient(bearer)
        try await client.discover()
        #expect(try await client.next(within: .seconds(1))?.characteristic == 0x2A35)
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func anIndicationThatCannotBeNamedStaysWithTheDevice() async throws {
        let (client, bearer) = try await discovered("<1d 3412 01")
        await #expect(throws: Fault.device(.lacking("a characteristic at handle 4660"))) {
            try await client.next(within: .seconds(1))
        }
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }
}
