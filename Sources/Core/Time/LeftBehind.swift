// Records that are not of the time before their own visit: an earlier one left them behind, or they were made in it.

extension Chronology {
    /// Whether the record may have been made since the clock was read, or set, in its own visit.
    func isOfOwnVisit(_ index: Int) -> Bool {
        let heard = hub.window(history.records[index].heard), seen = history.records[index].seen
        guard let stamp = stamp(index), let read = clock.gap(before: seen).end?.fix,
            heard.latest > read.world.latest + Self.short
        else { return false }
        return clock.gaps(after: seen, until: heard).flatMap(\.starts).contains { start in
            let since = Window(start.fix.world.earliest, Window.forever)
            return fits(index, start.fix.date(stamp, clock.rate).intersection(since)) != nil
        }
    }

    /// Within so short a time after a clock was read nobody makes a record, or changes the clock.
    private static let short: Int64 = 60_000_000

    /// A record that may be of several gaps, because the visits between them ended too early, or its own went on.
    mutating func placeAcross(_ index: Int) {
        guard let stamp = stamp(index) else { return }
        let record = history.records[index], heard = hub.window(record.heard)
        let places = clock.readings(from: record.since, before: record.seen) + [record.seen]
        var found: [(choice: Choice, isAhead: Bool)] = []
        func add(
            _ window: Window, within room: Window, _ best: Int64, _ basis: Basis, isLikely: Bool, from: Int?, to: Int?,
            isAhead: Bool = false
        ) {
            guard let window = fits(index, window.intersection(room)) else { return }
            found.append(
                (Choice(window: window, best: best, basis: basis, isLikely: isLikely, from: from, to: to), isAhead))
        }
        for gap in places.map({ clock.gap(before: $0) }) + clock.gaps(after: record.seen, until: heard) {
            guard let end = gap.end else {
                // Its clock was not read since.
                for start in clock.proven(gap).starts where start.place >= record.seen {
                    let line = start.fix.date(stamp, clock.rate)
                    add(
                        line, within: Window(start.fix.world.earliest, Window.forever), line.middle, .paired,
                        isLikely: isLikely(start.fix, among: gap.starts), from: start.place, to: nil)
                }
                continue
            }
            // Before the first reading of the clock nobody knows what was done to it, the longer ago the less.
            let begin = gap.starts.first?.fix.world.earliest ?? end.fix.world.earliest - Self.credible
            let room = Window(begin, end.fix.world.latest)
            let possible = clock.possible(gap)
            // Later than what the clock showed at the gap's end: made in it only if the clock was set back since.
            let isAhead = !possible.isEmpty && stamp.device - stamp.error > end.fix.device + end.fix.error
            let isWhole = possible.allSatisfy { clock.continuity(from: $0.fix, to: end.fix) == .unbroken }
            if isWhole, !possible.isEmpty {
                for start in possible {
                    let chord = Chord(from: start.fix, to: end.fix)
                    add(
                        chord.date(stamp, clock.rate), within: room, chord.best(stamp), .interpolated,
                        isLikely: isLikely(start.fix, among: gap.starts), from: start.place, to: end.place,
                        isAhead: isAhead)
                }
                continue
            }
            // Until the house's clocks change, or else for the first half, the old line is the likelier.
            let change = gap.starts.last.flatMap { seasonalChange(from: $0.fix, to: end.fix) }
            let turn = change ?? room.middle
            for fix in clock.proven(gap).starts + [end] {
                let line = fix.fix.date(stamp, clock.rate), isStart = fix.place != end.place
                let window = around(line, of: index, stamp, on: fix.fix, in: gap, change)
                add(
                    window, within: room, line.middle, window == line ? .paired : .ambiguous,
                    isLikely: (line.middle < turn) == isStart && (!isStart || isLikely(fix.fix, among: gap.starts)),
                    from: isStart ? fix.place : nil, to: isStart ? nil : end.place, isAhead: isAhead)
            }
        }
        // What needs no change of the clock is believed before a change that nobody saw.
        if found.contains(where: { !$0.isAhead }) { found.removeAll(where: \.isAhead) }
        if found.isEmpty { leave([index]) } else { conclude(index, oneOf: found.map(\.choice)) }
    }
}

extension ClockHistory {
    /// The gaps that begin with a reading of the clock in a visit, until what it brought was heard. The last is open where the
    /// clock was not read since.
    fileprivate func gaps(after seen: Int, until heard: Window) -> [Gap] {
        var gaps: [Gap] = [], begin = gap(before: seen).end
        while let start = begin, start.fix.world.earliest <= heard.latest {
            let next = fixes.first { $0.place > start.place && !$0.fix.isWritten }
            gaps.append(gap(before: next?.place ?? Int.max))
            begin = next
        }
        return gaps
    }
}
