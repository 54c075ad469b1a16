import Core
import Testing

@testable import Bluetooth

private typealias Command = Management.Command

/// The expected bytes were written by hand from the tables of BlueZ's doc/mgmt-protocol.rst; those marked "tester" are
/// the parameters that BlueZ's own tools/mgmt-tester.c sends to the kernel.
@Suite struct ManagementCommandTests {
    /// 06:05:04:03:02:01, which is 01 02 03 04 05 06 on the wire.
    private static let device = Management.Address(BluetoothAddress(0x0605_0403_0201), .lePublic)
    private static let random = Management.Address(BluetoothAddress(0xC605_0403_0201), .leRandom)
    private static let classic = Management.Address(BluetoothAddress(0x0605_0403_0201), .classic)

    @Test func thePacketNamesTheAdapterAndTheLength() {
        #expect(hex(Command.readVersion.packet(for: .none)) == "0100ffff0000")
        #expect(hex(Command.readControllerInformation.packet(for: .init(rawValue: 2))) == "040002000000")
        #expect(hex(Command.setPowered(true).packet(for: .init(rawValue: 0x0102))) == "05000201010001")
    }

    @Test(arguments: [
        (Command.readIndexList, 0x0003, ""), (.getConnections, 0x0015, ""),
        (.setPowered(false), 0x0005, "00"),
        (.setDiscoverable(true, seconds: 180), 0x0006, "01 b400"),
        (.setConnectable(true), 0x0007, "01"), (.setBondable(true), 0x0009, "01"),
        (.setSecureSimplePairing(true), 0x000B, "01"), (.setLowEnergy(true), 0x000D, "01"),
        (.setClassic(false), 0x002A, "00"), (.setSecureConnections(true), 0x002D, "01"),
        (.setIOCapability(.noInputNoOutput), 0x0018, "03"),
        // tester: set_static_addr_valid_param
        (.setStaticAddress(BluetoothAddress(0xC055_4433_2211)), 0x002B, "11 22 33 44 55 c0"),
        (.setPrivacy(nil), 0x002F, "00 00000000000000000000000000000000"),
        // tester: add_device_success_param_2, with another address
        (.add(device, .report), 0x0033, "01 02 03 04 05 06 01 00"),
        (.add(classic, .allowIncoming), 0x0033, "01 02 03 04 05 06 00 01"),
        (.add(random, .connect), 0x0033, "01 02 03 04 05 c6 02 02"),
        (.connectionInformation(device), 0x0031, "01 02 03 04 05 06 01"),
        (.remove(device), 0x0034, "01 02 03 04 05 06 01"),
        (.remove(.any), 0x0034, "00 00 00 00 00 00 00"),
        // tester: start_discovery_le_param, start_discovery_bredrle_param
        (.startDiscovery(.lowEnergy), 0x0023, "06"),
        (.startDiscovery([.classic, .lowEnergy]), 0x0023, "07"),
        (.stopDiscovery(.lowEnergy), 0x0024, "06"),
        (.startServiceDiscovery(.lowEnergy), 0x003A, "06 7f 0000"),
        (
            .startServiceDiscovery(.lowEnergy, threshold: -80, services: [0x1810]), 0x003A,
            "06 b0 0100 fb349b5f80000080 0010000010180000"
        ),
        (.confirmName(classic, isKnown: true), 0x0025, "01 02 03 04 05 06 00 01"),
        // tester: pair_device_param, with LE public and NoInputNoOutput
        (.pair(device, .noInputNoOutput), 0x0019, "01 02 03 04 05 06 01 03"),
        (.cancelPair(device), 0x001A, "01 02 03 04 05 06 01"),
        (.unpair(device), 0x001B, "01 02 03 04 05 06 01 01"),
        (.confirm(device, true), 0x001C, "01 02 03 04 05 06 01"),
        (.confirm(device, false), 0x001D, "01 02 03 04 05 06 01"),
        // 123 456 is 0x0001E240
        (.passkey(device, 123_456), 0x001E, "01 02 03 04 05 06 01 40e20100"),
        (.passkey(device, nil), 0x001F, "01 02 03 04 05 06 01"),
        (.pin(classic, "1234"), 0x0016, "01 02 03 04 05 06 00 04 31323334 000000000000000000000000"),
        (.pin(classic, nil), 0x0017, "01 02 03 04 05 06 00"),
        (.pin(classic, ""), 0x0017, "01 02 03 04 05 06 00"),
        (
            .pin(classic, "0123456789abcdefg"), 0x0016,
            "01 02 03 04 05 06 00 10 30313233343536373839616263646566"
        ),
        (.disconnect(random), 0x0014, "01 02 03 04 05 c6 02"),
        // tester: load_link_keys_valid_param_1, load_ltks_valid_param_1, load_irks_empty_list
        (.loadLinkKeys([]), 0x0012, "00 0000"), (.loadLongTermKeys([]), 0x0013, "0000"),
        (.loadIdentityResolvingKeys([]), 0x0030, "0000"),
        (.loadConnectionParameters([]), 0x0035, "0000"),
    ])
    func parametersAreLaidOutAsTheDocumentSays(command: Management.Command, opcode: UInt16, parameters: String) {
        #expect(command.opcode.rawValue == opcode)
        #expect(command.parameters == bytes(hex: parameters))
    }

