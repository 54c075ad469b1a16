import Dice
import FHIR

private let hour = 3600.0, day = 86_400.0

/// What befalls the clinic. Times are seconds of a day that people measure three times in.
struct Scenario: Sendable {
    let name: String
    /// When it begins, and when the clinic is there again.
    let begins: Double, restored: Double
    /// The share of its capacity that it has, by the seconds since.
    let share: @Sendable (Double) -> Double
    let refusal: Refusal
    /// Seconds between two signs of life, at most.
    let heartbeat = hour

    static let all = [
        Scenario(
            name: "down for 24 h, until the morning's peak", begins: 8 * hour, restored: day + 8 * hour,
            share: { _ in 1 }, refusal: .overloaded),
        Scenario(
            name: "down for 5 min in the morning's peak", begins: 8 * hour, restored: 8 * hour + 300,
            share: { _ in 1 }, refusal: .overloaded),
        Scenario(
            name: "down for 24 h, then 429 for all above its rate", begins: 8 * hour, restored: day + 8 * hour,
            share: { _ in 1 }, refusal: .limited),
        Scenario(
            name: "down for 24 h, then a tenth of its capacity for an hour", begins: 8 * hour, restored: day + 8 * hour,
            share: { $0 < hour ? 0.1 : 1 }, refusal: .overloaded),
    ]

    func capacity(_ time: Double, _ stated: Double) -> Double {
        time < restored ? 0 : stated * share(time - restored)
    }

    /// When one person measures: about 8, 13 and 20 o'clock, give or take half an hour.
    static func measurements(from begin: Double, to end: Double, _ chance: inout Chance) -> [Double] {
        var times: [Double] = []
        for start in stride(from: 0, through: end, by: day) {
            for peak in [8.0, 13, 20] { times.append(start + peak * hour + 1800 * chance.normal()) }
        }
        return times.filter { begin <= $0 && $0 < end }.sorted()
    }

    /// The least time in which anybody could bring in the backlog: one request for each hub that has any, as fast as the
    /// clinic can, beside what is measured meanwhile, and beside the signs of life of hubs that have none, or without these. A
    /// sign of life that is refused is not told again, and what a hub measures before its backlog has gone may go with that in one
    /// request: so one that has many refused, or is long in coming, may be a little below.
    func leastTime(_ hubs: Int, capacity: Double, seed: UInt64, besideSignsOfLife: Bool = true) -> Double {
        var chance = Chance(seed), work = 0.0, arrivals: [Int: Double] = [:]
        for _ in 0..<hubs {
            let times = Self.measurements(from: begins, to: restored + 6 * hour, &chance)
            _ = chance.share()
            if times.contains(where: { $0 < restored }) { work += 1 }
            for time in times where time >= restored { arrivals[Int(time - restored), default: 0] += 1 }
        }
        // Seven eighths of the interval are between two of them.
        let told = besideSignsOfLife ? (Double(hubs) - work) / (heartbeat * 7 / 8) : 0
        var second = 0
        while work > 0 {
            work += (arrivals[second] ?? 0) + told - capacity * share(Double(second))
            second += 1
        }
        return Double(second)
    }
}
