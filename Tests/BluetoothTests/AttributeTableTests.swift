import Bluetooth
import Core
import Testing

/// A bonded device that comes back. Bytes by hand from Bluetooth Core 5.4, Vol 3, Parts F and G.
@Suite struct AttributeTableTests {
    /// A cuff whose table is taken to have been learnt before: measurement at 0003, its configuration at 0005.
    static let cuff = """
        0001 2800 1018
        0002 2803 200300352a
        0003 2A35
        0004 2901
        0005 2902
        0006 2803 0a0700082a
        0007 2A08
        """
    /// The same with a GATT service before it, its Service Changed already asked for, its hash known.
    static let hashed = """
        0001 2800 0118
        0002 2803 200300052a
        0003 2A05
        0004 2902 0200
        0005 2803 0206002a2b
        0006 2B2A f1ca2d48ecf58bac8a8830bbb9fba990
        0010 2800 1018
        0011 2803 201200352a
        0012 2A35
        0013 2902
        """

    func client(
        _ table: String, isBonded: Bool = true, _ script: String
    ) throws -> (GATTClient, ScriptedBearer) {
        let bearer = ScriptedBearer(script), remembered = try #require(AttributeTable(table))
        return (GATTClient(bearer, table: remembered, isBonded: isBonded), bearer)
    }

    // MARK: The text

    @Test func theTextIsReadBack() throws {
        for text in [Self.cuff, Self.hashed, ""] {
            #expect(try #require(AttributeTable(text)).description == text)
        }
        let table = try #require(AttributeTable(Self.hashed))
        #expect(table[0x2A35]?.value == 0x12 && table[0x2A35]?.descriptor(0x2902) == 0x13)
        #expect(table[0x2A35]?.properties == .indicate && table[0x2A19] == nil)
        #expect(table.databaseHash.map { hex($0) } == "f1ca2d48ecf58bac8a8830bbb9fba990")
    }

    @Test(arguments: [
        "0001 2800 1018\n", "\n", "0001", "0001 2800 10 18", "0001 2800 101", "0001 2800 1018 # Blood Pressure",
        "0002 2803 200300352a\n0001 2800 1018", "0001 2800\n0001 2800", "0000 2800", "00G1 2800", "0001 280", "1 2800",
        "0001 2a35", "0001 2A35 FF", "0001  2A35",
    ])
    func aDamagedTextIsNoTable(text: String) { #expect(AttributeTable(text) == nil) }

    @Test func aWholeDeviceIsLearntAndReadBack() async throws {
        let learning = GATTClient(ServedBearer(monitor()))
        #expect(learning.table == nil)
        try await learning.discover()
        let text = try #require(learning.table).description
        #expect(
            text == """
                0001 2800 1018
                0002 2803 200300352a
                0003 2A35
                0004 2901
                0005 2902
                0006 2803 0a0700082a
                0007 2A08
                0010 2800 0a18
                0011 2803 021200292a
                0012 2A29
                0020 2800 e4ab90560d005c976d1b345a00f03b23
                0021 2803 182200e4ab90560d005c976d1b345a01f03b23
                0022 233BF001-5A34-1B6D-975C-000D5690ABE4
                0023 2902
                """)
        let bearer = ServedBearer(monitor()), again = GATTClient(bearer, table: AttributeTable(text), isBonded: true)
        try await again.discover()
        #expect(bearer.sent == [[0x02, 0x05, 0x02]])
        #expect(try await again.read(0x2A08) == [0xEA, 7, 3, 2, 10, 12, 12])
    }

    // MARK: Reconnection

