/// Counts of sizes, in steps of a hundredth: enough for percentiles of millions.
struct Spread {
    private var counts: [Int: Int] = [:]
    private(set) var count = 0

    mutating func add(_ size: Int64) {
        counts[Self.step(of: size), default: 0] += 1
        count += 1
    }

    /// What so large a share does not exceed; nil where there is nothing.
    func percentile(_ share: Double) -> Int64? {
        guard count > 0 else { return nil }
        var left = Int((Double(count) * share).rounded(.up))
        for step in counts.keys.sorted() {
            left -= counts[step] ?? 0
            if left <= 0 { return Self.size(of: step) }
        }
        return nil
    }

    // A power of two has 64 steps.
    private static func step(of size: Int64) -> Int {
        guard size >= 64 else { return Int(max(0, size)) }
        let power = 63 - size.leadingZeroBitCount
        return power * 64 + Int(size >> Int64(power - 6))
    }
    private static func size(of step: Int) -> Int64 {
        guard step >= 64 else { return Int64(step) }
        let power = (step - 64) / 64
        return Int64(step - power * 64) << Int64(power - 6)
    }
}

/// How well a strategy does on some readings.
struct Score {
    private(set) var errors = Spread()
    private(set) var ratios = Spread()
    private(set) var readings = 0, lost = 0, held = 0, bounded = 0, open = 0
    private(set) var widths = Spread()

    /// An instant is claimed, and nothing about how sure it is.
    mutating func add(error: Int64) {
        readings += 1
        errors.add(abs(error))
    }

    mutating func lose() {
        readings += 1
        lost += 1
    }

    /// With bounds: the part of their half, on truth's side, that the error takes, in thousandths.
    mutating func add(error: Int64, truth: Int64, within window: ClosedRange<Int64>?, best: Int64) {
        add(error: error)
        guard let window else { open += 1; return }
        bounded += 1
        if window.contains(truth) { held += 1 }
        widths.add((window.upperBound - window.lowerBound) / 2)
        let side = truth > best ? window.upperBound - best : best - window.lowerBound
        ratios.add(abs(truth - best) * 1000 / max(1, side))
    }

    /// How often the truth lies in the stated bounds.
    var share: Double { bounded == 0 ? 0 : Double(held) / Double(bounded) }
    /// How many times wider the bounds are than they must be for 99.9 % to lie within.
    var width: Double { ratios.percentile(0.999).map { 1000 / Double(max(1, $0)) } ?? 0 }
}
