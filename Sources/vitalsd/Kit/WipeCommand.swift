import Core
import Glibc
import Host
import Journal

extension Command {
    static let wipe = Command(
        verb: "wipe", arguments: "[--everything] [--undelivered] [--json] [--lang da|en] [--configuration FILE]",
        summary: "before the kit goes back: nothing of the citizen stays",
        explanation: """
            Removes every reading, device, key and binding from this hub, and overwrites them. Refused while a reading is
            not at the clinic, unless --undelivered is added. Without --everything it is asked, at a terminal, whether
            that is meant. Done twice it is done once.

            Then it proves it: what was known before of persons, addresses, names, serial numbers, keys and readings is
            looked for, byte by byte, in every file of the state directory, in the configuration and in what the system's
            log has of vitalsd. What is found is told with what to do about it, and the exit status is 75 until nothing
            is. A flash disk may keep what was overwritten where no program can look.
            """
    ) { arguments throws(Exit) in
        let isMeant = arguments.flag("everything"), undelivered = arguments.flag("undelivered")
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        try arguments.end()
        let isSure =
            isMeant
            || Conversation.isPossible && !wantsJSON
                && ["yes", "ja"].contains(Conversation(language).typed(KitText.sure)?.lowercased() ?? "")
        guard isSure else { throw arguments.complain(ActText.sayEverything, in: language) }
        var wiping = Wiping(nil, undelivered: undelivered, path)
        try await wiping.run(in: language, wantsJSON: wantsJSON)
    }
}

/// A wiping with its proof.
@Hub struct Wiping {
    private let act: Act, device: String?
    private let path: String
    private var traces = Traces()
    /// Whether the journal could be read before.
    private var isKnown = true

    /// - Parameter path: of the configuration.
    init(_ device: String?, undelivered: Bool, _ path: String) {
        act = .wipe(device, undelivered: undelivered)
        self.device = device
        self.path = path
    }

    mutating func run(in language: Language, wantsJSON: Bool) async throws(Exit) {
        let configuration = try configuration(at: path, language)
        gather(configuration)
        // Beside the result: a journal of years takes its time.
        func say(_ step: Text) { if !wantsJSON, isatty(STDERR_FILENO) == 1 { printError(step[language]) } }
        say(KitText.wiping)
        let outcome = try await act.outcome(with: configuration, wantsJSON: wantsJSON, in: language)
        say(KitText.searching)
        let proof: Proof
        do throws(Fault) {
            proof = try await prove(configuration)
        } catch {
            throw complain(error, in: language)
        }
        if wantsJSON {
            var json = JSONWriter()
            json.object { json in
                act.write(outcome, into: &json)
                json.object("proof") { proof.write(into: &$0) }
            }
            printLine(json.text)
        } else {
            printLine(outcome.text[language])
            for line in proof.lines(in: language) { printLine(line) }
        }
        if !proof.isClean { throw .temporary }
    }

    /// What is to be looked for afterwards. A journal that does not read can be wiped all the same.
    private mutating func gather(_ configuration: Configuration) {
        do throws(Fault) {
            if Files.exists(configuration.journalPath) {
                traces = try Traces(of: device, in: JournalConnection(configuration.journalPath))
            }
        } catch {
            isKnown = false
        }
        guard device == nil else { return }
        for recipient in configuration.recipients { if let subject = recipient.subject { traces.add(subject) } }
    }

    private func prove(_ configuration: Configuration) async throws(Fault) -> Proof {
        var proof = Proof(isKnown: isKnown)
        for kind in Traces.Kind.allCases { proof.sought[kind] = traces.count(of: kind) }
        if traces.isEmpty { return proof }
        for file in try Files.files(under: configuration.stateDirectory) {
            proof.take(try traces.finds(in: file), as: .state(file))
        }
        for file in try Configuration.files(of: path) {
            proof.take(try traces.persons.finds(in: file), as: .settings(file))
        }
        do throws(Fault) {
            if let log = try await SystemLog.lines() { proof.take(try found(traces, in: log), as: .log) }
            if let log = try await SystemLog.commands() { proof.take(try found(traces.persons, in: log), as: .log) }
        } catch {
            guard case .hub(.noPermission) = error else { throw error }
            proof.isLogHidden = true
        }
        return proof
    }

    private func found(_ traces: Traces, in log: [UInt8]) throws(Fault) -> (finds: [Traces.Find], size: Int) {
        let place = try Files.makeTemporaryDirectory("vitalsd-log")
        defer { Files.remove(place) }
        try Files.write(log, to: place + "/log")
        return try traces.finds(in: place + "/log")
    }
}
