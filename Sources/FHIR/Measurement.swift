import Core

/// One Observation to be made of a reading: a number, a statistic, a blood pressure, a curve, or what is said about them in
/// status bits and codes.
struct Measurement {
    enum Content {
        /// With the code of what it is.
        case numeric(Value, Coding)
        case statistics(Statistics)
        case bloodPressure(BloodPressure)
        case curve(Curve)
        case bits(StatusBits)
        case code(Enumeration)
    }
    var content: Content
    /// What tells it from the other measurements of the reading; its identifiers are made of it.
    var part: String

    var profile: String {
        switch content {
        case .numeric, .statistics: Profile.numeric
        case .bloodPressure: Profile.compound
        case .curve: Profile.curve
        case .bits: Profile.bits
        case .code: Profile.code
        }
    }

    /// MDC first, then LOINC, then what the destination wants beside them.
    func codings(for destination: Destination) -> [Coding] {
        switch content {
        case .numeric(let value, let coding):
            [coding] + value.quantity.loinc
                + destination.further(value.quantity, in: value.delivered.unit)
        // A Danish code is of one value, and would say of an average that it is one.
        case .statistics(let statistics): [statistics.quantity.coding] + statistics.quantity.loinc
        case .bloodPressure:
            [
                .mdc(BloodPressure.code, "MDC_PRESS_BLD_NONINV"),
                .loinc("85354-9", "Blood pressure panel with all children optional"),
            ] + destination.furtherPanel
        case .curve(let curve): [curve.quantity.coding]
        case .bits(let bits): [.mdc(bits.code, bits.reference)]
        case .code(let enumeration): [.mdc(enumeration.code, enumeration.reference)]
        }
    }

    /// The MDC code as the PHD identifier has it.
    var type: String {
        switch content {
        case .numeric(_, let coding): coding.code
        case .statistics(let statistics): String(statistics.quantity.rawValue)
        case .bloodPressure: String(BloodPressure.code)
        case .curve(let curve): String(curve.quantity.rawValue)
        case .bits(let bits): String(bits.code)
        case .code(let enumeration): String(enumeration.code)
        }
    }

    var isVitalSign: Bool {
        switch content {
        case .numeric(let value, _): value.quantity.isVitalSign
        case .statistics(let statistics): statistics.quantity.isVitalSign
        case .bloodPressure: true
        case .bits, .curve, .code: false
        }
    }

    var supplements: [Coding] {
        if case .numeric(let value, _) = content, let supplement = value.aspect.supplement { [supplement] } else { [] }
    }

    /// How long it lasts from the reading's own time on, where that is a matter of its own: in steps of that time.
    func lasting(from taken: RawTime) -> Duration? {
        if case .curve(let curve) = content { taken.inSteps(curve.duration) } else { nil }
    }

    /// Whether it only says something about the others.
    var qualifies: Bool {
        switch content {
        case .bits, .code: true
        default: false
        }
    }
}

/// The three pressures of one measurement.
struct BloodPressure {
    static let code: UInt32 = 150020
    var systolic: Value?
    var diastolic: Value?
    var mean: Value?

    /// False where its place is taken already.
    fileprivate mutating func take(_ value: Value) -> Bool {
        switch value.quantity {
        case .systolic where systolic == nil: systolic = value
        case .diastolic where diastolic == nil: diastolic = value
        case .meanPressure where mean == nil: mean = value
        default: return false
        }
        return true
    }
}

/// What a time of wear comes down to: an average, the extremes, and seconds.
struct Statistics {
    let quantity: Quantity
    fileprivate(set) var average: Value?
    /// Minimum, maximum, seconds observed and seconds below a limit, in the order of the reading.
    fileprivate(set) var others: [Value] = []

    fileprivate mutating func take(_ value: Value) {
        if value.aspect == .mean, average == nil { average = value } else { others.append(value) }
    }
}

extension Reading {
    /// The Observations that the reading makes, each value in one of them, in the order of the wire; what qualifies
    /// them last. Empty where it says nothing about a person.
    var measurements: [Measurement] {
        var measurements: [Measurement] = []
        var names: [String: Int] = [:]
        func append(_ content: Measurement.Content, _ name: String) {
            let count = names[name, default: 0] + 1
            names[name] = count
            measurements.append(Measurement(content: content, part: count == 1 ? name : "\(name)-\(count)"))
        }
        for value in values where value.quantity.isTold && value.quantity.isAgreed {
            if value.aspect.statistic != nil {
                if measurements.addStatistic(value) { continue }
                var statistics = Statistics(quantity: value.quantity)
                statistics.take(value)
                append(.statistics(statistics), value.quantity.name + "-summary")
            } else if value.quantity.isBloodPressure {
                if measurements.addPressure(value) { continue }
                var pressure = BloodPressure()
                _ = pressure.take(value)
                append(.bloodPressure(pressure), "blood-pressure")
            } else {
                let name = value.quantity.name
                append(
                    .numeric(value, value.quantity.coding(beside: remarks)),
                    value.aspect == .plain ? name : "\(name)-\(value.aspect.name)")
            }
        }
        guard !measurements.isEmpty, remarks.absence == nil else { return measurements }
        for curve in curves { append(.curve(curve), "curve-\(curve.quantity.name)") }
        for bits in statusBits { append(.bits(bits), "status-\(bits.code)") }
        for enumeration in Enumeration.all(in: remarks) { append(.code(enumeration), "code-\(enumeration.code)") }
        return measurements
    }
}

extension [Measurement] {
    /// Adds the value to the statistics of its quantity, if they are there already.
    fileprivate mutating func addStatistic(_ value: Value) -> Bool {
        for index in indices {
            guard case .statistics(var statistics) = self[index].content, statistics.quantity == value.quantity else {
                continue
            }
            statistics.take(value)
            self[index].content = .statistics(statistics)
            return true
        }
        return false
    }

    /// Adds the value to the newest blood pressure that still misses it.
    fileprivate mutating func addPressure(_ value: Value) -> Bool {
        guard let index = lastIndex(where: { if case .bloodPressure = $0.content { true } else { false } }),
            case .bloodPressure(var pressure) = self[index].content, pressure.take(value)
        else { return false }
        self[index].content = .bloodPressure(pressure)
        return true
    }
}
