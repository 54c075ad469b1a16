import Core

/// One line of the report: a thing that was looked at, how it is, and what shows it.
struct Finding: Equatable {
    enum Level: String, Sendable {
        case ok, warning, fault
        /// It could not be asked, because something before it stands in the way.
        case unknown
    }

    /// What is looked at, in the order in which one thing rests on another.
    enum Part: String, CaseIterable, Sendable {
        case settings, disk, storage, clock, program, radio, pairing, device, cable
        case network, name, connection, encryption, access, clinic, queue
    }

    let part: Part
    /// Which of several: a device by its model, a cable by its path.
    var subject: Text?
    var level: Level
    var cause: Cause?
    /// What shows it, in a few words.
    var evidence: Text
    /// For whoever mends programs: in English, as the log has it.
    var detail = ""

    static func ok(_ part: Part, _ subject: Text?, _ evidence: Text) -> Finding {
        Finding(part: part, subject: subject, level: .ok, evidence: evidence)
    }

    static func unknown(_ part: Part, _ evidence: Text) -> Finding {
        Finding(part: part, level: .unknown, evidence: evidence)
    }

    init(part: Part, subject: Text? = nil, level: Level, cause: Cause? = nil, evidence: Text, detail: String = "") {
        self.part = part
        self.subject = subject
        self.level = level
        self.cause = cause
        self.evidence = evidence
        self.detail = detail
    }

    /// Something is the matter with one of several.
    init(_ part: Part, _ subject: Text?, _ level: Level, _ trouble: Trouble, _ evidence: Text) {
        self.init(
            part: part, subject: subject, level: level, cause: trouble.cause, evidence: evidence, detail: trouble.detail
        )
    }

    /// A fault of the only one there is.
    init(_ part: Part, _ trouble: Trouble, _ evidence: Text) { self.init(part, nil, .fault, trouble, evidence) }

    /// Who can act: the cause's layer, which need not be where it shows.
    var layer: Layer { cause?.layer ?? part.layer }
}

extension Finding.Part {
    var layer: Layer {
        switch self {
        case .settings, .disk, .storage, .clock, .program, .radio, .cable: .hub
        case .pairing: .pairing
        case .device: .device
        case .network, .name, .connection: .network
        case .encryption, .access, .clinic, .queue: .clinic
        }
    }
}

/// All that was found. The first finding that is a fault, or else the first that is a warning, is the verdict: what rests on
/// it comes after it.
struct Diagnosis {
    var made: Instant
    var findings: [Finding] = []
    var devices: [DeviceReport] = []
    var queue: [QueueEntry] = []
    /// Whether names, addresses and values are told.
    var tellsAll = false
    var daemonVersion: String?, journalVersion: Int?

    struct QueueEntry: Equatable {
        let state: String, count: Int
    }

    var verdict: Finding? {
        findings.first { $0.level == .fault } ?? findings.first { $0.level == .warning }
    }

    /// Findings that want somebody, beside the verdict.
    var others: Int { findings.count { $0.level == .fault || $0.level == .warning } - (verdict == nil ? 0 : 1) }

    var status: Int32 { verdict?.layer.status ?? 0 }
}

/// What is told of one device.
struct DeviceReport: Equatable {
    /// Masked unless all is told.
    var name: String, address: String
    var driver: String?, kind: String?
    var isBound: Bool
    var lastHeard: Instant?, lastReading: Instant?
    var signal: Int?
    var hours: [Hearing.Hour] = []
    /// By which its clock is ahead; nil while it was never read, or has none.
    var clockAhead: Duration?
    /// Whether the hub has set it since, as far as the device can be believed.
    var clockWasSet = false
    /// Readings on each of the last days, oldest first.
    var days: [Day] = []
    /// Only where all is told.
    var values: [String] = []

    struct Day: Equatable {
        let day: LocalTime, count: Int
    }
}

/// An identity of which nobody can tell whose device it is: the maker's half of an address and its last two digits.
func masked(_ identity: String) -> String {
    if identity.hasPrefix("bluetooth:") {
        let octets = identity.dropFirst("bluetooth:".count).split(separator: ":")
        guard octets.count == 6 else { return "bluetooth:…" }
        return octets[..<3].joined(separator: ":") + ":…:" + octets[5]
    }
    if identity.hasPrefix("usb:") {
        let words = identity.split(separator: ":", maxSplits: 3)
        return words.prefix(3).joined(separator: ":") + ":…"
    }
    // A path is nobody's.
    return identity.hasPrefix("line:") ? String(identity.dropFirst("line:".count)) : identity
}
