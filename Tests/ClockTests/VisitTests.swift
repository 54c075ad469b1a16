import Core
import Testing

@testable import vitalsd_clocks

/// What was measured while its visit went on, and what was done to the clock in a visit.
extension CaseTests {
    /// An oximeter hangs on its cable; its clock was read when it was plugged in, and it tells of its memory hours later.
    @Test(arguments: [0, 1]) func whatALongVisitBringsIsOnTheLineOfItsBeginning(_ since: Int) throws {
        let pairs = [
            read("2020-01-01T09:00:00", at: "2026-11-01T08:00:00"),
            read("2020-01-02T09:00:00", at: "2026-11-02T08:00:00"),
        ]
        let heard = hub("2026-11-02T11:00:00")
        let records = ["2020-01-02T08:00:00", "2020-01-02T11:30:00", "2020-01-02T11:59:59"].map {
            History.Record(taken: clock($0), heard: heard, visit: pairs[1].hub, seen: 1, since: since)
        }
        let found = conclude(pairs, records)
        for (conclusion, taken) in zip(found, ["2026-11-02T07:00:00", "2026-11-02T10:30:00", "2026-11-02T10:59:59"]) {
            #expect(abs(conclusion.best.milliseconds - utc(taken)) < 2000)
            #expect(conclusion.basis == .interpolated || conclusion.basis == .paired)
            #expect(conclusion.window.contains(utc(taken) * 1000) && conclusion.window.half < 5_000_000)
        }
    }

    /// The hub set the clock when the cable was plugged in, and somebody sets it again before the next visit.
    @Test func whatALongVisitBringsMayBeOnTheLineThatTheHubSet() throws {
        let read = read("2020-01-02T09:00:00", at: "2026-11-02T08:00:00")
        let set = self.read("2026-11-02T09:00:00", at: "2026-11-02T08:00:00", isWritten: true)
        let record = History.Record(
            taken: clock("2026-11-02T11:30:00"), heard: hub("2026-11-02T11:00:00"), visit: read.hub, seen: 0)
        let taken = utc("2026-11-02T10:30:00")
        let alone = conclude([read, set], [record])[0]
        #expect(abs(alone.best.milliseconds - taken) < 2000 && alone.basis == .paired)
        let next = self.read("2026-11-09T09:00:00", at: "2026-11-09T08:00:00")
        let between = conclude([read, set, next], [record])[0]
        #expect(abs(between.best.milliseconds - taken) < 2000 && between.basis == .interpolated)
        // An hour ahead by then: it may have been so already, and then the record is of an hour before.
        let moved = self.read("2026-11-09T10:00:00", at: "2026-11-09T08:00:00")
        let unsure = conclude([read, set, moved], [record])[0]
        #expect(unsure.window.contains(taken * 1000) && unsure.window.contains((taken - 3_600_000) * 1000))
        #expect(unsure.basis == .ambiguous)
    }

    /// A scale is stepped on while it is connected, and is set, and read back, when it has told its weight.
    @Test(arguments: [20, 200], [0, 1]) func whatIsSetAfterAReadingSaysNothingOfIt(_ seconds: Int, _ since: Int) throws
    {
        func after(_ seconds: Int, _ hour: String) -> String {
            "2026-11-02T\(hour):0\(seconds / 60):\(seconds % 60 + 10)"
        }
        let pairs = [
            read("2026-11-01T08:59:53", at: "2026-11-01T08:00:00"),
            read("2026-11-02T08:59:52", at: "2026-11-02T08:00:00"),
            read(after(seconds + 2, "09"), at: after(seconds + 2, "08"), isWritten: true),
            read(after(seconds + 3, "09"), at: after(seconds + 3, "08")),
            read("2026-11-03T08:59:58", at: "2026-11-03T08:00:00"),
        ]
        // Ten seconds after the minute on the house's clock, two on its own.
        let taken = after(seconds, "09").replacing(":\(seconds % 60 + 10)", with: ":\(seconds % 60 + 2)")
        let record = History.Record(
            taken: clock(taken), heard: hub(after(seconds, "08")), visit: pairs[1].hub, seen: 1, since: since)
        for count in 2...5 {
            let found = conclude(Array(pairs.prefix(count)), [record])[0]
            #expect(abs(found.best.milliseconds - utc(after(seconds, "08"))) < 2000, "\(count)")
            #expect(found.basis == .paired || found.basis == .interpolated, "\(count): \(found.basis)")
            #expect(found.window.contains(utc(after(seconds, "08")) * 1000))
        }
    }

