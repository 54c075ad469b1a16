import Core
import FHIR

extension Quantity {
    /// Whether a clinic gets it as a number of its own; written here once more, so that one more does not go unchecked.
    fileprivate var isSent: Bool {
        switch self {
        case .cuffPressure, .roomTemperature, .controlGlucose, .basicNumericValue, .simpleNumericValue: false
        case .forcedVolume500ms, .forcedVolume750ms, .forcedVolume3s, .forcedFlow25, .forcedFlow50, .forcedFlow75,
            .forcedExpiratoryTime, .personalBestPeakFlow:
            false
        // Those of a curve alone.
        case .flowAway, .volumeAway: false
        default: true
        }
    }

    fileprivate var units: [Core.Unit] {
        switch self {
        case .oxygenSaturation, .bodyFat, .bodyMuscle, .glycatedHaemoglobin, .exercise, .batteryCharge: [.percent]
        case .perfusionIndex, .ratioFEV1FVC, .ratioFEV1FEV6: [.percent, .one]
        case .pulseOximeterRate, .pulseRate: [.perMinute]
        case .systolic, .diastolic, .meanPressure: [.millimetreOfMercury, .kilopascal]
        case .bodyWeight, .fatFreeMass, .softLeanMass, .bodyWater, .muscleMass: [.kilogram, .pound]
        case .bodyHeight: [.metre, .centimetre, .inch]
        case .bodyMassIndex: [.kilogramPerSquareMetre]
        case .basalMetabolism: [.kilojoule]
        case .bodyImpedance: [.ohm]
        case .bodyTemperature, .tympanicTemperature, .rectalTemperature, .oralTemperature, .earTemperature,
            .fingerTemperature, .toeTemperature, .axillaryTemperature, .gastrointestinalTemperature:
            [.celsius, .fahrenheit]
        case .carbohydrate: [.gram]
        case .medication: [.milligram, .millilitre]
        case .forcedVolume1s, .forcedVolume6s, .forcedVitalCapacity: [.litre]
        case .peakExpiratoryFlow: [.litrePerMinute, .litrePerSecond]
        case .forcedFlow25To75: [.litrePerSecond]
        default: [.millimolePerLitre, .milligramPerDecilitre]
        }
    }
}

