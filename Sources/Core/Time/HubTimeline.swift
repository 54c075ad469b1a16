/// What the hub knows of the world's time: its own timeline, which never steps but ends with each boot, and the moments
/// at which it was told the world's.
///
///     boot 1 ──────┤    boot 2 ────────•────┤      boot 3 ──•───        • anchor
///                       known, by its anchor       known
///     before boot 2, by at least its own length
package struct HubTimeline: Sendable {
    /// The hub's timeline and the world's, seen together.
    package struct Anchor: Equatable, Sendable {
        package enum Source: String, Sendable {
            /// The kernel's clock, which something keeps.
            case network
            /// The clinic's `Date`, over a connection that has proved whose it is.
            case clinic
        }
        package var boot: String
        package var uptime: Duration
        package var world: Instant
        package var error: Duration
        package var source: Source

        package init(boot: String, uptime: Duration, world: Instant, error: Duration, source: Source) {
            self.boot = boot
            self.uptime = uptime
            self.world = world
            self.error = error
            self.source = source
        }
    }

    /// The crystal of a small computer, where nothing steers it: parts per thousand million.
    static let drift: Int64 = 100_000
    /// How far a wall clock may be off that the kernel calls synchronised.
    static let synchronised: Int64 = 100_000

    private struct Boot {
        var longest: Int64 = 0
        var anchors: [(uptime: Int64, window: Window)] = []
        /// Its end is not before, and its beginning not after.
        var end = Window.never, start = Window.forever
    }
    private var boots: [Boot] = []
    private var index: [String: Int] = [:]
    /// Whether the hub's wall clock is believed where nothing vouches for it.
    private var believesWall = false

    /// - Parameters:
    ///   - anchors: those of a boot that no moment names count for nothing.
    ///   - moments: what the hub has noted, in the order in which it happened; this is what orders the boots.
    package init(anchors: [Anchor], moments: [HubTime]) {
        for moment in moments { note(moment.boot, moment.uptime.microseconds) }
        for anchor in anchors where index[anchor.boot] != nil {
            note(anchor.boot, anchor.uptime.microseconds)
            add(anchor.boot, anchor.uptime.microseconds, anchor.world.microseconds, anchor.error.microseconds)
        }
        // A moment at which the kernel knew the time is an anchor for those at which it did not.
        for moment in moments where moment.synchronised {
            add(moment.boot, moment.uptime.microseconds, moment.wall.microseconds, Self.synchronised)
        }
        bound()
    }

    private mutating func note(_ boot: String, _ uptime: Int64) {
        let at = index[boot] ?? boots.count
        if at == boots.count {
            index[boot] = at
            boots.append(Boot())
        }
        boots[at].longest = max(boots[at].longest, uptime)
    }

    private mutating func add(_ boot: String, _ uptime: Int64, _ world: Int64, _ error: Int64) {
        guard let at = index[boot] else { return }
        boots[at].anchors.append((uptime, Window(world, within: error)))
    }

    /// What the boots say about each other: one ends before the next begins.
    private mutating func bound() {
        for at in boots.indices {
            boots[at].anchors.sort { $0.uptime < $1.uptime }
            let before = at > 0 ? boots[at - 1].end : Window.never
            let own = anchored(at, boots[at].longest).map(\.earliest) ?? Window.never
            let chained = before > Window.never ? before + shortened(boots[at].longest) : Window.never
            boots[at].end = max(own, chained)
        }
        for at in boots.indices.reversed() {
            let after = at + 1 < boots.count ? boots[at + 1].start : Window.forever
            let own = anchored(at, 0).map(\.latest) ?? Window.forever
            let chained = after < Window.forever ? after - shortened(boots[at].longest) : Window.forever
            boots[at].start = min(own, chained)
        }
    }

    /// Where in the world's time the hub's moment lies; open where nothing tells.
    package func window(_ moment: HubTime) -> Window {
        let uptime = moment.uptime.microseconds
        let own = Window(moment.wall.microseconds, within: Self.synchronised)
        let isBelieved = moment.synchronised || believesWall
        guard let at = index[moment.boot] else { return isBelieved ? own : .unknown }
        if let anchored = anchored(at, uptime) {
            // Its own word counts where it does not contradict what the boot's other moments say.
            let both = anchored.intersection(own)
            return moment.synchronised && !both.isEmpty ? both : anchored
        }
        if isBelieved { return own }
        let before = at > 0 ? boots[at - 1].end : Window.never
        let after = at + 1 < boots.count ? boots[at + 1].start : Window.forever
        return Window(
            before > Window.never ? before + shortened(uptime) : Window.never,
            after < Window.forever ? after - shortened(boots[at].longest - uptime) : Window.forever)
    }

    /// The same, if the hub's wall clock were right all the time.
    var believingWall: HubTimeline {
        var timeline = self
        timeline.believesWall = true
        return timeline
    }

    /// How much of the world's time passes between two readings of a device's clock.
    func elapsed(from: Fix, to: Fix) -> Window {
        let first = from.world, last = to.world, a = from.hub, b = to.hub
        let apart =
            first.isClosed && last.isClosed
            ? Window(last.earliest - first.latest, last.latest - first.earliest) : Window.unknown
        guard a.boot == b.boot else { return apart }
        let passed = (b.uptime - a.uptime).microseconds
        let counted = Window(passed, within: scaled(abs(passed), Self.drift) + 1)
        let both = counted.intersection(apart)
        return both.isEmpty ? counted : both
    }

    /// Whether the hub knew the time at a moment already, or its wall clock was right although nobody vouched for it.
    package func wasRight(at moment: HubTime) -> Bool {
        let uptime = moment.uptime.microseconds, window = window(moment)
        let knew = index[moment.boot].map { boots[$0].anchors.contains { $0.uptime <= uptime } } ?? false
        return moment.synchronised || knew
            || window.isClosed && abs(window.middle - moment.wall.microseconds) <= 2_000_000
    }

    /// Whether one moment was before the other: by the timeline of one boot, else by the order of the boots, of which
    /// those that are no longer remembered are the oldest.
    package func isBefore(_ a: HubTime, _ b: HubTime) -> Bool {
        if a.boot == b.boot { return a.uptime < b.uptime }
        return switch (index[a.boot], index[b.boot]) {
        case (let first?, let second?): first < second
        case (nil, _?): true
        case (_?, nil): false
        case (nil, nil): a.wall < b.wall
        }
    }

    /// The moment as it is known by now: one that nobody vouched for then, and that can be told to a minute since. A wall
    /// clock that turns out to have been right stays as it was.
    package func corrected(_ moment: HubTime) -> HubTime {
        let window = window(moment)
        guard !moment.synchronised, window.isClosed, window.half <= 60_000_000 else { return moment }
        let wall = window.contains(moment.wall.microseconds) ? moment.wall : Chronology.instant(window.middle)
        return HubTime(boot: moment.boot, uptime: moment.uptime, wall: wall, synchronised: true)
    }

    private func shortened(_ length: Int64) -> Int64 { length - scaled(length, Self.drift) }

    /// By the boot's own anchors, of which the nearest count.
    private func anchored(_ at: Int, _ uptime: Int64) -> Window? {
        let anchors = boots[at].anchors
        guard !anchors.isEmpty else { return nil }
        let next = anchors.firstPlace { $0.uptime >= uptime }
        let windows = anchors[max(0, next - 4)..<min(anchors.count, next + 4)].lazy.map { anchor in
            let passed = uptime - anchor.uptime
            return anchor.window.moved(by: Window(passed, within: scaled(abs(passed), Self.drift)))
        }
        // Where no two agree, the one that was told last.
        return Window.agreed(windows) ?? windows.last
    }
}
