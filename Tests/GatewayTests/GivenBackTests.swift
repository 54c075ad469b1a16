import Bluetooth
import Core
import Host
import Journal
import TestLoop
import Testing

@testable import vitalsd

/// A device that is given back while the hub is connecting to it.
@Suite struct GivenBackTests {
    @Test func nothingOfADeviceComesBackThatWasWipedWhileItWasConnectedTo() async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            let journal = try Journal(
                path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
                destinations: ["clinic"], executor: loop)
            let cuff = try #require(
                Advertisement(notation: "00:09:1F:80:00:22 name \"A&D_UA-651BLE_000001\" services 1810"))
            let device = "bluetooth:00:09:1F:80:00:22"
            try await journal.bind(
                .init(device: device, user: nil, subject: .reference("Patient/4711")), keepsSchedule: false,
                withMemory: true)
            var configuration = Configuration()
            configuration.stateDirectory = place.path
            let radio = HeldAir()
            let gateway = try await Gateway(configuration, journal: journal, destinations: [], radio: radio)
            keepAlive(gateway)
            for isWiped in [true, false] {
                radio.isHeld = isWiped
                if isWiped {
                    async let meeting: Void = gateway.meet(cuff, over: radio)
                    while radio.asked == 0 { await loop.sleep(for: .milliseconds(1)) }
                    _ = try await gateway.wipe(device, undelivered: true, audit: nil)
                    radio.isHeld = false
                    await meeting
                } else {
                    // So it is where nobody has wiped it: it was there, and hung up.
                    try await journal.bind(
                        .init(device: device, user: nil, subject: .reference("Patient/4711")), keepsSchedule: false,
                        withMemory: true)
                    try await gateway.acceptList.reload()
                    await gateway.meet(cuff, over: radio)
                }
                await gateway.contacts.flush()
                #expect(try await journal.contacts().map(\.device) == (isWiped ? [] : [device]))
                #expect(try await journal.wireless().isEmpty)
                #expect(gateway.hearing.devices.keys.contains(device) == !isWiped)
            }
        }
    }
}

/// Devices that are given back while the radio does not take part.
@Suite struct ForgettingTests {
    @Test func whatIsWipedStaysWipedWhateverTheRadioSays() async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            let journal = try Journal(
                path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
                destinations: ["clinic"], executor: loop)
            let devices = [0x0009_1F80_0022, 0x0009_1F80_0033, 0x0009_1F80_0044]
                .map { Management.Address(BluetoothAddress($0), .lePublic) }
            for device in devices {
                let identity = "bluetooth:\(device.address)"
                try await journal.bind(
                    .init(device: identity, user: nil, subject: .reference("Patient/4711")), withMemory: true)
                try await journal.remember(.init(device: identity, bond: Bond(device).bytes))
            }
            var configuration = Configuration()
            configuration.stateDirectory = place.path
            let radio = HeldAir()
            let gateway = try await Gateway(configuration, journal: journal, destinations: [], radio: radio)
            keepAlive(gateway)
            radio.stubbornness = .hub(.radioFailing("unpair device: busy"))
            _ = try await gateway.wipe(nil, undelivered: true, audit: nil)
            #expect(radio.forgotten == Set(devices))
            // The kernel still has a key of it, and tells of another.
            radio.changedBonds = [Bond(devices[0])]
            await gateway.keepBonds(of: radio)
            #expect(try await journal.wireless().isEmpty)
            // Of one that is bound it is kept.
            try await journal.bind(
                .init(
                    device: "bluetooth:\(devices[1].address)", user: nil, subject: .reference("Patient/4711")),
                withMemory: true)
            try await gateway.acceptList.reload()
            radio.changedBonds = [Bond(devices[1])]
            await gateway.keepBonds(of: radio)
            #expect(try await journal.wireless().map(\.bond) == [Bond(devices[1]).bytes])
        }
    }
}

