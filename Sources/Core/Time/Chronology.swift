/// Concludes when the records of a device's memory were taken, from what was seen of its clock.
///
///     pairs      read ─── set ────────── read ──── set ───────────── read
///     records          · ·  ·   ·  ·  ·        ·      ·  · · ·  ·
///     gaps       ├─────── one line ──────┤├─── a step: two lines ────┤
///
/// Nothing is guessed: where the evidence allows two times, the window holds both; where it allows none, the record lies
/// between its visits and its neighbours. The same history gives the same answer, in whatever portions it came.
package struct Chronology {
    let history: History
    let hub: HubTimeline
    let zone: ZoneOffset
    let clock: ClockHistory
    /// Whether the device's records show no seconds.
    let showsMinutes: Bool
    var conclusions: [Conclusion]
    /// For records on a line of nobody's, which of these lines; 0 for all others.
    var strays: [Int]
    /// The times between which nothing but a record's neighbours can tell; none where there is but one.
    var choices: [[Choice]]

    package static func conclude(_ history: History, _ hub: HubTimeline, zone: ZoneOffset) -> [Conclusion] {
        var recollection = Recollection()
        return conclude(history, hub, zone: zone, recalling: &recollection)
    }

    /// What the readings of one device's clock came to, for whoever dates one record after another of a visit: it is most of
    /// the work. True for one timeline of the hub and one zone.
    package struct Recollection: Sendable {
        private var pairs: [ClockPair] = []
        private var clock: ClockHistory?

        package init() {}

        fileprivate mutating func clock(_ pairs: [ClockPair], _ hub: HubTimeline, zone: ZoneOffset) -> ClockHistory {
            if let clock, self.pairs == pairs { return clock }
            let clock = ClockHistory(pairs, hub, zone: zone)
            (self.pairs, self.clock) = (pairs, clock)
            return clock
        }
    }

    /// The same, for the next record of a visit.
    package static func conclude(
        _ history: History, _ hub: HubTimeline, zone: ZoneOffset, recalling recollection: inout Recollection
    ) -> [Conclusion] {
        var conclusions = concluded(history, hub, zone, recollection.clock(history.pairs, hub, zone: zone))
        let unsure = history.records.indices.filter { !hub.window(history.records[$0].heard).isClosed }
        guard !unsure.isEmpty else { return conclusions }
        let believing = hub.believingWall
        let apparent = concluded(history, believing, zone, ClockHistory(history.pairs, believing, zone: zone))
        for index in unsure {
            let window = conclusions[index].window
            conclusions[index] = apparent[index]
            conclusions[index].apparent = apparent[index].window
            conclusions[index].window = window
        }
        return conclusions
    }

    private static func concluded(
        _ history: History, _ hub: HubTimeline, _ zone: ZoneOffset, _ clock: ClockHistory
    ) -> [Conclusion] {
        withoutActuallyEscaping(zone) { zone in
            var chronology = Chronology(history, hub, zone, clock)
            for memory in history.memories {
                var rest = memory[...]
                while let first = rest.first {
                    let seen = history.records[first].seen, gap = chronology.clock.gap(before: seen)
                    let group = rest.prefix { index in
                        guard history.records[index].seen != seen else { return true }
                        let other = chronology.clock.gap(before: history.records[index].seen)
                        return other.end?.place == gap.end?.place && other.starts.last?.place == gap.starts.last?.place
                    }
                    chronology.place(Array(group), in: gap)
                    rest = rest.dropFirst(group.count)
                }
                chronology.settle(memory)
            }
            return chronology.conclusions
        }
    }

    private init(
        _ history: History, _ hub: HubTimeline, _ zone: @escaping ZoneOffset, _ clock: ClockHistory
    ) {
        self.history = history
        self.hub = hub
        self.zone = zone
        self.clock = clock
        let stamps = history.records.compactMap { record -> LocalTime? in
            if case .clock(let time) = record.taken { time } else { nil }
        }
        // One stamp in sixty shows a whole minute by chance; three in a row do not.
        showsMinutes = stamps.count > 2 && stamps.allSatisfy { $0.second == 0 && $0.decimals == 0 }
        strays = Array(repeating: 0, count: history.records.count)
        choices = Array(repeating: [], count: history.records.count)
        conclusions = []
        conclusions = history.records.map { record in
            let heard = hub.window(record.heard)
            if record.taken == .now {
                let window = Window(heard.earliest - 1_000_000, heard.latest)
                return Conclusion(
                    best: heard.isClosed ? Self.instant(heard.middle) : record.heard.wall, window: window,
                    basis: .arrival)
            }
            let after = record.after.map { hub.window($0).earliest } ?? Window.never
            // Clocks of two boots may contradict each other: then only the arrival counts.
            let window = after <= heard.latest ? Window(after, heard.latest) : Window(Window.never, heard.latest)
            return Self.aged(record, heard, within: window)
                ?? Conclusion(best: record.heard.wall, window: window, basis: .bounded)
        }
    }

    /// How long before its first reading a clock may have stood on the same line.
    static let credible = 100 * Rate.day

    /// Whether the record may have been taken then.
    func fits(_ index: Int, _ window: Window?) -> Window? {
        guard let window else { return nil }
        let both = window.intersection(conclusions[index].window)
        return both.isEmpty ? nil : both
    }

    func stamp(_ index: Int) -> Stamp? { Stamp(history.records[index].taken, showsMinutes: showsMinutes) }

    mutating func conclude(
        _ index: Int, _ window: Window, best: Int64? = nil, _ basis: Basis, from: Int? = nil, to: Int? = nil
    ) {
        let both = fits(index, window) ?? window
        let best = both.clamped(best ?? window.middle)
        // Two times that differ by no more than a stamp's own error are one.
        let isOne = basis == .ambiguous && both.half <= 5_000_000
        conclusions[index] = Conclusion(
            best: Self.instant(best), window: both, basis: isOne ? .paired : basis, doubts: conclusions[index].doubts,
            from: from, to: to)
    }

    /// Whose lines the records of one gap are on.
    private mutating func place(_ group: [Int], in gap: ClockHistory.Gap) {
        // What an earlier visit left behind is of that visit's gap, or of this one.
        let found = gap.starts.first?.place ?? -1
        // In a visit that goes on for long, as on a cable, it may be of the time since the clock was read.
        let across = Set(group.filter { found >= history.records[$0].since || isOfOwnVisit($0) })
        for index in group where across.contains(index) { placeAcross(index) }
        let stamped = group.filter { stamp($0) != nil && !across.contains($0) }
        guard let end = gap.end else {
            // Its clock was not read since. Where it would be, if nobody touched it, is a hint and no more.
            guard let start = gap.starts.last else { return }
            for index in stamped {
                guard let stamp = stamp(index), let window = fits(index, start.fix.date(stamp, clock.rate)) else {
                    continue
                }
                conclusions[index].best = Self.instant(window.middle)
            }
            return
        }
        for index in stamped {
            guard let stamp = stamp(index), end.place < history.pairs.count else { continue }
            let ahead = end.fix.date(stamp, clock.rate).earliest
            if ahead > hub.window(history.records[index].heard).latest { conclusions[index].doubts.insert(.ahead) }
        }
        if gap.starts.isEmpty { return placeBackwards(stamped, end) }
        let possible = clock.possible(gap)
        if !possible.isEmpty {
            let isWhole = possible.allSatisfy { clock.continuity(from: $0.fix, to: end.fix) == .unbroken }
            return isWhole ? placeOnChords(stamped, possible, end) : placeBetween(stamped, possible, end)
        }
        placeAroundStep(stamped, clock.proven(gap), end)
    }

    /// Nobody changed the clock: the line fits both ends.
    private mutating func placeOnChords(
        _ group: [Int], _ starts: [(place: Int, fix: Fix)], _ end: (place: Int, fix: Fix)
    ) {
        // Both ends agree, but a stamp that goes back says that the clock was away from the line and was put back.
        let stamps = group.compactMap { stamp($0) }
        guard zip(stamps, stamps.dropFirst()).allSatisfy({ $0.device <= $1.device }) else { return leave(group) }
        var astray: [Int] = []
        let hasReturned = returns(from: starts[0].fix, to: end.fix)
        let around = starts.count == 1 ? clock.line(from: starts[0], to: end) : ([], [])
        guard let likely = starts.last(where: { isLikely($0.fix, among: starts) }) else { return leave(group) }
        for index in group {
            guard let stamp = stamp(index) else { continue }
            let windows = starts.compactMap { start -> Window? in
                let window = Chord(from: start.fix, to: end.fix).date(stamp, clock.rate)
                return fits(index, sharpened(window, stamp, around))
            }
            guard let first = windows.first else { astray.append(index); continue }
            let isEdge = stamp.device < starts[0].fix.device || stamp.device > end.fix.device
            let line = windows.reduce(first) { $0.hull($1) }, best = Chord(from: likely.fix, to: end.fix).best(stamp)
            // Over a whole winter a clock may have gone and come back with the house's.
            let hull = hasReturned ? withSeasons(line, of: index, since: end.fix) : line
            let basis: Basis = hull != line ? .ambiguous : isEdge ? .paired : .interpolated
            conclude(index, hull, best: best, basis, from: likely.place, to: end.place)
        }
        leave(astray)
    }

    /// The window of a record on one line, and on those through the readings before and after of the same line.
    func sharpened(_ window: Window, _ stamp: Stamp, _ line: (before: [Fix], after: [Fix])) -> Window {
        line.before.reduce(window) { window, from in
            line.after.reduce(window) { window, to in
                let both = window.intersection(Chord(from: from, to: to).date(stamp, clock.rate))
                return both.isEmpty ? window : both
            }
        }
    }

    /// Two readings of the clock that lie so far apart, or are so badly known, that a change between them would not show.
    private mutating func placeBetween(
        _ group: [Int], _ starts: [(place: Int, fix: Fix)], _ end: (place: Int, fix: Fix)
    ) {
        var astray: [Int] = []
        let turn = starts.last.map { Window($0.fix.world.middle, end.fix.world.middle).middle }
        for index in group {
            guard let stamp = stamp(index) else { continue }
            let choices = (starts + [end]).compactMap { place, fix -> Choice? in
                let line = fix.date(stamp, clock.rate), isEnd = place == end.place
                guard let window = fits(index, withSeasons(line, of: index, since: fix)) else { return nil }
                let isDue = turn.map { (line.middle < $0) != isEnd } ?? true
                return Choice(
                    window: window, best: line.middle, basis: .ambiguous,
                    isLikely: isDue && (isEnd || isLikely(fix, among: starts)),
                    from: isEnd ? nil : place, to: isEnd ? place : nil)
            }
            if choices.isEmpty { astray.append(index) } else { conclude(index, oneOf: choices) }
        }
        leave(astray)
    }

    /// Of what was found and what was then written, the likelier: most devices obey.
    func isLikely(_ start: Fix, among starts: [(place: Int, fix: Fix)]) -> Bool {
        start.isWritten == (clock.obeys ?? true) || starts.allSatisfy { $0.fix.isWritten == start.isWritten }
    }

    /// On no line that was ever seen.
    mutating func leave(_ group: [Int]) {
        var line = (strays.max() ?? 0) + 1, last: (index: Int, device: Int64)?
        for index in group {
            guard let stamp = stamp(index) else { continue }
            // A stamp below the one before, or records between them that are on other lines: another line begins.
            if let last, stamp.device < last.device || index != last.index + 1 { line += 1 }
            strays[index] = line
            conclusions[index].basis = .neighbours
            last = (index, stamp.device)
        }
    }
}
