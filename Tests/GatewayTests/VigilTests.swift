import Core
import Testing

@testable import vitalsd

/// Since when a hub may say that it has listened: through restarts, boots and clocks that are wrong at first.
@Suite struct VigilTests {
    private static let start: Int64 = 1_795_000_000

    /// A moment of a boot, by its seconds; the wall clock by how far it is from a day in 2026.
    private static func at(
        _ uptime: Int64, wall: Int64, boot: String = "b", synchronised: Bool = true
    ) -> HubTime {
        HubTime(
            boot: boot, uptime: .seconds(uptime), wall: Instant(milliseconds: (start + wall) * 1000),
            synchronised: synchronised)
    }

    private static func wall(_ seconds: Int64) -> Instant { Instant(milliseconds: (start + seconds) * 1000) }

    /// What a boot of three days leaves behind.
    private static let words = Vigil(nil, at: at(100, wall: 0, boot: "a")).words(
        at: at(260_100, wall: 260_000, boot: "a"))

    @Test func aRestartInTheSameBootIsNoBreakWhateverTheWallClockDoes() {
        let words = Self.words
        // Of a clock that nobody keeps, and that steps meanwhile.
        for (wall, synchronised) in [(260_300, true), (0, false), (900_000, true)] {
            let now = Self.at(260_400, wall: Int64(wall), boot: "a", synchronised: synchronised)
            let vigil = Vigil(words, at: now)
            #expect(vigil.since == .seconds(100))
            #expect(vigil.instant(at: now) == now.wall + .seconds(-260_300))
        }
        #expect(Vigil(words, at: Self.at(260_460, wall: 260_360, boot: "a")).since == .seconds(260_460))
        // The time since boot does not go back in one.
        #expect(Vigil(words, at: Self.at(260_099, wall: 260_001, boot: "a")).since == .seconds(260_099))
    }

    @Test func anotherBootGoesOnOnceTheClockIsRight() {
        var vigil = Vigil(Self.words, at: Self.at(20, wall: 260_001, synchronised: false))
        #expect(vigil.since == .seconds(20))
        vigil.conclude(at: Self.at(80, wall: 260_061, synchronised: false))
        #expect(vigil.since == .seconds(20))
        // It was off for five minutes in truth.
        let now = Self.at(140, wall: 260_420)
        vigil.conclude(at: now)
        #expect(vigil.instant(at: now) == Self.wall(0))
        // It has been decided: a later step is none of its business, and a restart goes on from there.
        vigil.conclude(at: Self.at(200, wall: 900_000))
        #expect(vigil.instant(at: now) == Self.wall(0))
        let later = Self.at(300, wall: 260_580)
        #expect(Vigil(vigil.words(at: now), at: later).instant(at: later) == Self.wall(0))
    }

    @Test(arguments: [260_500, 520_000, 259_000])
    func aNightInTheDarkIsABreak(_ truth: Int64) {
        // The clock wakes up at the moment at which it was last saved.
        var vigil = Vigil(Self.words, at: Self.at(20, wall: 260_001, synchronised: false))
        let now = Self.at(60, wall: truth)
        vigil.conclude(at: now)
        #expect(vigil.instant(at: now) == Self.wall(truth - 40))
    }

    @Test func whatWasInterruptedSinceIsForgotten() {
        var vigil = Vigil(Self.words, at: Self.at(20, wall: 260_001, synchronised: false))
        vigil.end()
        #expect(
            vigil.instant(at: Self.at(30, wall: 260_100)) == nil && vigil.words(at: Self.at(30, wall: 260_100)) == nil)
        vigil.begin(at: Self.at(40, wall: 260_110, synchronised: false))
        vigil.begin(at: Self.at(50, wall: 260_110, synchronised: false))
        vigil.conclude(at: Self.at(60, wall: 260_120))
        #expect(vigil.since == .seconds(40))
    }

    /// An older vitalsd wrote no boot.
    @Test func twoWordsAreAnotherBoots() {
        var vigil = Vigil("\(Self.start * 1000) \((Self.start + 260_000) * 1000)", at: Self.at(20, wall: 260_100))
        #expect(vigil.since == .seconds(20))
        vigil.conclude(at: Self.at(20, wall: 260_100))
        #expect(vigil.instant(at: Self.at(20, wall: 260_100)) == Self.wall(0))
    }

    /// A time that nobody kept may be any.
    @Test func whatNobodyKeptSaysNothingToAnotherBoot() {
        let now = Self.at(260_100, wall: 260_000, boot: "a", synchronised: false)
        let words = Vigil(nil, at: Self.at(100, wall: 0, boot: "a")).words(at: now)
        #expect(Vigil(words, at: now).since == .seconds(100))
        var vigil = Vigil(words, at: Self.at(20, wall: 260_100))
        vigil.conclude(at: Self.at(20, wall: 260_100))
        #expect(vigil.since == .seconds(20))
    }

    @Test(arguments: [
        "", "1", "a b", "5 4", "1 2 b", "-9223372036854775808 9223372036854775807",
        "1795000000000 9223372036854775807", "0 0 b -9223372036854775808 19000", "0 0 b 20000 19000",
        "0 0 b x 19000", "1 2 3 4 5 6",
    ])
    func whatMakesNoSenseBeginsAnew(_ words: String) {
        let now = Self.at(20, wall: 260_100)
        var vigil = Vigil(words, at: now)
        vigil.conclude(at: now)
        #expect(vigil.since == .seconds(20) && vigil.instant(at: now) == now.wall)
    }
}
