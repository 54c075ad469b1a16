import Core
import Host

/// What lay in a device's link while its visit waited for room, or before it began. It was said in that time, nobody knows when,
/// and is read in one go behind it. Then the visit ends, so that what the device says is heard as it is said again, by a visit
/// that begins anew: whoever wears an oximeter by then may be another.
@Hub final class Arrears {
    /// When what lies there may have begun to; nil while nothing does.
    private(set) var since: HubTime?
    private var over = ContinuousClock.now

    /// The device has been waited with since then, or since an earlier moment.
    func wait(since begin: HubTime) {
        since = since ?? begin
        over = .now
    }

    /// For how long the visit may go on listening, which wants to for so long. A stream never pauses; but what lay there was read
    /// before five seconds of it.
    func patience(_ time: Duration) -> Duration {
        guard since != nil else { return time }
        return ContinuousClock.now < over + .seconds(5) ? min(time, .milliseconds(200)) : .zero
    }

    /// A reading of the visit, heard now, and after when it was taken; nil where the link's state says nothing about it. What is
    /// stamped with the moment it is heard in may be of any since the wait began.
    func dated(_ reading: Reading) -> (Reading, after: HubTime?) {
        guard reading.taken == .now, var after = since else { return (reading, nil) }
        var reading = reading
        reading.taken = .unknown
        // What was measured for a while may have begun before; and it may have arrived a little before the first was heard.
        let earlier = (reading.duration ?? .zero) + .seconds(1)
        after.uptime -= earlier
        after.wall = after.wall + (.zero - earlier)
        return (reading, after)
    }
}
