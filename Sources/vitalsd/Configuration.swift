import Clinic
import Core
import Host
import Journal

/// What an installer may say: `vitalsd.conf` and its drop-ins, in systemd's own form.
///
/// Few keys on purpose: what can be found out is not asked. Who owns which device is state, not configuration.
struct Configuration: Equatable {
    var clinicURL = ""
    var authorityFile: String?
    var certificateFile: String?
    var keyFile: String?
    var user: String?
    var passwordFile: String?
    var tokenURL: String?
    var clientID: String?
    var clientSecretFile: String?
    var tokenScope: String?
    /// How often the clinic hears that the hub lives; nil for never.
    var heartbeat: Duration? = .seconds(900)
    var patientReference: String?
    var patientSystem: String?
    var patientIdentifier: String?
    var createPatient = false
    var timeZone = "Europe/Copenhagen"
    var stateDirectory = "/var/lib/vitalsd"
    var serialLines: [String] = []
    var keepStream = false
    var journalMaximumBytes = 256 << 20
    var journalMaximumDays = 400
    var radio = RadioChoice.adapter(nil)

    /// What the hub hears wireless devices with.
    enum RadioChoice: Equatable {
        case none
        /// hciN, or the best present where none is named.
        case adapter(UInt16?)
        case simulated(String)
    }

    /// Whom readings of a cable, or of a device bound to nobody else, are about. Nil when nobody is enrolled.
    var subject: Subject? {
        if let patientReference { return .reference(patientReference) }
        if let patientSystem, let patientIdentifier {
            return .identifier(system: patientSystem, value: patientIdentifier)
        }
        return nil
    }

    /// What may lie on the disk.
    var bound: Journal.Bound { Journal.Bound(bytes: journalMaximumBytes, age: .seconds(86_400 * journalMaximumDays)) }

    private var credentials: Clinic.Settings.Credentials {
        if let user, let passwordFile { return .basic(user: user, passwordFile: passwordFile) }
        if let tokenURL, let clientID {
            return .token(url: tokenURL, client: clientID, secretFile: clientSecretFile, scope: tokenScope)
        }
        return .none
    }

    /// Whether what the hub shows of itself is what it was enrolled with.
    private var showsEnrolled: Bool {
        certificateFile == nil && Files.exists(Enrolment.certificate(in: stateDirectory))
    }

    var settings: Clinic.Settings {
        Clinic.Settings(
            url: clinicURL,
            certificate: showsEnrolled ? Enrolment.certificate(in: stateDirectory) : certificateFile,
            key: showsEnrolled ? Enrolment.key(in: stateDirectory) : keyFile, authority: authorityFile,
            credentials: credentials,
            userAgent: "vitalsd/\(version)")
    }
}

/// What is wrong with a configuration, where, and what was probably meant.
struct ConfigurationMistake: Error, Equatable, CustomStringConvertible {
    var file: String, line: Int, text: String
    var description: String { line > 0 ? "\(file):\(line): \(text)" : "\(file): \(text)" }
    var fault: Fault { .hub(.badConfiguration(description)) }
}

extension Configuration {
    /// Reads `path`, then the `*.conf` of `conf.d` beside it in the order of their names; a later file overrides.
    init(path: String) throws(ConfigurationMistake) {
        self.init()
        try read(file: path)
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let dropIns = folder + "/conf.d"
        if Files.exists(dropIns) {
            let names: [String]
            // A folder that cannot be read may hold what matters: it is no empty one.
            do { names = try Files.names(in: dropIns) } catch {
                throw ConfigurationMistake(file: dropIns, line: 0, text: error.sentence)
            }
            for name in names where name.hasSuffix(".conf") { try read(file: dropIns + "/" + name) }
        }
        try check(path)
    }

    private mutating func read(file: String) throws(ConfigurationMistake) {
        let text: String
        do { text = String(decoding: try Files.read(file), as: UTF8.self) } catch {
            throw ConfigurationMistake(file: file, line: 0, text: error.sentence)
        }
        try merge(text, from: file)
    }

    /// One file's text into the whole.
    mutating func merge(_ text: String, from file: String) throws(ConfigurationMistake) {
        var section: String?, seen: [String: Int] = [:]
        for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(raw), number = index + 1
            func mistake(_ text: String) -> ConfigurationMistake {
                ConfigurationMistake(file: file, line: number, text: text)
            }
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let name = String(line.dropFirst().dropLast())
                let known = Set(Self.keys.map(\.section))
                guard known.contains(name) else {
                    throw mistake("unknown section [\(name)]; the nearest is [\(nearest(name, known))]")
                }
                section = name
                continue
            }
            guard let equals = line.firstIndex(of: "=") else { throw mistake("expected Key=Value or [Section]") }
            let name = trimmed(line[..<equals]), value = trimmed(line[line.index(after: equals)...])
            guard let section else { throw mistake("\(name) stands before any [Section]") }
            guard let key = Self.keys.first(where: { $0.section == section && $0.name == name }) else {
                let near = nearest("\(section).\(name)", Self.keys.map { "\($0.section).\($0.name)" })
                let parts = near.split(separator: ".")
                throw mistake("unknown key \(name) in [\(section)]; the nearest is \(parts[1])= in [\(parts[0])]")
            }
            if let before = seen.updateValue(number, forKey: "\(section).\(name)") {
                throw mistake("\(name) was already given in line \(before)")
            }
            guard key.kind.accepts(value) else { throw mistake("\(name) takes \(key.kind.rawValue)") }
            key.set(&self, key.kind == .path ? resolved(value) : value)
        }
    }

    /// What only the whole can tell.
    private func check(_ path: String) throws(ConfigurationMistake) {
        func mistake(_ text: String) -> ConfigurationMistake { ConfigurationMistake(file: path, line: 0, text: text) }
        if clinicURL.isEmpty { throw mistake("[Clinic] URL= is missing") }
        if (certificateFile == nil) != (keyFile == nil) {
            throw mistake("[Clinic] CertificateFile= and KeyFile= go together")
        }
        if (user == nil) != (passwordFile == nil) { throw mistake("[Clinic] User= and PasswordFile= go together") }
        if (tokenURL == nil) != (clientID == nil) { throw mistake("[Clinic] TokenURL= and ClientID= go together") }
        if tokenURL == nil, clientSecretFile != nil || tokenScope != nil {
            throw mistake("[Clinic] ClientSecretFile= and TokenScope= go with TokenURL=")
        }
        if tokenURL != nil, user != nil { throw mistake("[Clinic] takes User=, or TokenURL=, not both") }
        if tokenURL != nil, clientSecretFile == nil, certificateFile == nil, !showsEnrolled {
            throw mistake("[Clinic] ClientID= wants ClientSecretFile=, or CertificateFile= to show instead")
        }
        if (patientSystem == nil) != (patientIdentifier == nil) {
            throw mistake("[Patient] System= and Identifier= go together")
        }
        if patientReference != nil, patientSystem != nil {
            throw mistake("[Patient] takes Reference=, or System= and Identifier=, not both")
        }
    }
}
