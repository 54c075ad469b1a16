import Core
import Testing
@testable import vitalsd_clocks

/// What holds for every history, whatever the clocks did.
struct EngineTests {
    private static let years = (0..<24).map { DeviceYear(seed: 5_000 + UInt64($0)) }

    @Test(arguments: years.indices)
    func theBestIsWithinItsBoundsAndTheSameAgain(_ index: Int) {
        let year = Self.years[index], conclusions = year.conclusions
        #expect(conclusions.count == year.history.records.count)
        for conclusion in conclusions {
            #expect(!conclusion.window.isEmpty)
            if conclusion.window.isClosed {
                // Told in milliseconds, known in microseconds.
                let best = conclusion.best.milliseconds * 1000
                #expect(conclusion.window.widened(by: 1000).contains(best))
            }
        }
        // Once more is once: the same again, and nothing of it would be sent to the clinic a second time.
        #expect(year.conclusions == conclusions)
        for dated in conclusions.map(\.dated) { #expect(!dated.isAmended(by: dated)) }
    }

    /// Between two readings of the clock, a later stamp is a later time.
    @Test(arguments: years.indices)
    func anEpochIsMonotone(_ index: Int) {
        let year = Self.years[index]
        let dated = zip(year.history.records, year.conclusions).filter { $1.basis == .interpolated }
        for (a, b) in zip(dated, dated.dropFirst()) where a.1.from == b.1.from && a.1.to == b.1.to {
            guard let first = a.0.taken.line, let second = b.0.taken.line, first < second else { continue }
            #expect(a.1.best <= b.1.best)
        }
    }

    /// What the daemon looks at again: 64 readings of the clock and 256 records, however long the history.
    @Test(arguments: years.indices)
    func aBoundedHistoryStillHoldsTheTruth(_ index: Int) {
        let year = Self.years[index]
        var history = year.history, truth = year.truth
        let dropped = max(0, history.pairs.count - 64)
        history.pairs.removeFirst(dropped)
        let kept = history.records.indices.filter { history.records[$0].seen >= dropped }.suffix(256)
        truth = kept.map { truth[$0] }
        history.records = kept.map { place in
            var record = history.records[place]
            record.seen -= dropped
            record.since = max(0, record.since - dropped)
            return record
        }
        let concluded = Chronology.conclude(history, year.hub) { Copenhagen.offset(at: $0.milliseconds * 1000) }
        let missed = zip(truth, concluded).count { !$1.window.contains($0) }
        // A traveller, or a clock that was changed twice between two visits, is beyond anybody; most have neither.
        #expect(missed <= concluded.count / 25, "\(missed) of \(concluded.count)")
    }

    /// As a visit does it: one record after the other, and now and then the clock is read again.
    @Test(arguments: years.indices.prefix(8))
    func whatIsRecalledOfAClockChangesNothing(_ index: Int) {
        let year = Self.years[index], offset: ZoneOffset = { Copenhagen.offset(at: $0.milliseconds * 1000) }
        var recollection = Chronology.Recollection()
        for count in 1...min(40, year.history.records.count) {
            var part = year.history
            part.records = Array(part.records.prefix(count))
            part.pairs = Array(part.pairs.prefix(max(count / 5 * 5, part.records.map(\.seen).max() ?? 0)))
            let recalled = Chronology.conclude(part, year.hub, zone: offset, recalling: &recollection)
            #expect(recalled == Chronology.conclude(part, year.hub, zone: offset))
        }
    }

    /// A clock that nobody touches: the more often it is read, the better.
    @Test func anotherPairNeverMakesTheBoundWider() {
        func hub(_ day: Int) -> HubTime {
            HubTime(
                boot: "one", uptime: .seconds(day * 86_400),
                wall: Instant(milliseconds: 1_795_000_000_000 + Int64(day) * 86_400_000),
                synchronised: true)
        }
        // 23 ppm fast: two seconds a day; and a year behind.
        func shown(_ day: Double) -> RawTime {
            let line = 1_795_000_000 - 31_536_000 + day * 86_402
            return LocalTime(seconds: Int(line)).map(RawTime.clock) ?? .unknown
        }
        var widths: [Int64] = []
        for count in 1...8 {
            let days = [10, 0, 20, 30, 5, 40, 15, 50].prefix(count).sorted()
            let pairs = days.map { ClockPair(device: shown(Double($0)), hub: hub($0), error: .milliseconds(50)) }
            let record = History.Record(
                taken: shown(7.5), heard: hub(10), seen: days.filter { $0 < 10 }.count)
            let hubs = HubTimeline(anchors: [], moments: days.map(hub))
            let conclusion = Chronology.conclude(History(pairs: pairs, records: [record]), hubs) { _ in 60 }[0]
            widths.append(conclusion.window.half)
            let truth: Int64 = 1_795_000_000_000_000 + 7 * 86_400_000_000 + 43_200_000_000
            #expect(conclusion.window.contains(truth), "\(count) pairs")
        }
        for (wider, narrower) in zip(widths, widths.dropFirst()) { #expect(narrower <= wider, "\(widths)") }
        #expect(widths[7] < 5_000_000 && widths[0] > 30_000_000)
    }

    /// A hub that boots in 1970 and hears the time ten minutes later dates what it heard before.
    @Test func aHubThatLearnsTheTimeLaterKnowsItOfBefore() throws {
        let heard = HubTime(boot: "b", uptime: .seconds(100), wall: Instant(milliseconds: 100_000), synchronised: false)
        let history = History(pairs: [], records: [.init(taken: .now, heard: heard, seen: 0)])
        let before = Chronology.conclude(history, HubTimeline(anchors: [], moments: [heard])) { _ in 60 }[0]
        #expect(!before.window.isClosed && before.best == heard.wall)
        let anchor = HubTimeline.Anchor(
            boot: "b", uptime: .seconds(700), world: Instant(milliseconds: 1_795_000_600_000), error: .milliseconds(10),
            source: .network)
        let after = Chronology.conclude(history, HubTimeline(anchors: [anchor], moments: [heard])) { _ in 60 }[0]
        // 600 s at 100 ppm are 60 ms.
        #expect(after.best == Instant(milliseconds: 1_795_000_000_000))
        #expect(after.window == Window(1_794_999_998_930_000, 1_795_000_000_070_000))
    }

    /// Marzullo's own example: 8 to 12, 11 to 13 and 14 to 15 agree on 11 to 12.
    @Test func theMajorityIsBelieved() {
        #expect(Window.agreed([Window(8, 12), Window(11, 13), Window(14, 15)]) == Window(11, 12))
        #expect(Window.agreed([Window(1, 2), Window(5, 6)]) == nil)
    }
}
