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

    /// Its battery was told at eight, and then what it remembers.
    private func remembered(_ taken: [RawTime], in visit: String = "2026-11-02", seen: Int = 0, numbered: Bool = false)
        -> [History.Record]
    {
        let begin = hub("\(visit)T08:00:00")
        let battery = History.Record(taken: .now, heard: begin, visit: begin, seen: seen)
        return [battery]
            + taken.enumerated().map { index, taken in
                History.Record(
                    taken: taken, sequence: numbered ? taken.line.map { Int($0.components.seconds / 60) } : nil,
                    heard: hub("\(visit)T08:00:0\(index + 1)"), visit: begin, seen: seen)
            }
    }

    /// A cuff whose clock nobody can read, or never set: the memory is older than the battery that was told ahead of it.
    @Test(arguments: [
        [RawTime](repeating: .unknown, count: 3),
        ["2010-01-01T00:10:00", "2010-01-02T00:10:00", "2010-01-03T00:10:00"].map {
            LocalTime($0).map(RawTime.clock) ?? .unknown
        },
    ]) func theBatteryIsNoRecordOfTheMemory(_ taken: [RawTime]) throws {
        let records = remembered(taken)
        let found = conclude([], records)
        #expect(found[0].basis == .arrival && found[0].best == records[0].heard.wall)
        for (record, conclusion) in zip(records, found).dropFirst() {
            #expect(conclusion.window.earliest == Window.never && conclusion.basis == .bounded)
            #expect(conclusion.window.latest >= record.heard.wall.milliseconds * 1000)
        }
        // Nor is the battery of the visit before, where nothing says that this one was emptied then.
        let later = conclude([], records + remembered(taken, in: "2026-11-09"))
        #expect(later.filter { $0.basis == .bounded }.allSatisfy { $0.window.earliest == Window.never })
    }

    /// The same of a clock that was reset before anybody here saw it.
    @Test func theBatteryDoesNotBoundWhatIsOnNoLine() throws {
        let pairs = [read("2010-01-01T02:00:00", at: "2026-11-02T08:00:00")]
        let taken = ["2026-10-01", "2026-10-02", "2026-10-03"].map { clock("\($0)T09:00:00") }
        let found = conclude(pairs, remembered(taken))
        for conclusion in found.dropFirst() {
            #expect(conclusion.basis == .neighbours && conclusion.window.earliest == Window.never)
        }
    }

    /// What is known to the second is not pushed to its late end by a battery that was told before.
    @Test func theBatteryDoesNotMoveWhatIsOnItsLine() throws {
        let pairs = [read("2026-09-02T10:00:00", at: "2026-09-02T08:00:00")]
        let taken = ["07:00:11", "07:10:12", "07:20:13"]
        let found = conclude(pairs, remembered(taken.map { clock("2026-09-02T\($0)") }, in: "2026-09-02"))
        for (conclusion, taken) in zip(found.dropFirst(), taken) {
            let truth = utc("2026-09-02T\(taken)") - 7_200_000
            #expect(conclusion.basis == .paired && conclusion.window.contains(truth * 1000))
            #expect(abs(conclusion.best.milliseconds * 1000 - conclusion.window.middle) < 1000)
        }
    }

    /// A device that tells its newest first does so behind a battery too, and so does one that numbers them.
    @Test(arguments: [true, false]) func theBatteryDoesNotHideTheOrder(_ isNumbered: Bool) throws {
        let pairs = [
            read("2026-10-20T12:00:00", at: "2026-10-20T10:00:00"),
            read("2026-10-30T12:00:00", at: "2026-10-30T11:00:00"),
        ]
        // Summer time ended on the 25th, and somebody put the clock back with it.
        let stamps = ["2026-10-29T09:00:07", "2026-10-24T09:00:07", "2026-10-21T09:00:07"].map(clock)
        let with = remembered(stamps, in: "2026-10-30", seen: 1, numbered: isNumbered)
        let found = conclude(pairs, with), alone = conclude(pairs, Array(with.dropFirst()))
        #expect(found.dropFirst().elementsEqual(alone))
        for (conclusion, truth) in zip(alone, ["2026-10-29T08:00:07", "2026-10-24T07:00:07", "2026-10-21T07:00:07"]) {
            #expect(abs(conclusion.best.milliseconds - utc(truth)) < 2000, "\(conclusion)")
        }
    }
}
