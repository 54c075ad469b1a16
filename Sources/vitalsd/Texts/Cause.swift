import Core

/// What a technician is told of: a fault, or something that is none and still wants looking at.
enum Cause: Equatable, Sendable {
    case fault(Fault.Code)
    case notice(Notice)

    init(_ fault: Fault) { self = .fault(fault.code) }

    /// Nil for a word that is no code.
    init?(code: String) {
        if let fault = Fault.Code(rawValue: code) {
            self = .fault(fault)
        } else if let notice = Notice(rawValue: code) {
            self = .notice(notice)
        } else {
            return nil
        }
    }

    static let all = Fault.Code.allCases.map(Cause.fault) + Notice.allCases.map(Cause.notice)

    /// Stable, layer first: `hub.disk-full`.
    var code: String {
        switch self {
        case .fault(let code): code.rawValue
        case .notice(let notice): notice.rawValue
        }
    }

    var layer: Layer { Layer(rawValue: String(code.prefix { $0 != "." })) ?? .hub }

    /// What is the matter, in one sentence.
    var sentence: Text {
        switch self {
        case .fault(let code): code.told.sentence
        case .notice(let notice): notice.told.sentence
        }
    }

    /// What to do next, in one sentence.
    var remedy: Text {
        switch self {
        case .fault(let code): code.told.remedy
        case .notice(let notice): notice.told.remedy
        }
    }
}

/// A fault for people: in English the log's own words, so that both can be compared, in Danish those of `explain`.
func told(_ code: String, _ words: String, detail: String = "", in language: Language) -> String {
    guard language == .danish, let cause = Cause(code: code) else { return words }
    let whole = cause.sentence[language].plain, sentence = detail.isEmpty ? whole : "\(whole.dropLast()) (\(detail))."
    return "\(cause.layer.name[language]): \(sentence) \(cause.remedy[language].plain)"
}

extension Fault {
    func told(in language: Language) -> String {
        vitalsd.told(code.rawValue, description, detail: detail, in: language)
    }
}

/// Who can act: whoever touches the device, pairs it, looks after the hub, the network, or the clinic's server.
enum Layer: String, CaseIterable, Sendable {
    case hub, pairing, device, network, clinic

    /// The exit status of `vitalsd diagnose`.
    var status: Int32 {
        switch self {
        case .device: 10
        case .pairing: 20
        case .hub: 30
        case .network: 40
        case .clinic: 50
        }
    }
}

/// What is no fault of any program, and still wants looking at.
enum Notice: String, CaseIterable, Sendable {
    case notHeard = "device.not-heard", neverHeard = "device.never-heard"
    case nothingMeasured = "device.nothing-measured", overdue = "device.overdue", batteryLow = "device.battery-low"
    case clockOff = "device.clock-off", clockDisobeys = "device.clock-disobeys", undecoded = "device.undecoded"
    case nobodyBound = "pairing.nobody-bound", forgotten = "pairing.forgotten", neighbour = "pairing.neighbour"
    case unassigned = "pairing.unassigned", nobodyEnrolled = "pairing.nobody-enrolled"
    case notRunning = "hub.not-running", clockUnkept = "hub.clock-unkept", diskLow = "hub.disk-low"
    case noNetwork = "network.no-network"
    case waiting = "clinic.readings-wait", ownCertificateEnds = "clinic.own-certificate-ends"
    case certificateEnds = "clinic.certificate-ends", authorityEnds = "clinic.authority-ends"
}
