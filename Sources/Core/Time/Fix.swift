/// One place where a device's line is pinned to the world's: what its clock showed, and when that was.
///
/// All in microseconds. A clock that shows whole seconds is somewhere within the second that it shows.
struct Fix {
    /// The middle of what the device's clock may have been.
    let device: Int64
    /// Half of the step that it shows, and of what the asking took.
    let error: Int64
    let world: Window
    let hub: HubTime
    let isWritten: Bool

    init?(_ pair: ClockPair, _ hub: HubTimeline) {
        guard let line = pair.device.line else { return nil }
        let step = pair.device.resolution.microseconds
        device = line.microseconds + step / 2
        // A clock that was written begins its second at once, or goes on in its own.
        error = step / 2 + pair.error.microseconds + (pair.isWritten ? 1_000_000 : 0)
        world = hub.window(pair.hub)
        self.hub = pair.hub
        isWritten = pair.isWritten
    }
}

/// How fast a device's clock may run, in parts per thousand million of the world's: where its crystal lies, and how far it
/// wanders with the temperature.
struct Rate: Equatable {
    /// The worst crystals that are sold in such devices are out by 200 ppm.
    static let unknown = Rate(range: Window(-220_000, 220_000))
    /// How far it strays from its own mean for a while, at most.
    static let wander: Int64 = 8_000
    /// How far a clock has strayed after a day in its wandering, in microseconds; after n days √n times as much.
    static let stray: Int64 = 900_000
    static let day: Int64 = 86_400_000_000
    /// Half of what is left open at least where a rate is taken from long stretches.
    static let sharpest: Int64 = 3_000

    var range: Window
    var isKnown: Bool { range.half < 100_000 }

    /// How far wandering alone takes a clock from its line in so long a time: never more than `wander`, and in the long
    /// run less, because heat and cold take turns.
    static func strayed(in length: Int64) -> Int64 {
        let length = abs(length)
        // √(length / day), in thousandths.
        let root = squareRoot(Int64(clamping: Int128(length) * 1_000_000 / Int128(day)))
        return min(scaled(length, wander), stray * root / 1000)
    }

    /// What the world's clock does while the device's shows so much to have passed.
    func passed(_ length: Int64) -> Window {
        let fast = scaled(length, range.latest), slow = scaled(length, range.earliest)
        return Window(length - max(fast, slow), length - min(fast, slow)).widened(by: Self.strayed(in: length))
    }
}

/// A stamp of a record on the device's line, in microseconds.
struct Stamp {
    /// The middle of the step that it shows.
    let device: Int64
    /// Half of that step.
    let error: Int64

    /// - Parameters:
    ///   - showsMinutes: whether the device's records have no seconds, whatever its clock shows.
    init?(_ taken: RawTime, showsMinutes: Bool) {
        guard let line = taken.line else { return nil }
        var step = taken.resolution.microseconds
        if showsMinutes, case .clock = taken { step = max(step, 60_000_000) }
        device = line.microseconds + step / 2
        error = step / 2
    }
}

extension Fix {
    /// When the stamp was made, if nobody changed the clock in between.
    func date(_ stamp: Stamp, _ rate: Rate) -> Window {
        world.moved(by: rate.passed(stamp.device - device)).widened(by: error + stamp.error)
    }

    /// By how much the device's clock was ahead of the world's.
    var offset: Int64 { device - world.middle }
}

/// The line through two fixes between which nobody changed the clock.
struct Chord {
    let from: Fix, to: Fix
    /// A change of the clock that is larger would have been seen; nobody sets one by less, in microseconds.
    static let visible: Int64 = 30_000_000
    /// So long without a reading of the clock that it may well have been changed, and who changed it once may have changed it
    /// twice.
    static let unwatched = 21 * Rate.day

    /// The likeliest moment.
    func best(_ stamp: Stamp) -> Int64 {
        let whole = to.device - from.device, part = stamp.device - from.device
        guard whole > 0 else { return to.world.middle + part - whole }
        let passed = Int128(to.world.middle - from.world.middle) * Int128(part) / Int128(whole)
        return from.world.middle + Int64(clamping: passed)
    }

    /// When the stamp was made: on the line that fits both, which the clock leaves and comes back to.
    func date(_ stamp: Stamp, _ rate: Rate) -> Window {
        let whole = to.device - from.device, part = stamp.device - from.device
        // Before, after, or in so short a time that no line can be laid: then each end for itself.
        let alone = from.date(stamp, rate).intersection(to.date(stamp, rate))
        guard whole > 0, part >= 0, part <= whole else { return alone.isEmpty ? to.date(stamp, rate) : alone }
        // Where a small change of the clock in between would not show, the line is no evidence against it.
        let hidden = rate.passed(whole).half + from.error + to.error
        if hidden > Self.visible {
            let before = from.date(stamp, rate), after = to.date(stamp, rate), line = best(stamp)
            if whole > Self.unwatched { return before.hull(after) }
            return (before.half < after.half ? before : after).hull(Window(line, line))
        }
        func share(_ a: Int64, _ b: Int64) -> Int64 {
            Int64(clamping: (Int128(a) * Int128(whole - part) + Int128(b) * Int128(part)) / Int128(whole))
        }
        let bridge = Int64(clamping: Int128(part) * Int128(whole - part) / Int128(whole))
        let error = share(from.error + from.world.half, to.error + to.world.half) + stamp.error
        let line = Window(best(stamp), within: error + Rate.strayed(in: 2 * bridge))
        let both = line.intersection(alone)
        return both.isEmpty ? line : both
    }
}
