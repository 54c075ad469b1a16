// Records that are not of the time before their own visit: an earlier one left them behind, or they were made in it.

extension Chronology {
    /// Whether the record may have been made since the clock was read, or set, in its own visit.
    func isOfOwnVisit(_ index: Int) -> Bool {
        let record = history.records[index]
        guard let stamp = stamp(index), let read = clock.gap(before: record.seen).end?.fix else { return false }
        let since = Window(read.world.earliest, Window.forever)
        return gaps(since: record).flatMap { $0.starts + [$0.end].compactMap(\.self) }.contains { line in
            fits(index, line.fix.date(stamp, clock.rate).intersection(since)) != nil
        }
    }

    /// The gaps from the reading of the clock in a record's own visit until it was heard, and from there to the next reading.
    /// Open where there is none, and where the clock was written since it was heard: what was read after that says nothing of it.
    private func gaps(since record: History.Record) -> [ClockHistory.Gap] {
        func wasSeen(_ fix: (place: Int, fix: Fix)) -> Bool {
            hub.isBefore(history.pairs[fix.place].hub, record.heard)
        }
        var gaps: [ClockHistory.Gap] = [], begin = clock.gap(before: record.seen).end
        while let start = begin, wasSeen(start) {
            let next = clock.reading(after: start.place)
            var gap = clock.gap(before: next?.place ?? Int.max)
            let starts = gap.starts.filter(wasSeen)
            if starts.count < gap.starts.count { gap = ClockHistory.Gap(starts: starts, end: nil) }
            gaps.append(gap)
            begin = next
        }
        return gaps
    }

    /// A time that fits a record, and whether the clock must have been changed unseen for it.
    private typealias Found = (choice: Choice, isUnlikely: Bool)

    /// A record that may be of several gaps, because the visits between them ended too early, or its own went on.
    mutating func placeAcross(_ index: Int) {
        guard let stamp = stamp(index) else { return }
        let record = history.records[index]
        let places = clock.readings(from: record.since, before: record.seen) + [record.seen]
        let before = places.map { clock.gap(before: $0) }.flatMap { choices(of: index, stamp, in: $0) }
        let since = gaps(since: record).flatMap { gap in
            gap.end == nil ? open(index, stamp, in: gap) : choices(of: index, stamp, in: gap)
        }
        var found = (before + since).reduce(into: []) { joined, next in join(next, to: &joined, stamp) }
        // What needs no change of the clock is believed before a change that nobody saw.
        if found.contains(where: { !$0.isUnlikely }) { found.removeAll(where: \.isUnlikely) }
        if found.isEmpty { leave([index]) } else { conclude(index, oneOf: found.map(\.choice)) }
    }

    /// One line through a reading of the clock is one, although it is of two gaps; the longer, from the reading before to the
    /// one after, is as sharp as it would be without.
    private func join(_ next: Found, to found: inout [Found], _ stamp: Stamp) {
        guard let last = found.last, let place = last.choice.to, place == next.choice.from,
            last.choice.basis != .ambiguous, next.choice.basis != .ambiguous,
            !last.choice.window.intersection(next.choice.window).isEmpty
        else { return found.append(next) }
        var window = last.choice.window.hull(next.choice.window)
        let from = last.choice.from.flatMap(clock.fix(at:)), to = next.choice.to.flatMap(clock.fix(at:))
        if let from, let to {
            let both = window.intersection(Chord(from: from, to: to).date(stamp, clock.rate))
            if !both.isEmpty { window = both }
        }
        let choice = Choice(
            window: window, best: last.choice.best, basis: from != nil && to != nil ? .interpolated : .paired,
            isLikely: last.choice.isLikely || next.choice.isLikely, from: last.choice.from, to: next.choice.to ?? place)
        found[found.count - 1] = (choice, last.isUnlikely && next.isUnlikely)
    }

    /// Whether a start was written only just before the record was heard. What was set first tells its memory then: within so
    /// short a time hardly anybody makes a record.
    private func isFresh(_ start: Fix, _ index: Int) -> Bool {
        start.isWritten && hub.window(history.records[index].heard).latest < start.world.latest + 60_000_000
    }

