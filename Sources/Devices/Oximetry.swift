import Core

/// One second of a live oximeter.
package struct OximetrySample: Equatable, Sendable {
    /// Percent; nil where the device shows none.
    package var saturation: Int?
    /// Per minute; nil where the device shows none.
    package var pulse: Int?
    package var perfusion: Amount?
    /// A finger is in the sensor. Some devices go on showing the last values for a while after it has left.
    package var isWorn: Bool
    package var remarks: Remarks
    /// The frame that said so.
    package var bytes: [UInt8]

    package init(
        saturation: Int?, pulse: Int?, perfusion: Amount? = nil, isWorn: Bool = true, remarks: Remarks = [],
        bytes: [UInt8] = []
    ) {
        self.saturation = saturation
        self.pulse = pulse
        self.perfusion = perfusion
        self.isWorn = isWorn
        self.remarks = remarks
        self.bytes = bytes
    }

    /// A frame's own reading, rounded to whole numbers. That the measurement goes on is what a stream is, and says
    /// nothing against its seconds.
    init(_ reading: Reading) {
        func amount(_ quantity: Quantity) -> Amount? { reading.values.first { $0.quantity == quantity }?.amount }
        var remarks = reading.remarks
        remarks.remove(.measurementOngoing)
        self.init(
            saturation: amount(.oxygenSaturation)?.rounded, pulse: amount(.pulseOximeterRate)?.rounded,
            perfusion: amount(.perfusionIndex), isWorn: !remarks.contains(.sensorUnconnectedToUser), remarks: remarks,
            bytes: reading.bytes)
    }

    /// Both numbers, of a finger that is there, from a signal that the device itself trusts.
    var measured: (saturation: Int, pulse: Int)? {
        guard isWorn, let saturation, let pulse, !Self.distrust.contains(where: remarks.contains) else { return nil }
        return (saturation, pulse)
    }

    private static let distrust: [Remark] = [
        .artifact, .inadequateSignal, .earlyEstimate, .measurementUnavailable, .invalid,
    ]
}

/// What a continuous oximeter's seconds come to: a person measured once, or wore it for a while. Never 3,600 readings an
/// hour. A pure state machine, fed one sample a second.
///
/// **A wear** begins with the first second that shows a saturation of a finger that is there, and ends once there was
/// none for 10 seconds, or with the visit. A finger that slips out for less is the same wear.
///
/// **Spot.** Each wear gives at most one spot reading:
/// - The first second that the device itself marks with SmartPoint and that has both numbers (Nonin's own rule for a
///   high-quality spot check: OEM specification of the Onyx II 9560), taken then.
/// - Else the rule that the NHS gives to people who measure at home ("How to use a pulse oximeter at home": keep it on
///   for at least a minute, write down the result once it has not changed for five seconds): from the 60th second on,
///   the first five seconds in a row with one saturation, taken when the fifth has passed.
/// - Else, when the wear ends, the last such five seconds in it; and a wear of at least 10 seconds without any gives its
///   last measured second, remarked `unstable`. These are told late, so they carry a duration: they were measured
///   between `taken` less `duration` and `taken`.
///
/// **Session.** A wear of more than five minutes is also summed up: every 15 minutes of it, so that a power cut costs no
/// more, and at its end. Average, least and greatest of both numbers; the seconds observed; the seconds below each
/// threshold. Data for the reader, no judgement. Whatever is not the whole wear in one piece is remarked `sessionPart`.
///
/// Seconds that the device calls artifact or out of track count as worn, but neither as stable nor as observed.
package struct OximetrySession: Sendable {
    private let keepsStream: Bool
    private var wear: Wear?

    /// `keepsStream`: every sample's bytes go into the reading that sums it up.
    package init(keepsStream: Bool = false) { self.keepsStream = keepsStream }

    /// Takes the next second, and gives what is now known.
    package mutating func add(_ sample: OximetrySample) -> [Reading] {
        let isOn = sample.isWorn && sample.saturation != nil
        guard var wear = self.wear ?? (isOn ? Wear(keepsStream: keepsStream) : nil) else { return [] }
        // The copy must be the only one, or every second would copy the stream.
        self.wear = nil
        let readings = wear.add(sample, isOn: isOn)
        if wear.secondsOff < 10 {
            self.wear = wear
            return readings
        }
        return readings + wear.end(silence: 0)
    }

    /// The device has gone. `silence` is for how many seconds it had said nothing.
    package mutating func end(silence: Int = 0) -> [Reading] {
        defer { wear = nil }
        return wear?.end(silence: silence) ?? []
    }
}