/// Somebody with a radio who has taken over the address of a device of ours.
@Suite struct ImpostorTests {
    private static let address = "00:09:1F:80:00:22"
    private static let scale =
        "\(address) name \"MI SCALE2\" services data 181D 223e30e607020e10293a"

    @Test(arguments: [
        ("\(address) name \"A&D_UA-651BLE_000001\" services 1810", true, true),
        // The same bits as another kind of address are another device; and a cuff tells nobody its readings on the air.
        ("\(address) name \"A&D_UA-651BLE_000001\" services 1810 random", true, false),
        (scale, true, false),
        // What knows no pairing proves nothing.
        (scale, false, true),
    ])
    func ofABondedDeviceNothingElseIsBelieved(words: String, isBonded: Bool, isVisited: Bool) async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            let journal = try Journal(
                path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
                destinations: ["clinic"], executor: loop)
            let heard = try #require(Advertisement(notation: words)), device = "bluetooth:\(Self.address)"
            try await journal.bind(
                .init(device: device, user: nil, subject: .reference("Patient/4711")), withMemory: true)
            if isBonded {
                let cuff = try #require(Advertisement(notation: "\(Self.address) name \"\""))
                let bond = Bond(cuff.device)
                try await journal.remember(Journal.Wireless(device: device, bond: bond.bytes))
            }
            var configuration = Configuration()
            configuration.stateDirectory = place.path
            let radio = HeldAir(),
                gateway = try await Gateway(
                    configuration, journal: journal, destinations: [], radio: radio)
            keepAlive(gateway)
            _ = Task(executorPreference: loop) { await gateway.intake.run() }
            await gateway.meet(heard, over: radio)
            let isScale = heard.name == "MI SCALE2"
            #expect(radio.asked == (isVisited && !isScale ? 1 : 0))
            #expect(try await journal.devices().isEmpty == !(isVisited && isScale))
            #expect(gateway.hearing.devices[device]?.trouble == nil || isVisited)
        }
    }
}

/// A scale that only advertises, bound by its address alone.
@Suite struct BroadcasterTests {
    /// Nobody knows what it is before it was heard, and so the kernel has connected to it.
    @Test func whoOnlyAdvertisesIsHungUpOnAndListenedToFromThenOn() async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            let journal = try Journal(
                path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
                destinations: ["clinic"], executor: loop)
            let address = "00:09:1F:80:00:22", device = "bluetooth:\(address)"
            try await journal.bind(
                .init(device: device, user: nil, subject: .reference("Patient/4711")), withMemory: true)
            var configuration = Configuration()
            configuration.stateDirectory = place.path
            let radio = HeldAir()
            let gateway = try await Gateway(configuration, journal: journal, destinations: [], radio: radio)
            keepAlive(gateway)
            _ = Task(executorPreference: loop) { await gateway.intake.run() }
            _ = Task(executorPreference: loop) { await gateway.acceptList.run(radio, sparing: []) }
            await loop.sleep(for: .milliseconds(20))
            #expect(radio.reporting.isEmpty)
            var remembered: Journal.Wireless?
            for weighing in ["223e30e607020e10293a", "223e30e607020e10293a", "224030e607020e10303a"] {
                let heard = try #require(
                    Advertisement(notation: "\(address) name \"MI SCALE2\" services 181D data 181D \(weighing)"))
                await gateway.meet(heard, over: radio)
                let known = try await journal.wireless().first
                // Once: the disk has better things to do than each advertisement.
                #expect(known?.sighting?.name == "MI SCALE2" && (remembered == nil || known == remembered))
                // What a person weighs is no part of it.
                #expect(known?.sighting?.serviceData.isEmpty == true)
                remembered = known
                let due = ContinuousClock.now + .seconds(60)
                while radio.reporting.isEmpty, .now < due { await loop.sleep(for: .milliseconds(1)) }
                #expect(radio.reporting == [heard.address])
            }
            #expect(radio.asked == 0 && radio.parted.count == 3)
            #expect(try await journal.pending(for: "clinic", limit: 9).count == 2)
        }
    }
}
