import Bluetooth
import Testing

@Suite struct RadioHealthTests {
    @Test func oneRungAfterTheOtherUntilSomethingIsHeard() {
        var health = RadioHealth()
        #expect(
            (0..<5).map { _ in health.fails() } == [
                .restartScanning, .powerCycle, .resetUSB, .giveUp, .restartScanning,
            ])
        health.isWell()
        #expect(health.fails() == .restartScanning)
        #expect(health.counters.notation == "3 1 1 1")
        #expect(RadioHealth.Counters(notation: "3 1 1 1") == health.counters)
        for damaged in ["", "3 1 1", "3 1 1 1 1", "3 1 x 1"] { #expect(RadioHealth.Counters(notation: damaged) == nil) }
    }

    @Test func aLonelyHouseIsNoDeadRadio() {
        var health = RadioHealth()
        for _ in 0..<50 { #expect(health.examined(0) == nil) }
        // Two neighbours who come and go prove nothing either.
        for heard in [2, 0, 0, 0, 1, 0, 0] { #expect(health.examined(heard) == nil) }
    }

    @Test func aNeighbourhoodThatFallsSilentIsEvidence() {
        var health = RadioHealth()
        #expect(health.examined(12) == nil)
        #expect(health.examined(0) == nil)
        #expect(health.examined(0) == 12)
        #expect(health.fails() == .restartScanning)
        #expect(health.examined(0) == 12)
        #expect(health.fails() == .powerCycle)
        // It has helped.
        #expect(health.examined(9) == nil)
        #expect(health.examined(0) == nil)
        #expect(health.examined(0) == 9)
        #expect(health.fails() == .restartScanning)
    }

    @Test func whoMovesToALonelyPlaceIsNotRestartedForEver() {
        var health = RadioHealth()
        _ = health.examined(12)
        var rungs: [RadioHealth.Rung] = []
        for _ in 0..<100 where health.examined(0) != nil { rungs.append(health.fails()) }
        #expect(rungs == [.restartScanning, .powerCycle, .resetUSB, .giveUp])
    }
}