    /// A cuff connects when it has measured, is set at once, and then tells its memory: of before, though the line that was set
    /// would fit as well.
    @Test(arguments: 1...9) func whatIsToldJustAfterASettingIsOfBefore(_ gained: Int) throws {
        let pairs = [
            read("2026-11-04T08:59:58", at: "2026-11-04T08:00:00"),
            read("2026-11-04T09:00:00", at: "2026-11-04T08:00:00", isWritten: true),
            read("2026-11-05T09:00:\(gained + 20)", at: "2026-11-05T08:00:20"),
            read("2026-11-05T09:00:20", at: "2026-11-05T08:00:20", isWritten: true),
            read("2026-11-06T09:00:\(gained + 20)", at: "2026-11-06T08:00:20"),
        ]
        let taken = utc("2026-11-05T08:00:16")
        let record = History.Record(
            taken: clock("2026-11-05T09:00:\(gained + 16)"), heard: hub("2026-11-05T08:00:21"), visit: pairs[2].hub,
            seen: 2)
        for count in 4...5 {
            let found = conclude(Array(pairs.prefix(count)), [record])[0]
            #expect(abs(found.best.milliseconds - taken) < 2000 && found.window.half < 5_000_000)
            #expect(found.window.contains(taken * 1000) && found.dated.at != nil)
        }
    }

    /// A battery was changed after an oximeter had told its spot check; the next visit finds no date, and sets one.
    @Test func aBatteryThatIsChangedLaterSaysNothingOfAReading() throws {
        let pairs = [
            read("2026-11-01T08:00:00", at: "2026-11-01T08:00:00"),
            read("2026-11-02T08:00:00", at: "2026-11-02T08:00:00"),
            ClockPair(device: .unknown, hub: hub("2026-11-05T08:00:00"), error: .milliseconds(50)),
            read("2026-11-05T09:00:01", at: "2026-11-05T08:00:01", isWritten: true),
            read("2026-11-05T09:00:02", at: "2026-11-05T08:00:02"),
        ]
        let record = History.Record(
            taken: clock("2026-11-02T12:00:00"), heard: hub("2026-11-02T12:00:01"), visit: pairs[1].hub, seen: 1)
        let found = conclude(pairs, [record])[0]
        #expect(abs(found.best.milliseconds - utc("2026-11-02T12:00:00")) < 2000)
        #expect(found.window.contains(utc("2026-11-02T12:00:00") * 1000) && found.basis != .interpolated)
    }

    /// Nobody touched the clock, so that just before it was read and just after it are one line, however coarse.
    @Test func aClockOfMinutesStaysOneLineAroundItsReading() throws {
        func coarse(_ shown: String, at moment: String) -> ClockPair {
            ClockPair(device: clock(shown), hub: hub(moment), error: .seconds(60))
        }
        let days = (1...4).map { day in coarse("2026-11-0\(day)T09:00:00", at: "2026-11-0\(day)T08:00:20") }
        let records = (1...3).map { seen in
            History.Record(
                taken: clock("2026-11-0\(seen + 1)T09:00:00"), heard: hub("2026-11-0\(seen + 1)T08:00:25"),
                visit: days[seen].hub, seen: seen)
        }
        for (seen, found) in zip(1...3, conclude(days, records)) {
            #expect(found.dated.at != nil && found.basis != .ambiguous)
            #expect(found.window.contains(utc("2026-11-0\(seen + 1)T08:00:05") * 1000))
        }
    }

    /// Nobody knows which clock made these: one that was set ahead in between says nothing of when the first was taken.
    @Test func whatIsOnNoLineIsNotPushedBackByWhatComesLater() throws {
        let pairs = [read("2026-11-09T08:00:00", at: "2026-11-09T08:00:00")]
        let heard = ["2026-11-02T08:00:00", "2026-11-03T08:00:00"].map { hub($0) }
        let records = zip(["2010-01-01T00:10:00", "2010-06-01T00:00:00"], heard).map {
            History.Record(taken: clock($0), heard: $1, seen: 0)
        }
        let found = conclude(pairs, records)
        #expect(found.allSatisfy { $0.basis == .neighbours })
        #expect(zip(found, heard).allSatisfy { $0.window.latest >= $1.wall.milliseconds * 1000 })
    }
}
