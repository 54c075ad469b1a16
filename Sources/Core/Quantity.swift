/// The closed vocabulary of what can be measured. A driver may not invent a name.
///
/// The raw value is the 32-bit code of ISO/IEEE 11073-10101 (partition · 65536 + term). It is stored and sent, so it
/// never changes.
package enum Quantity: UInt32, CaseIterable, Sendable {
    case oxygenSaturation = 150456
    case pulseOximeterRate = 149530
    case perfusionIndex = 150448

    case systolic = 150021
    case diastolic = 150022
    case meanPressure = 150023
    case cuffPressure = 150300
    case pulseRate = 149546

    case bodyWeight = 188736
    case bodyHeight = 188740
    case bodyMassIndex = 188752
    case bodyFat = 188748
    case fatFreeMass = 188756
    case softLeanMass = 188760
    case bodyWater = 188764
    case basalMetabolism = 188768
    case bodyMuscle = 188772
    case muscleMass = 188776
    case bodyImpedance = 188780

    case bodyTemperature = 150364
    case tympanicTemperature = 150392
    case rectalTemperature = 188420
    case oralTemperature = 188424
    case earTemperature = 188428
    case fingerTemperature = 188432
    case toeTemperature = 188448
    case axillaryTemperature = 188452
    case gastrointestinalTemperature = 188456
    /// What a forehead thermometer reads of a bottle or a room. Never a body temperature.
    case roomTemperature = 188508

    case batteryCharge = 67996
    /// The value of a bare SFLOAT: the attribute's own name, for decoding a primitive.
    case basicNumericValue = 68172
    /// The value of a bare FLOAT: the attribute's own name, for decoding a primitive.
    case simpleNumericValue = 68182

    /// The reference identifier of ISO/IEEE 11073-10101.
    package var reference: StaticString { facts.reference }

    /// The word for captures, the journal and people. One word, unique, never changed once used.
    package var name: StaticString { facts.name }

    /// Values outside are kept and flagged `implausible`, never dropped. In the unit of `Unit.usual(for:)`.
    package var plausible: ClosedRange<Double> { facts.plausible }

    private typealias Facts = (reference: StaticString, name: StaticString, plausible: ClosedRange<Double>)

    private var facts: Facts {
        switch self {
        case .oxygenSaturation: ("MDC_PULS_OXIM_SAT_O2", "spo2", 35...100)
        case .pulseOximeterRate: ("MDC_PULS_OXIM_PULS_RATE", "pulse-oximeter-rate", 18...321)
        case .perfusionIndex: ("MDC_PULS_OXIM_PERF_REL", "perfusion-index", 0...30)
        case .systolic: ("MDC_PRESS_BLD_NONINV_SYS", "systolic", 40...300)
        case .diastolic: ("MDC_PRESS_BLD_NONINV_DIA", "diastolic", 20...220)
        case .meanPressure: ("MDC_PRESS_BLD_NONINV_MEAN", "mean", 20...260)
        case .cuffPressure: ("MDC_PRESS_CUFF", "cuff", 0...330)
        case .pulseRate: ("MDC_PULS_RATE_NON_INV", "pulse", 20...300)
        case .bodyWeight: ("MDC_MASS_BODY_ACTUAL", "weight", 2...400)
        case .bodyHeight: ("MDC_LEN_BODY_ACTUAL", "height", 40...250)
        case .bodyMassIndex: ("MDC_RATIO_MASS_BODY_LEN_SQ", "bmi", 8...120)
        case .bodyFat: ("MDC_BODY_FAT", "fat", 1...75)
        case .fatFreeMass: ("MDC_MASS_BODY_FAT_FREE", "fat-free-mass", 2...300)
        case .softLeanMass: ("MDC_MASS_BODY_SOFT_LEAN", "soft-lean-mass", 2...300)
        case .bodyWater: ("MDC_BODY_WATER", "water", 1...250)
        case .basalMetabolism: ("MDC_BASAL_METABOLISM", "basal-metabolism", 1000...25000)
        case .bodyMuscle: ("MDC_BODY_MUSCLE", "muscle", 5...95)
        case .muscleMass: ("MDC_MASS_BODY_MUSCLE", "muscle-mass", 1...250)
        case .bodyImpedance: ("MDC_BODY_ELECTRICAL_IMPEDANCE", "impedance", 50...3000)
        case .bodyTemperature: ("MDC_TEMP_BODY", "temperature", 25...45)
        case .tympanicTemperature: ("MDC_TEMP_TYMP", "temperature-tympanum", 25...45)
        case .rectalTemperature: ("MDC_TEMP_RECT", "temperature-rectum", 25...45)
        case .oralTemperature: ("MDC_TEMP_ORAL", "temperature-mouth", 25...45)
        case .earTemperature: ("MDC_TEMP_EAR", "temperature-ear", 25...45)
        case .fingerTemperature: ("MDC_TEMP_FINGER", "temperature-finger", 10...45)
        case .toeTemperature: ("MDC_TEMP_TOE", "temperature-toe", 10...45)
        case .axillaryTemperature: ("MDC_TEMP_AXILLA", "temperature-armpit", 25...45)
        case .gastrointestinalTemperature: ("MDC_TEMP_GIT", "temperature-gastrointestinal", 25...45)
        case .roomTemperature: ("MDC_TEMP_ROOM", "temperature-room", -40...100)
        case .batteryCharge: ("MDC_ATTR_VAL_BATT_CHARGE", "battery", 0...100)
        case .basicNumericValue: ("MDC_ATTR_NU_VAL_OBS_BASIC", "sfloat", -1e300...1e300)
        case .simpleNumericValue: ("MDC_ATTR_NU_VAL_OBS_SIMP", "float", -1e300...1e300)
        }
    }

    package init?(name: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = match
    }
}

/// The units that devices send. Values are never converted on the way in.
package enum Unit: UInt8, CaseIterable, Sendable {
    case percent, perMinute, one, millimetreOfMercury, kilopascal, kilogram, pound, metre, centimetre, inch
    case kilogramPerSquareMetre, celsius, fahrenheit, kilojoule, ohm, second

    /// The case-sensitive code of the Unified Code for Units of Measure (UCUM).
    package var ucum: StaticString {
        switch self {
        case .percent: "%"
        case .perMinute: "/min"
        case .one: "1"
        case .millimetreOfMercury: "mm[Hg]"
        case .kilopascal: "kPa"
        case .kilogram: "kg"
        case .pound: "[lb_av]"
        case .metre: "m"
        case .centimetre: "cm"
        case .inch: "[in_i]"
        case .kilogramPerSquareMetre: "kg/m2"
        case .celsius: "Cel"
        case .fahrenheit: "[degF]"
        case .kilojoule: "kJ"
        case .ohm: "Ohm"
        case .second: "s"
        }
    }

    package init?(ucum: some StringProtocol) {
        guard let match = Self.allCases.first(where: { $0.ucum == ucum }) else { return nil }
        self = match
    }

    /// How a number in this unit compares with a plausible range, which is written in the metric unit.
    package func metric(_ value: Double) -> Double {
        switch self {
        case .kilopascal: value * 7.500617
        case .pound: value * 0.45359237
        case .inch: value * 2.54
        case .metre: value * 100
        case .fahrenheit: (value - 32) / 1.8
        default: value
        }
    }
}

/// A static string compared with a slice of text, without making a `String` of it.
package func == (constant: StaticString, text: some StringProtocol) -> Bool { constant.description == text }

extension StaticString {
    package var text: String { description }
}
