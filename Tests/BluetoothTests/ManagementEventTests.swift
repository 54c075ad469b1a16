import Core
import Testing

@testable import Bluetooth

/// Packets written by hand from the tables of BlueZ's doc/mgmt-protocol.rst: code, index, length, parameters.
@Suite struct ManagementEventTests {
    private static let cuff = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)
    private static let hidden = Management.Address(BluetoothAddress(0x5A09_1F80_0022), .leRandom)

    private func packet(_ digits: String) throws -> Management.Packet {
        try Management.Packet(try #require(bytes(hex: digits)))
    }

    @Test(arguments: [
        ("0300 0000 0100 42", Management.Event.controllerError(code: 0x42)),
        ("0400 0000 0000", .indexAdded), ("0500 0000 0000", .indexRemoved),
        ("0600 0000 0400 810a0000", .newSettings([.powered, .classic, .lowEnergy, .secureConnections])),
        ("0c00 0000 0800 2200801f0900 01 04", .disconnected(cuff, .authenticationFailure)),
        ("0c00 0000 0800 2200801f0900 01 77", .disconnected(cuff, .unspecified)),
        ("0d00 0000 0800 2200801f0900 01 04", .connectFailed(cuff, .connectFailed)),
        ("0e00 0000 0800 2200801f0900 01 01", .pinCodeRequest(cuff, isSecure: true)),
        ("0f00 0000 0c00 2200801f0900 01 00 40e20100", .userConfirmationRequest(cuff, value: 123_456)),
        ("0f00 0000 0c00 2200801f0900 01 01 00000000", .userConfirmationRequest(cuff, value: nil)),
        ("1000 0000 0700 2200801f0900 01", .userPasskeyRequest(cuff)),
        ("1100 0000 0800 2200801f0900 01 05", .authenticationFailed(cuff, .authenticationFailed)),
        ("1300 0000 0200 06 01", .discovering(.lowEnergy, true)),
        ("1400 0000 0700 2200801f0900 01", .blocked(cuff)), ("1500 0000 0700 2200801f0900 01", .unblocked(cuff)),
        ("1600 0000 0700 2200801f0900 01", .unpaired(cuff)),
        ("1700 0000 0c00 2200801f0900 01 40e20100 03", .passkeyNotify(cuff, passkey: 123_456, entered: 3)),
        ("1a00 0000 0800 22 00 80 1f 09 5a 02 02", .added(hidden, action: 2)),
        ("1b00 0000 0700 2200801f0900 01", .removed(cuff)),
        ("0b00 0000 1000 2200801f0900 01 08000000 0300 020106", .connected(cuff, data: [2, 1, 6])),
        ("1200 0000 1100 2200801f0900 01 b9 00000000 0300 020106", .found(cuff, signal: -71, [], data: [2, 1, 6])),
        (
            "1200 0000 0e00 2200801f0900 01 7f 05000000 0000",
            .found(cuff, signal: nil, [.confirmName, .notConnectable], data: [])
        ),
        ("3412 0000 0300 010203", .other(code: 0x1234, parameters: [1, 2, 3])),
    ])
    func newsIsReadAsTheDocumentSays(digits: String, event: Management.Event) throws {
        let packet = try packet(digits)
        #expect(packet.index == .init(rawValue: 0))
        #expect(packet.message == .news(event))
    }

    @Test func keysAreReadAsTheDocumentSays() throws {
        let value = "a1a2a3a4a5a6a7a8a9aaabacadaeafb0"
        let key = try #require(bytes(hex: value).flatMap { Management.Key($0) })
        #expect(
            try packet("0a00 0000 2500 01 2200801f0900 01 02 00 10 0000 0000000000000000 \(value)").message
                == .news(
                    .newLongTermKey(
                        .init(
                            device: Self.cuff, type: 2, isCentral: false, encryptionSize: 16, diversifier: 0,
                            random: [UInt8](repeating: 0, count: 8), key: key), store: true)))
        #expect(
            try packet("0a00 0000 2500 00 2200801f0900 01 01 01 07 3412 0102030405060708 \(value)").message
                == .news(
                    .newLongTermKey(
                        .init(
                            device: Self.cuff, type: 1, isCentral: true, encryptionSize: 7, diversifier: 0x1234,
                            random: [1, 2, 3, 4, 5, 6, 7, 8], key: key), store: false)))
        #expect(
            try packet("1800 0000 1e00 01 ffeeddccbb4a 2200801f0900 01 \(value)").message
                == .news(
                    .newIdentityResolvingKey(
                        .init(device: Self.cuff, key: key), random: BluetoothAddress(0x4ABB_CCDD_EEFF), store: true)))
        #expect(
            try packet("0900 0000 1a00 01 2200801f0900 00 04 \(value) 04").message
                == .news(
                    .newLinkKey(
                        .init(
                            device: .init(Self.cuff.address, .classic), type: 4, key: key, pinLength: 4), store: true)))
        #expect(
            try packet("1c00 0000 1000 01 2200801f0900 01 0600 800c 0100 9001").message
                == .news(
                    .newConnectionParameters(
                        .init(device: Self.cuff, shortest: 6, longest: 3200, latency: 1, timeout: 400), store: true)))
    }

    @Test func answersNameTheirCommand() throws {
        let complete = try packet("0100 0000 0700 0500 00 01020000")
        #expect(complete.index == .init(rawValue: 0))
        #expect(complete.message == .reply(to: 0x0005, status: .success, parameters: [1, 2, 0, 0]))
        #expect(
            try packet("0200 ffff 0300 0500 11").message == .reply(to: 0x0005, status: .invalidIndex, parameters: []))
        let strange = try packet("0200 0000 0300 ff7f ee").message
        #expect(strange == .reply(to: 0x7FFF, status: .init(rawValue: 0xEE), parameters: []))
    }

    @Test(arguments: [
        ("", Malformed.truncated(at: 0, need: 2, have: 0)),
        ("0400 00", .truncated(at: 2, need: 2, have: 1)),
        ("0300 0000 0200 42", .truncated(at: 6, need: 2, have: 1)),
        ("0300 0000 0100 42 43", .length(got: 8, expected: 7)),
        ("0600 0000 0300 810a00", .truncated(at: 6, need: 4, have: 3)),
        ("1600 0000 0700 2200801f0900 03", .invalid(at: 12, expected: .addressKind)),
        ("1200 0000 1000 2200801f0900 01 b9 00000000 0300 0201", .truncated(at: 20, need: 3, have: 2)),
        (
            "0a00 0000 2400 01 2200801f0900 01 02 00 10 0000 0000000000000000 a1a2a3a4a5a6a7a8a9aaabacadaeaf",
            .truncated(at: 27, need: 16, have: 15)
        ),
        ("0100 0000 0200 0500", .truncated(at: 8, need: 1, have: 0)),
    ])
    func whatIsCutShortIsMalformed(digits: String, fault: Malformed) throws {
        #expect(throws: fault) { try packet(digits) }
    }

    @Test func aControllerTellsWhoItIs() throws {
        let name = hex(Array("hub".utf8)) + String(repeating: "00", count: 246)
        let digits = "665544332211 09 3f00 ff0e0000 d00a0000 0c0100 \(name)" + String(repeating: "00", count: 11)
        let parameters = try #require(bytes(hex: digits))
        #expect(parameters.count == 280)
        let controller = try Management.Controller(parameters)
        #expect(controller.address.description == "11:22:33:44:55:66")
        #expect(controller.version == 9)
        #expect(controller.manufacturer == 0x003F)
        #expect(controller.supported.contains([.powered, .lowEnergy, .classic, .secureConnections]))
        #expect(
            controller.current == [.bondable, .secureSimplePairing, .classic, .lowEnergy, .secureConnections])
        #expect(controller.name == "hub")
        #expect(throws: Malformed.truncated(at: 269, need: 11, have: 10)) {
            try Management.Controller(Array(parameters.dropLast()))
        }
    }

    @Test func listsAreReadToTheCountThatTheySay() throws {
        #expect(try Management.Version([1, 22, 0]) == .init(1, 22))
        #expect(Management.Version(1, 9) < Management.Version(1, 22))
        #expect(try Management.indexes([2, 0, 0, 0, 3, 0]).map(\.rawValue) == [0, 3])
        #expect(throws: Malformed.truncated(at: 4, need: 2, have: 1)) { try Management.indexes([2, 0, 0, 0, 3]) }
        let two = try #require(bytes(hex: "0200 2200801f0900 01 22 00 80 1f 09 5a 02"))
        #expect(try Management.connections(two) == [Self.cuff, Self.hidden])
        #expect(try Management.settings([0x81, 0x02, 0, 0]) == [.powered, .classic, .lowEnergy])
        #expect(try Management.device(Array(two[2..<9])) == Self.cuff)
    }

    @Test(arguments: [
        (UInt8(0x02), Fault.device(.hungUp)), (0x04, .device(.silent)), (0x05, .pairing(.rejected)),
        (0x06, .pairing(.notPaired)), (0x0B, .pairing(.rejected)), (0x0E, .device(.hungUp)), (0x0F, .hub(.radioOff)),
        (0x11, .hub(.noRadio)), (0x12, .hub(.radioBlocked)),
        (0x14, .hub(.noPermission("Bluetooth management (CAP_NET_ADMIN)"))),
        (0x0A, .hub(.radioFailing("pairDevice: busy"))), (0x99, .hub(.radioFailing("pairDevice: status 99"))),
    ])
    func aStatusBecomesWhatSomebodyCanActOn(code: UInt8, fault: Fault) {
        #expect(Fault(Management.Status(rawValue: code), from: .pairDevice) == fault)
    }

    @Test func onlyAFailedAuthenticationMakesADisconnectionAFault() {
        #expect(Fault(Management.DisconnectReason.authenticationFailure) == .pairing(.keyForgotten))
        #expect(Fault(Management.DisconnectReason.remote) == nil)
        #expect(Fault(Management.DisconnectReason.timeout) == nil)
    }

    /// Whatever bytes come, there is a packet or a reason; and no packet is read twice in different ways.
    @Test func hostileBytesNeverTrap() throws {
        var random = SystemRandomNumberGenerator()
        let seeds = try [
            "0a00 0000 2500 01 2200801f0900 01 02 00 10 0000 0000000000000000 a1a2a3a4a5a6a7a8a9aaabacadaeafb0",
            "1200 0000 1100 2200801f0900 01 b9 00000000 0300 020106", "0100 0000 0700 0500 00 01020000",
            "0f00 0000 0c00 2200801f0900 01 00 40e20100", "0b00 0000 1000 2200801f0900 01 08000000 0300 020106",
        ].map { try #require(bytes(hex: $0)) }
        var whole = 0, broken = 0
        for seed in seeds {
            for _ in 0..<4000 {
                var packet = seed
                for _ in 0..<Int.random(in: 1...4, using: &random) {
                    let at = Int.random(in: 0..<packet.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: packet[at] = UInt8.random(in: 0...255, using: &random)
                    case 1: packet.insert(UInt8.random(in: 0...255, using: &random), at: at)
                    default: if packet.count > 1 { packet.remove(at: at) }
                    }
                }
                do {
                    _ = try Management.Packet(packet)
                    whole += 1
                } catch { broken += 1 }
                _ = try? Management.indexes(packet)
                _ = try? Management.connections(packet)
                _ = try? Management.Controller(packet)
                _ = try? Bond(packet)
            }
        }
        #expect(whole > 0 && broken > 0)
    }
}
