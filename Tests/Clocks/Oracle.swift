import Core

/// How far anybody could get who sees the same: it is told how the crystal truly ran, and whether the device obeys. What it
/// still does not know is what people did to the clock between two readings of it, and when.
struct Oracle {
    /// The clock stood at `shown` when it was `world`.
    private struct Line { let shown: Int64, world: Int64 }
    /// Between two readings of the clock: it left on the one line and arrived on the other.
    private struct Gap { let from: Int64, to: Int64, end: Int, lines: [Line] }

    private let year: DeviceYear
    private var gaps: [Gap] = []
    /// For each record the times that fit.
    private var found: [[(moment: Int64, isLikely: Bool)]] = []
    /// What two times of one record may differ by, and a time from its bounds, by rounding alone.
    private static let slack = 2 * second
    /// How many visits a record is believed to have been left behind by.
    private static let patience = 8

    init(_ year: DeviceYear) {
        self.year = year
        var left: Line?
        for (place, pair) in year.history.pairs.enumerated() {
            let window = year.hub.window(pair.hub)
            guard window.isClosed, let shown = pair.device.line.map(microseconds) else { continue }
            // Set to a whole second in the fifth of a second after; read in the middle of the step that it shows.
            let line =
                pair.isWritten
                ? Line(shown: shown, world: window.middle + second / 10)
                : Line(shown: shown + microseconds(pair.device.resolution) / 2, world: window.middle)
            if !pair.isWritten {
                let from = left?.world ?? Window.never
                gaps.append(Gap(from: from, to: line.world, end: place, lines: [left, line].compactMap(\.self)))
            }
            if pair.isWritten, year.device.obeys, let left {
                gaps.append(Gap(from: left.world, to: line.world, end: place, lines: [left]))
            }
            if !pair.isWritten || year.device.obeys { left = line }
        }
        if let left { gaps.append(Gap(from: left.world, to: Window.forever, end: Int.max, lines: [left])) }
        found = year.history.records.map(fitting)
        order()
    }

    /// For each record the likeliest of the times that fit; nil where none does.
    var moments: [Int64?] { found.map { $0.first(where: \.isLikely)?.moment ?? $0.last?.moment } }

    /// For each record, whether more times than one fit, or none: whoever names one guesses.
    var isOpen: [Bool] {
        found.map { times in
            let moments = times.map(\.moment)
            guard let first = moments.min(), let last = moments.max() else { return true }
            return last - first > Self.slack
        }
    }

    private mutating func order() {
        // In the order of the memory, each is later than the one before.
        var low = Window.never
        for index in found.indices {
            let later = found[index].filter { $0.moment >= low - Self.slack }
            if !later.isEmpty { found[index] = later }
            low = max(low, found[index].map(\.moment).min() ?? low)
        }
        var high = Window.forever
        for index in found.indices.reversed() {
            let earlier = found[index].filter { $0.moment <= high + Self.slack }
            if !earlier.isEmpty { found[index] = earlier }
            high = min(high, found[index].map(\.moment).max() ?? high)
        }
    }

    /// The times at which the record may have been made. Of the two lines of a gap the earlier is the likelier until the
    /// house's clocks change, or until the middle of the gap.
    private func fitting(_ record: History.Record) -> [(moment: Int64, isLikely: Bool)] {
        guard !gaps.isEmpty, let line = record.taken.line.map(microseconds) else { return [] }
        let stamp = line + microseconds(record.taken.resolution) / 2
        let heard = year.hub.window(record.heard).latest
        let after = record.after.map { year.hub.window($0).earliest } ?? Window.never
        let own = gaps.firstIndex { $0.end >= record.seen } ?? gaps.count - 1
        // A visit may have gone on after the clock was read in it.
        let last = gaps.lastIndex { $0.from <= heard } ?? own
        return gaps[max(0, own - Self.patience)...max(own, last)].flatMap { gap in
            let earliest = max(gap.from, after) - Self.slack, latest = min(gap.to, heard) + Self.slack
            let change = Copenhagen.changes.first { gap.from < $0.at && $0.at < gap.to }?.at
            let turn = change ?? gap.from + (gap.to - gap.from) / 2
            return gap.lines.enumerated().compactMap { place, line -> (moment: Int64, isLikely: Bool)? in
                let moment = self.moment(of: stamp, on: line), isFirst = place == 0 && gap.lines.count > 1
                guard earliest <= moment, moment <= latest else { return nil }
                return (moment, (moment < turn) == isFirst)
            }
        }
    }

    private func moment(of stamp: Int64, on line: Line) -> Int64 {
        let offset = line.shown - line.world - year.device.gain(line.world)
        var moment = stamp - offset - year.device.gain(line.world)
        // What it gains is small, and changes little in so short a time.
        for _ in 0..<4 { moment = stamp - offset - year.device.gain(moment) }
        return moment
    }
}
