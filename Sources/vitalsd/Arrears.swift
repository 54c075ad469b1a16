import Core
import Host

/// What lay in a device's link while its visit waited for room, or before it began. It was said in that time, nobody knows when,
/// and is read in one go behind it. Then the visit ends, so that what the device says is heard as it is said again, by a visit
/// that begins anew: whoever wears an oximeter by then may be another.
@Hub final class Arrears {
    /// When what lies there may have begun to; nil while nothing does.
    private(set) var since: HubTime?
    private var over = ContinuousClock.now
    /// Since when a slow card held the visit up, and until when.
    private var delay: (since: HubTime, over: ContinuousClock.Instant)?
    /// What lay there was read before the visit had gone on for so long.
    private static let reading = Duration.seconds(5)

    /// The device has been waited with since then, or since an earlier moment.
    func wait(since begin: HubTime) {
        since = since ?? begin
        over = .now
    }

    /// The visit has waited for the disk since then. What it hears next may have been said meanwhile; but it goes on.
    func held(since begin: HubTime) {
        let waited = HubClock.now().uptime - begin.uptime, now = ContinuousClock.now
        guard waited > .seconds(1) else { return }
        // Nobody has read since: what lay there as it began is there still.
        let earlier = delay.flatMap { now - waited < $0.over + Self.reading ? $0.since : nil }
        delay = (earlier ?? begin, now)
    }

    private var held: HubTime? {
        delay.flatMap { ContinuousClock.now < $0.over + Self.reading ? $0.since : nil }
    }

    /// How long ago what is heard now may have been said.
    var lag: Duration { (since ?? held).map { HubClock.now().uptime - $0.uptime } ?? .zero }

    /// For how long the visit may go on listening, which wants to for so long. A stream never pauses; but what lay there was read
    /// before five seconds of it.
    func patience(_ time: Duration) -> Duration {
        guard since != nil else { return time }
        return ContinuousClock.now < over + Self.reading ? min(time, .milliseconds(200)) : .zero
    }

    /// A reading of the visit, heard now, and after when it was taken; nil where the link's state says nothing about it. What is
    /// stamped with the moment it is heard in may be of any since the wait began.
    func dated(_ reading: Reading) -> (Reading, after: HubTime?) {
        guard reading.taken == .now else { return (reading, nil) }
        guard let after = since ?? held else { return (reading, nil) }
        var reading = reading
        reading.taken = .unknown
        // What was measured for a while may have begun before; and it may have arrived a little before the first was heard.
        let earlier = (reading.duration ?? .zero) + .seconds(1)
        return (reading, after.earlier(by: earlier))
    }
}
