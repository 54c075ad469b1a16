import Core
import Dice
import Testing

@Suite struct TimeTests {
    /// Seconds from an independent calendar (Python's datetime).
    @Test(arguments: [
        ("1970-01-01T00:00:00", 0), ("2000-01-01T00:00:00", 946_684_800), ("2000-02-29T12:00:00", 951_825_600),
        ("1900-03-01T00:00:00", -2_203_891_200), ("2026-11-22T05:27:57", 1_795_325_277),
        ("0001-01-01T00:00:00", -62_135_596_800), ("9999-12-31T23:59:59", 253_402_300_799),
        ("1600-02-29T00:00:00", -11_670_998_400), ("2100-03-01T00:00:00", 4_107_542_400), ("1969-12-31T23:59:59", -1),
    ])
    func knownDates(text: String, seconds: Int) {
        #expect(LocalTime(text)?.seconds == seconds)
        #expect(LocalTime(seconds: seconds)?.description == text)
    }

    @Test func everyDayOf400YearsFollowsTheOneBefore() {
        var year = 1899, month = 12, day = 31, failures = 0
        guard let start = LocalTime(1900, 1, 1, 0, 0, 0)?.seconds else {
            Issue.record("1900")
            return
        }
        for index in 0..<146_097 {
            // The calendar by its rule, one day at a time.
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
            day += 1
            if day > days { (month, day) = (month + 1, 1) }
            if month > 12 { (year, month) = (year + 1, 1) }
            let seconds = start + index * 86_400 + index % 86_400
            guard let time = LocalTime(seconds: seconds), time.year == year, time.month == month, time.day == day,
                time.seconds == seconds
            else {
                failures += 1
                continue
            }
        }
        #expect(failures == 0 && year == 2299 && month == 12 && day == 31)
    }

    @Test(arguments: [
        (2026, 2, 29, 0, 0, 0), (2100, 2, 29, 0, 0, 0), (2026, 4, 31, 0, 0, 0), (2026, 0, 1, 0, 0, 0),
        (2026, 13, 1, 0, 0, 0), (2026, 1, 0, 0, 0, 0), (0, 1, 1, 0, 0, 0), (10000, 1, 1, 0, 0, 0),
        (2026, 1, 1, 24, 0, 0),
        (2026, 1, 1, 0, 60, 0), (2026, 1, 1, 0, 0, 60), (2026, 1, 1, -1, 0, 0),
    ])
    func noSuchTime(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int) {
        #expect(LocalTime(year, month, day, hour, minute, second) == nil)
    }

