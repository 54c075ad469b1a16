// A clock that was changed: by a battery, by a hand, by summer time.

extension Chronology {
    /// Between two readings of the clock somebody changed it. Records before are on the line of the first, records after on
    /// that of the second; which are which, the order in the memory says, as far as it does.
    mutating func placeAroundStep(_ group: [Int], _ gap: ClockHistory.Gap, _ end: (place: Int, fix: Fix)) {
        let stamps = group.compactMap { stamp($0) }, count = group.count, starts = gap.starts
        guard stamps.count == count, let start = starts.last else { return }
        let room = Window(starts.map(\.fix.world.earliest).min() ?? Window.never, end.fix.world.latest)
        let change = seasonalChange(from: start.fix, to: end.fix), turn = change ?? room.middle
        let lines = group.indices.map { at in
            starts.compactMap { start -> (start: (place: Int, fix: Fix), window: Window)? in
                let window = start.fix.date(stamps[at], clock.rate)
                return window.intersection(room).isEmpty ? nil : fits(group[at], window).map { (start, $0) }
            }
        }
        let before = lines.map { lines -> Window? in
            lines.first.map { first in lines.reduce(first.window) { $0.hull($1.window) } }
        }
        let after = group.indices.map { at -> Window? in
            let window = end.fix.date(stamps[at], clock.rate)
            return window.latest < room.earliest ? nil : fits(group[at], window)
        }
        func follows(_ at: Int) -> Bool { stamps[at].device >= stamps[at - 1].device }
        // As many of the first as can be on the line before, and of the last on the line after.
        var first = 0, last = count
        while first < count, before[first] != nil, first == 0 || follows(first) { first += 1 }
        while last > 0, after[last - 1] != nil, last == count || follows(last) { last -= 1 }
        func old(_ at: Int, orNew: Bool) -> [Choice] {
            lines[at].map { line in
                let window = around(line.window, of: group[at], stamps[at], on: line.start.fix, in: gap, change)
                return Choice(
                    window: window, best: line.window.middle, basis: window == line.window ? .paired : .ambiguous,
                    isLikely: isLikely(line.start.fix, among: starts) && (!orNew || line.window.middle < turn),
                    from: line.start.place, to: nil)
            }
        }
        func new(_ at: Int) -> [Choice] {
            guard let line = after[at] else { return [] }
            let window = around(line, of: group[at], stamps[at], on: end.fix, in: gap, change)
            return [
                Choice(
                    window: window, best: line.middle, basis: window == line ? .paired : .ambiguous, isLikely: true,
                    from: nil, to: end.place)
            ]
        }
        guard first >= last else {
            for at in 0..<first { conclude(group[at], oneOf: old(at, orNew: false)) }
            for at in last..<count { conclude(group[at], oneOf: new(at)) }
            return leave(Array(group[first..<last]))
        }
        // The step lies before record `step`, for one of these.
        var steps = (last...first).filter { step in
            guard step > 0, step < count, let left = before[step - 1], let right = after[step] else { return true }
            return left.earliest <= right.latest
        }
        if let change {
            // Nobody sets a clock to summer time more than a day too early; too late, many do.
            let due = before.prefix { $0.map { $0.latest < change - Rate.day } ?? false }.count
            let lawful = steps.filter { $0 >= due }
            if !lawful.isEmpty { steps = lawful }
        }
        guard let earliest = steps.first, let latest = steps.last else { return leave(group) }
        for at in 0..<count {
            let choices =
                at < earliest ? old(at, orNew: false) : at >= latest ? new(at) : new(at) + old(at, orNew: true)
            conclude(group[at], oneOf: choices)
        }
    }

    /// The window of a record on a line of a gap in which the clock was changed, with what else is possible there: a change of
    /// another kind does not rule out that summer time was set too, nor one change another.
    func around(
        _ line: Window, of index: Int, _ stamp: Stamp, on fix: Fix, in gap: ClockHistory.Gap, _ change: Int64?
    ) -> Window {
        let seasons = change == nil ? withSeasons(line, of: index, since: fix) : line
        guard let start = gap.starts.last?.fix, let end = gap.end?.fix else { return seasons }
        return seasons.hull(withHouse(line, stamp, from: start, to: end, isLawful: change != nil))
    }

    /// When the house's own clocks changed in between, if that is what the device's did.
    func seasonalChange(from: Fix, to: Fix) -> Int64? {
        func minutes(_ at: Int64) -> Int { zone(Self.instant(at)) }
        var low = from.world.middle, high = to.world.middle
        let old = minutes(low), new = minutes(high)
        guard from.world.isClosed, to.world.isClosed, low < high, old != new else { return nil }
        // Beside what its crystal gained.
        let drifted = clock.rate.passed(high - low)
        let change = Int64(new - old) * 60_000_000
        let seen = to.offset - from.offset - (high - low - drifted.middle)
        let tolerance = drifted.half + from.error + to.error + 120_000_000
        // So loosely known a clock may hide another change beside.
        guard tolerance < 10 * 60_000_000, abs(seen - change) <= tolerance else { return nil }
        while high - low > 1_000_000 {
            let middle = low + (high - low) / 2
            if minutes(middle) == old { low = middle } else { high = middle }
        }
        return high
    }

