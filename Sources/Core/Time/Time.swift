/// Exactly what the device said about when. "Raw" in chrony's sense: stored for ever, never corrected.
public enum RawTime: Equatable, Sendable {
    /// It was measured as it was heard; the device stamps nothing.
    case now
    /// The device's own calendar clock.
    case clock(LocalTime)
    /// The device's own counter, in units of `resolution`.
    case ticks(UInt64, resolution: Duration)
    /// How long ago by the device's own count, when it said so, in whole units of `resolution` that had passed: a device of
    /// "twelve minutes ago".
    case age(UInt64, resolution: Duration)
    /// From the device's memory, without a usable stamp.
    case unknown
}

/// A calendar date and time as a device shows it, without a zone unless the device gives one. In one word:
///
///     year      month     day       hour      minute    second    microsecond  decimals
///     62 … 49   48 … 45   44 … 40   39 … 35   34 … 29   28 … 23   22 … 3       2 … 0
public struct LocalTime: Equatable, Hashable, Sendable {
    @usableFromInline let word: UInt64

    package var year: Int { bits(14, from: 49) }
    package var month: Int { bits(4, from: 45) }
    package var day: Int { bits(5, from: 40) }
    package var hour: Int { bits(5, from: 35) }
    package var minute: Int { bits(6, from: 29) }
    package var second: Int { bits(6, from: 23) }
    /// 0 to 999 999, of which `decimals` digits (0 to 6) come from the device.
    package var microsecond: Int { bits(20, from: 3) }
    package var decimals: Int { bits(3, from: 0) }

    private func bits(_ count: UInt64, from low: UInt64) -> Int { Int(word >> low & (1 << count - 1)) }

    /// Nil for a date or time that no calendar has; a leap second is none.
    @inlinable public init?(
        _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int,
        microsecond: Int = 0, decimals: Int = 0
    ) {
        guard 1...9999 ~= year, 1...12 ~= month, 1...Self.days(in: month, of: year) ~= day,
            0...23 ~= hour, 0...59 ~= minute, 0...59 ~= second, 0...999_999 ~= microsecond, 0...6 ~= decimals
        else { return nil }
        let date = year << 49 | month << 45 | day << 40, time = hour << 35 | minute << 29 | second << 23
        word = UInt64(truncatingIfNeeded: date | time | microsecond << 3 | decimals)
    }

    /// The calendar reading of `seconds` on a line that counts from 1970-01-01T00:00:00.
    package init?(seconds: Int, microsecond: Int = 0, decimals: Int = 0) {
        guard -62_135_596_800...253_402_300_799 ~= seconds else { return nil }
        let day = seconds >= 0 ? seconds / 86_400 : -((86_399 - seconds) / 86_400), rest = seconds - day * 86_400
        // Days to a civil date in 400-year eras that begin on 1 March.
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097, dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let march = (5 * dayOfYear + 2) / 153, month = march < 10 ? march + 3 : march - 9
        self.init(
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1,
            rest / 3600, rest / 60 % 60, rest % 60, microsecond: microsecond, decimals: decimals)
    }

    /// Seconds on the device's own line, counted from 1970-01-01T00:00:00 of that line.
    package var seconds: Int {
        let year = month <= 2 ? self.year - 1 : self.year, era = year / 400, yearOfEra = year - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468) * 86_400 + hour * 3600 + minute * 60 + second
    }

    @inlinable static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension LocalTime: CustomStringConvertible {
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(26)
        /// The number in so many digits, after what separates it from the one before.
        func append(_ number: Int, _ width: Int, after separator: Unicode.Scalar? = nil) {
            if let separator { text.append(UInt8(ascii: separator)) }
            var unit = (1..<width).reduce(1) { unit, _ in unit * 10 }
            for _ in 0..<width {
                text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / unit % 10))
                unit /= 10
            }
        }
        append(year, 4)
        append(month, 2, after: "-")
        append(day, 2, after: "-")
        append(hour, 2, after: "T")
        append(minute, 2, after: ":")
        append(second, 2, after: ":")
        if decimals > 0 {
            append(microsecond, 6, after: ".")
            text.removeLast(6 - decimals)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads what `description` writes.
    package init?(_ text: some StringProtocol) {
        let text = Array(text.utf8), decimals = max(0, text.count - 20)
        guard text.count == 19 || 1...6 ~= decimals else { return nil }
        let form = Array("____-__-__T__:__:__.______".utf8)
        for (byte, wanted) in zip(text, form) {
            let isDigit = UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
            guard wanted == UInt8(ascii: "_") ? isDigit : byte == wanted else { return nil }
        }
        func number(_ at: Int, _ count: Int) -> Int {
            text[at..<at + count].reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        }
        let scale = (decimals..<6).reduce(1) { scale, _ in scale * 10 }
        self.init(
            number(0, 4), number(5, 2), number(8, 2), number(11, 2), number(14, 2), number(17, 2),
            microsecond: decimals > 0 ? number(20, decimals) * scale : 0, decimals: decimals)
    }
}

