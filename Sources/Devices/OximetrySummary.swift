import Core

/// A stretch of wear, summed up. Integers only: the same samples give the same digits everywhere.
struct OximetrySummary: Sendable {
    /// All seconds of the stretch, with those in which nothing could be measured.
    private(set) var seconds = 0
    /// The seconds with a saturation that counts.
    var observed: Int { saturation.count }
    private var saturation = Statistic(), pulse = Statistic()
    /// Seconds below each of `bands`.
    private var below: [Int]
    /// What one second is enough for.
    private var remarks = Remarks()
    private var stream: [UInt8] = []

    /// A demonstration or a test, mixed with what was measured or not, is nobody's session.
    private static let lasting: [Remark] = [.lowBattery, .demonstration, .testData]
    private static let bands = Aspect.allCases.filter { $0.threshold != nil }

    init() { below = [Int](repeating: 0, count: Self.bands.count) }

    mutating func add(_ sample: OximetrySample, keepsStream: Bool) {
        seconds += 1
        if keepsStream { stream += sample.bytes }
        for remark in Self.lasting where sample.remarks.contains(remark) { remarks.insert(remark) }
        guard let measured = sample.measured else { return }
        saturation.add(measured.saturation)
        pulse.add(measured.pulse)
        for (index, band) in Self.bands.enumerated() {
            if let threshold = band.threshold, measured.saturation < threshold { below[index] += 1 }
        }
    }

    mutating func addSilence(_ seconds: Int) { self.seconds += seconds }

    /// Thirteen values, taken now, over the seconds before.
    func reading(isPart: Bool) -> Reading {
        var values = Values()
        for (quantity, statistic, unit) in [
            (Quantity.oxygenSaturation, saturation, Unit.percent), (.pulseOximeterRate, pulse, .perMinute),
        ] {
            values.append(Value(quantity, statistic.mean, unit, .mean))
            values.append(Value(quantity, Amount(Int32(clamping: statistic.least)), unit, .minimum))
            values.append(Value(quantity, Amount(Int32(clamping: statistic.greatest)), unit, .maximum))
        }
        values.append(Value(.oxygenSaturation, Amount(Int32(clamping: observed)), .second, .observed))
        for (band, count) in zip(Self.bands, below) {
            values.append(Value(.oxygenSaturation, Amount(Int32(clamping: count)), .second, band))
        }
        var remarks = remarks
        if isPart { remarks.insert(.sessionPart) }
        return Reading(values, taken: .now, duration: .seconds(seconds), remarks: remarks, bytes: stream)
    }
}

/// Count, sum and extremes of whole numbers.
private struct Statistic: Sendable {
    private(set) var count = 0, least = 0, greatest = 0
    private var sum = 0

    mutating func add(_ number: Int) {
        least = count == 0 ? number : min(least, number)
        greatest = count == 0 ? number : max(greatest, number)
        sum += number
        count += 1
    }

    /// With one decimal, halves away from zero; 0.0 of nothing.
    var mean: Amount {
        count == 0 ? Amount(0, exponent: -1) : Amount(Int32(clamping: (sum * 20 + count) / (2 * count)), exponent: -1)
    }
}
