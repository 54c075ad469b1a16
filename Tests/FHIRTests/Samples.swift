import Core
import FHIR

/// The hub of the examples.
let gateway = PersonalHealthGateway(
    identifier: 0x0000_5EFF_FE00_5301, manufacturer: "Example Hub Project", model: "hubd", version: "0.1.0",
    isRegulated: false, synchronisation: .sntp, accuracy: .milliseconds(700))

/// Copenhagen in November.
let winter: @Sendable (Instant) -> Int = { _ in 60 }

/// 2026-11-20T07:15:30Z and so on, from a calendar reading in UTC.
func utc(_ text: String) -> Instant {
    guard let time = LocalTime(text) else { fatalError("no time: \(text)") }
    return Instant(milliseconds: Int64(time.seconds) * 1000 + Int64(time.microsecond) / 1000)
}

func local(_ text: String) -> RawTime {
    guard let time = LocalTime(text) else { fatalError("no time: \(text)") }
    return .clock(time)
}

func hub(_ text: String, synchronised: Bool = true) -> HubTime {
    let wall = utc(text)
    return HubTime(boot: "b", uptime: wall - utc("2026-11-19T00:00:00"), wall: wall, synchronised: synchronised)
}

func information(_ change: (inout DeviceInformation) -> Void = { _ in }) -> DeviceInformation {
    var information = DeviceInformation()
    information.manufacturer = "Example Medical"
    information.model = "PO-1"
    information.serial = "SN0001"
    information.firmware = "1.4.2"
    change(&information)
    return information
}

let oximeter = KnownDevice(
    identity: "bluetooth:00:00:5E:00:53:A1", driver: "example", kind: .pulseOximeter,
    information: information { $0.systemID = 0x0000_5EFF_FE00_53A1 })

let cuff = KnownDevice(
    identity: "bluetooth:00:00:5E:00:53:B2", driver: "example", kind: .bloodPressure,
    information: information {
        $0.model = "BP-7"
        $0.serial = "SN0002"
        $0.firmware = "2.0"
    })

let scale = KnownDevice(
    identity: "usb:0403:6001:A9012", driver: "example", kind: .scale, information: DeviceInformation())

let spirometer = KnownDevice(
    identity: "bluetooth:10:00:E8:00:53:E5", driver: "example", kind: .spirometer,
    information: information { $0.model = "SP-2" })

let thermometer = KnownDevice(
    identity: "bluetooth:00:00:5E:00:53:D4", driver: "example", kind: .thermometer,
    information: information { $0.hardware = "C" })

let meter = KnownDevice(
    identity: "bluetooth:00:00:5E:00:53:F6", driver: "example", kind: .glucose,
    information: information { $0.model = "GL-3" })

let pseudonym = Subject.identifier(system: "urn:oid:2.999.1.2.3.4.5", value: "tele-0042")
let literal = Subject.reference("Patient/pt-4711")

/// A reading as the journal gives it; the fingerprint and the date are Core's own.
func kept(
    _ values: Values, _ device: KnownDevice, at taken: RawTime = .now, heard: String = "2026-11-20T06:02:11.480",
    pair: ClockPair? = nil, lasting: Duration? = nil, remarks: Remarks = [], subject: Subject? = literal,
    synchronised: Bool = true, bytes: [UInt8] = [1]
) -> Kept {
    let reading = Reading(values, taken: taken, duration: lasting, remarks: remarks, bytes: bytes)
    let heard = hub(heard, synchronised: synchronised)
    return Kept(
        id: 1, fingerprint: Fingerprint(device: device.identity, reading: reading, arrival: heard), device: device,
        reading: reading, heard: heard, pair: pair, dated: taken.dated(by: pair, heard: heard), subject: subject)
}

/// With flow and volume every 37.5 ms, for 3.15 s.
func curved(_ kept: Kept) -> Kept {
    var kept = kept
    let samples = (0..<85).map { Int32($0 * (84 - $0)) }
    kept.reading.curves = [
        Curve(.flowAway, .litrePerSecond, every: .microseconds(37_500), exponent: -3, samples),
        Curve(.volumeAway, .litre, every: .microseconds(37_500), exponent: -2, samples),
    ].compactMap(\.self)
    return kept
}

/// The device is 3 min 12 s fast.
let fastClock = ClockPair(
    device: local("2026-11-20T08:18:42"), hub: hub("2026-11-20T07:15:30.000"), error: .milliseconds(20))

let spotCheck = kept(
    [
        Value(.oxygenSaturation, Amount(97), .percent, .spot),
        Value(.pulseOximeterRate, Amount(68), .perMinute, .spot),
        Value(.perfusionIndex, Amount(42, exponent: -1), .percent),
    ], oximeter, at: local("2026-11-20T08:17:55"), heard: "2026-11-20T07:15:31", pair: fastClock, subject: pseudonym)

let pressure = kept(
    [
        Value(.systolic, Amount(138), .millimetreOfMercury), Value(.diastolic, Amount(84), .millimetreOfMercury),
        Value(.meanPressure, Amount(102), .millimetreOfMercury),
        Value(.pulseRate, Amount(710, exponent: -1), .perMinute), Value(.batteryCharge, Amount(80), .percent),
    ], cuff, remarks: [.cuffTooLoose, .irregularPulse])

/// What the clinic has already, told anew.
let amendment: Kept = {
    var again = pressure
    again.amends = true
    return again
}()

/// Quantities that some destination has a code of its own for, some of them in a unit that the code does not imply.
let everything = [
    pressure, kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter),
    kept(
        [
            Value(.bodyWeight, Amount(823, exponent: -1), .kilogram),
            Value(.bodyHeight, Amount(175, exponent: -2), .metre),
            Value(.bodyMassIndex, Amount(269, exponent: -1), .kilogramPerSquareMetre),
        ], scale),
    kept([Value(.bodyWeight, Amount(1816, exponent: -1), .pound)], scale, bytes: [2]),
    kept([Value(.earTemperature, Amount(369, exponent: -1), .celsius)], thermometer),
    kept([Value(.bodyTemperature, Amount(984, exponent: -1), .fahrenheit)], thermometer, bytes: [2]),
    kept(
        [
            Value(.forcedVolume1s, Amount(327, exponent: -2), .litre),
            Value(.forcedVitalCapacity, Amount(49, exponent: -1), .litre),
            Value(.ratioFEV1FVC, Amount(67, exponent: -2), .one),
            Value(.peakExpiratoryFlow, Amount(7), .litrePerSecond),
        ], spirometer),
    kept([Value(.capillaryPlasmaGlucose, Amount(62, exponent: -1), .millimolePerLitre)], meter),
]

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