/// `number` with leading zeros up to `width` digits.
package func padded(_ number: Int, _ width: Int) -> String {
    let digits = String(number)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

/// A point in the world's time: milliseconds since 1970-01-01T00:00:00Z.
package struct Instant: Comparable, Hashable, Sendable {
    package var milliseconds: Int64
    package init(milliseconds: Int64) { self.milliseconds = milliseconds }
    package static func < (a: Instant, b: Instant) -> Bool { a.milliseconds < b.milliseconds }
    package static func + (a: Instant, time: Duration) -> Instant {
        let (seconds, attoseconds) = time.components
        return Instant(milliseconds: a.milliseconds + seconds * 1000 + attoseconds / 1_000_000_000_000_000)
    }
    package static func - (a: Instant, b: Instant) -> Duration { .milliseconds(a.milliseconds - b.milliseconds) }
}

/// The hub's clocks, read together. The timeline since boot never steps; the wall clock may.
package struct HubTime: Equatable, Sendable {
    /// The kernel's boot id: timelines of different boots do not compare.
    package var boot: String
    /// CLOCK_BOOTTIME, which goes on while the hub sleeps.
    package var uptime: Duration
    package var wall: Instant
    /// Whether the kernel says that something keeps its clock.
    package var synchronised: Bool

    package init(boot: String, uptime: Duration, wall: Instant, synchronised: Bool) {
        self.boot = boot
        self.uptime = uptime
        self.wall = wall
        self.synchronised = synchronised
    }

    /// So long before, by both clocks.
    package func earlier(by time: Duration) -> HubTime {
        HubTime(boot: boot, uptime: uptime - time, wall: wall + (.zero - time), synchronised: synchronised)
    }
}

/// The device's clock and the hub's, read together before either is set: the coincident time stamp of the HL7 PHD guide.
package struct ClockPair: Equatable, Sendable {
    package var device: RawTime
    package var hub: HubTime
    /// Half of what passed between asking and hearing.
    package var error: Duration
    /// Whether the hub wrote this to the device rather than read it there: what the device then shows is not proven,
    /// because some accept a time and go on as before.
    package var isWritten: Bool

    package init(device: RawTime, hub: HubTime, error: Duration, isWritten: Bool = false) {
        self.device = device
        self.hub = hub
        self.error = error
        self.isWritten = isWritten
    }
}

extension RawTime {
    /// Seconds on the device's own line, with its fraction; nil where the device gives no line.
    package var line: Duration? {
        switch self {
        case .clock(let time): .seconds(time.seconds) + .microseconds(time.microsecond)
        case .ticks(let count, let resolution): Self.length(count, resolution)
        case .now, .unknown, .age: nil
        }
    }

    /// How long ago it was taken, at least, where the device says that; a unit more at most.
    package var age: Duration? {
        if case .age(let count, let resolution) = self { Self.length(count, resolution) } else { nil }
    }

    /// Nil for a count that no device reaches, because it is of more than ten thousand years: what goes by it must not
    /// overflow.
    private static func length(_ count: UInt64, _ resolution: Duration) -> Duration? {
        guard count < 1 << 48, .zero <= resolution, resolution <= .seconds(86_400) else { return nil }
        let length = resolution * Int64(count)
        return length <= .seconds(315_569_520_000) ? length : nil
    }

    /// The finest step that the device's stamp can show.
    package var resolution: Duration {
        switch self {
        case .clock(let time):
            (0..<time.decimals).reduce(Duration.seconds(1)) { step, _ in step / 10 }
        case .ticks(_, let resolution), .age(_, let resolution): resolution
        case .now, .unknown: .zero
        }
    }
}
