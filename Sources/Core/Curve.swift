/// What a device drew of one quantity while it was measured: samples at equal distances, the first at the reading's own
/// time. `samples[n] · 10^exponent` in `unit`, n · `period` after the first.
public struct Curve: Equatable, Sendable {
    package let quantity: Quantity
    package let unit: Unit
    /// Whole microseconds, more than none.
    package let period: Duration
    package let exponent: Int8
    package let samples: [Int32]

    /// Nil where there are fewer than two samples, or where nobody could say when each was taken.
    package init?(_ quantity: Quantity, _ unit: Unit, every period: Duration, exponent: Int8, _ samples: [Int32]) {
        guard samples.count > 1, period >= .microseconds(1), period <= .seconds(3600) else { return nil }
        self.quantity = quantity
        self.unit = unit
        self.period = .microseconds(period.microseconds)
        self.exponent = exponent
        self.samples = samples
    }

    /// From the first sample to the last.
    package var duration: Duration { period * (samples.count - 1) }
}

extension Curve: CustomStringConvertible {
    /// `curve flow L/s every 10000 -3 0,310,655`: microseconds, the exponent, the samples.
    public var description: String {
        let numbers = samples.map(String.init).joined(separator: ",")
        return "curve \(quantity.name) \(unit.ucum) every \(period.microseconds) \(exponent) \(numbers)"
    }

    /// Takes the words behind `curve`; nil for anything else.
    init?(_ words: inout ArraySlice<String>) {
        guard let quantity = words.popFirst().flatMap({ Quantity(name: $0) }),
            let unit = words.popFirst().flatMap({ Unit(ucum: $0) }), words.popFirst() == "every",
            let period = words.popFirst().flatMap({ Int64($0) }), 1...3_600_000_000 ~= period,
            let exponent = words.popFirst().flatMap({ Int8($0) }), let numbers = words.popFirst()
        else { return nil }
        let parts = numbers.split(separator: ",", omittingEmptySubsequences: false),
            samples = parts.compactMap { Int32($0) }
        guard samples.count == parts.count else { return nil }
        self.init(quantity, unit, every: .microseconds(period), exponent: exponent, samples)
    }
}