    private func key(_ digits: String) throws -> Management.Key {
        try #require(bytes(hex: digits).flatMap { Management.Key($0) })
    }

    @Test func keysAreLoadedAsTheDocumentSays() throws {
        // tester: load_irks_one_irk
        let owner = Management.Address(BluetoothAddress(0x0504_0302_0100), .lePublic)
        let value = try key("0102030405060708 0102030405060708")
        #expect(
            Command.loadIdentityResolvingKeys([.init(device: owner, key: value)]).parameters
                == bytes(hex: "0100 000102030405 01 0102030405060708 0102030405060708"))
        let long = Management.LongTermKey(
            device: owner, type: 2, isCentral: true, encryptionSize: 16, diversifier: 0x1234,
            random: [1, 2, 3, 4, 5, 6, 7, 8], key: value)
        #expect(
            Command.loadLongTermKeys([long, long]).parameters
                == bytes(
                    hex: """
                        0200 \
                        000102030405 01 02 01 10 3412 0102030405060708 0102030405060708 0102030405060708 \
                        000102030405 01 02 01 10 3412 0102030405060708 0102030405060708 0102030405060708
                        """))
        let caller = Management.Address(BluetoothAddress(0x0504_0302_0100), .classic)
        #expect(
            Command.loadLinkKeys([.init(device: caller, type: 4, key: value, pinLength: 4)]).parameters
                == bytes(hex: "00 0100 000102030405 00 04 0102030405060708 0102030405060708 04"))
        #expect(
            Command.loadConnectionParameters([
                .init(device: owner, shortest: 6, longest: 3200, latency: 1, timeout: 400)
            ]).parameters == bytes(hex: "0100 000102030405 01 0600 800c 0100 9001"))
        #expect(
            Command.loadBlockedKeys([.init(.longTerm, value)]).parameters
                == bytes(hex: "0100 01 0102030405060708 0102030405060708"))
        // tester: set_privacy_1_valid_param
        #expect(Command.setPrivacy(value).parameters == bytes(hex: "01 0102030405060708 0102030405060708"))
    }

    @Test func aKeyIsNeverPrinted() throws {
        #expect("\(try key("01020304050607080910111213141516"))" == "a key")
        #expect(Management.Key([1, 2, 3]) == nil)
    }

    /// doc/mgmt-protocol.rst, Get Connection Information: 127 is no signal.
    @Test func theSignalOfALink() throws {
        #expect(try Management.signal(try #require(bytes(hex: "010203040506 01 b9 00 04"))) == -71)
        #expect(try Management.signal(try #require(bytes(hex: "010203040506 01 7f 7f 7f"))) == nil)
        #expect(throws: Malformed.self) { try Management.signal(try #require(bytes(hex: "010203040506 01"))) }
    }
}
