/// The table that `vitalsd.conf` is read by and the manual page vitalsd.conf(5) is written from.
extension Configuration {
    struct Key: Sendable {
        /// What a key takes; the words are what an error says.
        enum Kind: String, Sendable {
            case url = "an https:// URL, or http:// on the loopback"
            case path = "an absolute path, or credential: and the name in LoadCredential="
            case paths = "absolute paths, with blanks between"
            case text = "a word or a sentence"
            case reference = "Patient/ and the clinic's id"
            case pseudonym = "a system of pseudonyms; a civil registration number is refused"
            case yesOrNo = "yes or no"
            case number = "a whole number above 0"
            case adapter = "auto, none, or an adapter such as hci0"
            case size = "a size such as 256M"
            case interval = "a time such as 15min, from 1s to 24h, or infinity for never"
        }
        let section: String, name: String, kind: Kind
        /// What it is for, and what holds where it is not given.
        let explanation: String
        let set: @Sendable (inout Configuration, String) -> Void

        init(
            _ section: String, _ name: String, _ kind: Kind, _ explanation: String,
            set: @escaping @Sendable (inout Configuration, String) -> Void
        ) {
            self.section = section
            self.name = name
            self.kind = kind
            self.explanation = explanation
            self.set = set
        }
    }

    /// Every key there is: its section and name, what it takes, what it is for, and where the value goes.
    static let keys: [Key] = [
        Key(
            "Clinic", "URL", .url, "The base of the FHIR R4 server that readings go to. The one key that must be given."
        ) {
            $0.clinicURL = $1
        },
        Key(
            "Clinic", "AuthorityFile", .path, "Who must have signed the clinic's certificate. Else one of the system's."
        ) {
            $0.authorityFile = $1
        },
        Key("Clinic", "CertificateFile", .path, "The hub's own certificate, PEM. Else what `vitalsd enrol` got.") {
            $0.certificateFile = $1
        },
        Key("Clinic", "KeyFile", .path, "Its key, PEM, readable for vitalsd and for nobody else.") { $0.keyFile = $1 },
        Key("Clinic", "User", .text, "A name, for a clinic that wants name and password.") { $0.user = $1 },
        Key("Clinic", "PasswordFile", .path, "The file with the password.") { $0.passwordFile = $1 },
        Key("Clinic", "TokenURL", .url, "Where an OAuth 2.0 token is fetched, for a clinic that wants one.") {
            $0.tokenURL = $1
        },
        Key("Clinic", "ClientID", .text, "The hub's name at `TokenURL=`.") { $0.clientID = $1 },
        Key("Clinic", "ClientSecretFile", .path, "The file with its secret. Without one it shows the certificate.") {
            $0.clientSecretFile = $1
        },
        Key("Clinic", "TokenScope", .text, "The scope that is asked for.") { $0.tokenScope = $1 },
        Key(
            "Clinic", "Heartbeat", .interval,
            "How often the clinic hears that the hub lives, and what is overdue. `15min` by default, `infinity` for never."
        ) {
            $0.heartbeat = timeSpan($1)
        },
        Key("Patient", "Reference", .reference, "Whom readings of a cable are about, by the clinic's own id.") {
            $0.patientReference = $1
        },
        Key("Patient", "System", .pseudonym, "The same person by a pseudonym: whose pseudonyms they are, as a URI.") {
            $0.patientSystem = $1
        },
        Key("Patient", "Identifier", .text, "The pseudonym itself.") { $0.patientIdentifier = $1 },
        Key(
            "Patient", "Create", .yesOrNo,
            "Whether a patient that the clinic does not have is made there. No by default."
        ) {
            $0.createPatient = isYes($1)
        },
        Key("Hub", "TimeZone", .text, "Where the home is. `Europe/Copenhagen` by default.") { $0.timeZone = $1 },
        Key("Hub", "StateDirectory", .path, "Where the journal lies. `/var/lib/vitalsd` by default.") {
            $0.stateDirectory = $1
        },
        Key("Serial", "Lines", .paths, "Lines beside those that appear by USB: `/dev/ttyS0`, or whatever is a tty.") {
            $0.serialLines = $1.split(separator: " ").map(String.init)
        },
        Key("Oximetry", "KeepStream", .yesOrNo, "Keep every second of a live sensor with its reading. No by default.") {
            $0.keepStream = isYes($1)
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
    ]
}
