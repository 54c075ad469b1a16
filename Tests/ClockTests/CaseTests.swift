import Core
import Testing

@testable import vitalsd_clocks

/// The cases that people tell of, one by one. Times in UTC are from `date -u -d`.
struct CaseTests {
    func utc(_ text: String) -> Int64 {
        guard let time = LocalTime(text) else { return 0 }
        return Int64(time.seconds) * 1000
    }

    func hub(_ text: String, boot: String = "one", synchronised: Bool = true) -> HubTime {
        let wall = utc(text)
        return HubTime(
            boot: boot, uptime: .milliseconds(wall - utc("2026-01-01T00:00:00")), wall: Instant(milliseconds: wall),
            synchronised: synchronised)
    }

    func clock(_ text: String) -> RawTime { LocalTime(text).map(RawTime.clock) ?? .unknown }

    func read(_ shown: String, at moment: String, isWritten: Bool = false) -> ClockPair {
        ClockPair(device: clock(shown), hub: hub(moment), error: .milliseconds(50), isWritten: isWritten)
    }

    func conclude(_ pairs: [ClockPair], _ records: [History.Record]) -> [Conclusion] {
        let timeline = HubTimeline(anchors: [], moments: pairs.map(\.hub) + records.map(\.heard))
        return Chronology.conclude(History(pairs: pairs, records: records), timeline) {
            Copenhagen.offset(at: $0.milliseconds * 1000)
        }
    }

    @Test func aCuffFiveYearsOffIsRightToTheSecond() throws {
        // Half a second a week slow. Two stretches that agree tell how fast it runs.
        let pairs = [
            read("2021-10-18T09:00:00", at: "2026-10-18T08:00:00"),
            read("2021-10-25T08:59:59", at: "2026-10-25T08:00:00"),
            read("2021-11-01T08:59:59", at: "2026-11-01T08:00:00"),
            read("2021-11-15T08:59:58", at: "2026-11-15T08:00:00"),
        ]
        let record = History.Record(taken: clock("2021-11-08T08:59:58"), heard: hub("2026-11-15T08:00:02"), seen: 3)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(abs(found.best.milliseconds - utc("2026-11-08T08:00:00")) < 1000)
        #expect(found.basis == .interpolated && found.window.half < 5_000_000)
        #expect(found.window.contains(utc("2026-11-08T08:00:00") * 1000))
    }

    /// The link was lost before the device had told all: the rest comes in the next visit, and is of the time before the last.
    @Test func whatAnInterruptedVisitLeftBehindIsOnItsLine() throws {
        let pairs = [
            read("2026-11-20T10:00:00", at: "2026-11-20T10:00:00"),
            read("2026-11-20T11:00:01", at: "2026-11-20T10:00:01", isWritten: true),
            read("2026-11-20T11:00:25", at: "2026-11-20T10:00:25"),
            read("2026-11-20T11:00:26", at: "2026-11-20T10:00:26", isWritten: true),
            read("2026-11-20T11:01:00", at: "2026-11-20T10:01:00"),
        ]
        let record = History.Record(taken: clock("2026-11-20T11:00:23"), heard: hub("2026-11-20T10:01:05"), seen: 4)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(abs(found.best.milliseconds - utc("2026-11-20T10:00:23")) < 1500)
        #expect(found.dated.at != nil && found.window.half < 3_000_000)
    }

    /// A device that was not seen for a year, and never says that it has told all: what is stamped after it was next seen was
    /// made after that, unless somebody set its clock back unseen.
    @Test func aYearsSilenceDoesNotBlurWhatComesAfterIt() throws {
        let pairs = [
            read("2026-11-28T20:00:00", at: "2026-11-28T19:00:00"),
            read("2027-10-31T02:58:10", at: "2027-10-31T00:58:10"),
            read("2027-10-31T02:59:10", at: "2027-10-31T00:59:10"),
            read("2027-10-31T03:00:40", at: "2027-10-31T01:00:40"),
        ]
        let records = [
            ("2027-10-31T02:59:08", "2027-10-31T00:59:11", 2), ("2027-10-31T03:00:38", "2027-10-31T01:00:41", 3),
        ]
        .map { History.Record(taken: clock($0.0), heard: hub($0.1), seen: $0.2) }
        let found = conclude(pairs, records)
        for (conclusion, truth) in zip(found, ["2027-10-31T00:59:08", "2027-10-31T01:00:38"]) {
            #expect(abs(conclusion.best.milliseconds - utc(truth)) < 1500)
            #expect(conclusion.dated.at != nil && conclusion.window.half < 3_000_000)
        }
    }

