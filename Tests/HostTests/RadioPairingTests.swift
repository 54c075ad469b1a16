import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// Keys: made, given back, changed and forgotten.
@Suite struct RadioPairingTests {
    @Test func pairingAnswersTheKernelAndGivesTheBondOut() async throws {
        try await onLoop {
            let key = String(repeating: "bb", count: 16)
            try await withRadio { kernel, radio in
                try await isOn(radio)
                kernel.refusals[0x1B] = 0x06
                kernel.unanswered = [0x19]
                kernel.before[0x19] = { try kernel.script.say("0f00 0000 0c00 2200801f0900 01 01 00000000") }
                kernel.before[0x1C] = {
                    try kernel.script.say(
                        "0a00 0000 2500 01 2200801f0900 01 02 00 10 0000 0000000000000000 \(key)")
                    try kernel.reply(0x19, 0, 0, cuff.bytes)
                }
                let bond = try await radio.pair(cuff)
                #expect(bond.longTermKeys.map { hex($0.key.bytes) } == [key])
                #expect(await radio.nextBond() == bond)
                let commands = kernel.told.suffix(5)
                #expect(
                    commands == [
                        "0009 0 01", "001b 0 2200801f09000101", "0019 0 2200801f09000103", "001c 0 2200801f090001",
                        "0009 0 00",
                    ])
            }
        }
    }

    @Test func aTechnicianTypesThePasskeyAndNothingElseIsAccepted() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                kernel.unanswered = [0x19]
                kernel.before[0x19] = { try kernel.script.say("1000 0000 0700 2200801f0900 01") }
                for refused in [UInt16(0x1E), 0x1F] {
                    kernel.before[refused] = { try kernel.reply(0x19, 0, 0x05, cuff.bytes) }
                }
                await #expect(throws: Fault.pairing(.rejected)) {
                    _ = try await radio.pair(cuff, as: .keyboardOnly) { question in
                        #expect(question.kind == .passkey)
                        return .passkey(123_456)
                    }
                }
                #expect(kernel.told.contains("001e 0 2200801f09000140e20100"))
                await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff, as: .keyboardOnly) }
                #expect(kernel.told.contains("001f 0 2200801f090001"))
                #expect(kernel.told.last == "0009 0 00")
            }
        }
    }

    @Test func aPairingThatFailsBringsTheOldBondBack() async throws {
        try await onLoop {
            let old = try bond()
            try await withRadio(bonds: [old]) { kernel, radio in
                try await isOn(radio)
                kernel.told = []
                kernel.refusals[0x19] = 0x05
                await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff) }
                #expect(radio.bonds[cuff] == old)
                #expect(kernel.told.contains { $0.hasPrefix("0013 0 0100") })
            }
        }
    }

    /// The kernel forgets the identity key as well, and would then look for the identity, which nobody advertises.
    @Test func whomThePrivateAddressesBelongToIsKnownWhileADeviceIsPairedAgain() async throws {
        try await onLoop {
            let key = String(repeating: "aa", count: 16)
            try await withRadio(bonds: [try bond()]) { kernel, radio in
                try await isOn(radio)
                kernel.told = []
                kernel.refusals[0x19] = 0x05
                await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff) }
                #expect(
                    kernel.told.prefix(4) == [
                        "0009 0 01", "001b 0 2200801f09000101", "0030 0 01002200801f090001\(key)",
                        "0019 0 2200801f09000103",
                    ])
            }
        }
    }

    /// The kernel takes no such command for an adapter that is off, and is to get no key back with which it comes on.
    @Test func whoIsForgottenWhileTheAdapterIsOffIsForgottenAllTheSame() async throws {
        try await onLoop {
            let bonds = [try bond(), try bond(0xBB, of: "3300801f0900")]
            try await withRadio(bonds: bonds) { kernel, radio in
                try await isOn(radio)
                kernel.refusals[0x1B] = 0x0F
                kernel.told = []
                for bond in bonds { try await radio.forget(bond.device) }
                #expect(radio.bonds.isEmpty)
                try await kernel.wait(for: "0013 0 0000")
                try await kernel.wait(for: "0030 0 0000")
                try await isOn(radio)
                #expect(radio.fault == nil)
            }
        }
    }

    @Test func aPairingThatNobodyEndsIsCancelled() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                kernel.unanswered = [0x19]
                kernel.before[0x1A] = { try kernel.reply(0x19, 0, 0x10, cuff.bytes) }
                await #expect(throws: Fault.device(.silent)) {
                    _ = try await radio.pair(cuff, within: .milliseconds(5))
                }
            }
        }
    }

    @Test func aDiscoveryThatIsOverIsStoppedForThePairingThatFollows() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                radio.discover(for: .seconds(600))
                try await kernel.wait(for: "0023 0 06")
                try kernel.script.say("1300 0000 0200 06 01")
                // The kernel pairs when its discovery has ended, and not sooner.
                kernel.unanswered = [0x19]
                for command in [UInt16(0x19), 0x24] {
                    kernel.before[command] = {
                        guard kernel.told.contains("0024 0 06"), kernel.told.contains(where: { $0.hasPrefix("0019") })
                        else { return }
                        try kernel.reply(0x19, 0, 0x05, cuff.bytes)
                    }
                }
                radio.discover(for: .zero)
                await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff) }
            }
        }
    }

    @Test func aPairingThatNobodyAskedForIsRefused() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                for (question, refusal) in [
                    ("0f00 0000 0c00 2200801f0900 01 01 00000000", "001d 0 2200801f090001"),
                    ("1000 0000 0700 2200801f0900 01", "001f 0 2200801f090001"),
                    ("0e00 0000 0800 2200801f0900 00 00", "0017 0 2200801f090000"),
                ] {
                    try kernel.script.say(question)
                    try await kernel.wait(for: refusal)
                }
            }
        }
    }

    @Test func keysThatChangeAreGivenOutAndThoseNotToBeStoredAreNot() async throws {
        try await onLoop {
            let old = try bond()
            try await withRadio(bonds: [old]) { kernel, radio in
                try await isOn(radio)
                let other = String(repeating: "bb", count: 16)
                try kernel.script.say("1800 0000 1e00 00 000000000000 2200801f0900 01 \(other)")
                try kernel.script.say("1c00 0000 1000 01 9900801f0900 01 0600 0c00 0000 9001")
                // The kernel says to store those of its own list, on which no device is while it has a link.
                try kernel.script.say("1c00 0000 1000 00 2200801f0900 01 0700 0c00 0000 9001")
                let bond = try #require(await radio.nextBond())
                #expect(bond.device == cuff && bond.identityKey == old.identityKey)
                #expect(bond.parameters?.shortest == 7)
            }
        }
    }
}
