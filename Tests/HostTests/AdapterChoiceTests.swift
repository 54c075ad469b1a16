import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

private let first = BluetoothAddress(0x1122_3344_5566), second = BluetoothAddress(0x1122_3344_5577)

/// A bond that was made with one of them, or before anybody noted with which.
private func bond(with own: BluetoothAddress?) throws -> Bond {
    let key = String(repeating: "aa", count: 16)
    var bond = try Bond(
        try #require(bytes(hex: "01 2200801f0900 01 01 2200801f0900 01 02 00 10 0000 0000000000000000 \(key)")))
    bond.own = own.map { Management.Address($0, .lePublic) }
    return bond
}

/// A device that was paired with one adapter knows no other.
@Suite struct AdapterChoiceTests {
    @Test func theAdapterThatTheDevicesWerePairedWithIsTakenWhateverItsNumberAndItsRank() async throws {
        try await onLoop {
            let alike: [UInt16: (UInt32, UInt8)] = [0: (0x0A01, 9), 1: (0x0A01, 9)]
            let newer: [UInt16: (UInt32, UInt8)] = [0: (0x0A01, 12), 1: (0x0A01, 9)]
            for (controllers, own, taken) in [
                (alike, first, "1"), (alike, second, "0"), (alike, nil, "0"), (newer, first, "1"), (newer, nil, "0"),
            ] {
                try await withRadio(
                    bonds: [try bond(with: own)],
                    prepare: {
                        $0.controllers = controllers
                        $0.addresses = [0: second, 1: first]
                    }
                ) { kernel, _ in try await kernel.wait(for: "0005 \(taken) 01") }
            }
        }
    }

    @Test func oneThatIsBlockedIsNotPreferred() async throws {
        try await onLoop {
            let sysfs = TemporaryDirectory()
            var folder = sysfs.path
            for name in ["class", "bluetooth", "hci1", "rfkill3"] {
                folder += "/\(name)"
                mkdir(folder, 0o700)
            }
            try Files.write(Array("1\n".utf8), to: folder + "/soft")
            try await withRadio(
                bonds: [try bond(with: first)], sysfs: sysfs.path,
                prepare: {
                    $0.controllers[1] = (0x0A01, 9)
                    $0.addresses = [0: second, 1: first]
                }
            ) { kernel, _ in try await kernel.wait(for: "0005 0 01") }
        }
    }

    @Test func theOneThatIsPutBackIsTakenAgainAndTheOtherSwitchedOff() async throws {
        try await onLoop {
            try await withRadio(bonds: [try bond(with: first)], prepare: { $0.addresses = [0: second, 1: first] }) {
                kernel, radio in
                try await isOn(radio)
                kernel.controllers[1] = (0x0A01, 9)
                try kernel.script.say("0400 0100 0000")
                try await kernel.wait(for: "0005 1 01")
                #expect(kernel.told.filter { $0.hasPrefix("0005") } == ["0005 0 01", "0005 0 00", "0005 1 01"])
                try await isOn(radio)
                #expect(radio.name == "hci1")
                // Any other that comes is none of ours.
                kernel.told = []
                kernel.controllers[2] = (0x0A01, 12)
                try kernel.script.say("0400 0200 0000")
                radio.discover(for: .seconds(1))
                try await kernel.wait(for: "0023 1 06")
                #expect(!kernel.told.contains("0004 2 "))
            }
        }
    }

    @Test func aBondSaysWithWhichAdapterItWasMadeOrHasProvedItself() async throws {
        try await onLoop {
            try await withRadio(bonds: [try bond(with: nil)]) { kernel, radio in
                try await isOn(radio)
                let own = Management.Address(first, .lePublic), other = Management.Address(second, .lePublic)
                radio.recognised(other, by: cuff)
                #expect(await radio.nextBond()?.own == other)
                let key = String(repeating: "bb", count: 16)
                try kernel.script.say("0a00 0000 2500 01 2200801f0900 01 02 00 10 0000 0000000000000000 \(key)")
                #expect(await radio.nextBond()?.own == own)
            }
        }
    }
}
