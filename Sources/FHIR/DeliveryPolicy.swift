import Core

/// When the next request goes to a destination, how much it may hold, and whom to suspect of a refusal.
///
/// It reads no clock and rolls no dice: time and chance are given to it, so that a fleet of hubs can be played on a clock of
/// its own. One for each destination; there is never more than one request on its way there.
package struct DeliveryPolicy: Equatable, Sendable {
    /// Every delay is multiplied by this. Below 1 only where nobody wants to wait: in simulations and tests.
    package var scale: Double
    /// Failures in a row; a success or a reload ends the row.
    package private(set) var failures = 0
    /// Those of them that the clinic gave itself: it lives.
    private var answers = 0
    /// How many readings a bundle may hold at present: one where the clinic is to blame, and the next shows whether it still is.
    package var most: Int { blamesClinic ? 1 : size }
    private var size = Self.firstBundle
    /// How long a backlog pauses between two bundles, because the clinic asked for fewer requests.
    package private(set) var gap = Duration.zero
    /// Readings refused alone, while nothing else was taken since.
    package private(set) var refusedAlone = 0
    /// Whether it is known that the readings are not to blame, as nothing at all was taken.
    package private(set) var blamesClinic = false
    /// Whether what was sent last did not get through in time, more than once.
    package private(set) var isTooSlow = false
    /// The largest bundle that the clinic has not called too large.
    private var ceiling = Self.largestBundle

    package init(scale: Double = 1) { self.scale = scale }

    /// Readings in the first bundle of a backlog, and in the largest: it grows as long as the way is fast.
    package static let firstBundle = 16, largestBundle = 64
    /// A bundle that takes less lets the next be larger; one that takes more makes it smaller.
    package static let fast = Duration.seconds(2), slow = Duration.seconds(10)
    /// A delay, and the share of it that is waited at least: chance is given the rest.
    private typealias Delay = (whole: Duration, least: Double)
    /// The delays of `failed`, one after the other, and then the last for as long as it takes.
    ///
    /// Hubs that wait for a clinic come back spread evenly over the delay they have come to. Each adds as many requests a second
    /// as there are people who measure, so there are few; and the first six are more than five minutes, whatever chance does: of
    /// fifty thousand hubs, a clinic that begins again after that time or after a day hears fewer than twice what it can take, and
    /// has all in 1.2 times the least time (`make fleet`). In the longest hubs are apart already, and more chance would only have
    /// them ask more often.
    private static let delays: [Delay] =
        [5, 35, 75, 75, 75, 75].map { (.seconds($0), 0.9) } + [130, 230, 400, 700].map { (.seconds($0), 0.7) }
        + [(longestDelay, 0.98)]
    package static let longestDelay = Duration.seconds(1200)
    /// Of these delays, those of a short outage; and what a clinic is given twice that is there after so short a one, and has too
    /// much to do at first.
    private static let shortDelays = 6, soonAgain: Delay = (.seconds(40), 0.9)
    /// The delays before a reading is suspected. Others wait with it, so they are short.
    private static let doubtfulDelays: [Delay] = [5, 9, 15, 27, 47].map { (.seconds($0), 0.7) }
    /// What somebody measures while the hub waits is sent at once, but so long after a failure at least.
    package static let liveDelay = Duration.seconds(60)
    package static let technicianProbe = Duration.seconds(900), rightsProbe = Duration.seconds(3600)
    package static let longestWish = Duration.seconds(86_400)
    /// So many readings refused in a row are enough to suspect what all share, and so many to be sure.
    package static let doubt = 5, certainty = 8
    /// How often an answer that may pass by itself is believed before a reading is suspected.
    package static let benefit = doubtfulDelays.count

    // MARK: what happened

    /// The clinic took so many readings, and it took so long.
    package mutating func taken(_ readings: Int, in time: Duration) {
        failures = 0
        answers = 0
        refusedAlone = 0
        blamesClinic = false
        isTooSlow = false
        gap = gap > .milliseconds(100) ? gap * 4 / 5 : .zero
        if time > Self.slow {
            size = max(1, min(size, readings) / 2)
        } else if time < Self.fast, readings >= size {
            size = min(ceiling, size * 2)
        }
    }

    /// The clinic called a bundle of so many readings too large. The size that goes through is remembered.
    package mutating func tooLarge(_ readings: Int) {
        // That one is too large by itself says nothing of others.
        guard readings > 1 else { return }
        ceiling = readings / 2
        size = min(size, ceiling)
    }

    /// A reading was refused that was alone in its bundle. Answers whether it is certain by now that the readings are not
    /// to blame; the row begins again then.
    package mutating func refusedOne(_ refusal: Refusal) -> Bool {
        refusedAlone += 1
        guard refusedAlone >= Self.certainty else { return false }
        refusedAlone = 0
        // The same search each time would be a load for a clinic that has trouble enough.
        blamesClinic = true
        // One whose server stumbles over everything is away.
        if refusal.action == .resendThenSplit { answers = max(answers, Self.delays.count) }
        return true
    }

    /// Whether so many were refused in a row that the fault may be in what all share.
    package var isDoubtful: Bool { refusedAlone >= Self.doubt }

    /// New settings: whatever stood in the way may be gone.
    package mutating func reset() { self = DeliveryPolicy(scale: scale) }

    /// Somebody may have helped: what was refused in a row is asked again from the beginning.
    package mutating func forgive() {
        failures = 0
        answers = 0
        refusedAlone = 0
        blamesClinic = false
    }

    /// What was refused alone is no more: the row of those begins again.
    package mutating func forgetRefused() { refusedAlone = 0 }

    // MARK: what follows

    /// Whether what has got lost so often in a row, in some six minutes or in each day since, is worth a question of another kind:
    /// the clinic may be well, and lose only this.
    package var suspectsBundle: Bool { failures % 72 == 6 }

    /// Whether the hub has come to the longest delay, as have all others where it is the clinic that is away. Then each keeps
    /// its turn: together they are as many as the clinic can take.
    package var isLongAway: Bool { max(failures - answers, answers) >= Self.delays.count }

    /// Whether the clinic refused what was said, not who said it or how: then one reading may be to blame.
    package func isAboutContent(_ refusal: Refusal) -> Bool {
        switch refusal.action {
        case .split, .splitDuplicate, .halve: true
        case .resendThenSplit: answers >= Self.benefit
        case .resend, .resendOnce, .pause: false
        }
    }

    /// For how long a reading refused alone is tried again, although others are taken. A server's error, or a lock, may pass;
    /// what the clinic has twice, somebody there mends, and every reading of that device waits for it.
    package static func patience(with refusal: Refusal) -> Duration {
        if case .clinic(.ambiguous) = refusal.fault { return .seconds(30 * 86_400) }
        return refusal.action == .resendThenSplit ? .seconds(86_400) : .zero
    }

    /// A request failed: how long to wait before the next one. As long as `delays` has it; or what the clinic asks for, and up
    /// to as long again, of five minutes at most, or as long as the hub would have waited by itself; or longer, where only a
    /// technician can help.
    ///
    /// Nobody answered, and the clinic answered that it cannot, are two rows: one that is there again, and has too much to do at
    /// first, is soon through.
    ///
    /// - Parameter chance: evenly distributed from 0 to 1. Hubs that failed together do not come back together.
    package mutating func failed(_ refusal: Refusal, chance: Double) -> Duration {
        failures += 1
        if refusal.status != nil { answers += 1 }
        if case .clinic(.busy(429, _)) = refusal.fault { gap = min(max(.seconds(1), gap * 2), .seconds(60)) }
        if case .network(.timedOut) = refusal.fault, failures > 1 {
            isTooSlow = true
            size = max(1, size / 2)
        }
        if case .clinic(.busy(_, let wish?)) = refusal.fault {
            let wish = min(max(.seconds(1), wish), Self.longestWish)
            return scaled(wish + max(min(wish, .seconds(300)), row(of: refusal).whole) * chance)
        }
        let (whole, least) = delay(refusal)
        return scaled(whole * (least + (1 - least) * chance))
    }

    /// After how long what is measured meanwhile goes at once, and does not wait for the end of the pause: nobody answered, or
    /// somebody who had too much to do, and the way may be open again at any moment. Nil where the clinic has asked for
    /// patience, or where only a technician can help. People measure by chance, so that no two hubs ask together because of it.
    package func shortestPause(after refusal: Refusal) -> Duration? {
        switch refusal.fault {
        case .network, .clinic(.failing), .clinic(.refusedReading):
            refusal.action == .pause ? nil : scaled(Self.liveDelay)
        case .clinic, .hub, .device, .pairing: nil
        }
    }

    private func delay(_ refusal: Refusal) -> Delay {
        if refusal.status == 403, refusal.action == .pause { return (Self.rightsProbe, 0.7) }
        if refusal.action == .pause || refusal.action == .resendOnce && failures > 1 {
            return (Self.technicianProbe, 0.7)
        }
        return row(of: refusal)
    }

    /// Where the hub has come to in the row of delays that a refusal belongs to.
    private func row(of refusal: Refusal) -> Delay {
        let delays = Self.delays, silences = failures - answers
        if isLongAway { return delays[delays.count - 1] }
        if refusal.action == .resendThenSplit {
            return Self.doubtfulDelays[min(max(1, answers), Self.doubtfulDelays.count) - 1]
        }
        // The first two are soon, whichever kind they are; after that each kind has its own row, and no first ones.
        if failures <= 2 { return delays[failures - 1] }
        if refusal.status != nil, answers <= 2, silences <= Self.shortDelays { return Self.soonAgain }
        return delays[max(3, refusal.status == nil ? silences : answers) - 1]
    }

    private func scaled(_ delay: Duration) -> Duration { scale == 1 ? delay : delay * scale }
}
