import Core
import Dice
import Testing

/// What is agreed is read strictly, and what it asks for is found by going through the minutes one by one as well.
@Suite struct ScheduleTests {
    @Test(arguments: [
        ("twice a day", "twice a day"), ("Twice A Day", "twice a day"), ("3 times a day", "three times a day"),
        ("daily", "once a day"), ("mon wed fri 08-10", "Mon Wed Fri 08-10"), ("Mon,Wed 8-10", "Mon Wed 08-10"),
        ("daily 07-09,19-21:30", "daily 07-09,19-21:30"), ("07-09, 19-21", "daily 07-09,19-21"),
        ("mon-fri twice a day", "Mon Tue Wed Thu Fri twice a day"), ("Fri-Mon 0-24", "Mon Fri Sat Sun once a day"),
        ("sunday", "Sun once a day"), ("daily 00:15-23:45", "daily 00:15-23:45"),
    ])
    func isReadAndWritten(_ text: String, _ canonical: String) throws {
        #expect(try Schedule(text).description == canonical)
        #expect(try Schedule(canonical).description == canonical)
    }

    @Test(arguments: [
        ("", "a schedule is missing"), ("now and then", "is not understood"), ("twice a week", "is not understood"),
        ("seven times a day", "is not understood"), ("7 times a day", "is not understood"),
        ("twice times a day", "is not understood"), ("three a day", "is not understood"),
        ("Mon Mon 08-10", "for the second time"), ("mon-wed tue", "for the second time"), ("daily mon", "second time"),
        ("mon-tuesdax 8-9", "is no day"), ("8-10-12", "is no window"), ("8:5-9", "is no window"),
        ("25-26", "is no window"), ("08-24:01", "is no window"), ("008-9", "is no window"), ("8-9,", "is no window"),
        ("22-02", "ends before it begins"), ("8-8", "ends before it begins"), ("9-11,10-12", "in front of it"),
        ("Mon 08-10 Tue 09-11", "is no window"), ("-8-9", "is not understood"), ("tomorrow", "is not understood"),
    ])
    func aMistakeIsNamed(_ text: String, _ words: String) {
        let mistake = #expect(throws: ScheduleMistake.self) { try Schedule(text) }
        #expect(mistake?.description.contains(words) == true, "\(mistake?.description ?? "")")
    }

