/// What a technician is told of a device's clock.
package struct ClockReport: Equatable, Sendable {
    /// By how much it was ahead of UTC when it was last read; nil where it never could be, or the hub did not know the
    /// time.
    package var offset: Duration?
    /// Parts per million that it gains, at least and at most; nil while too few readings of it agree.
    package var drift: ClosedRange<Int>?
    /// How often somebody or something changed it between two readings.
    package var changes = 0
    /// Whether it goes by what the hub writes; nil where the hub never wrote, or has not seen what became of it.
    package var obeys: Bool?

    package init(_ pairs: [ClockPair], _ hub: HubTimeline) {
        let clock = ClockHistory(pairs, hub)
        let reads = clock.fixes.filter { !$0.fix.isWritten }
        offset = reads.last.map { .microseconds($0.fix.offset) }
        if clock.rate.isKnown {
            let range = clock.rate.range
            drift = Int(floorToStep(range.earliest, 1000))...Int(-floorToStep(-range.latest, 1000))
        }
        for (place, fix) in reads {
            let starts = clock.gap(before: place).starts
            let isBroken = starts.allSatisfy { clock.continuity(from: $0.fix, to: fix) == .broken }
            if !starts.isEmpty, isBroken { changes += 1 }
        }
        obeys = clock.obeys
    }
}