    /// A clock that follows the house by itself, fast by two minutes a week: the step is the house's beside what it gained,
    /// also of a device that never says that it has told all.
    @Test func aStepOfTheHousesIsKnownBesideTheDrift() throws {
        let pairs = [
            read("2026-03-09T09:00:00", at: "2026-03-09T08:00:00"),
            read("2026-03-16T09:02:00", at: "2026-03-16T08:00:00"),
            read("2026-03-23T09:04:00", at: "2026-03-23T08:00:00"),
            read("2026-03-30T11:06:00", at: "2026-03-30T09:00:00"),
        ]
        let record = History.Record(taken: clock("2026-03-25T09:04:34"), heard: hub("2026-03-30T09:00:02"), seen: 3)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(abs(found.best.milliseconds - utc("2026-03-25T08:00:00")) < 3000)
    }

    /// Two and a half minutes fast and not looked at for three months, in which somebody set it years back: before that it
    /// may have been put right.
    @Test func whoChangedAClockUnwatchedMayHaveDoneItTwice() throws {
        let pairs = [
            read("2026-01-01T09:02:30", at: "2026-01-01T08:00:00"),
            read("2026-01-08T09:02:30", at: "2026-01-08T08:00:00"),
            read("2026-01-15T09:02:30", at: "2026-01-15T08:00:00"),
            read("2010-01-03T00:00:00", at: "2026-04-15T08:00:00"),
        ]
        let record = History.Record(
            taken: clock("2026-03-01T09:00:00"), heard: hub("2026-04-15T08:00:02"), seen: 3,
            after: hub("2026-01-15T08:00:05"), since: 3)
        let found = try #require(conclude(pairs, [record]).first)
        // On the line as it was seen, and as the house's clocks would have it.
        #expect(found.window.contains(utc("2026-03-01T07:57:30") * 1000))
        #expect(found.window.contains(utc("2026-03-01T08:00:00") * 1000))
        // Two and a half minutes, as well as a hand sets a clock, and what it has gained since.
        #expect(found.window.half < 240_000_000)
    }

    /// 02:30 of the night of 25 October 2026 is there twice: at 00:30Z and at 01:30Z.
    @Test func theHourThatIsThereTwiceIsToldAsBoth() throws {
        let pairs = [
            read("2026-10-20T12:00:00", at: "2026-10-20T10:00:00"),
            read("2026-10-30T12:00:00", at: "2026-10-30T11:00:00"),
        ]
        let record = History.Record(taken: clock("2026-10-25T02:30:10"), heard: hub("2026-10-30T11:00:02"), seen: 1)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(found.window.contains(utc("2026-10-25T00:30:10") * 1000))
        #expect(found.window.contains(utc("2026-10-25T01:30:10") * 1000))
        #expect(found.window.half < 2_000_000_000 && found.dated.at == nil)
    }

    /// A stamp that goes back tells which is which.
    @Test func theOrderOfTheMemoryTellsTheTwoApart() {
        let pairs = [
            read("2026-10-20T12:00:00", at: "2026-10-20T10:00:00"),
            read("2026-10-30T12:00:00", at: "2026-10-30T11:00:00"),
        ]
        let emptied = hub("2026-10-20T10:00:05")
        let records = ["2026-10-25T02:50:10", "2026-10-25T02:10:10"].map {
            History.Record(taken: clock($0), heard: hub("2026-10-30T11:00:02"), seen: 1, after: emptied, since: 1)
        }
        let found = conclude(pairs, records)
        #expect(abs(found[0].best.milliseconds - utc("2026-10-25T00:50:10")) < 5000)
        #expect(abs(found[1].best.milliseconds - utc("2026-10-25T01:10:10")) < 5000)
        #expect(found.allSatisfy { $0.window.half < 120_000_000 })
    }

