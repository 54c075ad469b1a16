import Core
import Dice

/// A hub without a battery for its clock: each boot begins in 1970, until the network tells it the time.
struct SimulatedHub {
    private struct Boot {
        let name: String, start: Int64, end: Int64
        /// The first moment at which something keeps the clock; later than `end` where the network never came.
        let synchronised: Int64
        let drift: Double
        /// What the wall clock shows while nobody keeps it, less the uptime, and its steps.
        let wall: Int64
        let steps: [(at: Int64, by: Int64)]
    }
    private var boots: [Boot] = []
    private(set) var anchors: [HubTimeline.Anchor] = []
    /// Whether the network is late, again and again.
    let isLate: Bool

    init(_ stretch: ClosedRange<Int64>, _ chance: inout Chance) {
        isLate = chance.happens(0.15)
        let drift = chance.between(-60, 60) / 1_000_000
        let outages = (isLate ? chance.moments(0.03, in: stretch) : [])
            .map { (from: $0, to: $0 + Int64(chance.between(1, 21)) * day) }
        let cuts = chance.moments(8 / 365, in: stretch) + [stretch.upperBound]
        var start = stretch.lowerBound
        for (number, cut) in cuts.enumerated() where cut > start + hour {
            let outage = outages.first { $0.from <= start && start < $0.to }
            var ready = start + Int64(chance.between(5, 120)) * second
            if let outage { ready = outage.to }
            if number == 0, isLate { ready = start + Int64(chance.between(0.1, 21) * Double(day)) }
            let unset = chance.happens(0.5) ? 0 : start - Int64(chance.between(0, 30) * Double(day))
            let steps = chance.moments(0.05, in: start...cut).map { at in
                (at: at, by: Int64(chance.between(-9, 9)) * hour)
            }
            boots.append(
                Boot(
                    name: "boot \(number)", start: start, end: cut, synchronised: ready, drift: drift, wall: unset,
                    steps: steps))
            start = cut + Int64(chance.happens(0.9) ? chance.between(1, 15) : chance.between(15, 2000)) * minute
        }
        for boot in boots where boot.synchronised < boot.end {
            // Told once a day; a tenth of the hubs hear it from the clinic alone.
            let source: HubTimeline.Anchor.Source = chance.happens(0.1) ? .clinic : .network
            for at in stride(from: boot.synchronised, to: boot.end, by: Int(day)) {
                let error: Double = source == .clinic ? 600_000 : 60_000
                anchors.append(
                    .init(
                        boot: boot.name, uptime: .microseconds(uptime(boot, at)),
                        world: instant(at + Int64(chance.between(-error, error))), error: .microseconds(Int(error)),
                        source: source))
            }
        }
    }

    /// The first thing that the hub notes in each boot.
    var beginnings: [HubTime] {
        boots.map { HubTime(boot: $0.name, uptime: .zero, wall: instant($0.wall), synchronised: false) }
    }

    /// Whether it runs at all.
    func runs(_ at: Int64) -> Bool { boots.contains { $0.start <= at && at < $0.end } }

    func isSynchronised(_ at: Int64) -> Bool {
        boots.contains { $0.start <= at && at < $0.end && $0.synchronised <= at }
    }

    func time(_ at: Int64, _ chance: inout Chance) -> HubTime {
        guard let boot = boots.last(where: { $0.start <= at }) else {
            return HubTime(boot: "none", uptime: .zero, wall: instant(0), synchronised: false)
        }
        let up = uptime(boot, at), isKept = boot.synchronised <= at
        let stepped = boot.steps.reduce(0) { $1.at <= at ? $0 + $1.by : $0 }
        let wall = isKept ? at + Int64(chance.between(-30_000, 30_000)) : boot.wall + up + stepped
        return HubTime(boot: boot.name, uptime: .microseconds(up), wall: instant(wall), synchronised: isKept)
    }

    private func uptime(_ boot: Boot, _ at: Int64) -> Int64 {
        let passed = at - boot.start
        return passed + Int64(Double(passed) * boot.drift)
    }
}

/// To the nearest millisecond, as the product keeps it.
func instant(_ microseconds: Int64) -> Instant { Instant(milliseconds: (microseconds + 500) / 1000) }