/// One bundle of every kind, by a name for the file.
let kinds: [(name: String, readings: [Kept], destination: Destination)] = [
    ("spot-check-patient-entry", [spotCheck], Destination(createsPatient: true)),
    ("spot-check-conditional", [spotCheck], Destination()),
    ("pressure", [pressure], Destination()),
    ("pressure-test", [pressure], Destination(isTest: true)),
    (
        "pressure-kilopascal",
        [
            kept(
                [
                    Value(.systolic, Amount(163, exponent: -1), .kilopascal),
                    Value(.diastolic, Amount(105, exponent: -1), .kilopascal),
                ], cuff)
        ], Destination()
    ),
    (
        "pressure-error",
        [
            kept(
                [
                    Value(.systolic, absent: .notANumber, .millimetreOfMercury),
                    Value(.meanPressure, absent: .error, .millimetreOfMercury),
                    Value(.pulseRate, absent: .positiveInfinity, .perMinute),
                ], cuff, remarks: [.bodyMovement, .pulseRateOver, .pulseRateUnder, .improperPosition])
        ], Destination()
    ),
    (
        "scale-on-a-cable",
        [
            kept(
                [
                    Value(.bodyWeight, Amount(8235, exponent: -2), .kilogram),
                    Value(.bodyHeight, Amount(175, exponent: -2), .metre),
                    Value(.bodyMassIndex, Amount(269, exponent: -1), .kilogramPerSquareMetre),
                    Value(.bodyFat, Amount(250, exponent: -1), .percent),
                    Value(.basalMetabolism, Amount(7200), .kilojoule),
                    Value(.bodyImpedance, Amount(5003, exponent: -1), .ohm),
                    Value(.bodyWater, Amount(45, exponent: 0), .kilogram), Value(.muscleMass, Amount(60), .kilogram),
                    Value(.bodyMuscle, Amount(40), .percent), Value(.fatFreeMass, Amount(61), .kilogram),
                    Value(.softLeanMass, Amount(58), .kilogram),
                ], scale, at: local("2026-11-20T08:17:55"), pair: fastClock, remarks: [.implausible, .multiplePackets])
        ], Destination()
    ),
    (
        "spirometry",
        [
            kept(
                [
                    Value(.peakExpiratoryFlow, Amount(420), .litrePerMinute),
                    Value(.forcedVolume750ms, Amount(289, exponent: -2), .litre),
                    Value(.forcedVolume1s, Amount(327, exponent: -2), .litre),
                    Value(.forcedVolume6s, Amount(480, exponent: -2), .litre),
                    Value(.forcedVitalCapacity, Amount(490, exponent: -2), .litre),
                    Value(.ratioFEV1FEV6, Amount(68, exponent: -2), .one),
                    Value(.ratioFEV1FVC, Amount(667, exponent: -1), .percent),
                    Value(.forcedFlow25To75, Amount(395, exponent: -2), .litrePerSecond),
                    Value(.personalBestPeakFlow, Amount(420), .litrePerMinute),
                ], spirometer, at: local("2026-11-20T08:17:55"), pair: fastClock,
                remarks: [.questionable, .afterBronchodilator])
        ], Destination()
    ),
    (
        "spirometry-with-curves",
        [
            curved(
                kept(
                    [Value(.forcedVolume1s, Amount(327, exponent: -2), .litre)], spirometer,
                    at: local("2026-11-20T08:17:55"), pair: fastClock)),
            // Undated by the device: what it drew lasts in milliseconds.
            curved(kept([Value(.forcedVolume1s, Amount(331, exponent: -2), .litre)], spirometer, bytes: [2])),
        ], Destination()
    ),
    (
        "pounds-and-inches",
        [
            kept(
                [Value(.bodyWeight, Amount(1816, exponent: -1), .pound), Value(.bodyHeight, Amount(69), .inch)], scale)
        ], Destination()
    ),
    (
        "temperatures",
        [
            kept([Value(.earTemperature, Amount(3690, exponent: -2), .celsius)], thermometer),
            kept([Value(.bodyTemperature, Amount(984, exponent: -1), .fahrenheit)], thermometer, bytes: [2]),
            kept([Value(.oralTemperature, absent: .notANumber, .celsius)], thermometer, bytes: [3]),
        ], Destination()
    ),
    (
        "night",
        [
            kept(
                [
                    Value(.oxygenSaturation, Amount(933, exponent: -1), .percent, .mean),
                    Value(.oxygenSaturation, Amount(78), .percent, .minimum),
                    Value(.oxygenSaturation, Amount(99), .percent, .maximum),
                    Value(.oxygenSaturation, Amount(28_000), .second, .observed),
                    Value(.oxygenSaturation, Amount(1200), .second, .below90),
                    Value(.oxygenSaturation, Amount(60), .second, .below80),
                    Value(.pulseOximeterRate, Amount(61), .perMinute, .mean),
                    Value(.pulseOximeterRate, Amount(48), .perMinute, .minimum),
                    Value(.pulseOximeterRate, Amount(102), .perMinute, .maximum),
                ], oximeter, at: .now, heard: "2026-11-20T06:02:11.480", lasting: .seconds(28_800), bytes: [])
        ], Destination()
    ),
    (
        "counter-with-duration",
        [
            kept(
                [
                    Value(.oxygenSaturation, Amount(95), .percent, .mean),
                    Value(.oxygenSaturation, Amount(93), .percent, .minimum),
                ], oximeter, at: .ticks(200_000, resolution: .milliseconds(10)), heard: "2026-11-20T07:15:31",
                pair: ClockPair(
                    device: .ticks(230_050, resolution: .milliseconds(10)), hub: hub("2026-11-20T07:15:30.250"),
                    error: .milliseconds(50)), lasting: .seconds(900))
        ], Destination()
    ),
    (
        "stream-of-fast-and-slow",
        (0..<3).map { second in
            kept(
                [
                    Value(.oxygenSaturation, Amount(96), .percent, .fast),
                    Value(.oxygenSaturation, Amount(97), .percent, .slow),
                    Value(.pulseOximeterRate, Amount(70), .perMinute, .fast),
                ], oximeter, at: local("2026-11-20T08:17:5\(second)"), heard: "2026-11-20T07:15:31", pair: fastClock,
                remarks: [.lowPerfusion, .sensorDisplaced, .questionable, .validated], subject: pseudonym)
        }, Destination()
    ),
    (
        "time-unknown",
        [kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, at: .unknown, remarks: [.fromStorage])],
        Destination()
    ),
    (
        "hub-clock-unsure",
        [kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, synchronised: false)], Destination()
    ),
    (
        "timeline-repeat",
        [
            kept(
                [Value(.oxygenSaturation, Amount(97), .percent)], oximeter, at: local("2026-11-20T08:17:55"),
                heard: "2026-11-20T07:15:31", pair: fastClock, remarks: [.timelineRepeat])
        ], Destination()
    ),
    (
        "early-estimate",
        [
            kept(
                [Value(.oxygenSaturation, Amount(97), .percent)], oximeter,
                remarks: [.earlyEstimate, .calibrationOngoing])
        ], Destination()
    ),
    (
        "invalid",
        [
            kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.invalid, .poorSignal]),
            kept(
                [Value(.oxygenSaturation, Amount(96), .percent)], oximeter, remarks: [.measurementUnavailable],
                bytes: [2]),
            kept([Value(.systolic, Amount(130), .millimetreOfMercury)], cuff, remarks: [.invalid], bytes: [3]),
        ], Destination(takesInvalid: true)
    ),
    (
        "odd-identifiers",
        [
            kept(
                [Value(.bodyWeight, Amount(70), .kilogram)], oximeter, at: local("2026-11-20T08:17:55"),
                pair: fastClock,
                subject: .identifier(system: "urn:x:a+b&c", value: "100% #1|x,y$\\ø"))
        ], Destination()
    ),
    (
        "glucose",
        [
            kept(
                [
                    Value(.capillaryWholeBloodGlucose, Amount(62, exponent: -1), .millimolePerLitre),
                    Value(.carbohydrate, Amount(45), .gram), Value(.exercise, Amount(60), .percent),
                    Value(.medication, Amount(12), .millilitre),
                    Value(.glycatedHaemoglobin, Amount(71, exponent: -1), .percent),
                ], meter, at: local("2026-11-20T08:17:55"), pair: fastClock,
                remarks: [.fingerSample, .beforeMeal, .breakfast, .rapidActing]),
            kept([Value(.undeterminedPlasmaGlucose, Amount(112), .milligramPerDecilitre)], meter, bytes: [2]),
        ], Destination()
    ),
    (
        "glucose-context",
        [
            kept(
                [
                    Value(.venousPlasmaGlucose, Amount(71, exponent: -1), .millimolePerLitre),
                    Value(.medication, Amount(8), .milligram),
                ], meter, at: local("2026-11-20T08:17:55"), heard: "2026-11-20T07:15:31", pair: fastClock,
                remarks: [.alternateSiteSample, .afterMeal, .testedByProfessional, .underStress, .longActing]),
            kept(
                [Value(.interstitialGlucose, Amount(58, exponent: -1), .millimolePerLitre)], meter,
                remarks: [.bedtime, .testedByPerson, .noHealthIssues, .meterTimeFault], bytes: [2]),
            kept(
                [Value(.undeterminedWholeBloodGlucose, absent: .positiveInfinity, .milligramPerDecilitre)], meter,
                remarks: [.resultTooHigh, .lowBattery, .sampleTooSmall, .meterTooCold, .meterFault], bytes: [3]),
        ], Destination()
    ),
    (
        // Each quantity that a clinic gets, in each unit that some device sends it in.
        "every-quantity",
        Quantity.allCases.filter(\.isSent).flatMap { quantity in
            quantity.units.map { unit in
                kept([Value(quantity, Amount(42), unit)], meter, bytes: Array("\(quantity) \(unit)".utf8))
            }
        }, Destination()
    ),
    ("amendment", [amendment], Destination()),
    ("codes-snomed", everything, Destination(usesSNOMED: true)),
    ("codes-fut", everything, Destination(danishCodes: .fut)),
    ("codes-medcom", everything, Destination(danishCodes: .medcom)),
    ("codes-dk-core", everything, Destination(usesSNOMED: true, danishCodes: .dkCore)),
    ("two-devices", [pressure, kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter)], Destination()),
]

func bundle(_ readings: [Kept], to destination: Destination = Destination()) throws(Unbundleable) -> Bundle {
    try Bundle(of: readings, from: gateway, to: destination, offset: winter)
}
