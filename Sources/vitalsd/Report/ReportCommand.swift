import Clinic
import Core
import Glibc
import Host
import Journal

extension Command {
    static let report = Command(
        verb: "report", arguments: "FILE [CAPTURE…] [--lang da|en] [--configuration FILE]",
        summary: "what support needs, in one file without identities",
        explanation: """
            Writes FILE, a .tar.gz with: what `diagnose` says, as JSON and as a page; the last five hundred lines of vitalsd
            in the system's log, where there is one; the settings without secrets; the versions; and each CAPTURE that
            `record` has written. No reading's value is in it but those of the captures; persons, serial numbers and names
            are taken out of all of it, and of addresses only the maker's half and the last two digits stay. Before it is
            written, what the hub knows of its household is looked for in it once more.
            """
    ) { arguments throws(Exit) in
        let language = try arguments.language(), path = try arguments.configurationPath()
        let words = try arguments.rest()
        guard let file = words.first else { throw arguments.complain("expected FILE") }
        do throws(Fault) {
            let bundle = try await SupportBundle(path, captures: Array(words.dropFirst()), language)
            guard bundle.indiscretions.isEmpty else {
                let names = bundle.indiscretions.joined(separator: ", ")
                printError("vitalsd: \(ActText.tells(names)[language])")
                exit(Exit.software.rawValue)
            }
            try Files.write(try gzip(bundle.archive), to: file)
            printLine("\(file): \(bundle.names.joined(separator: ", "))")
        } catch {
            throw complain(error, in: language)
        }
    }
}

/// What support needs, in one archive.
@Hub struct SupportBundle {
    private(set) var names: [String] = []
    /// Files in which an identity has slipped through: then there is no report rather than one that tells it.
    private(set) var indiscretions: [String] = []
    private var tar = Tar()
    private let traces: Traces, redaction: Redaction
    private let now = HubClock.now().wall.milliseconds / 1000
    private static let newestLines = 500

    var archive: [UInt8] { tar.archive }

    /// - Parameters:
    ///   - path: of the configuration.
    ///   - captures: paths of files that `record` has written.
    init(_ path: String, captures: [String], _ language: Language) async throws(Fault) {
        traces = try Self.traces(path)
        redaction = Redaction(traces, host: Redaction.host)
        var checkup = Checkup(path, tellsAll: false)
        let diagnosis = await checkup.run()
        add("diagnose.json", diagnosis.json(in: language) + "\n")
        add("diagnose.html", diagnosis.page(in: language))
        // Who may not read the log has still the rest to tell.
        if let log = try? await SystemLog.lines(newest: Self.newestLines), !log.isEmpty {
            add("log.txt", String(decoding: log, as: UTF8.self))
        }
        // That they do not read is in the diagnosis.
        if let settings = try? SettingsDigest.lines(of: path) {
            add("settings.txt", settings.joined(separator: "\n") + "\n")
        }
        add("versions.txt", versions(diagnosis))
        for (number, file) in captures.enumerated() {
            let text = String(decoding: try Files.read(file, atMost: 16 << 20), as: UTF8.self)
            do throws(Capture.Mistake) { _ = try Capture(text) } catch {
                throw .hub(.badConfiguration("\(file) is no capture (\(error))"))
            }
            add("capture-\(number + 1).capture", text)
        }
    }

    /// What must not be told. Where the journal does not read, what the settings say; where they do not, the usual journal.
    /// Throws `hub(.noPermission)` where this user may not know it.
    private static func traces(_ path: String) throws(Fault) -> Traces {
        var traces = Traces()
        let configuration = (try? Configuration.reading(path)) ?? Configuration()
        try configuration.mayBeLookedInto()
        if let journal = try? JournalConnection(configuration.journalPath) {
            traces = (try? Traces(of: nil, in: journal)) ?? traces
        }
        for recipient in configuration.recipients { if let subject = recipient.subject { traces.add(subject) } }
        return traces
    }

    private mutating func add(_ name: String, _ text: String) {
        let content = Array(redaction.redacted(text).utf8)
        if traces.isFound(in: content) { indiscretions.append(name) }
        tar.add("vitalsd-report/\(name)", content, modified: now)
        names.append(name)
    }

    private func versions(_ diagnosis: Diagnosis) -> String {
        let release = (try? Files.read("/etc/os-release")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let pretty = release.split(separator: "\n").first { $0.hasPrefix("PRETTY_NAME=") }?.dropFirst(12) ?? "?"
        let kernel = (try? Files.read("/proc/sys/kernel/osrelease")).map { String(decoding: $0, as: UTF8.self) } ?? "?"
        return """
            vitalsd \(version)
            daemon \(diagnosis.daemonVersion ?? "does not run")
            journal \(diagnosis.journalVersion.map(String.init) ?? "none"), newest known \(Journal.version)
            system \(pretty.filter { $0 != "\"" })
            kernel \(kernel)
            """
    }
}
