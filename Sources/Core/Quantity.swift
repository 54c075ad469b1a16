/// The closed vocabulary of what can be measured. A driver may not invent a name.
///
/// The raw value is the 32-bit code of ISO/IEEE 11073-10101 (partition · 65536 + term). It is stored and sent, so it
/// never changes.
public enum Quantity: UInt32, CaseIterable, Sendable {
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

    /// Where the meter does not say what blood it measured.
    case glucose = 160020
    case capillaryWholeBloodGlucose = 160184
    case capillaryPlasmaGlucose = 160188
    case venousWholeBloodGlucose = 160192
    case venousPlasmaGlucose = 160196
    case arterialWholeBloodGlucose = 160200
    case arterialPlasmaGlucose = 160204
    case undeterminedWholeBloodGlucose = 160364
    case undeterminedPlasmaGlucose = 160368
    case interstitialGlucose = 160212
    /// What a meter reads of the fluid that proves it. Nobody's blood.
    case controlGlucose = 160208
    case glycatedHaemoglobin = 160220
    case exercise = 8_417_760
    case carbohydrate = 8_417_764
    case medication = 8_417_796

    /// Volumes and flows of a forced breath out, at body temperature and pressure, as the spirometer gives them.
    case forcedVitalCapacity = 188928
    case forcedVolume500ms = 188940
    case forcedVolume750ms = 188944
    case forcedVolume1s = 152586
    case forcedVolume3s = 189044
    case forcedVolume6s = 152587
    case ratioFEV1FVC = 188948
    case ratioFEV1FEV6 = 188936
    case peakExpiratoryFlow = 152584
    /// The best of the person so far, as the device has it or was told it. No measurement of now.
    case personalBestPeakFlow = 152585
    case forcedFlow25To75 = 188960
    /// The flow once a quarter of the vital capacity is out; what German calls MEF75.
    case forcedFlow25 = 188964
    case forcedFlow50 = 188968
    case forcedFlow75 = 188972
    case forcedExpiratoryTime = 189016
    /// Flow and volume of breath as it leaves, at one moment of many: a spirometer's curve.
    case flowAway = 151764
    case volumeAway = 152708

    case batteryCharge = 67996
    /// The value of a bare SFLOAT: the attribute's own name, for decoding a primitive.
    case basicNumericValue = 68172
    /// The value of a bare FLOAT: the attribute's own name, for decoding a primitive.
    case simpleNumericValue = 68182

    /// The reference identifier of ISO/IEEE 11073-10101.
    package var reference: String { facts.reference }

    /// The word for captures, the journal and people. One word, unique, never changed once used.
    package var name: String { facts.name }

    /// Values outside are kept and flagged `implausible`, never dropped. In the unit of `Unit.usual(for:)`.
    package var plausible: ClosedRange<Double> { facts.plausible }

