import Clinic
import Core
import FHIR
import Host

/// One place where readings go: `[Clinic]`, or `[Clinic NAME]` for one beside it, and what it calls the patient: the
/// `[Patient]` of the same name.
struct Recipient: Equatable {
    /// What the plain section is called, in the journal too.
    static let clinic = "clinic"

    let name: String
    var url = ""
    var authorityFile: String?
    var certificateFile: String?
    var keyFile: String?
    var user: String?
    var passwordFile: String?
    var tokenURL: String?
    var clientID: String?
    var clientSecretFile: String?
    var tokenScope: String?
    /// How often it hears that the hub lives; nil for never.
    var heartbeat: Duration? = .seconds(900)
    var danishCodes: DanishCodes?
    var usesSNOMED = false
    var isTest = false
    var patientReference: String?
    var patientSystem: String?
    var patientIdentifier: String?
    var createPatient = false
    /// The folder with what the hub was enrolled with at this clinic, which is shown to no other.
    var enrolment: String?

    init(name: String) { self.name = name }

    /// Whom it calls the patient of this home; nil where it says nothing of its own.
    var subject: Subject? {
        if let patientReference { return .reference(patientReference) }
        if let patientSystem, let patientIdentifier {
            return .identifier(system: patientSystem, value: patientIdentifier)
        }
        return nil
    }

    private var credentials: Clinic.Settings.Credentials {
        if let user, let passwordFile { return .basic(user: user, passwordFile: passwordFile) }
        if let tokenURL, let clientID {
            return .token(url: tokenURL, client: clientID, secretFile: clientSecretFile, scope: tokenScope)
        }
        return .none
    }

    /// What the hub shows of itself: what is configured, or what it was enrolled with.
    private var shown: (certificate: String?, key: String?) {
        guard certificateFile == nil, let enrolment, Files.exists(Enrolment.certificate(in: enrolment)) else {
            return (certificateFile, keyFile)
        }
        return (Enrolment.certificate(in: enrolment), Enrolment.key(in: enrolment))
    }

    var settings: Clinic.Settings {
        let shown = shown
        return Clinic.Settings(
            url: url, certificate: shown.certificate, key: shown.key, authority: authorityFile,
            credentials: credentials, userAgent: "vitalsd/\(version)")
    }

    /// How it wants its bundles.
    var options: FHIR.Destination {
        FHIR.Destination(
            createsPatient: createPatient, isTest: isTest, usesSNOMED: usesSNOMED, danishCodes: danishCodes)
    }

    /// A name is a word: it stands in the journal, in the log and in `vitalsd status`.
    static func isName(_ name: some StringProtocol) -> Bool {
        name != clinic && 1...32 ~= name.utf8.count
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
    }

    /// What only the whole of its sections can tell; nil where nothing is wrong.
    var mistake: String? {
        let own = name == Self.clinic ? "" : " " + name
        let clinic = "[Clinic\(own)]", patient = "[Patient\(own)]"
        if url.isEmpty { return "\(clinic) URL= is missing" }
        if (certificateFile == nil) != (keyFile == nil) { return "\(clinic) CertificateFile= and KeyFile= go together" }
        if (user == nil) != (passwordFile == nil) { return "\(clinic) User= and PasswordFile= go together" }
        if (tokenURL == nil) != (clientID == nil) { return "\(clinic) TokenURL= and ClientID= go together" }
        if tokenURL == nil, clientSecretFile != nil || tokenScope != nil {
            return "\(clinic) ClientSecretFile= and TokenScope= go with TokenURL="
        }
        if tokenURL != nil, user != nil { return "\(clinic) takes User=, or TokenURL=, not both" }
        if tokenURL != nil, clientSecretFile == nil, shown.certificate == nil {
            return "\(clinic) ClientID= wants ClientSecretFile=, or CertificateFile= to show instead"
        }
        if (patientSystem == nil) != (patientIdentifier == nil) {
            return "\(patient) System= and Identifier= go together"
        }
        if patientReference != nil, patientSystem != nil {
            return "\(patient) takes Reference=, or System= and Identifier=, not both"
        }
        return nil
    }
}
