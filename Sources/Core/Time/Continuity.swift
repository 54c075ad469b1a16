/// The device's clock over all its history: where it is pinned, how fast it runs, and whether it was changed in between.
package struct ClockHistory {
    /// Where `History.pairs` says something, by its place there.
    private(set) var fixes: [(place: Int, fix: Fix)] = []
    private(set) var rate = Rate.unknown
    private let hub: HubTimeline
    /// What the device did so far when its clock was written; nil where it is not known, or not always the same.
    private(set) var obeys: Bool?

    /// From one reading of the clock to the next.
    struct Gap {
        /// What it may have gone on from: as it was found and, where the hub then set it, as it was set.
        var starts: [(place: Int, fix: Fix)]
        var end: (place: Int, fix: Fix)?
    }

    enum Continuity { case unbroken, broken, unclear }

    /// A step of a clock that anybody makes is half an hour or more, or shows against a known rate.
    static let step: Int64 = 15 * 60_000_000

    init(_ pairs: [ClockPair], _ hub: HubTimeline, zone: ZoneOffset) {
        self.hub = hub
        // A reading of the clock at a time that the hub cannot tell pins it nowhere.
        for (place, pair) in pairs.enumerated() {
            if let fix = Fix(pair, hub), fix.world.isClosed { fixes.append((place, fix)) }
        }
        learn(zone)
    }

    /// Whether the device goes by what is written to it, and how fast its clock runs.
    private mutating func learn(_ zone: ZoneOffset) {
        // As if the clock went by what the hub wrote, as if it ignored that, and where both come to the same.
        let obeying = stretches(obeys: true, zone), ignoring = stretches(obeys: false, zone)
        let (obeyed, ignored) = answers
        if obeyed > 2, obeyed >= 4 * ignored {
            obeys = true
        } else if ignored > 2, ignored >= 4 * obeyed {
            obeys = false
        } else if Self.explains(obeying.single, better: ignoring.single) {
            obeys = true
        } else if Self.explains(ignoring.single, better: obeying.single) {
            obeys = false
        } else if obeyed == 0 || ignored == 0 {
            obeys = obeyed > 0 ? true : ignored > 0 ? false : nil
        }
        let found =
            switch obeys {
            case true?: obeying
            case false?: ignoring
            case nil: stretches(obeys: nil, zone)
            }
        let rates = found.single
        // Whoever set the clock by no more than it might have gained has a vote too, and is outvoted.
        guard let middle = rates.map(\.middle).sorted().dropFirst(rates.count / 2).first else { return }
        let agreed = rates.filter { $0.contains(middle) }
        guard agreed.count > 1, agreed.count >= 2 * (rates.count - agreed.count) else { return }
        // The longer a stretch, the sharper; but one that was touched unseen spoils all that it is part of, so that nothing is
        // made sharper by them than the crystal's own wandering makes it.
        let range = found.joined.reduce(agreed.reduce(rate.range) { $0.intersection($1) }) { range, long in
            let both = range.intersection(long)
            return both.half < Rate.sharpest ? range : both
        }
        rate = Rate(range: range)
    }

    /// How fast the clock ran in stretches in which nobody touched it.
    private struct Stretches {
        /// In each of a day or more.
        var single: [Window] = []
        /// In several together.
        var joined: [Window] = []
    }

    /// Whether of two stories the one is true: a clock keeps its rate, so it runs alike in nearly all stretches of that one,
    /// and not in many of the other's.
    private static func explains(_ story: [Window], better other: [Window]) -> Bool {
        let votes = Window.votes(story), others = Window.votes(other)
        guard votes > 2 else { return false }
        return votes >= 2 * others || other.count - others >= 3 + 3 * (story.count - votes)
    }

    /// How often the device obeyed and how often it did not, where its clock was written and only one of them can be. Who sets
    /// the clock as well has it look otherwise once.
    private var answers: (obeyed: Int, ignored: Int) {
        var obeyed = 0, ignored = 0
        for (place, end) in fixes where !end.isWritten {
            let starts = gap(before: place).starts
            let possible = starts.filter { continuity(from: $0.fix, to: end) != .broken }
            guard Set(starts.map(\.fix.isWritten)).count == 2, possible.count == 1 else { continue }
            if possible[0].fix.isWritten { obeyed += 1 } else { ignored += 1 }
        }
        return (obeyed, ignored)
    }

    /// How fast the clock ran in each stretch of a day or more in which it was left alone, by one story of what it does when
    /// it is written; nil for what all stories share.
    private func stretches(obeys: Bool?, _ zone: ZoneOffset) -> Stretches {
        var rates = Stretches(), begin: Fix?, last: Fix?, first: Fix?
        func measure(_ end: Fix?, atLeast length: Int64, stepped: Int64 = 0) -> Bool {
            guard let begin, let end else { return false }
            let rate = measured(from: begin, to: end, atLeast: length, stepped: stepped)
            rates.single += rate.map { [$0] } ?? []
            return rate != nil
        }
        for (place, end) in fixes where !end.isWritten {
            let starts = gap(before: place).starts, isOpen = Set(starts.map(\.fix.isWritten)).count == 2
            let told = starts.filter { obeys == nil || !isOpen || $0.fix.isWritten == obeys }
            let possible = told.filter { continuity(from: $0.fix, to: end) != .broken }
            let start = obeys == nil && possible.count != 1 ? nil : possible.last?.fix
            if let start, !start.isWritten, begin != nil {
                // It goes on.
            } else {
                _ = measure(last, atLeast: Rate.day / 4)
                begin = start ?? told.last?.fix
                first = start ?? end
            }
            rates.joined += first.flatMap { measured(from: $0, to: end, atLeast: Rate.day) }.map { [$0] } ?? []
            // A clock that follows the house is on its line but for the house's step.
            let step = start == nil ? told.last.flatMap { season(from: $0.fix, to: end, zone) } : 0
            if let step, measure(end, atLeast: step == 0 ? Rate.day : Rate.day / 4, stepped: step) {
                begin = end
            } else if start == nil || isReadBack(begin, end) {
                begin = end
            }
            last = end
        }
        _ = measure(last, atLeast: Rate.day / 4)
        return rates
    }

    /// Whether one only proves the other, more sharply.
    func isReadBack(_ written: Fix?, _ read: Fix) -> Bool {
        guard let written, written.isWritten else { return false }
        return hub.elapsed(from: written, to: read).latest < 60_000_000
    }

    /// The step of the house's clocks between two readings, if it is what breaks the line.
    private func season(from: Fix, to: Fix, _ zone: ZoneOffset) -> Int64? {
        func minutes(_ fix: Fix) -> Int { zone(Chronology.instant(fix.world.middle)) }
        let step = Int64(minutes(to) - minutes(from)) * 60_000_000
        return step != 0 && continuity(from: from, to: to, stepped: step) != .broken ? step : nil
    }

    /// What the clock may have gone on from, as far as anybody can tell.
    func possible(_ gap: Gap) -> [(place: Int, fix: Fix)] {
        guard let end = gap.end else { return [] }
        let possible = gap.starts.filter { continuity(from: $0.fix, to: end.fix) != .broken }
        return proven(Gap(starts: possible, end: end)).starts
    }

    /// The readings of the clock on the line from one to the other, with up to two more on each side.
    func line(from start: (place: Int, fix: Fix), to end: (place: Int, fix: Fix)) -> (before: [Fix], after: [Fix]) {
        var before = [start.fix], after = [end.fix], first = start, last = end
        while before.count < 3, !first.fix.isWritten {
            let gap = gap(before: first.place)
            guard gap.starts.count == 1, continuity(from: gap.starts[0].fix, to: first.fix) == .unbroken else { break }
            first = gap.starts[0]
            before.append(first.fix)
        }
        while after.count < 3 {
            guard let next = gap(before: last.place + 1).end, gap(before: next.place).starts.count == 1,
                continuity(from: last.fix, to: next.fix) == .unbroken
            else { break }
            last = next
            after.append(last.fix)
        }
        return (before, after)
    }

    /// The gap without the starts that what is known of the device rules out.
    func proven(_ gap: Gap) -> Gap {
        guard let obeys else { return gap }
        let proven = gap.starts.filter { $0.fix.isWritten == obeys }
        return proven.isEmpty ? gap : Gap(starts: proven, end: gap.end)
    }

    /// The gap in which a record was made, of whose device so many pairs had been seen before the visit.
    func gap(before seen: Int) -> Gap {
        // Fixes stand in the order of their places.
        let low = fixes.firstPlace { $0.place >= seen }
        var from = max(0, low - 1)
        while from > 0, fixes[from].fix.isWritten { from -= 1 }
        let starts = Array(fixes[from..<max(from, low)])
        // What was written before it was read says nothing of what it was written over.
        if low < fixes.count, fixes[low].fix.isWritten, obeys != false { return Gap(starts: starts, end: nil) }
        return Gap(starts: starts, end: fixes[low...].first { !$0.fix.isWritten })
    }

    /// What the clock showed, or was written, at a place.
    func fix(at place: Int) -> Fix? {
        let index = fixes.firstPlace { $0.place >= place }
        return index < fixes.count && fixes[index].place == place ? fixes[index].fix : nil
    }

    /// Where the clock was read next; nil where it was not.
    func reading(after place: Int) -> (place: Int, fix: Fix)? {
        fixes[fixes.firstPlace { $0.place > place }...].first { !$0.fix.isWritten }
    }

    /// How many visits a record is believed to have been left behind by. In each, a clock is read, set and read again at most.
    package static let patience = 12

    /// Where the clock was read between two places: the last few times, and the very first, before which anything may lie.
    func readings(from since: Int, before seen: Int) -> [Int] {
        var places: [Int] = [], index = gap(before: seen).starts.first.map(\.place) ?? -1
        while index >= since, places.count < Self.patience {
            places.append(index)
            index = gap(before: index).starts.first.map(\.place) ?? -1
        }
        if since == 0, let first = fixes.first(where: { !$0.fix.isWritten })?.place, first < places.last ?? seen {
            places.append(first)
        }
        return places.reversed()
    }

    /// Whether the device's clock can have run from one to the other without anybody's touching it.
    func continuity(from: Fix, to: Fix, stepped: Int64 = 0) -> Continuity {
        let shown = to.device - from.device - stepped, passed = hub.elapsed(from: from, to: to)
        guard passed.isClosed else { return .unclear }
        let allowed = rate.passed(shown).widened(by: from.error + to.error)
        if allowed.intersection(passed).isEmpty { return .broken }
        // So long, or so badly known, that a change of half an hour would not show.
        if passed.half > Self.step { return .unclear }
        return abs(shown - passed.middle) > Self.step && !rate.isKnown ? .unclear : .unbroken
    }

    /// How fast the clock ran from one to the other, if nobody changed it; nil in too short a time.
    func measured(from: Fix, to: Fix, atLeast length: Int64, stepped: Int64 = 0) -> Window? {
        let shown = to.device - from.device - stepped, passed = hub.elapsed(from: from, to: to)
        guard passed.isClosed, passed.earliest >= length else { return nil }
        let gained = Window(shown - passed.latest, shown - passed.earliest)
            .widened(by: from.error + to.error + Rate.strayed(in: passed.middle))
        func ppb(_ gain: Int64) -> Int64 { Int64(clamping: Int128(gain) * 1_000_000_000 / Int128(passed.middle)) }
        return Window(ppb(gained.earliest) - 1, ppb(gained.latest) + 1)
    }
}
