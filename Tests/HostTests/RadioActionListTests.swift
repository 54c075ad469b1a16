import Bluetooth
import Core
import TestLoop
import Testing

@testable import Host

private let known = Advertisement(cuff, [2, 1, 6])
private let add = "0033 0 2200801f09000102", remove = "0034 0 2200801f090001", hangUp = "0014 0 2200801f090001"
private let report = "0033 0 2200801f09000100"

extension ScriptedAdapters {
    fileprivate func connects() throws { try script.say("0b00 0000 1000 2200801f0900 01 08000000 0300 020106") }
    fileprivate func disconnects() throws { try script.say("0c00 0000 0800 2200801f0900 01 02") }

    /// Forgets what it was told, and waits until it is told this again.
    fileprivate func waitAgain(for command: String) async throws {
        told = []
        try await wait(for: command)
    }
}

/// The cuff is on the kernel's list.
private func withTheCuffAwaited(_ body: @escaping @Hub @Sendable (ScriptedAdapters, Radio) async throws -> Void)
    async throws
{
    try await onLoop {
        try await withRadio { kernel, radio in
            radio.follow([known])
            try await kernel.wait(for: add)
            try await body(kernel, radio)
        }
    }
}

/// The kernel has connected to it, and that was reported.
private func withTheCuffConnected(
    _ body: @escaping @Hub @Sendable (ScriptedAdapters, Radio) async throws -> Void
) async throws {
    try await withTheCuffAwaited { kernel, radio in
        try kernel.connects()
        #expect(try await radio.next()?.device == cuff)
        try await body(kernel, radio)
    }
}

/// Why the cuff cannot be paired; nil where it was.
@Hub private func outcome(of radio: Radio) async -> Fault? {
    do throws(Fault) {
        _ = try await radio.pair(cuff)
        return nil
    } catch {
        return error
    }
}

/// When a device is on the kernel's list, and when it is taken off.
@Suite struct RadioActionListTests {
    @Test func aDeviceIsTakenOffTheListAsSoonAsItIsConnectedAndComesOnAgainWhenItsLinkHasEnded() async throws {
        try await withTheCuffConnected { kernel, radio in
            try await kernel.wait(for: remove)
            kernel.told = []
            radio.follow([known])
            try kernel.disconnects()
            try await kernel.wait(for: add)
            #expect(kernel.told == [add])
        }
    }

    /// A visit does more than its link lasts, and the kernel would connect again to nobody's use.
    @Test func whoIsVisitedComesOnAgainAfterTheVisit() async throws {
        try await withTheCuffConnected { kernel, radio in
            // There is no such socket here, and none that matters.
            _ = try? await radio.connect(known)
            try await kernel.wait(for: remove)
            kernel.told = []
            try kernel.disconnects()
            while radio.connected.contains(cuff) { await loop.sleep(for: .milliseconds(1)) }
            await loop.sleep(for: .milliseconds(20))
            #expect(kernel.told.isEmpty)
            await radio.leave(known)
            try await kernel.wait(for: add)
        }
    }

    @Test func aLinkThatOutlastsItsVisitIsEnded() async throws {
        try await withTheCuffConnected { kernel, radio in
            _ = try? await radio.connect(known)
            kernel.before[0x14] = { try kernel.disconnects() }
            try await kernel.wait(for: remove)
            kernel.told = []
            await radio.leave(known)
            #expect(kernel.told.first == hangUp)
            try await kernel.wait(for: add)
        }
    }

    /// It stays on the list, for nothing may end a connection that is being made.
    @Test func whoRestsWithoutALinkIsHungUpOnWhenItComes() async throws {
        try await withTheCuffAwaited { kernel, radio in
            radio.follow([known], resting: [cuff])
            try await isOn(radio)
            #expect(!kernel.told.contains(remove))
            kernel.told = []
            try kernel.connects()
            try await kernel.wait(for: hangUp)
            #expect(kernel.told == [remove, hangUp])
            try kernel.disconnects()
            radio.follow([known])
            try await kernel.waitAgain(for: add)
        }
    }

    @Test func aLinkThatComesTooLateForItsDeviceIsEnded() async throws {
        try await withTheCuffAwaited { kernel, radio in
            // Else the adapter may be switched off first, which ends it too.
            radio.discover(for: .seconds(60))
            radio.follow([])
            try await kernel.wait(for: remove)
            #expect(!kernel.told.contains(hangUp))
            try kernel.connects()
            try await kernel.wait(for: hangUp)
        }
    }

    /// The link of the pairing itself is reported, and the kernel's memory of how it came to be is gone.
    @Test func whoIsPairedIsReportedOverTheLinkThatThereIs() async throws {
        try await onLoop {
            try await withRadio { kernel, radio in
                try await isOn(radio)
                try kernel.connects()
                while !radio.connected.contains(cuff) { await loop.sleep(for: .milliseconds(1)) }
                #expect(!kernel.told.contains(hangUp))
                radio.follow([known])
                #expect(try await radio.next()?.device == cuff)
                #expect(kernel.told.suffix(2) == [add, remove])
            }
        }
    }

    /// What it is shows only when it is heard: from then on it is listened to. Nothing that the kernel may have begun is ended.
    @Test func whoTurnsOutToOnlyAdvertiseIsReportedFromThenOn() async throws {
        try await withTheCuffAwaited { kernel, radio in
            try await isOn(radio)
            kernel.told = []
            radio.follow([known], reporting: [cuff.address])
            try await kernel.wait(for: report)
            #expect(!kernel.told.contains(remove))
            radio.follow([known])
            try await kernel.waitAgain(for: add)
        }
    }