    /// A device that ignores summer time keeps its line over the change.
    @Test func whatNeverFollowsIsOnOneLine() throws {
        let pairs = [
            read("2026-03-20T12:00:00", at: "2026-03-20T11:00:00"),
            read("2026-04-03T12:00:00", at: "2026-04-03T11:00:00"),
        ]
        // 02:30 of 29 March is on no clock of the house; on this one it is 01:30Z.
        let record = History.Record(taken: clock("2026-03-29T02:30:10"), heard: hub("2026-04-03T11:00:02"), seen: 1)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(abs(found.best.milliseconds - utc("2026-03-29T01:30:10")) < 1000)
        #expect(found.basis == .interpolated)
    }

    /// One that was put forward: 02:30 is not on the wall, and so it was stamped by the clock that had not been.
    @Test func theHourThatIsNotThereIsOfBefore() throws {
        let pairs = [
            read("2026-03-20T12:00:00", at: "2026-03-20T11:00:00"),
            read("2026-04-03T12:00:00", at: "2026-04-03T10:00:00"),
        ]
        let record = History.Record(taken: clock("2026-03-29T02:30:10"), heard: hub("2026-04-03T10:00:02"), seen: 1)
        let found = try #require(conclude(pairs, [record]).first)
        #expect(found.window.contains(utc("2026-03-29T01:30:10") * 1000))
        #expect(found.window.half < 2_000_000_000)
    }

    @Test func aClockThatAcceptsAndDoesNotChangeIsKnownAsSuch() throws {
        var pairs: [ClockPair] = []
        for day in ["01", "08", "15", "22"] {
            pairs.append(read("2021-11-\(day)T09:00:00", at: "2026-11-\(day)T08:00:00"))
            pairs.append(read("2026-11-\(day)T09:00:01", at: "2026-11-\(day)T08:00:01", isWritten: true))
        }
        let report = ClockReport(pairs, HubTimeline(anchors: [], moments: pairs.map(\.hub))) { _ in 60 }
        #expect(report.obeys == false && report.changes == 0)
        let offset = try #require(report.offset)
        // 1826 days, 2024 being a leap year, less the hour of the zone.
        #expect(abs(offset.components.seconds + 1826 * 86_400 - 3600) < 2)
    }

    /// Half a second an hour fast, and put an hour ahead by somebody behind the fourth visit.
    @Test func eachVisitTellsHowFastTheClockRan() throws {
        let pairs = [
            read("2026-11-02T09:00:00", at: "2026-11-02T08:00:00"),
            read("2026-11-03T09:00:12", at: "2026-11-03T08:00:00"),
            read("2026-11-04T09:00:24", at: "2026-11-04T08:00:00"),
            read("2026-11-05T09:00:36", at: "2026-11-05T08:00:00"),
            read("2026-11-06T10:00:48", at: "2026-11-06T08:00:00"),
        ]
        let report = ClockReport(pairs, HubTimeline(anchors: [], moments: pairs.map(\.hub))) { _ in 60 }
        #expect(report.changes == 1 && report.findings.map(\.isChanged) == [false, false, false, false, true])
        #expect(report.findings.map(\.offset.components.seconds) == [3600, 3612, 3624, 3636, 7248])
        #expect(report.findings[0].drift == nil && report.findings[4].drift == nil)
        for finding in report.findings[1...3] {
            // 12 s a day are 138.9 ppm; a clock that shows seconds tells a day's gain to one in 86,400.
            let drift = try #require(finding.drift)
            #expect(drift.contains(139) && drift.count < 60, "\(drift)")
        }
        let drift = try #require(report.drift)
        #expect(drift.contains(139))
    }

    /// It is asked at once what became of it: then nothing is left open.
    @Test func whatIsReadBackTellsWhetherTheClockWasSet() throws {
        for obeys in [true, false] {
            let pairs = [
                read("2021-11-20T10:00:00", at: "2026-11-20T10:00:00"),
                read("2026-11-20T11:00:01", at: "2026-11-20T10:00:01", isWritten: true),
                read(obeys ? "2026-11-20T11:00:01" : "2021-11-20T10:00:01", at: "2026-11-20T10:00:01"),
            ]
            let report = ClockReport(pairs, HubTimeline(anchors: [], moments: pairs.map(\.hub))) { _ in 60 }
            #expect(report.obeys == obeys && report.changes == 0 && report.findings.count == 1)
            let stamp = obeys ? "2026-11-21T11:00:00" : "2021-11-21T10:00:00"
            let record = History.Record(taken: clock(stamp), heard: hub("2026-11-22T10:00:03"), seen: 3)
            let later = read(obeys ? "2026-11-22T11:00:00" : "2021-11-22T10:00:00", at: "2026-11-22T10:00:00")
            let found = try #require(conclude(pairs + [later], [record]).first)
            #expect(abs(found.best.milliseconds - utc("2026-11-21T10:00:00")) < 1500)
            // A first stretch, of a crystal that nobody knows yet: 220 ppm of a day to each side.
            #expect(found.basis == .interpolated && found.window.half < 22_000_000)
        }
    }

