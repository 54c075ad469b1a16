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
