import Core

/// The words of the report itself.
enum Label {
    static let title = Text(en: "Report on this hub", da: "Rapport om denne hub")
    static let allWell = Text(en: "All is well.", da: "Alt er i orden.")
    static let next = Text(en: "Next: ", da: "Gør dette: ")
    static let made = Text(en: "Made ", da: "Lavet ")
    static let details = Text(en: "Detail for support: ", da: "Detalje til support: ")
    static let devices = Text(en: "Devices", da: "Apparater")
    static let signal = Text(en: "Signal, last seven days", da: "Signal, de sidste syv dage")
    static let signalKey = Text(
        en: "A dot is an hour's mean, its line goes from the weakest to the strongest.",
        da: "En prik er en times gennemsnit; stregen går fra det svageste til det stærkeste.")
    static let readings = Text(en: "Readings per day, last 30 days", da: "Målinger pr. dag, de sidste 30 dage")
    static let queue = Text(en: "Readings on the hub", da: "Målinger på hubben")
    static let versions = Text(en: "Versions", da: "Versioner")
    static let clock = Text(en: "Clock", da: "Ur")
    static let clockRight = Text(en: "right", da: "går rigtigt")
    static let clockUnread = Text(en: "never read", da: "aldrig aflæst")
    static let ahead = Text(en: " ahead", da: " foran")
    static let behind = Text(en: " behind", da: " bagud")
    static let wasSet = Text(en: "; the hub has set it since", da: "; hubben har stillet det siden")
    static let nothingHeard = Text(en: "No signal was recorded.", da: "Der er ikke registreret noget signal.")
    static let noReadings = Text(en: "No readings in this time.", da: "Ingen målinger i perioden.")
    static let today = Text(en: "today", da: "i dag")
    static let allTold = Text(
        en: "This report holds readings and addresses: treat it as a patient's record.",
        da: "Rapporten indeholder målinger og adresser: behandl den som en patientjournal.")

    static func more(_ count: Int) -> Text {
        Text(en: "and \(count) more below", da: "og \(count) mere nedenfor")
    }
}

extension Layer {
    var name: Text {
        switch self {
        case .hub: Text(en: "Hub", da: "Hub")
        case .pairing: Text(en: "Pairing", da: "Parring")
        case .device: Text(en: "Device", da: "Apparat")
        case .network: Text(en: "Network", da: "Netværk")
        case .clinic: Text(en: "Clinic", da: "Klinik")
        }
    }
}

extension Finding.Level {
    var name: Text {
        switch self {
        case .ok: Text(en: "ok", da: "ok")
        case .warning: Text(en: "WARNING", da: "ADVARSEL")
        case .fault: Text(en: "FAULT", da: "FEJL")
        case .unknown: Text(en: "unknown", da: "ukendt")
        }
    }
}

extension Finding.Part {
    var name: Text {
        switch self {
        case .settings: Text(en: "Settings", da: "Opsætning")
        case .disk: Text(en: "Disk", da: "Disk")
        case .storage: Text(en: "Storage", da: "Lager")
        case .clock: Text(en: "Clock", da: "Ur")
        case .program: Text(en: "Program", da: "Program")
        case .radio: Text(en: "Radio", da: "Radio")
        case .pairing: Text(en: "Pairing", da: "Parring")
        case .device: Text(en: "Device", da: "Apparat")
        case .cable: Text(en: "Cable", da: "Kabel")
        case .network: Text(en: "Network", da: "Netværk")
        case .name: Text(en: "Address", da: "Adresse")
        case .connection: Text(en: "Connection", da: "Forbindelse")
        case .encryption: Text(en: "Certificate", da: "Certifikat")
        case .access: Text(en: "Access", da: "Adgang")
        case .clinic: Text(en: "Clinic", da: "Klinik")
        case .queue: Text(en: "Queue", da: "Kø")
        }
    }
}

extension Diagnosis.QueueEntry {
    var name: Text { Self.name(of: state) }

    static func name(of state: String) -> Text {
        switch state {
        case "pending": Text(en: "waiting for the clinic", da: "venter på klinikken")
        case "accepted": Text(en: "at the clinic", da: "hos klinikken")
        case "refused": Text(en: "refused by the clinic", da: "afvist af klinikken")
        case "unassigned": Text(en: "belonging to nobody", da: "tilhører ingen")
        case "undecoded": Text(en: "not understood", da: "ikke forstået")
        case "withheld": Text(en: "not for the clinic", da: "ikke til klinikken")
        default: Text(en: "damaged", da: "beskadiget")
        }
    }
}
