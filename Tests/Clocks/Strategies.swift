import Core

/// What other programs do with a device's time.
enum Strategy: String, CaseIterable {
    case trust = "trust the device"
    case arrival = "time of arrival"
    case offset = "one offset at upload"
    case reject = "reject when skewed"

    /// Microseconds; nil where the reading is given up.
    func date(_ record: History.Record, _ pair: ClockPair?) -> Int64? {
        let heard = record.heard.wall.milliseconds * 1000
        if let age = record.taken.age.map(microseconds), self != .arrival { return heard - age }
        guard self != .arrival, let line = record.taken.line.map(microseconds) else { return heard }
        var local = line
        if case .ticks = record.taken { local = heard }
        switch self {
        case .arrival, .trust: return Self.worldTime(local)
        case .offset:
            guard let pair, let shown = pair.device.line.map(microseconds) else { return Self.worldTime(local) }
            return pair.hub.wall.milliseconds * 1000 - (shown - line)
        case .reject:
            guard let pair, let shown = pair.device.line.map(microseconds), case .clock = record.taken else {
                return Self.worldTime(local)
            }
            let skew = abs(Self.worldTime(shown) - pair.hub.wall.milliseconds * 1000)
            return skew > 5 * minute ? nil : Self.worldTime(local)
        }
    }

    /// As a house's clock would have it.
    private static func worldTime(_ local: Int64) -> Int64 {
        local - Int64(Copenhagen.offset(at: local - hour)) * minute
    }
}

func microseconds(_ time: Duration) -> Int64 {
    time.components.seconds * 1_000_000 + time.components.attoseconds / 1_000_000_000_000
}
