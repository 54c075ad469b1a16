import Bluetooth
import Core
import Testing

/// What a client does when a device wants a safer link first (Vol 3, Part C, 10.3.2).
@Suite struct LinkSecurityTests {
    private static let reached = ">02 0502\n<03 1700\n"

    @Test(
        "GATT/CL/GAR/BI-03-C to BI-05-C: a link that is not safe enough is made safer, and the request repeated",
        arguments: [0x05, 0x08, 0x0C, 0x0F] as [UInt8])
    func upgrades(code: UInt8) async throws {
        let bearer = ScriptedBearer(
            Self.reached + """
                >12 0500 0200
                <01 12 0500 \(hex(code))
                >12 0500 0200
                <1b 0300 01         ; meanwhile
                <13
                """)
        var upgrades = 0
        let client = GATTClient(bearer, table: AttributeTable(AttributeTableTests.cuff), isBonded: true) {
            () throws(Fault) in upgrades += 1
        }
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(upgrades == 1)
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [1], isIndication: false))
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aLinkThatIsStillNotSafeEnoughIsNotPaired() async throws {
        let bearer = ScriptedBearer(
            Self.reached + ">0a 0700\n<01 0a 0700 05\n>0a 0700\n<01 0a 0700 05\n>0a 0300\n<0b 01")
        var upgrades = 0
        let client = GATTClient(bearer, table: AttributeTable(AttributeTableTests.cuff), isBonded: true) {
            () throws(Fault) in upgrades += 1
        }
        try await client.discover()
        await #expect(throws: Fault.pairing(.notPaired)) { try await client.read(0x2A08) }
        #expect(upgrades == 1)
        // The connection goes on.
        #expect(try await client.read(0x2A35) == [1])
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aLinkThatCannotBeMadeSaferSaysWhy() async throws {
        let bearer = ScriptedBearer(Self.reached + ">0a 0700\n<01 0a 0700 0f")
        let client = GATTClient(bearer, table: AttributeTable(AttributeTableTests.cuff), isBonded: true) {
            () throws(Fault) in throw .pairing(.keyForgotten)
        }
        try await client.discover()
        await #expect(throws: Fault.pairing(.keyForgotten)) { try await client.read(0x2A08) }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    /// The first visit to a device that need not be paired must not end in a pairing because of our own wishes.
    @Test func noDeviceIsPairedForServiceChanged() async throws {
        let bearer = ScriptedBearer(
            Self.reached + AttributeTableTests.movedDiscovery + AttributeTableTests.newHash
                + ">12 0400 0200\n<01 12 0400 05")
        let client = GATTClient(bearer) { () throws(Fault) in throw .pairing(.rejected) }
        try await client.discover()
        #expect(bearer.isDone, "\(bearer.mistakes)")
        #expect(client.table?.description == AttributeTableTests.moved.replacing("2902 0200", with: "2902"))
    }
}
