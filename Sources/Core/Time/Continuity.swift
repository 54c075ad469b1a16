/// The device's clock over all its history: where it is pinned, how fast it runs, and whether it was changed in between.
struct ClockHistory {
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

    init(_ pairs: [ClockPair], _ hub: HubTimeline) {
        self.hub = hub
        // A reading of the clock at a time that the hub cannot tell pins it nowhere.
        for (place, pair) in pairs.enumerated() {
            if let fix = Fix(pair, hub), fix.world.isClosed { fixes.append((place, fix)) }
        }
        learn()
    }

    /// Whether the device goes by what is written to it, and how fast its clock runs.
    private mutating func learn() {
        // From what was found before, as if the clock ignored what the hub then wrote; from what was written; and where
        // there is but one of them.
        var ignoring: [Window] = [], obeying: [Window] = [], certain: [Window] = [], obeyed = 0, ignored = 0
        for (place, end) in fixes where !end.isWritten {
            let starts = gap(before: place).starts
            let possible = starts.filter { continuity(from: $0.fix, to: end) != .broken }
            let isOpen = Set(starts.map(\.fix.isWritten)).count == 2
            if isOpen, possible.count == 1 { if possible[0].fix.isWritten { obeyed += 1 } else { ignored += 1 } }
            for start in possible {
                guard let rate = measured(from: start.fix, to: end) else { continue }
                if possible.count == 1 { certain.append(rate) }
                if !isOpen || start.fix.isWritten { obeying.append(rate) }
                if !isOpen || !start.fix.isWritten { ignoring.append(rate) }
            }
        }
        if obeyed + ignored > 0 {
            if obeyed == 0 || ignored == 0 { obeys = obeyed > 0 }
        } else {
            // A clock keeps its rate: of two stories the one is true in which it does.
            let votes = (Window.votes(obeying), Window.votes(ignoring))
            if votes.0 > 2, votes.0 >= 2 * votes.1 { obeys = true }
            if votes.1 > 2, votes.1 >= 2 * votes.0 { obeys = false }
        }
        let rates =
            switch obeys {
            case true?: obeying
            case false?: ignoring
            case nil: certain
            }
        if let agreed = Window.agreed(rates) {
            let range = agreed.intersection(rate.range)
            if !range.isEmpty { rate = Rate(range: range) }
        }
    }

    /// What the clock may have gone on from, as far as anybody can tell.
    func possible(_ gap: Gap) -> [(place: Int, fix: Fix)] {
        guard let end = gap.end else { return [] }
        let possible = gap.starts.filter { continuity(from: $0.fix, to: end.fix) != .broken }
        guard possible.count > 1, let obeys else { return possible }
        let proven = possible.filter { $0.fix.isWritten == obeys }
        return proven.isEmpty ? possible : proven
    }

    /// The gap in which a record was made, of whose device so many pairs had been seen before the visit.
    func gap(before seen: Int) -> Gap {
        // Fixes stand in the order of their places.
        let low = fixes.firstPlace { $0.place >= seen }
        var from = max(0, low - 1)
        while from > 0, fixes[from].fix.isWritten { from -= 1 }
        return Gap(starts: Array(fixes[from..<max(from, low)]), end: fixes[low...].first { !$0.fix.isWritten })
    }

    /// How many visits a record is believed to have been left behind by.
    static let patience = 12

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
    func continuity(from: Fix, to: Fix) -> Continuity {
        let shown = to.device - from.device, passed = hub.elapsed(from: from, to: to)
        guard passed.isClosed else { return .unclear }
        let allowed = rate.passed(shown).widened(by: from.error + to.error)
        if allowed.intersection(passed).isEmpty { return .broken }
        // So long, or so badly known, that a change of half an hour would not show.
        if passed.half > Self.step { return .unclear }
        return abs(shown - passed.middle) > Self.step && !rate.isKnown ? .unclear : .unbroken
    }

    private func measured(from: Fix, to: Fix) -> Window? {
        let shown = to.device - from.device, passed = hub.elapsed(from: from, to: to)
        guard passed.isClosed, passed.earliest >= Rate.day else { return nil }
        let gained = Window(shown - passed.latest, shown - passed.earliest)
            .widened(by: from.error + to.error + Rate.strayed(in: passed.middle))
        func ppb(_ gain: Int64) -> Int64 { Int64(clamping: Int128(gain) * 1_000_000_000 / Int128(passed.middle)) }
        return Window(ppb(gained.earliest) - 1, ppb(gained.latest) + 1)
    }
}
