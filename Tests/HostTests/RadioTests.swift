import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

@Suite struct RadioTests {
    @Test func anAdapterGetsOurSettingsOurKeysAndItsPowerInThisOrder() async throws {
        try await onLoop {
            let key = String(repeating: "aa", count: 16), device = "2200801f090001"
            try await withRadio(bonds: [try bond()]) { kernel, radio in
                try await isOn(radio)
                #expect(
                    kernel.told == [
                        "0003 - ", "0004 0 ", "000d 0 01", "002d 0 01", "0018 0 03",
                        "0046 0 0200" + "01bf01fb9d4ef3bc36d874f5394138684c" + "02a599bae4e17ca618228e0756b4e85f01",
                        "0013 0 0100\(device)0200100000\(String(repeating: "00", count: 8))\(key)",
                        "0030 0 0100\(device)\(key)", "0035 0 0000", "0034 0 00000000000000", "0005 0 01",
                        "0015 0 ",
                    ])
            }
        }
    }

    @Test func theBestAdapterIsTakenAndTheConfiguredOneWhereThereIsOne() async throws {
        try await onLoop {
            // hci0 is classic only, hci1 old, hci2 and hci3 alike.
            let adapters: [UInt16: (UInt32, UInt8)] = [0: (0x81, 9), 1: (0x0201, 11), 2: (0x0A01, 10), 3: (0x0A01, 10)]
            try await withRadio(prepare: { $0.controllers = adapters }) { kernel, _ in
                try await kernel.wait(for: "0005 2 01")
            }
            try await withRadio(adapter: 1, prepare: { $0.controllers = adapters }) { kernel, _ in
                try await kernel.wait(for: "0005 1 01")
                #expect(!kernel.told.contains("0004 2 "))
            }
            try await withRadio(adapter: 7, prepare: { $0.controllers = adapters }) { _, radio in
                await #expect(throws: Fault.hub(.noRadio)) { try await radio.next() }
            }
        }
    }

    @Test func anAdapterThatIsPulledOutAndPutInAgainIsPreparedAgain() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                kernel.controllers = [:]
                kernel.settings = [:]
                try kernel.script.say("0500 0000 0000")
                await #expect(throws: Fault.hub(.noRadio)) { try await radio.next() }
                kernel.told = []
                kernel.controllers = [5: (0x0A01, 9)]
                try kernel.script.say("0400 0500 0000")
                try await kernel.wait(for: "0005 5 01")
                try await isOn(radio)
                // Nobody is near to be heard: whoever was told that there is none is told that there is one, and once.
                #expect(try await radio.next() == nil)
                try kernel.script.say("1200 0500 0e00 2200801f0900 01 b9 00000000 0000")
                #expect(try await radio.next()?.device == cuff)
            }
        }
    }

    @Test func aFollowedDeviceIsConnectedByTheKernelAndReportedWithItsName() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            try await withRadio { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try kernel.script.say("0b00 0000 1000 2200801f0900 01 08000000 0300 020106")
                #expect(try await radio.next() == known)
            }
        }
    }

    @Test func linksThatWereLeftAreTakenOverOrEnded() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            let other = Management.Address(BluetoothAddress(0x0009_1F80_0023), .lePublic)
            try await withRadio(prepare: { $0.links = [other, cuff] }) { kernel, radio in
                radio.follow([known])
                #expect(try await radio.next() == known)
                // Not sooner: whoever hears of it connects.
                #expect(radio.isOn)
                try await kernel.wait(for: "0014 0 2300801f090001")
                radio.follow([known], resting: [cuff])
                try await kernel.wait(for: "0014 0 2200801f090001")
            }
        }
    }

    /// The kernel takes whom it unpairs off its list itself, and refuses to do so again.
    @Test func whoIsForgottenIsNotTakenOffTheListTwice() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            try await withRadio(bonds: [try bond()]) { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try await isOn(radio)
                // Of this device alone: when the adapter is switched on again, its whole list is cleared.
                kernel.refused["0034 0 2200801f090001"] = 0x0D
                // It is followed on after it was paired again, and the kernel has to hear of it again.
                kernel.told = []
                kernel.refusals[0x19] = 0x05
                await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff) }
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try await radio.forget(cuff)
                radio.follow([])
                try await kernel.wait(for: "001b 0 2200801f09000101")
                radio.follow([known])
                kernel.told = []
                try await kernel.wait(for: "0033 0 2200801f09000102")
                // So it is where the list is shortened in the very moment.
                radio.follow([])
                try await kernel.wait(for: "0034 0 2200801f090001")
                kernel.refused = [:]
                try await isOn(radio)
                #expect(radio.fault == nil && radio.counters == RadioHealth.Counters())
            }
        }
    }

    @Test func aDiscoveryGoesOnThoughTheKernelEndsItAndIsStoppedInTheEnd() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                radio.discover(for: .seconds(600))
                try await kernel.wait(for: "0023 0 06")
                kernel.told = []
                try kernel.script.say("1300 0000 0200 06 01")
                // The name comes in the scan response, and counts for what follows without one.
                try kernel.script.say("1200 0000 1300 2200801f0900 01 b9 00000000 0500 0409412644")
                #expect(try await radio.next()?.name == "A&D")
                try kernel.script.say("1200 0000 1200 2200801f0900 01 ba 00000000 0400 03021018")
                let second = try #require(try await radio.next())
                #expect(second.name == "A&D")
                #expect(second.services == [0x1810])
                #expect(second.signal == -70)
                try kernel.script.say("1300 0000 0200 06 00")
                try await kernel.wait(for: "0023 0 06")
                radio.discover(for: .zero)
                try await kernel.wait(for: "0024 0 06")
            }
        }
    }

    @Test func anotherMasterIsNamedAndOurSettingsComeBack() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                kernel.told = []
                try kernel.script.say("1a00 0000 0800 2200801f0900 01 02")
                await #expect(throws: Fault.hub(.radioShared("a device was added by somebody else"))) {
                    try await radio.next()
                }
                #expect(!radio.isOn)
            }
        }
    }

    @Test func whereBluetoothdRunsOnlyAConfiguredAdapterIsTouched() async throws {
        let root = TemporaryDirectory()
        for folder in ["cgroup", "cgroup/system.slice", "cgroup/system.slice/bluetooth.service", "proc"] {
            try Files.makeDirectory(root(folder))
        }
        try Files.write(Array("417\n".utf8), to: root("cgroup/system.slice/bluetooth.service/cgroup.procs"))
        try await onLoop {
            try await withRadio(sysfs: root.path) { kernel, radio in
                await #expect(throws: Fault.hub(.radioShared("bluetoothd and vitalsd"))) { try await radio.next() }
                #expect(kernel.told == ["0003 - ", "0004 0 "])
            }
            try await withRadio(adapter: 0, sysfs: root.path) { _, radio in try await isOn(radio) }
        }
    }

    @Test func aBlockedRadioSaysSoBeforeItIsSwitchedOn() async throws {
        let root = TemporaryDirectory()
        for folder in ["class", "class/bluetooth", "class/bluetooth/hci0", "class/bluetooth/hci0/rfkill3"] {
            try Files.makeDirectory(root(folder))
        }
        try Files.write(Array("1\n".utf8), to: root("class/bluetooth/hci0/rfkill3/soft"))
        #expect(RFKill(sysfs: root.path).state(of: "hci0") == .soft)
        #expect(RFKill(sysfs: root.path).state(of: "hci1") == .free)
        try await onLoop {
            try await withRadio(sysfs: root.path) { kernel, radio in
                await #expect(throws: Fault.hub(.radioBlocked)) { try await radio.next() }
                #expect(!kernel.told.contains("0005 0 01"))
            }
        }
    }
}
