import Core
import Testing

@testable import Bluetooth

/// The advertising data of real devices, as BlueZ keeps them with what they mean in unit/test-eir.c, and hand-made ones.
@Suite struct AdvertisingDataTests {
    private func data(_ digits: String) throws -> AdvertisingData {
        AdvertisingData(try #require(bytes(hex: digits)))
    }

    @Test func aWahooScale() throws {
        let scale = try data("020106 03020119 1109 5761686f6f205363616c652076312e33 05ff0000009c")
        #expect(scale.flags == 0x06)
        #expect(scale.name == "Wahoo Scale v1.3")
        #expect(scale.services == [0x1901])
        #expect(scale.manufacturerData == [0x0000: [0x00, 0x9C]])
        #expect(scale.power == nil)
    }

    @Test func aCitizenWatchInItsAdvertisementAndItsScanResponse() throws {
        let watch = try data("020105 05127f018f01 1409 45636f2d44726976652050726f78696d697479")
        #expect(watch.name == "Eco-Drive Proximity")
        #expect(watch.services.isEmpty)
        let answer = try data("020a00 1107 1bc5d5a50200469ae111b78d60b4452d")
        #expect(answer.power == 0)
        #expect(answer.services.map(\.description) == ["2D45B460-8DB7-11E1-9A46-0002A5D5C51B"])
    }

    @Test func aGigasetTagWithPadding() throws {
        let tag = try data("020106 0dff80010215123480 91d0f2bbc5 03020f18 00000000000000000000")
        #expect(tag.services == [0x180F])
        #expect(tag.manufacturerData == [0x0180: [0x02, 0x15, 0x12, 0x34, 0x80, 0x91, 0xD0, 0xF2, 0xBB, 0xC5]])
    }

    @Test func aBeaconWithServiceData() throws {
        let beacon = try data("0303d8fe 0c16d8fe002000626c75657a08")
        #expect(beacon.services == [0xFED8])
        #expect(beacon.serviceData == [0xFED8: [0x00, 0x20, 0x00, 0x62, 0x6C, 0x75, 0x65, 0x7A, 0x08]])
    }

    @Test func namesAreUTF8AndEndWithNUL() throws {
        #expect(try data("1709 4d617263656ce2809973204d6163426f6f6b20416972").name == "Marcel’s MacBook Air")
        // BlueZ's UTF-16 name: it begins with a NUL.
        #expect(try data("1709 005500540046002d0031003600200074006500730074").name == "")
    }

    @Test func aNameCannotEscapeFromALogLineNorFromOurNotation() throws {
        let named = try data("0e09 41220a1b5b33316d42e280ae43")
        #expect(named.name == "A'[31mBC")
        let heard = Advertisement(
            .init(BluetoothAddress(0x0102_0304_0506), .leRandom), [0x05, 0x09, 0x41, 0x22, 0x20, 0x42])
        #expect(Advertisement(notation: heard.notation) == heard)
    }

    @Test func aShortenedNameDoesNotReplaceTheWholeOne() throws {
        #expect(try data("0409414243 03084142").name == "ABC")
        #expect(try data("03084142 0409414243").name == "ABC")
    }

    @Test func theOtherTypes() throws {
        let other = try data("020af8 03198003 0505a1b2c3d4 0720a1b2c3d40102")
        #expect(other.power == -8)
        #expect(other.appearance == 0x0380)
        #expect(other.services.map(\.description) == ["D4C3B2A1-0000-1000-8000-00805F9B34FB"])
        #expect(other.serviceData.values.map { $0 } == [[1, 2]])
    }

    @Test(arguments: [
        "", "00", "ff", "05", "0509414243", "03031018 0509", "01", "0103", "020210", "05031018", "02ff00", "0116",
    ])
    func whatDoesNotFitEndsTheListAndWhatCameBeforeCounts(digits: String) throws {
        let found = try data(digits)
        #expect(found.name == "")
        #expect(found.services == (digits.hasPrefix("03031018") ? [0x1810] : []))
    }

    @Test func hostileBytesNeverTrap() {
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0...64, using: &random)).map { _ in
                // Mostly small numbers, so that lengths often fit.
                Bool.random(using: &random)
                    ? UInt8.random(in: 0...10, using: &random) : .random(in: 0...255, using: &random)
            }
            let heard = Advertisement(.init(BluetoothAddress(1), .leRandom), bytes)
            #expect(!heard.name.utf8.contains { $0 < 0x20 || $0 == UInt8(ascii: "\"") })
        }
    }

    @Test func whatIsMissingIsTakenFromAnEarlierAdvertisement() throws {
        let cuff = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)
        let seen = Advertisement(cuff, try #require(bytes(hex: "03021018 050941264400")), signal: -60)
        let heard = Advertisement(cuff, try #require(bytes(hex: "020106 03020f18")), signal: -80).completed(from: seen)
        #expect(heard.name == "A&D")
        #expect(heard.services == [0x180F, 0x1810])
        #expect(heard.signal == -80)
    }
}

@Suite struct BondTests {
    private let device = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)

    private func longTermKey(type: UInt8, central: Bool, _ byte: UInt8) throws -> Management.LongTermKey {
        .init(
            device: device, type: type, isCentral: central, encryptionSize: 16, diversifier: 0,
            random: [UInt8](repeating: 0, count: 8),
            key: try #require(Management.Key([UInt8](repeating: byte, count: 16))))
    }

    @Test func itIsKeptInTheLayoutThatItSays() throws {
        var bond = Bond(device)
        #expect(bond.bytes == bytes(hex: "01 2200801f0900 01"))
        #expect(!bond.hasKey)
        bond.take(try longTermKey(type: 2, central: true, 0xAA))
        bond.take(.init(device: device, key: try #require(Management.Key([UInt8](repeating: 0xBB, count: 16)))))
        bond.take(.init(device: device, shortest: 6, longest: 12, latency: 0, timeout: 400))
        let text = """
            01 2200801f0900 01 \
            01 2200801f0900 01 02 01 10 0000 0000000000000000 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa \
            02 2200801f0900 01 bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb \
            04 2200801f0900 01 0600 0c00 0000 9001
            """
        #expect(bond.bytes == bytes(hex: text))
        #expect(try Bond(bond.bytes) == bond)
        #expect(bond.hasKey)
        bond.own = Management.Address(BluetoothAddress(0x1122_3344_5566), .lePublic)
        #expect(bond.bytes == bytes(hex: text + "05 665544332211 01"))
        #expect(try Bond(bond.bytes) == bond)
        #expect(throws: Malformed.header(at: 0, got: 9, expected: 1)) { try Bond([9]) }
        #expect(throws: Malformed.invalid(at: 8, expected: .keyRecord)) { try Bond(Bond(device).bytes + [9]) }
    }

    @Test func legacyPairingKeepsAKeyForEachRoleAndSecureConnectionsOne() throws {
        var bond = Bond(device)
        bond.take(try longTermKey(type: 0, central: true, 1))
        bond.take(try longTermKey(type: 0, central: false, 2))
        bond.take(try longTermKey(type: 0, central: true, 3))
        #expect(bond.longTermKeys.map { $0.key.bytes[0] } == [2, 3])
        bond.take(try longTermKey(type: 2, central: false, 4))
        #expect(bond.longTermKeys.map { $0.key.bytes[0] } == [4])
    }
}
