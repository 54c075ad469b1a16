import Core
import Host

/// What a command's end means to the shell: the codes of sysexits.h.
enum Exit: Int32, Error, CaseIterable {
    case ok = 0, usage = 64, data = 65, noInput = 66, unavailable = 69, software = 70, system = 71, io = 74
    case temporary = 75, noPermission = 77, configuration = 78

    init(_ fault: Fault) {
        switch fault {
        case .hub(.badConfiguration), .hub(.certificateUnreadable), .hub(.secretExposed): self = .configuration
        case .hub(.noPermission): self = .noPermission
        case .hub(.diskFull), .hub(.diskFailing), .hub(.diskReadOnly), .hub(.journalFull), .hub(.readingsLost):
            self = .io
        case .hub(.journalDamaged), .hub(.journalNewer): self = .data
        case .hub(.journalInUse), .hub(.daemonSlow), .hub(.portBusy), .hub(.clockUnset): self = .temporary
        case .hub(.system): self = .system
        case .hub, .device, .pairing, .network, .clinic: self = .unavailable
        }
    }
}

/// One verb of the command line. The table is all there is: `help` prints it, `main` looks in it.
struct Command: Sendable {
    let verb: String
    /// After the verb, as in a manual page's synopsis.
    let arguments: String
    let summary: String
    let explanation: String
    let run: @Hub @Sendable (inout Arguments) async throws(Exit) -> Void
}

/// The words after the verb, taken one by one. What is left at the end was not understood.
struct Arguments {
    private let verb: String
    private var words: [String]

    init(of verb: String, _ words: some Sequence<String>) {
        self.verb = verb
        self.words = Array(words)
    }

    /// Takes `--name`, wherever it stands.
    mutating func flag(_ name: String) -> Bool {
        guard let at = words.firstIndex(of: "--" + name) else { return false }
        words.remove(at: at)
        return true
    }

    /// Takes `--name VALUE` or `--name=VALUE`, wherever it stands.
    mutating func option(_ name: String) throws(Exit) -> String? {
        if let at = words.firstIndex(where: { $0.hasPrefix("--\(name)=") }) {
            return String(words.remove(at: at).dropFirst(name.count + 3))
        }
        guard let at = words.firstIndex(of: "--" + name) else { return nil }
        guard at + 1 < words.count else { throw complain("--\(name) wants a value") }
        defer { words.removeSubrange(at...at + 1) }
        return words[at + 1]
    }

    /// Takes all that is left; a word that looks like a flag was not understood.
    mutating func rest() throws(Exit) -> [String] {
        if let stray = words.first(where: { $0.hasPrefix("-") && $0 != "-" }) {
            throw complain("unknown option \(stray)")
        }
        defer { words = [] }
        return words
    }

    var isAtEnd: Bool { words.isEmpty }

    /// Nothing may be left.
    mutating func end() throws(Exit) {
        if let stray = try rest().first { throw complain("unexpected \(stray)") }
    }

    func complain(_ text: String) -> Exit { complain(Text(same: text), in: .english) }

    /// What is missing, rather than mistyped.
    func complain(_ text: Text, in language: Language) -> Exit {
        printError("vitalsd \(verb): \(text[language]); \(ActText.seeHelp(verb)[language])")
        return .usage
    }
}

/// One line on standard error.
func printError(_ text: String) { Console.complain(text) }

/// One line on standard output.
func printLine(_ text: String) { Console.print(text) }

/// A fault on standard error, as the code that it means.
func complain(_ fault: Fault, in language: Language = .english) -> Exit {
    printError("vitalsd: \(fault.told(in: language))")
    return Exit(fault)
}