    private typealias Facts = (reference: String, name: String, plausible: ClosedRange<Double>)

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
        case .glucose: ("MDC_CONC_GLU_GEN", "glucose", Self.livingGlucose)
        case .capillaryWholeBloodGlucose:
            ("MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD", "glucose-capillary-blood", Self.livingGlucose)
        case .capillaryPlasmaGlucose:
            ("MDC_CONC_GLU_CAPILLARY_PLASMA", "glucose-capillary-plasma", Self.livingGlucose)
        case .venousWholeBloodGlucose:
            ("MDC_CONC_GLU_VENOUS_WHOLEBLOOD", "glucose-venous-blood", Self.livingGlucose)
        case .venousPlasmaGlucose: ("MDC_CONC_GLU_VENOUS_PLASMA", "glucose-venous-plasma", Self.livingGlucose)
        case .arterialWholeBloodGlucose:
            ("MDC_CONC_GLU_ARTERIAL_WHOLEBLOOD", "glucose-arterial-blood", Self.livingGlucose)
        case .arterialPlasmaGlucose:
            ("MDC_CONC_GLU_ARTERIAL_PLASMA", "glucose-arterial-plasma", Self.livingGlucose)
        case .undeterminedWholeBloodGlucose:
            ("MDC_CONC_GLU_UNDETERMINED_WHOLEBLOOD", "glucose-blood", Self.livingGlucose)
        case .undeterminedPlasmaGlucose: ("MDC_CONC_GLU_UNDETERMINED_PLASMA", "glucose-plasma", Self.livingGlucose)
        case .interstitialGlucose: ("MDC_CONC_GLU_ISF", "glucose-interstitial", Self.livingGlucose)
        case .controlGlucose: ("MDC_CONC_GLU_CONTROL", "glucose-control", 0...60)
        case .glycatedHaemoglobin: ("MDC_CONC_HBA1C", "hba1c", 2...25)
        case .exercise: ("MDC_CTXT_GLU_EXERCISE", "exercise", 0...100)
        case .carbohydrate: ("MDC_CTXT_GLU_CARB", "carbohydrate", 0...1000)
        case .medication: ("MDC_CTXT_MEDICATION", "medication", 0...10_000)
        case .forcedVitalCapacity: ("MDC_VOL_AWAY_EXP_FORCED_CAPACITY", "fvc", Self.livingVolume)
        case .forcedVolume500ms: ("MDC_VOL_AWAY_EXP_FORCED_0_5S", "fev0.5", Self.livingVolume)
        case .forcedVolume750ms: ("MDC_VOL_AWAY_EXP_FORCED_0_75S", "fev0.75", Self.livingVolume)
        case .forcedVolume1s: ("MDC_VOL_AWAY_EXP_FORCED_1S", "fev1", Self.livingVolume)
        case .forcedVolume3s: ("MDC_VOL_AWAY_EXP_FORCED_3S", "fev3", Self.livingVolume)
        case .forcedVolume6s: ("MDC_VOL_AWAY_EXP_FORCED_6S", "fev6", Self.livingVolume)
        case .ratioFEV1FVC: ("MDC_RATIO_AWAY_EXP_FORCED_1S_FVC", "fev1-fvc", Self.livingRatio)
        case .ratioFEV1FEV6: ("MDC_RATIO_AWAY_EXP_FORCED_FEV1_FEV6", "fev1-fev6", Self.livingRatio)
        case .peakExpiratoryFlow: ("MDC_FLOW_AWAY_EXP_FORCED_PEAK", "pef", Self.livingFlow)
        case .personalBestPeakFlow: ("MDC_FLOW_AWAY_EXP_FORCED_PEAK_PB", "pef-best", Self.livingFlow)
        case .forcedFlow25To75: ("MDC_FLOW_AWAY_EXP_FORCED_25_75_FVC", "fef25-75", Self.livingFlow)
        case .forcedFlow25: ("MDC_FLOW_AWAY_EXP_FORCED_25_FVC", "fef25", Self.livingFlow)
        case .forcedFlow50: ("MDC_FLOW_AWAY_EXP_FORCED_50_FVC", "fef50", Self.livingFlow)
        case .forcedFlow75: ("MDC_FLOW_AWAY_EXP_FORCED_75_FVC", "fef75", Self.livingFlow)
        case .forcedExpiratoryTime: ("MDC_VOL_AWAY_EXP_FORCED_TIME", "fet", 0.1...30)
        case .flowAway: ("MDC_FLOW_AWAY", "flow", -20...20)
        case .volumeAway: ("MDC_VOL_AWAY", "volume", -10...10)
        case .batteryCharge: ("MDC_ATTR_VAL_BATT_CHARGE", "battery", 0...100)
        case .basicNumericValue: ("MDC_ATTR_NU_VAL_OBS_BASIC", "sfloat", -1e300...1e300)
        case .simpleNumericValue: ("MDC_ATTR_NU_VAL_OBS_SIMP", "float", -1e300...1e300)
        }
    }

    /// Millimoles per litre; home meters show 0.6 to 33.3.
    private static let livingGlucose = 0.5...60.0
    /// Litres that one breath can move.
    private static let livingVolume = 0.1...10.0
    /// Litres a second.
    private static let livingFlow = 0.05...20.0
    /// Of one, or in percent: both are sent.
    private static let livingRatio = 0.1...100.0

    package init?(name: some StringProtocol) {
        guard let match = Self.byName[String(name)] else { return nil }
        self = match
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}

/// The units that devices send. Values are never converted on the way in.
public enum Unit: UInt8, CaseIterable, Sendable {
    case percent, perMinute, one, millimetreOfMercury, kilopascal, kilogram, pound, metre, centimetre, inch
    case kilogramPerSquareMetre, celsius, fahrenheit, kilojoule, ohm, second
    case millimolePerLitre, milligramPerDecilitre, gram, milligram, millilitre
    case litre, litrePerMinute, litrePerSecond

    /// The case-sensitive code of the Unified Code for Units of Measure (UCUM).
    package var ucum: String {
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
        case .millimolePerLitre: "mmol/L"
        case .milligramPerDecilitre: "mg/dL"
        case .gram: "g"
        case .milligram: "mg"
        case .millilitre: "mL"
        case .litre: "L"
        case .litrePerMinute: "L/min"
        case .litrePerSecond: "L/s"
        }
    }

    package init?(ucum: some StringProtocol) {
        guard let match = Self.byCode[String(ucum)] else { return nil }
        self = match
    }

    private static let byCode = Dictionary(uniqueKeysWithValues: allCases.map { ($0.ucum, $0) })

    /// How a number in this unit compares with a plausible range, which is written in the metric unit.
    package func metric(_ value: Double) -> Double {
        switch self {
        case .kilopascal: value * 7.500617
        case .pound: value * 0.45359237
        case .inch: value * 2.54
        case .metre: value * 100
        case .fahrenheit: (value - 32) / 1.8
        case .litrePerMinute: value / 60
        // Of glucose, the only thing that is measured so: 180.16 g/mol.
        case .milligramPerDecilitre: value / 18.016
        default: value
        }
    }
}
