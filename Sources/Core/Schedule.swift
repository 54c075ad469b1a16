/// When a person has agreed to measure: on which days of the week, and in which windows of such a day. All in the local
/// time of the house.
///
///     twice a day     Mon Wed Fri 08-10     daily 07-09,19-21:30     Mon-Fri three times a day
package struct Schedule: Hashable, Sendable {
    /// Part of a day, in minutes since its midnight, the end not in it.
    package struct Window: Hashable, Sendable {
        /// 0 to 1439, and 1 to 1440.
        package let start: Int, end: Int
    }

    /// Monday is bit 0.
    private let days: UInt8
    /// In order, and none reaches into another.
    package let windows: [Window]

    private static let names = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
    private static let everyDay: UInt8 = 0b111_1111
    private static let counts = [("once", 1), ("twice", 2), ("three", 3), ("four", 4), ("five", 5), ("six", 6)]

    /// So many readings a day: one in each part of it. The parts divide the time that people are up, 6 to 22, and the
    /// first and the last reach to midnight; twice a day is once before 14 and once after.
    private static func parts(_ count: Int) -> [Window] {
        let edges = (0...count).map { part in
            switch part {
            case 0: 0
            case count: 1440
            default: 360 + 960 * part / count
            }
        }
        return zip(edges, edges.dropFirst()).map { Window(start: $0, end: $1) }
    }

    /// Whether it asks for readings on a day: counted from 1970-01-01, which was a Thursday.
    func isDue(onDay day: Int) -> Bool { days >> (((day + 3) % 7 + 7) % 7) & 1 == 1 }
}

/// Why a text is no schedule, in words for the one who typed it.
package struct ScheduleMistake: Error, Equatable, CustomStringConvertible {
    package let description: String
}

extension Schedule {
    /// Reads what a technician types, in either case. Days are `daily`, names, or a span of them; without any, every day.
    /// Times are windows, or how often a day; without any, the whole day.
    package init(_ text: some StringProtocol) throws(ScheduleMistake) {
        var words = text.split { $0 == " " || $0 == "\t" }.map { $0.lowercased() }[...]
        if words.isEmpty { throw ScheduleMistake(description: "a schedule is missing, such as \"twice a day\"") }
        var days: UInt8 = 0
        while let word = words.first, word.first?.isLetter == true, let more = try Self.days(word) {
            guard days & more == 0 else {
                throw ScheduleMistake(description: "\(word) names a day for the second time")
            }
            days |= more
            words.removeFirst()
        }
        self.days = days == 0 ? Self.everyDay : days
        if words.isEmpty {
            windows = Self.parts(1)
        } else if words.first?.first?.isNumber == true, words.contains(where: { $0.contains("-") }) {
            windows = try Self.windows(words.joined())
        } else {
            windows = Self.parts(try Self.count(Array(words)))
        }
    }

    /// The days of `daily`, `mon`, `mon,wed` or `mon-fri`; nil for a word that begins with no day.
    private static func days(_ word: String) throws(ScheduleMistake) -> UInt8? {
        if word == "daily" { return everyDay }
        var days: UInt8 = 0
        for part in word.split(separator: ",") {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { day(String($0)) }
            guard let first = ends[0], ends.count <= 2, let last = ends[ends.count - 1] else {
                if days == 0, ends[0] == nil { return nil }
                throw ScheduleMistake(description: "\(word) is no day; days are \(names.joined(separator: " "))")
            }
            for step in 0...((last - first + 7) % 7) {
                let bit: UInt8 = 1 << UInt8((first + step) % 7)
                guard days & bit == 0 else {
                    throw ScheduleMistake(description: "\(word) names a day for the second time")
                }
                days |= bit
            }
        }
        return days
    }

    /// `mon` or `monday`.
    private static func day(_ word: String) -> Int? {
        let whole = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        return whole.firstIndex { $0 == word || $0.prefix(3) == word }
    }

    private static func count(_ words: [String]) throws(ScheduleMistake) -> Int {
        let mistake = ScheduleMistake(
            description:
                "\"\(words.joined(separator: " "))\" is not understood; times are windows such as 07-09,19-21, "
                + "or once, twice, three times … six times a day")
        guard words.suffix(2) == ["a", "day"], let first = words.first else { throw mistake }
        let count = counts.first { $0.0 == first }?.1 ?? (Int(first).flatMap { 1...6 ~= $0 ? $0 : nil })
        let says = words.dropFirst().dropLast(2)
        guard let count, says == (["once", "twice"].contains(first) ? [] : ["times"]) else { throw mistake }
        return count
    }

    private static func windows(_ text: String) throws(ScheduleMistake) -> [Window] {
        var windows: [Window] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { minute($0) }
            guard ends.count == 2, let start = ends[0], let end = ends[1] else {
                throw ScheduleMistake(description: "\(part) is no window; write 08-10 or 19:30-21")
            }
            guard start < end else {
                throw ScheduleMistake(description: "\(part) ends before it begins; a window ends on its own day, at 24")
            }
            if let last = windows.last, start < last.end {
                throw ScheduleMistake(description: "\(part) begins before the window in front of it has ended")
            }
            windows.append(Window(start: start, end: end))
        }
        return windows
    }

    /// `8`, `08` or `08:30`, up to `24`.
    private static func minute(_ text: some StringProtocol) -> Int? {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        let isDigits = parts.allSatisfy { 1...2 ~= $0.utf8.count && $0.utf8.allSatisfy { 0x30...0x39 ~= $0 } }
        guard isDigits, 1...2 ~= parts.count, let hour = Int(parts[0]) else { return nil }
        let minute = parts.count == 2 ? Int(parts[1]) ?? 60 : 0
        guard minute < 60, parts.count == 1 || parts[1].utf8.count == 2, hour * 60 + minute <= 1440 else { return nil }
        return hour * 60 + minute
    }
}

extension Schedule: CustomStringConvertible {
    /// In the words that are read again.
    package var description: String {
        let names = Self.names.indices.filter { days >> $0 & 1 == 1 }.map { Self.names[$0] }
        let times: String
        if let (word, count) = Self.counts.first(where: { Self.parts($0.1) == windows }) {
            times = count < 3 ? "\(word) a day" : "\(word) times a day"
            if days == Self.everyDay { return times }
        } else {
            times = windows.map { "\(Self.text($0.start))-\(Self.text($0.end))" }.joined(separator: ",")
        }
        return (days == Self.everyDay ? "daily" : names.joined(separator: " ")) + " " + times
    }

    private static func text(_ minute: Int) -> String {
        padded(minute / 60, 2) + (minute % 60 == 0 ? "" : ":" + padded(minute % 60, 2))
    }
}
