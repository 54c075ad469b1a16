import Core
import FHIR

/// The table that `vitalsd.conf` is read by and the manual page vitalsd.conf(5) is written from.
extension Configuration {
    struct Key: Sendable {
        /// What a key takes; the words are what an error says.
        enum Kind: String, Sendable {
            case url = "an https:// URL, or http:// on the loopback"
            case path = "an absolute path, or credential: and the name in LoadCredential="
            case lines = "absolute paths, with blanks between, or PATH=DRIVER for a device that only answers"
            case text = "a word or a sentence"
            case reference = "Patient/ and the clinic's id"
            case pseudonym = "a system of pseudonyms; a civil registration number is refused"
            case yesOrNo = "yes or no"
            case number = "a whole number from 1 to 100000"
            case adapter = "auto, none, or an adapter such as hci0"
            case size = "a size such as 256M"
            case danishCodes = "no, fut, medcom or dk-core"
            case light = "a name under /sys/class/leds, or the absolute path of such a folder"
            case interval = "a time such as 15min, from 1s to 24h, or infinity for never"
        }
        let section: String, name: String, kind: Kind
        /// What it is for, and what holds where it is not given.
        let explanation: String
        /// Whether its section may stand several times, each time with a name: `[Clinic NAME]`.
        let isNamed: Bool
        /// Puts a value where it belongs, given the name of its section.
        let set: @Sendable (inout Configuration, _ recipient: String, _ value: String) -> Void

        init(
            _ section: String, _ name: String, _ kind: Kind, _ explanation: String,
            set: @escaping @Sendable (inout Configuration, String) -> Void
        ) {
            self.init(section, name, kind, explanation, isNamed: false) { configuration, _, value in
                set(&configuration, value)
            }
        }

        private init(
            _ section: String, _ name: String, _ kind: Kind, _ explanation: String, isNamed: Bool,
            set: @escaping @Sendable (inout Configuration, String, String) -> Void
        ) {
            self.section = section
            self.name = name
            self.kind = kind
            self.explanation = explanation
            self.isNamed = isNamed
            self.set = set
        }

        /// A key of each destination.
        static func each(
            _ section: String, _ name: String, _ kind: Kind, _ explanation: String,
            set: @escaping @Sendable (inout Recipient, String) -> Void
        ) -> Key {
            Key(section, name, kind, explanation, isNamed: true) { configuration, recipient, value in
                set(&configuration[making: recipient], value)
            }
        }
    }