/// From the finger in to the finger out.
private struct Wear: Sendable {
    private static let shortestSession = 300, longestPart = 900, steady = 5, settled = 60, shortestSpot = 10

    private let keepsStream: Bool
    private(set) var secondsOff = 0
    private var seconds = 0
    private var hasSpot = false
    /// For how many seconds the saturation has been the same.
    private var run = 0
    private var last: Found?
    private var stable: Found?
    private var part = OximetrySummary()
    private var isFirstPart = true

    private struct Found: Sendable {
        var sample: OximetrySample
        /// The second of the wear in which it began to be so.
        var from: Int
    }

    init(keepsStream: Bool) { self.keepsStream = keepsStream }

    mutating func add(_ sample: OximetrySample, isOn: Bool) -> [Reading] {
        seconds += 1
        secondsOff = isOn ? 0 : secondsOff + 1
        part.add(sample, keepsStream: keepsStream)
        var readings: [Reading] = []
        if let spot = look(at: sample) { readings.append(spot) }
        if part.seconds == Self.longestPart {
            if part.observed > 0 { readings.append(part.reading(isPart: true)) }
            part = OximetrySummary()
            isFirstPart = false
        }
        return readings
    }

    mutating func end(silence: Int) -> [Reading] {
        var readings: [Reading] = []
        if !hasSpot, let late = stable ?? (seconds - secondsOff >= Self.shortestSpot ? last : nil) {
            var spot = spotReading(late.sample)
            spot.duration = .seconds(seconds - late.from + silence)
            if stable == nil { spot.remarks.insert(.unstable) }
            readings.append(spot)
        }
        if seconds - secondsOff > Self.shortestSession, part.observed > 0 {
            part.addSilence(silence)
            readings.append(part.reading(isPart: !isFirstPart))
        }
        return readings
    }

    private mutating func look(at sample: OximetrySample) -> Reading? {
        guard let measured = sample.measured else {
            run = 0
            return nil
        }
        run = run > 0 && last?.sample.saturation == measured.saturation ? run + 1 : 1
        last = Found(sample: sample, from: seconds - 1)
        if run >= Self.steady { stable = Found(sample: sample, from: seconds - Self.steady) }
        guard !hasSpot, sample.remarks.contains(.smartPoint) || (seconds >= Self.settled && run >= Self.steady) else {
            return nil
        }
        hasSpot = true
        return spotReading(sample)
    }

    private func spotReading(_ sample: OximetrySample) -> Reading {
        var values = Values()
        func append(_ quantity: Quantity, _ number: Int?, _ unit: Unit) {
            if let number { values.append(Value(quantity, Amount(Int32(clamping: number)), unit, .spot)) }
        }
        append(.oxygenSaturation, sample.saturation, .percent)
        append(.pulseOximeterRate, sample.pulse, .perMinute)
        if let perfusion = sample.perfusion { values.append(Value(.perfusionIndex, perfusion, .percent, .spot)) }
        return Reading(values, taken: .now, remarks: sample.remarks, bytes: sample.bytes)
    }
}

extension Amount {
    /// The nearest whole number of 32 bits, halves away from zero.
    fileprivate var rounded: Int {
        var number = Int(mantissa)
        // A mantissa has ten digits at most: nothing is left to multiply or to divide beyond them.
        if exponent >= 0 {
            for _ in 0..<min(exponent, 9) { number *= 10 }
        } else {
            for _ in 1..<min(-Int(exponent), 11) { number /= 10 }
            number = (number + (number < 0 ? -5 : 5)) / 10
        }
        return Int(Int32(clamping: number))
    }
}
