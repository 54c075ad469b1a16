import Core
import Dice
import Testing

@testable import vitalsd_clocks

/// What holds for every history, on thousands of short ones by chance. A failure names the seed.
struct PropertyTests {
    /// People and batteries change these clocks ten times as often as elsewhere.
    private static let restless = (0..<1000).map { DeviceYear(seed: 500_000 + UInt64($0), days: 32, restless: 10) }
    /// Nobody but the hub changes these.
    private static let untouched = (0..<1000).map { DeviceYear(seed: 900_000 + UInt64($0), days: 32, restless: 0) }
    private static let concluded = (restless: restless.map(\.conclusions), untouched: untouched.map(\.conclusions))

    private static let zone: ZoneOffset = { Copenhagen.offset(at: $0.milliseconds * 1000) }

    private static func isClock(_ year: DeviceYear) -> Bool { [.calendar, .counter].contains(year.device.clock) }

    @Test func whatIsToldIsWithinItsBounds() {
        for (seed, year) in Self.restless.enumerated() {
            let conclusions = Self.concluded.restless[seed]
            #expect(conclusions.count == year.history.records.count, "\(seed)")
            for dated in conclusions.map(\.dated) {
                if let earliest = dated.earliest, let latest = dated.latest { #expect(earliest <= latest, "\(seed)") }
                guard let at = dated.at else { continue }
                if let earliest = dated.earliest {
                    #expect(earliest <= at && at - earliest <= dated.error, "\(seed)")
                }
                if let latest = dated.latest, dated.earliest != nil {
                    #expect(at <= latest && latest - at <= dated.error, "\(seed)")
                }
            }
        }
    }

    /// On one line, the later stamp is the later time.
    @Test func anEpochIsMonotone() {
        var compared = 0
        for (seed, year) in Self.restless.enumerated() where Self.isClock(year) {
            let dated = zip(year.history.records, Self.concluded.restless[seed])
                .filter { $1.dated.at != nil }
            for (a, b) in zip(dated, dated.dropFirst()) where a.1.from == b.1.from && a.1.to == b.1.to {
                guard let first = a.0.taken.line, let second = b.0.taken.line, first < second else { continue }
                compared += 1
                #expect(a.1.best < b.1.best || second - first < .seconds(120), "\(seed)")
                #expect(a.1.best <= b.1.best, "\(seed)")
            }
        }
        #expect(compared > 5000)
    }

    /// Whatever was done to the clock: what lies later in the memory is told no earlier, unless its bounds contradict the order.
    @Test func theMemoryIsToldInItsOrder() {
        var compared = 0
        for (seed, year) in Self.restless.enumerated() where year.device.clock != .live {
            var newest = Instant(milliseconds: .min)
            for conclusion in Self.concluded.restless[seed] {
                defer { newest = max(newest, conclusion.best) }
                // As it is told: while nothing tells the hub the time, by its own clock, which may be set back.
                let told = conclusion.apparent ?? conclusion.window
                guard conclusion.window.isClosed, newest.milliseconds <= told.latest / 1000 else { continue }
                compared += 1
                #expect(conclusion.best >= newest, "\(seed)")
            }
        }
        #expect(compared > 5000)
    }

    @Test func theTruthIsWithinTheBoundsOfAClockThatNobodyTouched() {
        for (seed, year) in Self.untouched.enumerated() {
            // Of one or two whole minutes nobody knows that the device shows no seconds.
            guard year.device.step <= second || year.truth.count > 2 else { continue }
            for (truth, conclusion) in zip(year.truth, Self.concluded.untouched[seed]) {
                #expect(conclusion.window.contains(truth), "\(seed): \(conclusion.window) for \(truth)")
            }
        }
    }

    /// All readings of a clock that nobody touched, and all but one: nothing is wider with it, but for what the seconds hide
    /// that a clock shows.
    @Test func anotherReadingOfTheClockNeverMakesABoundWider() {
        var compared = 0, narrower = 0
        for (seed, year) in Self.untouched.enumerated() where Self.isClock(year) && !year.device.isSet {
            guard !year.isHubLate, year.device.interval <= 7, year.history.pairs.count > 1 else { continue }
            var chance = Chance(UInt64(seed)), less = year.history
            let place = Int.random(in: less.pairs.indices, using: &chance)
            less.pairs.remove(at: place)
            for index in less.records.indices {
                if less.records[index].seen > place { less.records[index].seen -= 1 }
                if less.records[index].since > place { less.records[index].since -= 1 }
            }
            let fewer = Chronology.conclude(less, year.hub, zone: Self.zone)
            for (with, without) in zip(Self.concluded.untouched[seed], fewer) {
                compared += 1
                if with.window.half < without.window.half { narrower += 1 }
                #expect(with.window.half <= without.window.half + second / 16, "\(seed) without \(place)")
            }
        }
        #expect(compared > 2000 && narrower > compared / 10)
    }

    /// Half of a history is concluded and told; then all of it, and once more. What was amended once is not amended again.
    @Test func onceMoreIsOnce() {
        var amended = 0
        for (seed, year) in Self.restless.enumerated() {
            var half = year.history
            half.pairs = Array(half.pairs.prefix(half.pairs.count / 2))
            half.records = half.records.filter { $0.seen < half.pairs.count }
            var told = Chronology.conclude(half, year.hub, zone: Self.zone).map(\.dated)
            let later = year.conclusions.map(\.dated)
            #expect(later == Self.concluded.restless[seed].map(\.dated), "\(seed)")
            for isFirst in [true, false] {
                for (place, later) in zip(told.indices, later) where told[place].isAmended(by: later) {
                    #expect(isFirst, "\(seed)")
                    amended += 1
                    told[place] = later
                }
            }
        }
        #expect(amended > 100)
    }
}
