import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// What keeps the radio, and the devices' time on the air, from being lost.
@Suite struct RadioRemedyTests {
    /// As after a connection that is being made for ever: everybody is heard, and nobody connected to.
    @Test func aDeviceThatIsHeardAndNotConnectedToIsEvidence() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            try await withRadio { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try await isOn(radio)
                radio.lastSign = .now - Radio.quietTime
                radio.follow([known])
                try await kernel.wait(for: "0023 0 06")
                try kernel.script.say("1200 0000 1100 2200801f0900 01 c4 00000000 0300 020106")
                let failing = Fault.hub(.radioFailing("it hears a device and does not connect to it"))
                await #expect(throws: failing) { while true { _ = try await radio.next() } }
                #expect(radio.counters[.restartScanning] == 0 && radio.counters[.powerCycle] == 1)
                try await kernel.wait(for: "0005 0 00")
                try await isOn(radio)
                // It takes nobody: that is not the radio.
                kernel.told = []
                radio.lastSign = .now - Radio.quietTime
                radio.follow([known])
                try await kernel.wait(for: "0023 0 06")
                try kernel.script.say("1200 0000 1100 2200801f0900 01 c4 00000000 0300 020106")
                try await kernel.wait(for: "0024 0 06")
                try await isOn(radio)
                #expect(radio.fault == nil && radio.counters[.powerCycle] == 1)
            }
        }
    }

    @Test func aControllerThatAnswersNothingIsToldAndHelpedUntilItDoes() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            var ends: [CInt] = [-1, -1]
            let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
            try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
            let near = ends[0], far = Descriptor(ends[1])
            var probe = ControllerProbe()
            probe.patience = .milliseconds(5)
            probe.open = { _ in Descriptor(dup(near)) }
            defer { close(near) }
            try await withRadio(probe: probe) { kernel, radio in
                try await isOn(radio)
                radio.lastSign = .now - .seconds(31)
                radio.lastAnswer = radio.lastSign
                radio.follow([known])
                await #expect(throws: Fault.hub(.radioFailing("its controller answers nothing"))) {
                    try await radio.next()
                }
                #expect(radio.counters[.restartScanning] == 1)
                // Nothing is switched off where nobody is waited for, and the radio is as well as it was.
                radio.follow([])
                try await isOn(radio)
                let answer: [UInt8] = [4, 0x0E, 4, 1, 1, 0x10, 0]
                #expect(write(far.raw, answer, answer.count) == answer.count)
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try await isOn(radio)
                while radio.isMute { await loop.sleep(for: .milliseconds(1)) }
                #expect(radio.health.fails() == .restartScanning)
            }
        }
    }

    /// The kernel drops news for which there is no room, and nobody hears of it.
    @Test func linksWhoseNewsWasLostAreFoundAndThoseThatEndedUnheardForgotten() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            let add = "0033 0 2200801f09000102"
            try await withRadio { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: add)
                try await isOn(radio)
                kernel.links = [cuff]
                radio.lastCensus = .now - Radio.censusTime
                radio.follow([known])
                try await kernel.wait(for: "0034 0 2200801f090001")
                #expect(try await radio.next() == known)
                #expect(radio.connected == [cuff])
                kernel.links = []
                kernel.told = []
                radio.lastCensus = .now - Radio.censusTime
                radio.follow([known])
                try await kernel.wait(for: add)
                #expect(radio.connected.isEmpty)
            }
        }
    }

    /// Nobody could hear a device that is connected, nor meet it.
    @Test func aLinkOnWhichNobodySpeaksIsEnded() async throws {
        try await onLoop {
            let known = try #require(Advertisement(notation: "00:09:1F:80:00:22 name \"A&D\" services 1810"))
            try await withRadio { kernel, radio in
                radio.follow([known])
                try await kernel.wait(for: "0033 0 2200801f09000102")
                try await isOn(radio)
                kernel.links = [cuff]
                radio.lastCensus = .now - Radio.censusTime
                radio.follow([known])
                #expect(try await radio.next() == known)
                while radio.idle.isEmpty { try await Task.sleep(for: .milliseconds(1)) }
                #expect(radio.idle == [cuff])
                #expect(!kernel.told.contains { $0.hasPrefix("0014") })
                // A minute later there is still no visit.
                radio.lastCensus = .now - Radio.censusTime
                radio.follow([known])
                try await kernel.wait(for: "0014 0 2200801f090001")
            }
        }
    }
}
