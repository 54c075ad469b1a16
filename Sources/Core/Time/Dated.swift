/// When a reading was taken, as far as we can tell, how sure we are and why. "Cooked" in chrony's sense.
package struct Dated: Equatable, Sendable {
    /// Nil when only bounds are known.
    package var at: Instant?
    /// Half of the time that the bounds leave open, where an instant is claimed.
    package var error: Duration
    package var basis: Basis
    /// Taken not before; nil where nothing is known of that.
    package var earliest: Instant?
    /// Taken not after; nil where the hub did not know the time itself.
    package var latest: Instant?

    package init(at: Instant?, error: Duration, basis: Basis, earliest: Instant? = nil, latest: Instant? = nil) {
        self.at = at
        self.error = error
        self.basis = basis
        self.earliest = earliest
        self.latest = latest
    }
}

/// On what a conclusion about time rests.
package enum Basis: String, CaseIterable, Sendable {
    /// The device stamps nothing; the hub heard the measurement as it was made.
    case arrival
    /// The device said how long ago it was, and the hub when it heard that.
    case age
    /// The device's stamp, moved by the offset that was seen when both clocks were read together.
    case paired
    /// The device's stamp on the line through what was seen before and after it.
    case interpolated
    /// The device's clock was changed between two visits, and the stamp may be of before or of after.
    case ambiguous
    /// A stamp on a line of its own, as after a battery change: between its neighbours in the device's memory.
    case neighbours
    /// A stored record without a usable stamp, or a stamp whose clock could not be read: between two visits.
    case bounded
}

extension Dated {
    /// Whether a clinic that was told this ought to hear of a later conclusion: because an instant is known where none
    /// was, or was claimed wrongly; or because what is known is at least twice as sharp.
    package func isAmended(by later: Dated) -> Bool {
        switch (at, later.at) {
        case (let old?, let new?):
            let moved = new < old ? old - new : new - old
            return moved > max(.seconds(2), error) || error > .seconds(60) && later.error * 2 < error
        case (nil, nil): return Self.isAmended(earliest, latest, by: later.earliest, later.latest)
        case (nil, _), (_, nil): return true
        }
    }

    /// Of a period: where it did not hold, or ended much too late, or is twice as sharp.
    private static func isAmended(_ earliest: Instant?, _ latest: Instant?, by left: Instant?, _ right: Instant?)
        -> Bool
    {
        let slack = Duration.seconds(2)
        guard let right else { return false }
        guard let latest, latest + slack >= right, latest <= right + .seconds(60) else { return true }
        guard let left else { return false }
        guard let earliest else { return true }
        return left + slack < earliest || (right - left) * 2 < latest - earliest
    }

    /// Whether the device's own clock took part.
    package var usesClock: Bool { basis == .paired || basis == .interpolated }
}

extension RawTime {
    /// What is concluded where nothing is known but one reading of the device's clock: of a device that is met for the
    /// first time.
    package func dated(by pair: ClockPair?, heard: HubTime) -> Dated {
        let history = History(pairs: pair.map { [$0] } ?? [], records: [.init(taken: self, heard: heard, seen: 0)])
        let hub = HubTimeline(anchors: [], moments: (pair.map { [$0.hub] } ?? []) + [heard])
        let conclusions = Chronology.conclude(history, hub) { _ in 0 }
        return conclusions.first?.dated ?? Dated(at: nil, error: .zero, basis: .bounded)
    }
}