    /// Every key there is: its section and name, what it takes, what it is for, and where the value goes.
    static let keys: [Key] = [
        .each(
            "Clinic", "URL", .url, "The base of the FHIR R4 server that readings go to. The one key that must be given."
        ) {
            $0.url = $1
        },
        .each(
            "Clinic", "AuthorityFile", .path, "Who must have signed the clinic's certificate. Else one of the system's."
        ) {
            $0.authorityFile = $1
        },
        .each("Clinic", "CertificateFile", .path, "The hub's own certificate, PEM. Else what `vitalsd enrol` got.") {
            $0.certificateFile = $1
        },
        .each("Clinic", "KeyFile", .path, "Its key, PEM, readable for vitalsd and for nobody else.") {
            $0.keyFile = $1
        },
        .each("Clinic", "User", .text, "A name, for a clinic that wants name and password.") { $0.user = $1 },
        .each("Clinic", "PasswordFile", .path, "The file with the password.") { $0.passwordFile = $1 },
        .each("Clinic", "TokenURL", .url, "Where an OAuth 2.0 token is fetched, for a clinic that wants one.") {
            $0.tokenURL = $1
        },
        .each("Clinic", "ClientID", .text, "The hub's name at `TokenURL=`.") { $0.clientID = $1 },
        .each("Clinic", "ClientSecretFile", .path, "The file with its secret. Without one it shows the certificate.") {
            $0.clientSecretFile = $1
        },
        .each("Clinic", "TokenScope", .text, "The scope that is asked for.") { $0.tokenScope = $1 },
        .each(
            "Clinic", "Heartbeat", .interval,
            "How often the clinic hears that the hub lives, and what is overdue. `15min` by default, `infinity` for never."
        ) {
            $0.heartbeat = timeSpan($1)
        },
        .each("Clinic", "SNOMED", .yesOrNo, "Send the codes of SNOMED CT beside those of MDC and LOINC. No by default.")
        {
            $0.usesSNOMED = isYes($1)
        },
        .each(
            "Clinic", "DanishCodes", .danishCodes,
            "Send Danish codes too, by the URIs of the national guide that is named. None by default."
        ) {
            $0.danishCodes = DanishCodes(rawValue: $1)
        },
        .each("Clinic", "Test", .yesOrNo, "Mark all as test data, and send what a device marks as such. No by default.")
        {
            $0.isTest = isYes($1)
        },
        .each("Patient", "Reference", .reference, "Whom readings of a cable are about, by the clinic's own id.") {
            $0.patientReference = $1
        },
        .each("Patient", "System", .pseudonym, "The same person by a pseudonym: whose pseudonyms they are, as a URI.") {
            $0.patientSystem = $1
        },
        .each("Patient", "Identifier", .text, "The pseudonym itself.") { $0.patientIdentifier = $1 },
        .each(
            "Patient", "Create", .yesOrNo,
            "Whether a patient that the clinic does not have is made there. No by default."
        ) {
            $0.createPatient = isYes($1)
        },
        Key("Hub", "TimeZone", .text, "Where the home is. `Europe/Copenhagen` by default.") { $0.timeZone = $1 },
        Key("Hub", "StateDirectory", .path, "Where the journal lies. `/var/lib/vitalsd` by default.") {
            $0.stateDirectory = $1
        },
        Key(
            "Serial", "Lines", .lines,
            "Lines beside those that appear by USB: `/dev/ttyS0`, or whatever is a tty. `/dev/ttyUSB0=contec-cms50-v7` says whose a line is, for a device that only answers."
        ) {
            $0.serialLines = $1.split(separator: " ").map { SerialLine(notation: $0) }
        },
        Key("Oximetry", "KeepStream", .yesOrNo, "Keep every second of a live sensor with its reading. No by default.") {
            $0.keepStream = isYes($1)
        },
        Key(
            "Feedback", "LED", .light,
            "A light that is on from when a reading is kept until the clinic has it, and then blinks three times. None by default."
        ) {
            $0.feedback.light = $1.hasPrefix("/") ? $1 : "/sys/class/leds/" + $1
        },
        Key(
            "Feedback", "Command", .path,
            "A program that is run with the one word `received` or `delivered`; one at a time, ten seconds at most. None by default."
        ) {
            $0.feedback.command = $1
        },
        Key(
            "Journal", "MaximumSize", .size,
            "What may lie on the disk, 256M by default. Delivered readings go first; an undelivered one is never deleted."
        ) {
            $0.journalMaximumBytes = bytes($1) ?? $0.journalMaximumBytes
        },
        Key("Journal", "MaximumDays", .number, "How long a delivered reading stays, 400 days by default.") {
            $0.journalMaximumDays = Int($1) ?? $0.journalMaximumDays
        },
        Key(
            "Bluetooth", "Adapter", .adapter,
            "The adapter that is vitalsd's alone. `auto`, the default, takes the best one present; `none` leaves all alone."
        ) {
            $0.radio = radioChoice($1) ?? $0.radio
        },
        Key("Simulation", "Air", .path, "A simulated radio instead of an adapter, for demonstrations and tests.") {
            $0.radio = .simulated($1)
        },
        Key("Simulation", "Haste", .number, "By what the daemon's waits for a clinic are divided, for tests.") {
            $0.haste = Int($1) ?? 1
        },
    ]
}