    /// The kernel had connected to it, before anybody knew what it is.
    @Test func aLinkThatNobodyWantsIsEndedAndItsDeviceListenedTo() async throws {
        try await withTheCuffConnected { kernel, radio in
            try await kernel.wait(for: remove)
            kernel.before[0x14] = { try kernel.disconnects() }
            kernel.told = []
            radio.follow([known], reporting: [cuff.address])
            await radio.leave(known)
            #expect(kernel.told.first == hangUp)
            try await kernel.wait(for: report)
            #expect(!kernel.told.contains(add))
        }
    }

    /// Its last visit was still ending, as its person held the button.
    @Test func theEndOfAVisitLeavesTheLinkOfAPairingAlone() async throws {
        try await withTheCuffConnected { kernel, radio in
            try await kernel.wait(for: remove)
            _ = try? await radio.connect(known)
            kernel.before[0x14] = { try kernel.disconnects() }
            kernel.unanswered = [0x19]
            kernel.before[0x19] = {
                kernel.told = []
                try kernel.connects()
            }
            async let pairing = outcome(of: radio)
            while radio.pairing == nil || radio.connected.isEmpty { await loop.sleep(for: .milliseconds(1)) }
            while !kernel.told.isEmpty || radio.connected.isEmpty { await loop.sleep(for: .milliseconds(1)) }
            await radio.leave(known)
            #expect(!kernel.told.contains(hangUp) && !radio.visited.contains(cuff))
            try kernel.reply(0x19, 0, 0x05, cuff.bytes)
            #expect(await pairing == .pairing(.rejected))
        }
    }

    /// It is on the air, and the kernel about to connect to it: that must be over before its keys may go.
    @Test func aDeviceIsOffTheListAndWithoutALinkBeforeItIsPaired() async throws {
        try await withTheCuffAwaited { kernel, radio in
            try await isOn(radio)
            kernel.before[0x14] = { try kernel.disconnects() }
            kernel.refusals[0x19] = 0x05
            kernel.before[0x09] = { if kernel.told.last == "0009 0 01" { try kernel.connects() } }
            kernel.told = []
            await #expect(throws: Fault.pairing(.rejected)) { _ = try await radio.pair(cuff) }
            let told = kernel.told.map { String($0.prefix(4)) }
            #expect(told.prefix(5) == ["0009", "0034", "0014", "001b", "0019"], "\(told)")
            // It is waited for again, as it was.
            try await kernel.wait(for: add)
        }
    }

    /// Whoever had it before us has left a list, and perhaps a connection that is being made.
    /// The kernel may have been connecting to it. While somebody else has a link nothing is switched off.
    @Test func whoIsBoundNoMoreLeavesNoDoubtBehind() async throws {
        try await onLoop {
            let other = try #require(Advertisement(notation: "00:09:1F:80:00:33 name \"A&D\" services 181D"))
            try await withRadio { kernel, radio in
                radio.follow([known, other])
                try await kernel.wait(for: add)
                try await kernel.wait(for: "0033 0 3300801f09000102")
                try kernel.connects()
                #expect(try await radio.next()?.device == cuff)
                try await kernel.wait(for: remove)
                kernel.told = []
                radio.follow([known])
                try await kernel.wait(for: "0034 0 3300801f090001")
                await loop.sleep(for: .milliseconds(20))
                #expect(!kernel.told.contains("0005 0 00"))
                try kernel.disconnects()
                try await kernel.wait(for: "0005 0 00")
                // Off goes the list as well: it is made anew.
                try await kernel.wait(for: "0005 0 01")
                try await kernel.wait(for: add)
                try await isOn(radio)
            }
        }
    }

    /// Linux takes no random address that is no static one. That is said once, and holds up nobody else.
    @Test func whoTheKernelDoesNotListHoldsUpNobodyElse() async throws {
        try await onLoop {
            let hidden = try #require(Advertisement(notation: "40:09:1F:80:00:33 name \"A&D\" services 181D random"))
            let refusal = "0033 0 3300801f09400202"
            try await withRadio(prepare: { $0.refused = [refusal: 0x0D] }) { kernel, radio in
                radio.follow([hidden, known])
                try await kernel.wait(for: refusal)
                try await kernel.wait(for: add)
                try await isOn(radio)
                try kernel.connects()
                #expect(try await radio.next()?.device == cuff)
                try kernel.disconnects()
                try await kernel.waitAgain(for: add)
                #expect(radio.fault == nil && !kernel.told.contains(refusal))
                #expect(radio.refused == [hidden.device])
                radio.follow([known])
                while !radio.refused.isEmpty { await loop.sleep(for: .milliseconds(1)) }
            }
        }
    }

    @Test func anAdapterThatIsOnAlreadyIsSwitchedOffFirst() async throws {
        try await onLoop {
            try await withRadio(prepare: { $0.settings = [0: 0x201] }) { kernel, radio in
                try await isOn(radio)
                let powers = kernel.told.filter { $0.hasPrefix("0005") || $0.hasPrefix("0034") }
                #expect(powers == ["0005 0 00", "0034 0 00000000000000", "0005 0 01"])
            }
        }
    }
}
