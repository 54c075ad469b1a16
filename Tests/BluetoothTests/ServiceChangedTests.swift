import Bluetooth
import Core
import Testing

/// A bonded device that says that its table has changed (Service Changed, 0x2A05).
extension AttributeTableTests {
    @Test("GATT/CL/GAS/BV-01-C: a changed service is confirmed at once, asked for again, and subscribed again")
    func serviceChanged() async throws {
        let (client, bearer) = try client(
            Self.hashed,
            """
            >02 0502
            <03 1700
            >08 0100 ffff 2a2b
            <09 12 0600 f1ca2d48ecf58bac8a8830bbb9fba990
            >12 1300 0200
            <13
            <1d 0300 1200 2f00      ; begins in the middle of the service
            >1e
            >10 1000 ffff 0028      ; the GATT service is not asked for again
            <11 06 2000 2f00 1018
            >10 3000 ffff 0028
            <01 10 3000 0a
            >08 2000 2f00 0228
            <01 08 2000 0a
            >08 2000 2f00 0328
            <09 07 2100 20 2200 352a
            >08 2200 2f00 0328
            <01 08 2200 0a
            >04 2300 2f00
            <05 01 2300 0229
            >04 2400 2f00
            <01 04 2400 0a
            >08 0100 ffff 2a2b
            <09 12 0600 000102030405060708090a0b0c0d0e0f
            >12 2300 0200
            <13
            <1d 2200 77
            >1e
            """)
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [0x77], isIndication: true))
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
        #expect(client.table?.description == Self.moved)
    }

    /// No device may send a second indication before the first is confirmed. One that does must not take the
    /// confirmation of the change for that of a reading that is not on disk yet.
    @Test("GATT/CL/GAI/BI-01-C: a change is not confirmed before the reading that came first")
    func changeBehindAnUnconfirmedReading() async throws {
        let (client, bearer) = try client(
            Self.hashed,
            """
            >02 0502
            <03 1700
            >08 0100 ffff 2a2b
            <09 12 0600 f1ca2d48ecf58bac8a8830bbb9fba990
            >12 1300 0200
            <1d 1200 77
            <1d 0300 0100 ffff
            <13
            >10 0100 ffff 0028
            <01 10 0100 0a
            <1d 1200 77
            """)
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(bearer.steps.count == 3 && bearer.mistakes.isEmpty)
        // The table is gone, and with it the name of what was measured: it stays with the device.
        await #expect(throws: Fault.device(.lacking("a characteristic at handle 18"))) {
            try await client.next(within: .seconds(1))
        }
        #expect(bearer.steps.count == 1 && bearer.mistakes.isEmpty, "\(bearer.mistakes)")
    }

    @Test func aChangeBehindAReadingIsConfirmedAfterIt() async throws {
        let (client, bearer) = try client(
            Self.hashed,
            """
            >02 0502
            <03 1700
            >08 0100 ffff 2a2b
            <1d 1200 77
            <1d 0300 3000 ffff
            <09 12 0600 f1ca2d48ecf58bac8a8830bbb9fba990
            >10 1000 ffff 0028
            <11 06 1000 ffff 1018
            >08 1000 ffff 0228
            <01 08 1000 0a
            >08 1000 ffff 0328
            <09 07 1100 20 1200 352a
            >08 1200 ffff 0328
            <01 08 1200 0a
            >04 1300 ffff
            <05 01 1300 0229
            >04 1400 ffff
            <01 04 1400 0a
            >08 0100 ffff 2a2b
            <09 12 0600 000102030405060708090a0b0c0d0e0f
            >1e
            >1e
            """)
        try await client.discover()
        #expect(bearer.steps.count == 2, "\(bearer.mistakes)")
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [0x77], isIndication: true))
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aChangeThatComesBeforeTheDiscoveryIsConfirmedWhenItIsUnderstood() async throws {
        let bearer = ScriptedBearer(
            ">02 0502\n<1d 0300 0100 ffff\n<03 1700\n" + Self.movedDiscovery + Self.newHash + """
                >1e
                >12 0400 0200
                <13

                """ + Self.movedDiscovery + Self.newHash + ">12 0400 0200\n<13\n>0a 2200\n<0b 01")
        let client = GATTClient(bearer)
        try await client.discover()
        #expect(try await client.read(0x2A35) == [1])
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aDeviceThatChangesWithoutEndIsAFault() async throws {
        let bearer = Changing(), client = GATTClient(bearer, table: AttributeTable(Self.hashed), isBonded: true)
        await #expect(throws: Fault.device(.malformed(.invalid(at: 0, expected: .endOfDiscovery)))) {
            try await client.discover()
            while true { _ = try await client.next(within: .seconds(600)) }
        }
        #expect(bearer.sent < 300)
    }
}

/// Says after every answer that everything has changed.
private final class Changing: Bearer {
    private var server = AttributeServer(
        AttributeTableTests.hashed.split(separator: "\n").compactMap { Attribute(notation: $0) })
    private var answers: [[UInt8]] = []
    private(set) var sent = 0

    func send(_ pdu: [UInt8]) async throws(Fault) {
        sent += 1
        if let answer = server.answer(pdu).response { answers.append(answer) }
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        answers.isEmpty ? [0x1D, 3, 0, 1, 0, 0xFF, 0xFF] : answers.removeFirst()
    }
}
