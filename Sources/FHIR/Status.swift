import Core

extension Remarks {
    /// The status of an Observation: a device may take back what it sent, or call it early.
    var observationStatus: String {
        if contains(.invalid) { return "entered-in-error" }
        return contains(.earlyEstimate) ? "preliminary" : "final"
    }

    /// Codes of the measurement status, one interpretation each.
    var interpretations: [String] {
        if isEmpty { return [] }
        let codes: [(Remark, String)] = [
            (.questionable, "questionable"), (.calibrationOngoing, "calibration-ongoing"),
            (.earlyEstimate, "early-indication"), (.validated, "validated"),
        ]
        return codes.filter { contains($0.0) }.map(\.1)
    }

    /// What has no place in FHIR's own elements, in words for the person who reads the Observation.
    var notes: [String] { compactMap(\.note) }
}

extension Reading {
    /// The device's status as bit strings. All of these bits are events, which are sent only when they happened.
    var statusBits: [StatusBits] {
        if remarks.isEmpty { return [] }
        return [StatusBits.bloodPressure(remarks), StatusBits.oximeter(remarks), StatusBits.glucoseMeter(self)]
            .filter { !$0.bits.isEmpty }
    }
}

/// The raised bits of one IEEE 11073 bit string.
struct StatusBits: Equatable {
    let code: UInt32
    let reference: String
    let bits: [Coding]

    private init(
        _ code: UInt32, _ reference: String, _ bits: [(number: Int, remark: Remark, name: String)], _ set: Remarks
    ) {
        self.code = code
        self.reference = reference
        self.bits = bits.filter { set.contains($0.remark) }.map { .bit(code, $0.number, $0.name) }
    }

    /// Bit numbers equal those of the Bluetooth profile.
    static func bloodPressure(_ remarks: Remarks) -> StatusBits {
        StatusBits(
            8_410_608, "MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS",
            [
                (0, .bodyMovement, "body-movement"), (1, .cuffTooLoose, "cuff-too-loose"),
                (2, .irregularPulse, "irregular-pulse"), (3, .pulseRateOver, "pulse-over-range-limit"),
                (4, .pulseRateUnder, "pulse-under-range-limit"), (5, .improperPosition, "improper-body-position"),
            ], remarks)
    }

    /// Bit numbers count from the most significant bit of sixteen, Bluetooth's from the least: n is 15 − n there.
    static func oximeter(_ remarks: Remarks) -> StatusBits {
        StatusBits(
            150_604, "MDC_PULS_OXIM_DEV_STATUS",
            [
                (0, .sensorDisconnected, "sensor-disconnected"), (1, .sensorMalfunctioning, "sensor-malfunction"),
                (2, .sensorDisplaced, "sensor-displaced"), (3, .unknownSensor, "sensor-unsupported"),
                (4, .sensorUnconnectedToUser, "sensor-off"), (5, .sensorInterference, "sensor-interference"),
                (6, .signalAnalysisOngoing, "signal-searching"), (7, .questionablePulse, "signal-pulse-questionable"),
                (8, .nonpulsatileSignal, "signal-non-pulsatile"), (9, .erraticSignal, "signal-erratic"),
                (10, .lowPerfusion, "signal-low-perfusion"), (11, .poorSignal, "signal-poor"),
                (12, .inadequateSignal, "signal-inadequate"),
                (13, .signalProcessingIrregularity, "signal-processing-irregularity"),
                (14, .equipmentMalfunction, "device-equipment-malfunction"),
                (15, .extendedDisplayUpdate, "device-extended-update"),
            ], remarks)
    }

    /// Bit numbers equal those of the Glucose Service, but for bit 11, which is a fault of the clock there and has no bit
    /// here. A low battery is a bit of a meter's alone.
    static func glucoseMeter(_ reading: Reading) -> StatusBits {
        let isMeters = reading.values.contains { $0.quantity.isGlucose }
        return StatusBits(
            8_417_752, "MDC_GLU_METER_DEV_STATUS",
            (isMeters ? [(0, .lowBattery, "device-battery-low")] : []) + [
                (1, .meterMalfunctioning, "sensor-malfunction"),
                (2, .sampleTooSmall, "sensor-sample-size-insufficient"),
                (3, .stripInsertionError, "sensor-strip-insertion"),
                (4, .stripTypeIncorrect, "sensor-strip-type-incorrect"),
                (5, .resultTooHigh, "sensor-result-too-high"), (6, .resultTooLow, "sensor-result-too-low"),
                (7, .meterTooWarm, "sensor-temp-too-high"), (8, .meterTooCold, "sensor-temp-too-low"),
                (9, .stripPulledTooSoon, "sensor-read-interrupt"), (10, .meterFault, "device-gen-fault"),
            ], reading.remarks)
    }
}