    /// Whether the house's clocks went and came back in between: one that differs at the end proves that the device does not
    /// follow, and one that never went says nothing.
    func returns(from: Fix, to: Fix) -> Bool {
        let first = from.world.middle, last = to.world.middle, here = zone(Self.instant(first))
        guard here == zone(Self.instant(last)) else { return false }
        return stride(from: first, to: last, by: Int(7 * Rate.day)).contains { zone(Self.instant($0)) != here }
    }

    /// Whether a clock shows about the right date: nobody puts one forward by an hour that is days away.
    private func isOfTheHouse(_ fix: Fix) -> Bool {
        abs(fix.offset - Int64(zone(Self.instant(fix.world.middle))) * 60_000_000) < 26 * 3_600_000_000
    }

    /// The window, and what it would be had the clock followed the house's: by itself, a day early by hand, or up to two
    /// weeks late.
    func withSeasons(_ window: Window, of index: Int, since fix: Fix) -> Window {
        guard case .clock = history.records[index].taken, window.isClosed, fix.world.isClosed, isOfTheHouse(fix) else {
            return window
        }
        func offset(_ at: Int64) -> Int64 { Int64(zone(Self.instant(at))) * 60_000_000 }
        let base = offset(fix.world.middle)
        return [0, Rate.day, -14 * Rate.day].reduce(window) { hull, away in
            let shift = base - offset(window.middle + away)
            return hull.hull(window.moved(by: Window(shift, shift)))
        }
    }

    /// What nobody corrects.
    private static let unseen: Int64 = 60_000_000
    /// How well a hand sets a clock.
    private static let byHand: Int64 = 180_000_000

    /// The window of a record, and what it would be had somebody set the clock by the house's in between, as may have happened
    /// where it was changed and long not read; it has then run on as it does.
    private func withHouse(_ window: Window, _ stamp: Stamp, from: Fix, to: Fix, isLawful: Bool) -> Window {
        let length = to.world.middle - from.world.middle
        guard window.isClosed, length > Chord.unwatched, isOfTheHouse(from) || isOfTheHouse(to) else { return window }
        func house(_ late: Int64) -> Int64 {
            stamp.device - Int64(zone(Self.instant(window.middle - late))) * 60_000_000
        }
        let right = house(0), wrong = abs(right - window.middle)
        // Days away from the house's: nobody's hand set it so.
        guard wrong < 26 * 3_600_000_000 else { return window }
        if isLawful, wrong + window.half <= Self.unseen { return window }
        let drift = scaled(length, max(abs(clock.rate.range.earliest), abs(clock.rate.range.latest)))
        // By summer time as it was then, or as it had been: some follow it two weeks late.
        return [right, house(14 * Rate.day)].reduce(window) { $0.hull(Window($1, within: Self.byHand + drift)) }
    }

    /// The clock was never read before: the line goes back from the first reading, as far as the memory shows no break.
    mutating func placeBackwards(_ group: [Int], _ end: (place: Int, fix: Fix)) {
        let stamps = group.compactMap { stamp($0) }
        guard stamps.count == group.count else { return }
        var later = end.fix.device, first = group.count
        while first > 0 {
            let at = first - 1, stamp = stamps[at]
            // Over so long a silence nobody knows what was done to the clock.
            let isClose = abs(later - stamp.device) < Self.credible
            let follows = first == group.count || stamp.device <= later
            guard isClose, follows, fits(group[at], end.fix.date(stamp, clock.rate)) != nil else { break }
            later = stamp.device
            first = at
        }
        for at in first..<group.count {
            let window = end.fix.date(stamps[at], clock.rate)
            guard window.isClosed, end.fix.world.earliest - window.middle < 30 * Rate.day else {
                // Of so long ago only the day is believed: no zone is farther away than that.
                conclude(
                    group[at], window.widened(by: 14 * 3_600_000_000), best: window.middle, .ambiguous, to: end.place)
                continue
            }
            guard case .clock = history.records[group[at]].taken, let season = otherSeason(window, end.fix) else {
                conclude(group[at], window, .paired, to: end.place)
                continue
            }
            let moved = window.moved(by: Window(season.change, season.change))
            conclude(
                group[at], window.hull(moved), best: season.isLikely ? moved.middle : window.middle, .ambiguous,
                to: end.place)
        }
        leave(Array(group[..<first]))
    }

    /// Where the house's clocks changed between a record and the first reading of the device's clock: by how much the
    /// device's may have been changed too, by itself or by hand up to two weeks late.
    private func otherSeason(_ window: Window, _ end: Fix) -> (change: Int64, isLikely: Bool)? {
        func offset(_ at: Int64) -> Int64 { Int64(zone(Self.instant(at))) * 60_000_000 }
        let now = offset(end.world.middle), then = offset(window.middle)
        let earlier = offset(window.middle - 14 * Rate.day)
        let old = then != now ? then : earlier
        guard window.isClosed, old != now, isOfTheHouse(end) else { return nil }
        func shows(_ offset: Int64) -> Bool { abs(end.offset - offset) < 5 * 60_000_000 }
        // It still shows what the house did before: nobody has touched it.
        if shows(old) { return nil }
        return (now - old, then != now && shows(now))
    }
}