    @Test func aBondedDeviceIsNotDiscoveredAgain() async throws {
        let (client, bearer) = try client(
            Self.cuff,
            """
            >02 0502
            <03 1700
            >12 0500 0200       ; the second PDU
            <13
            <1d 0300 1e80
            >1e
            """)
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [0x1E, 0x80], isIndication: true))
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test("GATT/CL/GAS/BV-02-C: a Database Hash that is as it was vouches for the table")
    func theHashVouches() async throws {
        for isBonded in [true, false] {
            let (client, bearer) = try client(
                Self.hashed, isBonded: isBonded,
                """
                >02 0502
                <03 1700
                >08 0100 ffff 2a2b
                <09 12 0600 f1ca2d48ecf58bac8a8830bbb9fba990
                \(isBonded ? "" : ">12 0400 0200\n<13")
                >12 1300 0200       ; of a bonded device the third PDU
                <13
                """)
            try await client.discover()
            try await client.subscribe(0x2A35)
            #expect(bearer.isDone, "\(bearer.mistakes)")
            #expect(client.table?.description == Self.hashed)
        }
    }

    /// The discovery of `hashed`, its measurement moved from 0012 to 0022.
    static let movedDiscovery = """
        >10 0100 ffff 0028
        <11 06 0100 0f00 0118 2000 ffff 1018
        >08 0100 0f00 0228
        <01 08 0100 0a
        >08 0100 0f00 0328
        <09 07 0200 20 0300 052a 0500 02 0600 2a2b
        >08 0600 0f00 0328
        <01 08 0600 0a
        >04 0400 0400
        <05 01 0400 0229
        >04 0700 0f00
        <01 04 0700 0a
        >08 2000 ffff 0228
        <01 08 2000 0a
        >08 2000 ffff 0328
        <09 07 2100 20 2200 352a
        >08 2200 ffff 0328
        <01 08 2200 0a
        >04 2300 ffff
        <05 01 2300 0229
        >04 2400 ffff
        <01 04 2400 0a

        """
    static let moved = """
        0001 2800 0118
        0002 2803 200300052a
        0003 2A05
        0004 2902 0200
        0005 2803 0206002a2b
        0006 2B2A 000102030405060708090a0b0c0d0e0f
        0020 2800 1018
        0021 2803 202200352a
        0022 2A35
        0023 2902
        """
    static let newHash = ">08 0100 ffff 2a2b\n<09 12 0600 000102030405060708090a0b0c0d0e0f\n"

    @Test(arguments: ["<09 12 0600 000102030405060708090a0b0c0d0e0f", "<01 08 0100 0a", "<09 04 0600 0001"])
    func anotherHashIsAnotherTable(answer: String) async throws {
        let (client, bearer) = try client(
            Self.hashed,
            ">02 0502\n<03 1700\n>08 0100 ffff 2a2b\n\(answer)\n" + Self.movedDiscovery + Self.newHash + """
                >12 0400 0200
                <13
                >12 2300 0200
                <13
                """)
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(bearer.isDone, "\(bearer.mistakes)")
        #expect(client.table?.description == Self.moved)
    }

    @Test func anUnbondedDeviceWithoutAHashIsDiscovered() async throws {
        let (client, bearer) = try client(
            Self.cuff, isBonded: false, ">02 0502\n<03 1700\n>10 0100 ffff 0028\n<01 10 0100 0a")
        try await client.discover()
        #expect(!client.has(0x2A35) && bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aWishForChangesThatIsRefusedIsNotInsistedUpon() async throws {
        let asked = Self.hashed.replacing("2902 0200", with: "2902")
        let (client, bearer) = try client(
            asked,
            """
            >02 0502
            <03 1700
            >08 0100 ffff 2a2b
            <09 12 0600 f1ca2d48ecf58bac8a8830bbb9fba990
            >12 0400 0200
            <01 12 0400 05
            """)
        try await client.discover()
        #expect(bearer.isDone && client.table?.description == asked)
    }

    // MARK: A table that is wrong

    /// The discovery of a cuff whose measurement is now at 0013.
    static let rediscovery = """
        >10 0100 ffff 0028
        <11 06 0100 ffff 1018
        >08 0100 ffff 0228
        <01 08 0100 0a
        >08 0100 ffff 0328
        <09 07 1200 20 1300 352a 1600 0a ffff 082a
        >08 1700 ffff 0328
        <01 08 1700 0a
        >04 1400 1500
        <05 01 1400 0129 1500 0229

        """

    @Test(arguments: ["01 12 0500 01", "01 12 0500 03", "01 12 0500 0a", "01 12 0500 0d", "01 12 0500 12"])
    func aRefusalThatContradictsTheTableIsFollowedByOneDiscovery(refusal: String) async throws {
        let (client, bearer) = try client(
            Self.cuff,
            ">02 0502\n<03 1700\n>12 0500 0200\n<\(refusal)\n"
                + Self.rediscovery
                + ">12 1500 0200\n<13\n<1d 1300 77\n>0a ffff\n<01 0a ffff 01")
        try await client.discover()
        try await client.subscribe(0x2A35)
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [0x77], isIndication: true))
        // What was discovered is believed.
        await #expect(throws: Fault.device(.refused(1))) { try await client.read(0x2A08) }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aDeviceThatIsAsRememberedMeansItsRefusal() async throws {
        let (client, bearer) = try client(
            Self.cuff,
            """
            >02 0502
            <03 1700
            >0a 0700
            <01 0a 0700 02
            >10 0100 ffff 0028
            <11 06 0100 0700 1018
            >10 0800 ffff 0028
            <01 10 0800 0a
            >08 0100 0700 0228
            <01 08 0100 0a
            >08 0100 0700 0328
            <09 07 0200 20 0300 352a 0600 0a 0700 082a
            >08 0700 0700 0328
            <01 08 0700 0a
            >04 0400 0500
            <05 01 0400 0129 0500 0229
            """)
        try await client.discover()
        await #expect(throws: Fault.device(.refused(2))) { try await client.read(0x2A08) }
        #expect(client.table?.description == Self.cuff)
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func anOrdinaryRefusalIsNoContradiction() async throws {
        let (client, bearer) = try client(
            Self.cuff, ">02 0502\n<03 1700\n>12 0700 00\n<01 12 0700 80\n>12 0300 00\n<01 12 0300 03")
        try await client.discover()
        await #expect(throws: Fault.device(.refused(0x80))) { try await client.write([0], to: 0x2A08) }
        // The table itself says that the measurement is not for writing.
        await #expect(throws: Fault.device(.refused(3))) { try await client.write([0], to: 0x2A35) }
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aValueThatTheTableDoesNotKnowIsNamedByADiscovery() async throws {
        let (client, bearer) = try client(
            Self.cuff,
            ">02 0502\n<03 1700\n<1d 1300 77\n"
                + Self.rediscovery + ">1e")
        try await client.discover()
        #expect(try await client.next(within: .seconds(1)) == Update(0x2A35, [0x77], isIndication: true))
        try await client.confirm()
        #expect(bearer.isDone, "\(bearer.mistakes)")
    }

    @Test func aDiscoveryThatFailsLeavesNoTable() async throws {
        let (client, _) = try client(
            Self.cuff, ">02 0502\n<03 1700\n>0a 0700\n<01 0a 0700 01\n>10 0100 ffff 0028\n<11 06 0100 0000 1018")
        try await client.discover()
        await #expect(throws: Fault.self) { try await client.read(0x2A08) }
        #expect(client.table == nil)
    }
}