    @Test func aBootWithoutTimeIsBoundedByItsNeighbours() {
        let before = hub("2026-11-01T10:00:00", boot: "a"), after = hub("2026-11-01T12:00:00", boot: "c")
        let heard = HubTime(
            boot: "b", uptime: .seconds(600), wall: Instant(milliseconds: 600_000), synchronised: false)
        let timeline = HubTimeline(anchors: [], moments: [before, heard, after])
        let history = History(pairs: [], records: [.init(taken: .now, heard: heard, seen: 0)])
        let found = Chronology.conclude(history, timeline) { _ in 60 }[0]
        // The boot before ended no earlier than ten o'clock, and this one is ten minutes old.
        #expect(found.window.earliest >= utc("2026-11-01T10:09:00") * 1000)
        #expect(found.window.isClosed && found.window.latest <= utc("2026-11-01T12:00:01") * 1000)
        #expect(timeline.isBefore(before, heard) && timeline.isBefore(heard, after))
        #expect(!timeline.isBefore(after, before))
    }

    @Test func whatTheHubSaidWrongIsCorrectedAndWhatItSaidRightIsLeft() {
        let wrong = HubTime(boot: "a", uptime: .seconds(100), wall: Instant(milliseconds: 5), synchronised: false)
        let right = HubTime(
            boot: "a", uptime: .seconds(190), wall: Instant(milliseconds: 1_795_000_090_002), synchronised: false)
        let anchor = HubTimeline.Anchor(
            boot: "a", uptime: .seconds(200), world: Instant(milliseconds: 1_795_000_100_000),
            error: .milliseconds(500),
            source: .clinic)
        let timeline = HubTimeline(anchors: [anchor], moments: [wrong])
        #expect(timeline.corrected(wrong).wall == Instant(milliseconds: 1_795_000_000_000))
        #expect(timeline.corrected(right).wall == right.wall && timeline.corrected(right).synchronised)
        #expect(HubTimeline(anchors: [], moments: [wrong]).corrected(wrong) == wrong)
    }

    /// Two people's slots, told one behind the other by a clock that is right: no record of one says when the other's were
    /// taken.
    @Test(arguments: [false, true]) func eachPersonsSlotIsAMemoryOfItsOwn(_ isInTurn: Bool) throws {
        let pairs = [read("2026-09-10T13:00:00", at: "2026-09-10T11:00:00")]
        let slots = ["01", "05", "09"].map { ($0, 1) } + ["02", "06", "10"].map { ($0, 2) }
        let told = isInTurn ? slots.sorted { $0.0 < $1.0 } : slots
        let records = told.map { day, user in
            History.Record(
                taken: clock("2026-09-\(day)T09:00:07"), user: user, heard: hub("2026-09-10T11:00:02"), seen: 0)
        }
        for ((day, _), conclusion) in zip(told, conclude(pairs, records)) {
            let truth = utc("2026-09-\(day)T07:00:07")
            #expect(conclusion.basis == .paired && conclusion.window.contains(truth * 1000), "\(day): \(conclusion)")
            #expect(abs(conclusion.best.milliseconds - truth) < 1000)
        }
    }

    /// Nor where nobody knows what the clock shows: the slot that was told first is not the older.
    @Test func whatIsUndatedInOneSlotSaysNothingOfAnother() throws {
        let first = (1...2).map { visit in
            History.Record(
                taken: .unknown, user: 1, heard: hub("2026-11-0\(visit)T08:00:00"), seen: 0,
                after: visit == 2 ? hub("2026-11-01T08:00:05") : nil)
        }
        let other = History.Record(
            taken: .unknown, user: 2, heard: hub("2026-11-02T08:00:01"), visit: first[1].visit, seen: 0)
        let found = conclude([], first + [other])
        #expect(abs(found[1].window.earliest - utc("2026-11-01T08:00:05") * 1000) < second)
        #expect(found[2].window.earliest == Window.never)
    }
}