    /// Whether the clock may have followed the house's from there until the record was heard: by itself, or by a hand that
    /// was up to two weeks late.
    private func mayHaveFollowed(_ start: Fix, _ index: Int) -> Bool {
        let heard = hub.window(history.records[index].heard).latest, read = start.world.latest
        guard heard < Window.forever, read < Window.forever else { return true }
        let now = zone(Self.instant(heard))
        let shows = abs(start.offset - Int64(now) * 60_000_000) < 5 * 60_000_000
        return zone(Self.instant(read)) != now || heard - read > Rate.day && !shows
    }

    private func found(
        _ index: Int, _ window: Window, best: Int64, _ basis: Basis, isLikely: Bool, from: Int?, to: Int?,
        isUnlikely: Bool
    ) -> [Found] {
        guard let window = fits(index, window) else { return [] }
        return [
            (Choice(window: window, best: best, basis: basis, isLikely: isLikely, from: from, to: to), isUnlikely)
        ]
    }

    /// Its clock was not read since: nobody touched it, but for summer time.
    private func open(_ index: Int, _ stamp: Stamp, in gap: ClockHistory.Gap) -> [Found] {
        clock.proven(gap).starts.flatMap { start in
            let line = start.fix.date(stamp, clock.rate)
            let window = mayHaveFollowed(start.fix, index) ? withSeasons(line, of: index, since: start.fix) : line
            return found(
                index, window.intersection(Window(start.fix.world.earliest, Window.forever)), best: line.middle,
                window == line ? .paired : .ambiguous, isLikely: isLikely(start.fix, among: gap.starts),
                from: start.place, to: nil, isUnlikely: isFresh(start.fix, index))
        }
    }

    private func choices(of index: Int, _ stamp: Stamp, in gap: ClockHistory.Gap) -> [Found] {
        guard let end = gap.end else { return [] }
        // Before the first reading of the clock nobody knows what was done to it, the longer ago the less.
        let begin = gap.starts.first?.fix.world.earliest ?? end.fix.world.earliest - Self.credible
        let room = Window(begin, end.fix.world.latest)
        let possible = clock.possible(gap)
        // Later than what the clock showed at the gap's end: made in it only if the clock was set back since.
        let isAhead = !possible.isEmpty && stamp.device - stamp.error > end.fix.device + end.fix.error
        let isWhole = possible.allSatisfy { clock.continuity(from: $0.fix, to: end.fix) == .unbroken }
        if isWhole, !possible.isEmpty {
            let around = possible.count == 1 ? clock.line(from: possible[0], to: end) : ([], [])
            return possible.flatMap { start in
                let chord = Chord(from: start.fix, to: end.fix)
                let line = sharpened(chord.date(stamp, clock.rate), stamp, around)
                // What was written before is of no line that was set then.
                let own = start.fix.isWritten ? Window(start.fix.world.earliest, room.latest) : room
                return found(
                    index, line.intersection(own), best: chord.best(stamp), .interpolated,
                    isLikely: isLikely(start.fix, among: gap.starts), from: start.place, to: end.place,
                    isUnlikely: isAhead || isFresh(start.fix, index))
            }
        }
        // Until the house's clocks change, or else for the first half, the old line is the likelier.
        let change = gap.starts.last.flatMap { seasonalChange(from: $0.fix, to: end.fix) }
        let turn = change ?? room.middle
        return (clock.proven(gap).starts + [end]).flatMap { fix in
            let line = fix.fix.date(stamp, clock.rate), isStart = fix.place != end.place
            let isCertain = isStart && !mayHaveFollowed(fix.fix, index)
            let window = isCertain ? line : around(line, of: index, stamp, on: fix.fix, in: gap, change)
            return found(
                index, window.intersection(room), best: line.middle, window == line ? .paired : .ambiguous,
                isLikely: (line.middle < turn) == isStart && (!isStart || isLikely(fix.fix, among: gap.starts)),
                from: isStart ? fix.place : nil, to: isStart ? nil : end.place,
                isUnlikely: isAhead || isStart && isFresh(fix.fix, index))
        }
    }
}
