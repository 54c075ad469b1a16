/// What a device said about one measurement: nothing concluded, nothing lost.
public struct Reading: Equatable, Sendable {
    public var values: Values
    /// What the device drew beside the numbers; mostly nothing.
    public var curves: [Curve] = []
    /// The device's own time stamp, uncorrected.
    public var taken: RawTime
    /// How long the measurement lasted, up to `taken`, where it has a duration at all.
    public var duration: Duration?
    /// The device's own record number.
    public var sequence: Int?
    /// The device's own user slot.
    public var user: Int?
    public var remarks: Remarks
    /// The bytes that said so, as they came. Kept with every reading, because public descriptions disagree.
    public var bytes: [UInt8]

    @inlinable @inline(__always) public init(
        _ values: consuming Values, taken: RawTime, duration: Duration? = nil, sequence: Int? = nil, user: Int? = nil,
        remarks: Remarks = [], bytes: [UInt8] = []
    ) {
        self.values = values
        self.taken = taken
        self.duration = duration
        self.sequence = sequence
        self.user = user
        self.remarks = remarks
        self.bytes = bytes
    }

    /// Bytes that arrived and could not be read. Kept, so that one bad record neither blocks the others nor vanishes.
    package static func undecoded(_ bytes: [UInt8]) -> Reading {
        Reading([], taken: .unknown, remarks: [.undecoded], bytes: bytes)
    }

    /// The same reading with a remark for every value that no living person has. Judged here once, in no driver.
    package var judged: Reading {
        var judged = self
        if !values.allSatisfy(\.isPlausible) { judged.remarks.insert(.implausible) }
        return judged
    }
}

/// What the device, or the hub, has to say about a reading beside its numbers.
///
/// The raw value is the bit in the journal, so an order is never changed; new remarks go to the end of their group's gap.
public enum Remark: UInt8, CaseIterable, Sendable {
    // Blood Pressure Measurement status (BLS 1.1.1, Measurement Status), bits 0 to 5.
    case bodyMovement = 0, cuffTooLoose, irregularPulse, pulseRateOver, pulseRateUnder, improperPosition
    // PLX Measurement Status (PLXS 1.0.1), bits 5 to 15.
    case measurementOngoing = 8, earlyEstimate, validated, fullyQualified, fromStorage, demonstration, testData
    case calibrationOngoing, measurementUnavailable, questionable, invalid
    // PLX Device and Sensor Status (PLXS 1.0.1), bits 0 to 15.
    case extendedDisplayUpdate = 24, equipmentMalfunction, signalProcessingIrregularity, inadequateSignal, poorSignal
    case lowPerfusion, erraticSignal, nonpulsatileSignal, questionablePulse, signalAnalysisOngoing, sensorInterference
    case sensorUnconnectedToUser, unknownSensor, sensorDisplaced, sensorMalfunctioning, sensorDisconnected
    // Said by single families.
    case lowBattery = 48, deviceClockNotSet, smartPoint, multiplePackets, weightNotConfirmedByIndex, artifact
    /// Sold for fitness, not as a medical device.
    case notMedicalDevice
    // Glucose Measurement Context (GLS 1.0.1): kind of meal in the order of its numbers, then kind of medication.
    case breakfast = 64, lunch, dinner, snack, drink, supper, brunch
    case rapidActing, shortActing, intermediateActing, longActing, premixed
    // Said by the hub.
    case implausible = 80, undecoded, invalidTime, unstable, sessionPart, possibleRepeat, timelineRepeat, unassigned
    case partlyDecoded
    // Glucose sensor status (GLS 1.0.1), bits 1 to 11; bit 0 is `lowBattery`.
    case meterMalfunctioning = 96, sampleTooSmall, stripInsertionError, stripTypeIncorrect, resultTooHigh, resultTooLow
    case meterTooWarm, meterTooCold, stripPulledTooSoon, meterFault, meterTimeFault
    // Of glucose: what was measured, where, and what the person was doing (GLS 1.0.1), each in the order of its numbers.
    case controlSolution = 107, fingerSample, alternateSiteSample, earlobeSample
    case beforeMeal, afterMeal, fasting, casual, bedtime
    case testedByPerson, testedByProfessional, testedByLaboratory
    case minorHealthIssues, majorHealthIssues, duringMenses, underStress, noHealthIssues
    // Of spirometry.
    case afterBronchodilator = 124

    /// In kebab case, as the journal, captures and JSON write it.
    package var name: String { Self.names[self] ?? "" }

    private static let names = Dictionary(
        uniqueKeysWithValues: allCases.map { remark in
            let name = "\(remark)".reduce(into: "") { name, letter in
                if letter.isUppercase { name += "-" }
                name += letter.lowercased()
            }
            return (remark, name)
        })
    private static let byName = Dictionary(uniqueKeysWithValues: names.map { ($0.value, $0.key) })

    package init?(name: some StringProtocol) {
        guard let match = Self.byName[String(name)] else { return nil }
        self = match
    }
}

/// A set of remarks without an allocation.
public struct Remarks: Equatable, Sendable, ExpressibleByArrayLiteral, Sequence {
    @usableFromInline var bits: UInt128 = 0

    @inlinable @inline(__always) public init() {}
    @inlinable public init(arrayLiteral remarks: Remark...) { for remark in remarks { insert(remark) } }

    package var isEmpty: Bool { bits == 0 }
    package func contains(_ remark: Remark) -> Bool { bits & mask(remark) != 0 }
    @inlinable @inline(__always) public mutating func insert(_ remark: Remark) { bits |= mask(remark) }
    package mutating func remove(_ remark: Remark) { bits &= ~mask(remark) }

    /// Inserts `first` for bit `low` of `flags`, the following remark for the next bit, and so on: `count` remarks, which
    /// are all there.
    @inlinable @inline(__always) public mutating func insert(
        bits flags: UInt32, from low: UInt32, count: UInt32, as first: Remark
    ) {
        bits |= UInt128(flags &>> low & (1 &<< count &- 1)) &<< UInt128(first.rawValue)
    }

    /// From the lowest bit to the highest.
    public func makeIterator() -> some IteratorProtocol<Remark> { Bits(rest: bits) }

    private struct Bits: IteratorProtocol {
        var rest: UInt128

        mutating func next() -> Remark? {
            while rest != 0 {
                let lowest = UInt8(truncatingIfNeeded: rest.trailingZeroBitCount)
                rest &= rest &- 1
                if let remark = Remark(rawValue: lowest) { return remark }
            }
            return nil
        }
    }

    @inlinable @inline(__always) func mask(_ remark: Remark) -> UInt128 { 1 &<< UInt128(remark.rawValue) }
}