    @Test(arguments: [
        "2026-03-02T10:11:12", "2026-03-02T10:11:12.5", "2026-03-02T10:11:12.996", "0999-03-02T10:11:12.000001",
    ])
    func theTextIsReadBack(text: String) { #expect(LocalTime(text)?.description == text) }

    @Test(arguments: [
        "", "2026-03-02", "2026-03-02 10:11:12", "2026-03-02T10:11:12.", "2026-03-02T10:11:12.1234567",
        "2026-03-02T10:11:12Z", "26-03-02T10:11:12", "2026-3-2T10:11:12", "2026-03-02T10:11:1x",
        "2026-03-02T10:11:12.-1",
        "2026-03-02T10:11:12.+1", "2026-02-30T10:11:12",
    ])
    func noTimeText(text: String) { #expect(LocalTime(text) == nil) }

    // MARK: Dating

    private func hub(_ wall: Int64, uptime: Int = 1000, boot: String = "one") -> HubTime {
        HubTime(boot: boot, uptime: .seconds(uptime), wall: Instant(milliseconds: wall), synchronised: true)
    }
    private func clock(_ text: String) -> RawTime { LocalTime(text).map { .clock($0) } ?? .unknown }

    /// The contract's example: the device is 3 min 12 s fast; stamped 08:17:55, read 08:18:42 when it was 08:15:30.
    @Test func aFastClockIsMovedByWhatItWasFound() {
        let read: Int64 = 1_795_335_330_000
        let pair = ClockPair(device: clock("2026-11-22T08:18:42"), hub: hub(read), error: .milliseconds(40))
        let dated = clock("2026-11-22T08:17:55").dated(by: pair, heard: hub(read + 5_000, uptime: 1005))
        // 08:14:43 is 47 seconds before 08:15:30.
        #expect(dated.at == Instant(milliseconds: read - 47_000) && dated.basis == .paired)
        // The seconds of two clocks that show no less, the asking, and the hub's own tenth.
        #expect(dated.error >= .milliseconds(1040) && dated.error < .milliseconds(1200))
    }

    @Test func aSteppedHubClockMovesTheReadingWithIt() {
        // Between reading the clock and hearing the reading five seconds pass, and the hub's wall clock gains an hour.
        let pair = ClockPair(device: clock("2026-11-22T08:18:42"), hub: hub(0), error: .zero)
        let dated = clock("2026-11-22T08:18:42").dated(by: pair, heard: hub(3_605_000, uptime: 1005))
        #expect(dated.at == Instant(milliseconds: 3_600_000))
    }

    @Test func anotherBootHasAnotherTimeline() {
        let pair = ClockPair(device: clock("2026-11-22T08:18:42"), hub: hub(10_000, boot: "other"), error: .zero)
        #expect(clock("2026-11-22T08:18:40").dated(by: pair, heard: hub(99_000)).at == Instant(milliseconds: 8_000))
    }

    @Test func summerTimeOfTheDeviceIsElapsedTimeOnItsOwnLine() {
        // The device knows no zone: 24 h on its line are 24 h, whatever the hub's zone did in that night.
        let pair = ClockPair(device: clock("2026-03-29T09:00:10"), hub: hub(100_000_000), error: .zero)
        let dated = clock("2026-03-28T09:00:10").dated(by: pair, heard: hub(100_000_000))
        #expect(dated.at == Instant(milliseconds: 100_000_000 - 86_400_000))
    }

    @Test func nothingIsGuessed() {
        let heard = hub(50_000)
        let pair = ClockPair(device: clock("2026-11-22T08:18:42"), hub: hub(50_000), error: .zero)
        let unpaired = clock("2026-11-22T08:18:42").dated(by: nil, heard: heard)
        #expect(unpaired.at == nil && unpaired.basis == .bounded && unpaired.earliest == nil)
        #expect(unpaired.latest == Instant(milliseconds: 50_100))
        #expect(RawTime.unknown.dated(by: pair, heard: heard).at == nil)
        // A stamp behind the clock that was read belongs to another line.
        #expect(clock("2026-11-22T08:18:45").dated(by: pair, heard: heard).at == nil)
        #expect(clock("2026-11-22T08:18:43").dated(by: pair, heard: heard).basis == .paired)
        let unset = ClockPair(device: .unknown, hub: hub(50_000), error: .zero)
        #expect(clock("2026-11-22T08:18:42").dated(by: unset, heard: heard).at == nil)
        let live = RawTime.now.dated(by: pair, heard: heard)
        #expect(live.at == heard.wall && live.basis == .arrival && live.error < .milliseconds(1200))
    }

    @Test func ticksCountFromTheSamePair() {
        let pair = ClockPair(device: .ticks(1_000, resolution: .milliseconds(100)), hub: hub(200_000), error: .zero)
        let dated = RawTime.ticks(900, resolution: .milliseconds(100)).dated(by: pair, heard: hub(200_000))
        #expect(dated.at == Instant(milliseconds: 190_000) && dated.error < .milliseconds(300))
        let absurd = RawTime.ticks(.max, resolution: .seconds(1)).dated(by: pair, heard: hub(200_000))
        #expect(absurd.at == nil)
        // The most that the elapsed time of a health sensor can count, in seconds: nine million years.
        let last = RawTime.ticks(1 << 48 - 1, resolution: .seconds(1))
        #expect(last.dated(by: pair, heard: hub(200_000)).at == nil)
        let start = ClockPair(device: last, hub: hub(200_000), error: .zero)
        #expect(RawTime.ticks(5, resolution: .seconds(1)).dated(by: start, heard: hub(200_000)).at == nil)
    }

    /// "Twelve minutes ago", heard at 50 000 s: some time in the thirteenth minute before, and 1 s for what was under way.
    @Test func anAgeIsCountedBackFromItsArrival() {
        let heard = hub(50_000_000), dated = RawTime.age(12, resolution: .seconds(60)).dated(by: nil, heard: heard)
        #expect(dated.basis == .age)
        // 220 ppm of 13 minutes are 172 ms, of 12 minutes 158 ms; the hub's own clock has 100 ms.
        let earliest = 50_000_000 - 13 * 60_000 - 1000 - 172 - 100 - 8
        let latest = 50_000_000 - 12 * 60_000 + 158 + 100 + 8
        #expect(abs((dated.earliest?.milliseconds ?? 0) - Int64(earliest)) < 4)
        #expect(abs((dated.latest?.milliseconds ?? 0) - Int64(latest)) < 4)
        #expect(abs((dated.at?.milliseconds ?? 0) - Int64(earliest + latest) / 2) < 2)
        #expect(dated.error < .milliseconds(31_000))
        // A day's age in hours is a period, and no instant.
        let old = RawTime.age(24, resolution: .seconds(3600)).dated(by: nil, heard: heard)
        #expect(old.at == nil && old.basis == .age && old.earliest != nil)
        // No device has counted so long.
        for absurd in [RawTime.age(.max, resolution: .seconds(60)), .age(1 << 47, resolution: .seconds(86_400))] {
            let dated = absurd.dated(by: nil, heard: heard)
            #expect(dated.at == nil && dated.basis == .bounded && dated.latest != nil)
        }
    }

    /// Whatever a device says of its time, nothing traps, and what is told is in its bounds.
    @Test func noTimeOfADeviceIsTooWild() {
        var chance = Chance(48)
        let counts: [UInt64] = [0, 1, 60, 1 << 31, 1 << 47, 1 << 48 - 1, 1 << 48, .max]
        let steps: [Duration] = [
            .zero, .nanoseconds(1), .microseconds(125), .seconds(1), .seconds(60), .seconds(86_400), .seconds(-1),
            .seconds(Int64.max),
        ]
        let dates = ["0001-01-01T00:00:00", "1970-01-01T00:00:00", "2026-10-25T02:30:00", "9999-12-31T23:59:59"]
        func any() -> RawTime {
            switch Int.random(in: 0...4, using: &chance) {
            case 0: .ticks(chance.pick(counts), resolution: chance.pick(steps))
            case 1: .age(chance.pick(counts), resolution: chance.pick(steps))
            case 2, 3: clock(chance.pick(dates))
            default: chance.pick([.now, .unknown])
            }
        }
        for round in 0..<20_000 {
            let pairs = (0..<Int.random(in: 0...3, using: &chance)).map { place in
                ClockPair(
                    device: any(), hub: hub(Int64(place) * 1_000_000), error: .zero, isWritten: chance.happens(0.2))
            }
            let records = (0..<Int.random(in: 1...4, using: &chance)).map { place in
                History.Record(
                    taken: any(), heard: hub(3_000_000 + Int64(place)),
                    seen: Int.random(in: 0...pairs.count, using: &chance))
            }
            let timeline = HubTimeline(anchors: [], moments: pairs.map(\.hub) + records.map(\.heard))
            let told = Chronology.conclude(History(pairs: pairs, records: records), timeline) { _ in 60 }.map(\.dated)
            #expect(told.count == records.count)
            for dated in told {
                guard let at = dated.at, let earliest = dated.earliest, let latest = dated.latest else { continue }
                #expect(earliest <= at && at <= latest, "\(round)")
            }
        }
    }
}
