import Core
import Glibc
import Host
import Journal

/// What an installer may say: `vitalsd.conf` and its drop-ins, in systemd's own form.
///
/// Few keys on purpose: what can be found out is not asked. Who owns which device is state, not configuration.
struct Configuration: Equatable {
    /// Where readings go, the one called clinic first.
    var recipients: [Recipient] = []
    var timeZone = "Europe/Copenhagen"
    var stateDirectory = "/var/lib/vitalsd"
    var serialLines: [SerialLine] = []
    var keepStream = false
    var feedback = Feedback.Settings()
    var journalMaximumBytes = 256 << 20
    var journalMaximumDays = 400
    var radio = RadioChoice.adapter(nil)
    /// By what the waits of delivery are divided, so that a simulation need not sit them out.
    var haste = 1

    /// What the hub hears wireless devices with.
    enum RadioChoice: Equatable {
        case none
        /// hciN, or the best present where none is named.
        case adapter(UInt16?)
        case simulated(String)
    }

    /// Whom readings of a cable, or of a device bound to nobody else, are about. Nil when nobody is enrolled.
    var subject: Subject? { self[Recipient.clinic]?.subject }

    /// The destination of this name; nil where it is not configured.
    subscript(name: String) -> Recipient? { recipients.first { $0.name == name } }

    /// The destination of this name, made where it is not there yet.
    subscript(making name: String) -> Recipient {
        get { self[name] ?? Recipient(name: name) }
        set {
            if let index = recipients.firstIndex(where: { $0.name == name }) {
                recipients[index] = newValue
            } else {
                recipients.insert(newValue, at: name == Recipient.clinic ? 0 : recipients.count)
            }
        }
    }

    /// What may lie on the disk.
    var bound: Journal.Bound { Journal.Bound(bytes: journalMaximumBytes, age: .seconds(86_400 * journalMaximumDays)) }
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
        let files: [String]
        // A folder that cannot be read may hold what matters: it is no empty one.
        do { files = try Self.files(of: path) } catch {
            throw ConfigurationMistake(file: Self.dropIns(of: path), line: 0, text: error.sentence)
        }
        for file in files { try read(file: file) }
        for index in recipients.indices {
            recipients[index].enrolment = Enrolment.folder(of: recipients[index].name, in: stateDirectory)
        }
        try check(path)
    }

    private static func dropIns(of path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/") + "/conf.d"
    }

    /// The file itself and its drop-ins, in the order in which they are read.
    static func files(of path: String) throws(Fault) -> [String] {
        let folder = dropIns(of: path)
        guard Files.exists(folder) else { return [path] }
        return [path] + (try Files.names(in: folder)).filter { $0.hasSuffix(".conf") }.map { folder + "/" + $0 }
    }

    private mutating func read(file: String) throws(ConfigurationMistake) {
        let text: String
        do { text = String(decoding: try Files.read(file), as: UTF8.self) } catch {
            let isMissing = if case .hub(.system(_, ENOENT)) = error { true } else { false }
            throw ConfigurationMistake(file: file, line: 0, text: isMissing ? "there is no such file" : error.sentence)
        }
        try merge(text, from: file)
    }

    /// One file's text into the whole.
    mutating func merge(_ text: String, from file: String) throws(ConfigurationMistake) {
        var section: String?, recipient = Recipient.clinic, seen: [String: Int] = [:]
        for (index, raw) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let line = trimmed(raw), number = index + 1
            func mistake(_ text: String) -> ConfigurationMistake {
                ConfigurationMistake(file: file, line: number, text: text)
            }
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), line.hasSuffix("]") {
                let words = line.dropFirst().dropLast().split(separator: " ", maxSplits: 1)
                let name = words.first.map { String($0) } ?? ""
                let known = Set(Self.keys.map(\.section))
                guard known.contains(name) else {
                    throw mistake("unknown section [\(name)]; the nearest is [\(nearest(name, known))]")
                }
                recipient = words.count > 1 ? trimmed(words[1]) : Recipient.clinic
                if words.count > 1 {
                    guard Self.keys.contains(where: { $0.section == name && $0.isNamed }) else {
                        throw mistake("[\(name)] takes no name")
                    }
                    guard Recipient.isName(recipient) else {
                        throw mistake("\(recipient) is no name: letters, digits, - _ and ., other than clinic")
                    }
                }
                section = name
                if name == "Clinic" { self[making: recipient] = self[making: recipient] }
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
            if let before = seen.updateValue(number, forKey: "\(section) \(recipient).\(name)") {
                throw mistake("\(name) was already given in line \(before)")
            }
            guard key.kind.accepts(value) else { throw mistake("\(name) takes \(key.kind.rawValue)") }
            key.set(&self, recipient, key.kind == .path ? resolved(value) : value)
        }
    }

    /// What only the whole can tell.
    private func check(_ path: String) throws(ConfigurationMistake) {
        let whole = self[Recipient.clinic] == nil ? [Recipient(name: Recipient.clinic)] : recipients
        if let text = whole.compactMap(\.mistake).first {
            throw ConfigurationMistake(file: path, line: 0, text: text)
        }
    }
}