extension Remark {
    fileprivate var note: String? {
        switch self {
        case .fromStorage: "The device kept this measurement in its memory."
        case .lowBattery: "The device's battery was low."
        case .deviceClockNotSet: "The device's clock had not been set."
        case .smartPoint: "The oximeter judged the signal good enough for a spot check (SmartPoint)."
        case .multiplePackets: "The device sent this measurement in several parts."
        case .weightNotConfirmedByIndex: "The weight and the body mass index that the device sent do not agree."
        case .artifact: "The device marked an artefact, such as movement, in this measurement."
        case .notMedicalDevice: "The device is not sold as a medical device."
        case .afterBronchodilator: "Measured after a bronchodilator."
        case .implausible: "A value is outside what the hub holds possible; it is passed on as the device sent it."
        case .invalidTime: "The device sent a date or time that does not exist."
        case .unstable: "The value had not settled."
        case .sessionPart: "This is one part of a longer time of wear."
        case .possibleRepeat:
            "This may be a repeat of an earlier measurement: the device gives nothing that tells the two apart."
        case .timelineRepeat: "The device has given this time before, so its own time stamp is not relied on."
        case .partlyDecoded: "The device sent more than the hub can read."
        case .meterTimeFault: "The meter reported a fault of its clock."
        case .controlSolution: "The meter measured its control solution, and no sample of a person."
        case .bedtime: "Measured at bedtime."
        case .breakfast: "The meal was a breakfast."
        case .lunch: "The meal was a lunch."
        case .dinner: "The meal was a dinner."
        case .snack: "The meal was a snack."
        case .drink: "The meal was a drink."
        case .supper: "The meal was a supper."
        case .brunch: "The meal was a brunch."
        case .rapidActing: "The medication was rapid-acting insulin."
        case .shortActing: "The medication was short-acting insulin."
        case .intermediateActing: "The medication was intermediate-acting insulin."
        case .longActing: "The medication was long-acting insulin."
        case .premixed: "The medication was pre-mixed insulin."
        default: nil
        }
    }
}

/// What is to be said in words about the time of a reading.
enum Note {
    static let hubClockUnsure = "The hub's own clock was not synchronised; this time may be wrong."
    static let bounded =
        "The time of this measurement is not known. It was taken before the hub received it, at the latest at the end of the period."

    static let between = "The time of this measurement is known only to lie within the period."
    static let ambiguous =
        "The device's clock may have been changed about then: the measurement is of either end of the period, or between."
    static let lone =
        "The device's clock was reset or changed: the period follows from the device's other measurements."

    /// Above this, how far the time may be wrong is worth words.
    private static let worthWords: Duration = .seconds(60)
    /// What waited longer in its device is late: whoever looks at today's readings may have looked already.
    private static let late: Duration = .seconds(3600)

    static func time(of kept: Kept) -> [String] {
        var notes: [String] = []
        if kept.dated.at == nil {
            switch kept.dated.basis {
            case _ where kept.dated.earliest == nil: notes.append(bounded)
            case .ambiguous: notes.append(ambiguous)
            case .neighbours: notes.append(lone)
            default: notes.append(between)
            }
        } else if kept.dated.error >= worthWords {
            let minutes = Int((kept.dated.error / .seconds(60)).rounded(.up))
            notes.append("The time of this measurement may be wrong by up to \(minutes) minutes.")
        }
        if let at = kept.dated.at, kept.heard.synchronised, kept.heard.wall - at >= late {
            let hours = Int((kept.heard.wall - at) / .seconds(3600))
            notes.append(
                "Late: this measurement reached the hub \(hours == 1 ? "an hour" : "\(hours) hours") after it was taken."
            )
        }
        let usedPair = kept.dated.usesClock && kept.pair?.hub.synchronised == false
        if !kept.heard.synchronised || usedPair { notes.append(hubClockUnsure) }
        return notes
    }
}

extension JSONWriter {
    mutating func notes(_ notes: [String]) {
        guard !notes.isEmpty else { return }
        array("note") { json in
            for note in notes { json.object { $0.member("text", note) } }
        }
    }
}
