/// What a technician is told of a device's clock.
package struct ClockReport: Equatable, Sendable {
    /// The clock as it was found in one visit, before the hub set it.
    package struct Finding: Equatable, Sendable {
        package var at: Instant
        /// By how much it was ahead of UTC.
        package var offset: Duration
        /// Parts per million that it gained since the finding before; nil where it was changed in between, or that is not
        /// known, or it was too short a time.
        package var drift: ClosedRange<Int>?
        /// Whether somebody or something other than the hub changed it since then.
        package var isChanged: Bool
    }

    /// By how much it was ahead of UTC when it was last read; nil where it never could be, or the hub did not know the
    /// time.
    package var offset: Duration?
    /// Parts per million that it gains, at least and at most; nil while too few readings of it agree.
    package var drift: ClosedRange<Int>?
    /// How often somebody or something changed it between two readings.
    package var changes = 0
    /// Whether it goes by what the hub writes; nil where the hub never wrote, or has not seen what became of it.
    package var obeys: Bool?
    /// As it was found in each visit in which the hub knew the time, the oldest first.
    package var findings: [Finding] = []
    /// Whether it is a counter, which shows no date that could be right.
    package var counts = false

    package init(_ pairs: [ClockPair], _ hub: HubTimeline, zone: ZoneOffset) {
        let clock = ClockHistory(pairs, hub, zone: zone)
        let reads = clock.fixes.filter { !$0.fix.isWritten }
        offset = reads.last.map { .microseconds($0.fix.offset) }
        if clock.rate.isKnown { drift = Self.partsPerMillion(clock.rate.range) }
        for (place, fix) in reads {
            let starts = clock.gap(before: place).starts
            let possible = starts.filter { clock.continuity(from: $0.fix, to: fix) != .broken }
            let isBroken = !starts.isEmpty && possible.isEmpty
            if isBroken { changes += 1 }
            // What is read back after the hub has set it was not found so.
            guard !starts.contains(where: { clock.isReadBack($0.fix, fix) }) else { continue }
            let rate = possible.count == 1 ? clock.measured(from: possible[0].fix, to: fix, atLeast: Rate.day / 4) : nil
            findings.append(
                Finding(
                    at: Chronology.instant(fix.world.middle), offset: .microseconds(fix.offset),
                    drift: rate.map(Self.partsPerMillion), isChanged: isBroken))
        }
        if case .ticks = pairs.last?.device { counts = true }
        obeys = clock.obeys
    }

    private static func partsPerMillion(_ range: Window) -> ClosedRange<Int> {
        Int(floorToStep(range.earliest, 1000))...Int(-floorToStep(-range.latest, 1000))
    }
}
