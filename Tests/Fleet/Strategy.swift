import Core
import Dice
import FHIR

/// What a hub does after a request that failed.
enum Strategy: CaseIterable {
    /// The daemon's own rules.
    case vitalsd
    /// The same again after half a minute, for as long as it takes.
    case fixed
    /// 5, 10, 20 … 900 s; every hub the same.
    case exponential
    /// Anything from nothing to that.
    case fullJitter

    var name: String {
        switch self {
        case .vitalsd: "vitalsd"
        case .fixed: "fixed 30 s"
        case .exponential: "exponential, no jitter"
        case .fullJitter: "exponential, full jitter"
        }
    }
}

/// A hub's way to the clinic, as its courier keeps it: `DeliveryPolicy` where it is the daemon's own.
struct Way {
    let strategy: Strategy
    private var policy = DeliveryPolicy()
    private var failures = 0, refusal: Refusal?

    init(_ strategy: Strategy) { self.strategy = strategy }

    /// How many readings one request may hold. The others get what is best, so that only the waiting is compared.
    var most: Int { strategy == .vitalsd ? policy.most : DeliveryPolicy.largestBundle }
    /// How long a backlog pauses between two bundles, in seconds.
    var gap: Double { strategy == .vitalsd ? policy.gap / .seconds(1) : 0 }

    /// Whether what somebody measures meanwhile goes alone, and what has waited stays for its turn.
    var keepsTurn: Bool { strategy == .vitalsd && policy.isLongAway }

    mutating func taken(_ readings: Int, in time: Double) {
        failures = 0
        policy.taken(readings, in: .seconds(time))
    }

    /// Whether what is measured so many seconds after a failure is sent at once.
    func hurries(_ waited: Double) -> Bool {
        guard strategy == .vitalsd, let refusal, let least = policy.shortestPause(after: refusal) else { return false }
        return waited >= least / .seconds(1)
    }

    /// How long to wait, in seconds.
    mutating func failed(_ refusal: Refusal, _ chance: inout Chance) -> Double {
        failures += 1
        self.refusal = refusal
        switch strategy {
        case .vitalsd: return policy.failed(refusal, chance: chance.share()) / .seconds(1)
        case .fixed: return 30
        case .exponential, .fullJitter:
            let part = strategy == .fullJitter ? chance.share() : 1
            if case .clinic(.busy(_, let wish?)) = refusal.fault { return wish / .seconds(1) * (2 - part) }
            return part * min(900, 5 * Double(1 << min(failures - 1, 8)))
        }
    }
}

extension Refusal {
    /// Nobody listens.
    static let down = Refusal(.resend, .network(.refused))
    /// More than it can do, and it says no more than that.
    static let overloaded = Refusal(.resend, .clinic(.failing(status: 503)), status: 503)
    /// A gateway that counts requests.
    static let limited = Refusal(
        .resend, .clinic(.busy(status: 429, retryAfter: .seconds(60))), status: 429)
}
