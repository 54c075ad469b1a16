import Core

/// Since when the hub has been listening to one place without a break that counts.
///
/// In one boot the time since boot alone says it: a wall clock that nobody keeps may be set to any moment. What was before
/// this boot counts once the wall clock is right again, if nothing has interrupted the hub's listening until then: a hub
/// without a clock of its own wakes up with the time at which it last had one, and takes a night in the dark for a minute.
struct Vigil: Equatable {
    /// On the timeline of this boot, before its beginning where it goes on from another; nil where the hub cannot listen at
    /// present.
    private(set) var since: Duration?
    /// What was before this boot, until it is known whether it goes on.
    private var earlier: Range<Instant>?
    /// A break that does not count: what a restart takes, after what a kill may have left unwritten.
    private static let shortest = Duration.seconds(360)
    /// A hundred years: nobody has listened for longer.
    private static let longest = Duration.seconds(3_155_760_000)

    /// - Parameter words: what `words(at:)` last gave; or a vitalsd before it, which wrote the first two.
    init(_ words: String?, at now: HubTime) {
        since = now.uptime
        let words = words?.split(separator: " ") ?? []
        guard words.count == 2 || words.count == 5, let start = Int64(words[0]), let end = Int64(words[1]) else {
            return
        }
        if words.count == 5, words[2] == now.boot, let since = Int64(words[3]), let last = Int64(words[4]) {
            let since = Duration.milliseconds(since), last = Duration.milliseconds(last), passed = now.uptime - last
            if since <= last, last - since < Self.longest, .zero <= passed, passed < Self.shortest {
                self.since = since
            }
        } else if start >= earliestCredible.milliseconds, start <= end {
            earlier = Instant(milliseconds: start)..<Instant(milliseconds: end)
        }
    }

    mutating func begin(at now: HubTime) { since = since ?? now.uptime }

    mutating func end() {
        since = nil
        earlier = nil
    }

    /// Decides whether what was before this boot goes on, as soon as the hub knows the time.
    mutating func conclude(at now: HubTime) {
        guard now.synchronised, let before = earlier, let since else { return }
        earlier = nil
        let begun = now.wall + (since - now.uptime), off = begun - before.upperBound
        guard .zero <= off, off < Self.shortest else { return }
        self.since = since - (begun - before.lowerBound)
    }

    /// In the world's time, as far as the hub knows it.
    func instant(at now: HubTime) -> Instant? { since.map { now.wall + ($0 - now.uptime) } }

    /// Since when and until when by the wall clock, for another boot; and for this one which it is, and both since its
    /// beginning. All in milliseconds. A time that nobody kept says nothing to another boot. Nil where nobody listens.
    func words(at now: HubTime) -> String? {
        guard let since, let start = instant(at: now) else { return nil }
        let isKnown = now.synchronised
        return "\(isKnown ? start.milliseconds : 0) \(isKnown ? now.wall.milliseconds : 0) \(now.boot) "
            + "\(since.inMilliseconds) \(now.uptime.inMilliseconds)"
    }
}

extension Duration {
    fileprivate var inMilliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
