import Bluetooth
import Core
import TestLoop
import Testing

@testable import Host

@Suite struct ClassicRadioTests {
    private let onyx = "Nonin_Medical_Inc._569799"
    private var known: Advertisement { Advertisement(address: address, kind: .classic, name: onyx, services: []) }
    private let address = BluetoothAddress(0x00_1C_05_00_5D_9A)

    @Hub private func dual(_ kernel: ScriptedAdapters) {
        kernel.controllers = [0: (0x0AC1, 9)]
        // Somebody has left it connectable for everybody.
        kernel.settings = [0: 0x02]
    }

    @Test func bothTransportsAreOnAndNobodyIsLetInWhoIsNotFollowed() async throws {
        try await onLoop {
            try await withRadio(prepare: dual) { kernel, radio in
                try await isOn(radio)
                #expect(
                    kernel.told.filter { !$0.hasPrefix("0046") } == [
                        "0003 - ", "0004 0 ", "000d 0 01", "002a 0 01", "000b 0 01", "002d 0 01", "0007 0 00",
                        "0018 0 03", "0012 0 000000", "0013 0 0000", "0030 0 0000", "0035 0 0000",
                        "0034 0 00000000000000", "0005 0 01", "0015 0 ",
                    ])
            }
        }
    }

    @Test func whereClassicBluetoothIsRefusedTheRestIsDone() async throws {
        try await onLoop {
            try await withRadio(prepare: { kernel in
                dual(kernel)
                kernel.refusals = [0x2A: 0x0B]
            }) { kernel, radio in
                try await isOn(radio)
                #expect(!kernel.told.contains("000b 0 01") && kernel.told.contains("002d 0 01"))
                await #expect(throws: Fault.hub(.radioFailing("it has no classic Bluetooth"))) {
                    try await radio.call(address)
                }
                // Where it is to call, that is a fault; but none for whom the radio hears.
                #expect(radio.callFault == nil)
                radio.follow([known])
                while radio.callFault == nil { await loop.sleep(for: .milliseconds(1)) }
                #expect(radio.callFault == .hub(.radioFailing("it has no classic Bluetooth")))
                #expect(radio.fault == nil && radio.counters == RadioHealth.Counters())
                radio.follow([])
                while radio.callFault != nil { await loop.sleep(for: .milliseconds(1)) }
            }
        }
    }

    /// Nobody can hear it, so it is reported at once; and again after each rest, when it is followed anew.
    @Test func aFollowedDeviceMayCallAndIsReportedToBeCalled() async throws {
        try await onLoop {
            try await withRadio(prepare: dual) { kernel, radio in
                for _ in 0..<2 {
                    kernel.told = []
                    radio.follow([known])
                    try await kernel.wait(for: "0033 0 9a5d00051c000001")
                    #expect(try await radio.next() == known)
                    radio.follow([])
                    try await kernel.wait(for: "0034 0 9a5d00051c0000")
                }
            }
        }
    }

    /// Tests have no radio at which it could open.
    @Test func whereTheEntranceDoesNotOpenThatIsSaid() async throws {
        try await onLoop {
            try await withRadio(prepare: dual) { kernel, radio in
                try await isOn(radio)
                radio.follow([known])
                while radio.callFault == nil { await loop.sleep(for: .milliseconds(1)) }
                #expect(radio.entrance == nil && radio.fault == nil)
                radio.follow([])
                while radio.callFault != nil { await loop.sleep(for: .milliseconds(1)) }
            }
        }
    }

    /// A rest that is over before the kernel's list was looked at: the device never left it, and is to be called all the same.
    @Test func aRestThatNobodyNoticedEndsInACallAllTheSame() async throws {
        try await onLoop {
            try await withRadio(prepare: dual) { kernel, radio in
                radio.follow([known])
                #expect(try await radio.next() == known)
                try await isOn(radio)
                radio.follow([known], resting: [known.device])
                radio.follow([known])
                // Who is heard later is reported later.
                try kernel.script.say("1200 0000 0e00 2200801f0900 01 b9 00000000 0000")
                #expect(try await radio.next() == known)
            }
        }
    }

    @Test func aSearchCoversBothTransportsAndAsksForNames() async throws {
        try await onLoop {
            try await withRadio(prepare: dual) { kernel, radio in
                radio.discover(for: .seconds(60))
                try await kernel.wait(for: "0023 0 07")
                try kernel.script.say("1200 0000 0e00 9a5d00051c00 00 c4 01000000 0000")
                try await kernel.wait(for: "0025 0 9a5d00051c000000")
                let name = hex(Array(onyx.utf8))
                try kernel.script.say("1200 0000 2900 9a5d00051c00 00 c4 01000000 1b00 1a09 \(name)")
                try await kernel.wait(for: "0025 0 9a5d00051c000001")
                while let heard = try? await radio.next(), heard.name != onyx {}
            }
        }
    }

    /// The serial port that it had ended with the daemon before.
    @Test func aLinkThatWasLeftIsEnded() async throws {
        try await onLoop {
            let device = Management.Address(address, .classic)
            try await withRadio(prepare: { kernel in
                dual(kernel)
                kernel.links = [device]
            }) { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: "0014 0 9a5d00051c0000")
            }
        }
    }
}