    /// Whatever is typed, it ends in a schedule or a mistake; and a schedule reads back as itself.
    @Test func anythingTypedIsUnderstoodOrRefused() throws {
        var random = Chance(6)
        let words = [
            "mon", "tue-fri", "daily", "08-10", "7:30-9,19-21", "twice", "a", "day", "3", "times", ",", "-", ":", "24",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...5, using: &random)
            let text = (0..<count).map { _ in words.randomElement(using: &random) ?? "" }.joined(
                separator: Bool.random(using: &random) ? " " : "")
            guard let schedule = try? Schedule(text) else { continue }
            #expect(try Schedule(schedule.description) == schedule)
        }
    }

    /// Summer time as in Copenhagen in 2026: from 29 March to 25 October, 01:00 UTC.
    private static func offset(_ at: Instant) -> Int {
        1_774_746_000_000..<1_792_890_000_000 ~= at.milliseconds ? 120 : 60
    }

    /// What the schedule asks for, minute by minute on a calendar of its own.
    private func asked(
        _ days: Set<Int>, _ windows: [(Int, Int)], at now: Instant, last: Instant?, since agreed: Instant,
        _ offset: (Instant) -> Int
    ) -> (missed: Range<Instant>?, next: Range<Instant>?) {
        var runs: [Range<Int64>] = [], open: (key: String, start: Int64)?
        let minute = now.milliseconds / 60_000
        for at in minute - 17 * 1440...minute + 17 * 1440 {
            let local = Int(at) + offset(Instant(milliseconds: at * 60_000))
            // Monday is 0; 1970-01-01 was a Thursday.
            let day = local / 1440, ofDay = local % 1440
            let window = windows.firstIndex { $0.0 <= ofDay && ofDay < $0.1 }
            let key = days.contains((day + 3) % 7) ? window.map { "\(day) \($0)" } : nil
            if let began = open, began.key != key {
                // An hour that comes twice: the window goes on.
                if let last = runs.last, last.upperBound > began.start { runs.removeLast() }
                runs.append(began.start..<at)
                open = nil
            }
            if let key, open == nil { open = (key, at) }
        }
        let ranges = runs.map {
            Instant(milliseconds: $0.lowerBound * 60_000)..<Instant(milliseconds: $0.upperBound * 60_000)
        }
        let closed = ranges.last { $0.upperBound <= now }
        let has = { (range: Range<Instant>) in last.map { $0 >= range.lowerBound } ?? false }
        let missed = closed.flatMap { $0.lowerBound >= agreed && !has($0) ? $0 : nil }
        return (missed, ranges.first { $0.upperBound > now && ($0.lowerBound > now || !has($0)) })
    }

    @Test(arguments: [true, false]) func whatIsOverdueIsFoundMinuteByMinuteToo(inDenmark: Bool) throws {
        var random = Chance(inDenmark ? 1 : 2)
        let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        func offset(_ at: Instant) -> Int { inDenmark ? Self.offset(at) : -300 }
        for _ in 0..<150 {
            let days = Set((0..<7).filter { _ in Bool.random(using: &random) }).union([
                Int.random(in: 0..<7, using: &random)
            ])
            var edges = Set<Int>()
            while edges.count < 4 { edges.insert(Int.random(in: 0...96, using: &random) * 15) }
            let at = edges.sorted(), windows = [(at[0], at[1]), (at[2], at[3])]
            let text =
                days.sorted().map { names[$0] }.joined(separator: " ") + " "
                + windows.map { "\($0.0 / 60):\(padded($0.0 % 60, 2))-\($0.1 / 60):\(padded($0.1 % 60, 2))" }.joined(
                    separator: ",")
            let schedule = try Schedule(text)
            // About the changes of the clock as often as elsewhere. Windows that such a night cuts in two are told apart
            // by the engine alone, so none of these begins or ends between 01:00 and 04:00 on such days.
            let centre: Int64 = Bool.random(using: &random) ? 1_774_746_000_000 : 1_792_890_000_000
            if windows.contains(where: { 60...240 ~= $0.0 || 60...240 ~= $0.1 }) { continue }
            let now = Instant(
                milliseconds: centre / 60_000 * 60_000 + Int64.random(in: -5000...5000, using: &random) * 60_000)
            let last: Instant? =
                Bool.random(using: &random)
                ? now + .seconds(-60 * Int.random(in: 0...8000, using: &random)) : nil
            let agreed = now + .seconds(-60 * Int.random(in: 0...9000, using: &random))
            let found = schedule.outlook(at: now, last: last, since: agreed, offset: offset)
            let (missed, next) = asked(days, windows, at: now, last: last, since: agreed, offset)
            #expect(found.missed == missed, "\(text) at \(now)")
            #expect(found.next == next, "\(text) at \(now)")
        }
    }

    private func utc(_ text: String) -> Instant {
        Instant(milliseconds: Int64(LocalTime(text)?.seconds ?? 0) * 1000)
    }

    @Test func theHourThatComesTwiceIsWaitedForTwiceAndTheOneThatIsSkippedNotAtAll() throws {
        let night = try Schedule("daily 02-03")
        // 25 October: 02:00 comes at 00:00 UTC and again at 01:00.
        let autumn = night.outlook(
            at: utc("2026-10-24T12:00:00"), last: nil, since: utc("2026-10-24T12:00:00"), offset: Self.offset)
        #expect(autumn.next == utc("2026-10-25T00:00:00")..<utc("2026-10-25T02:00:00"))
        // 29 March has no hour from 02:00: the next is the day after's.
        let spring = night.outlook(
            at: utc("2026-03-28T12:00:00"), last: nil, since: utc("2026-03-28T12:00:00"), offset: Self.offset)
        #expect(spring.next == utc("2026-03-30T00:00:00")..<utc("2026-03-30T01:00:00"))
        #expect(
            try Schedule("Sun 02:30-04").outlook(
                at: utc("2026-03-28T12:00:00"), last: nil, since: utc("2026-03-28T12:00:00"), offset: Self.offset
            ).next == utc("2026-03-29T01:00:00")..<utc("2026-03-29T02:00:00"))
    }

    @Test func twiceADayIsOnceBeforeTwoAndOnceAfter() throws {
        let schedule = try Schedule("twice a day"), morning = utc("2026-11-20T07:00:00")
        func missed(_ now: String, _ last: Instant?) -> Bool {
            schedule.outlook(at: utc(now), last: last, since: utc("2026-11-19T23:00:00"), offset: Self.offset)
                .isOverdue
        }
        // 13:00 UTC is 14:00.
        #expect(!missed("2026-11-20T12:59:59", nil))
        #expect(missed("2026-11-20T13:00:00", nil))
        #expect(!missed("2026-11-20T13:00:00", morning))
        // Nothing in the evening; what comes after it makes good.
        #expect(missed("2026-11-20T23:00:00", morning))
        #expect(!missed("2026-11-21T06:00:00", utc("2026-11-21T05:00:00")))
    }

    @Test func nobodyIsLateForWhatBeganBeforeItWasAgreed() throws {
        let schedule = try Schedule("daily 07-09"), agreed = utc("2026-11-20T06:30:00")
        // Agreed at 07:30: that morning's is welcome, and not owed.
        let now = schedule.outlook(at: agreed, last: nil, since: agreed, offset: Self.offset)
        #expect(now.next == utc("2026-11-20T06:00:00")..<utc("2026-11-20T08:00:00") && !now.isOverdue)
        #expect(
            !schedule.outlook(at: utc("2026-11-20T20:00:00"), last: nil, since: agreed, offset: Self.offset)
                .isOverdue)
        #expect(
            schedule.outlook(at: utc("2026-11-21T08:00:00"), last: nil, since: agreed, offset: Self.offset)
                .isOverdue)
    }
}
