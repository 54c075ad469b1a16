import Clinic
import Core
import Glibc
import Host
import Journal

extension Command {
    static let enrol = Command(
        verb: "enrol",
        arguments: "--server URL --code CODE [--clinic NAME] [--authority FILE] [--again] [--json] "
            + "[--lang da|en] [--configuration FILE]",
        summary: "get this hub its certificate from the clinic",
        explanation: """
            Makes a key on this hub, which never leaves it, and asks the clinic's enrolment server (EST, RFC 7030) for a
            certificate: CODE is the clinic's word that it may have one, and is read from standard input where it is -.
            Then tries it at the clinic. Where CertificateFile= is not set the daemon shows this one, and renews it by
            itself when a third of its time is left.

            It is for [Clinic], or with --clinic for [Clinic NAME]: each clinic gets a key of its own. --authority names who
            vouches for the server, where it is not who vouches for the clinic. A hub that is enrolled already is only
            tried, unless --again is added. Run it as the user of the service, which must have been started once:
            sudo -u vitalsd vitalsd enrol …
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), again = arguments.flag("again"), language = try arguments.language()
        let server = try arguments.option("server"), word = try arguments.option("code")
        let authority = try arguments.option("authority"), name = try arguments.option("clinic")
        let path = try arguments.configurationPath()
        try arguments.end()
        guard let server, Configuration.Key.Kind.url.accepts(server) else {
            throw arguments.complain("--server wants \(Configuration.Key.Kind.url.rawValue)")
        }
        guard let word, !word.isEmpty else { throw arguments.complain(ActText.noCode, in: language) }
        let configuration = try configuration(at: path, language)
        guard let clinic = configuration[name ?? Recipient.clinic] else {
            throw arguments.complain(name.map { "--clinic: there is no [Clinic \($0)]" } ?? "[Clinic] is missing")
        }
        do throws(Fault) {
            let code = word == "-" ? readLine() ?? "" : word
            let outcome = try await enrolled(
                configuration, clinic, at: server, code, authority: authority, again: again
            ) {
                // Beside the result: a step may take as long as a server likes.
                if !wantsJSON, isatty(STDERR_FILENO) == 1 { printError($0[language]) }
            }
            printLine(wantsJSON ? outcome.json : outcome.told(in: language))
            await writeDown(nil, with: configuration)
        } catch {
            await writeDown(error.code, with: configuration)
            if wantsJSON { printLine(Refused(error).json) }
            throw complain(error, in: language)
        }
    }
}

/// Who tried it, when, and what came of it: for the audit trail, which a hub has from its first start.
@Hub private func writeDown(_ obstacle: Fault.Code?, with configuration: Configuration) async {
    guard Files.exists(configuration.journalPath) else { return }
    _ = try? await Act.enrolled(obstacle).outcome(with: configuration, wantsJSON: false, in: .english)
}

/// What was done.
private struct Enrolled {
    var server: String, clinic: String
    var validity: Range<Instant>
    var isNew: Bool
    /// What the clinic answered over a connection that showed the certificate.
    var status: Int
    var key: String, certificate: String

    func told(in language: Language) -> String {
        let rows = [
            (ActText.key, (isNew ? ActText.keyMade : ActText.keyWasThere) + key),
            (
                ActText.certificate,
                (isNew ? ActText.from(server) : ActText.asBefore) + ActText.valid(until: validity.upperBound)
            ),
            (ActText.clinic, ActText.accepted(clinic)),
            (ActText.next, Text(same: "systemctl reload vitalsd")),
        ]
        return columns(rows.map { [$0.0[language], $0.1[language]] }).joined(separator: "\n")
    }

    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("new", isNew)
            json.member("server", server)
            json.member("key", key)
            json.member("certificate", certificate)
            json.member("validFrom", text(validity.lowerBound))
            json.member("validUntil", text(validity.upperBound))
            json.member("clinic", clinic)
            json.member("status", status)
        }
        return json.text
    }
}

@Hub private func enrolled(
    _ configuration: Configuration, _ clinic: Recipient, at server: String, _ code: String, authority: String?,
    again: Bool,
    say: (Text) -> Void
) async throws(Fault) -> Enrolled {
    try HubClock.useZone(configuration.timeZone)
    if HubClock.now().wall < earliestCredible { throw .hub(.clockUnset) }
    try Files.makeDirectory(configuration.stateDirectory)
    let owner = try FileOwner.assumed(of: configuration.stateDirectory)
    defer { owner?.leave() }
    let folder = Enrolment.folder(of: clinic.name, in: configuration.stateDirectory)
    let enrolment = Enrolment(in: folder, executor: loop)
    let trust = authority ?? clinic.authorityFile
    let settings = Clinic.Settings(url: server, authority: trust, userAgent: "vitalsd/\(version)")
    // Twice the same is once: a technician who is not sure types it again.
    let before = try await enrolment.validity(), now = HubClock.now().wall
    let isGood = before.map { $0.contains(now) } ?? false
    let isNew = again || !isGood
    if isNew {
        say(ActText.asking(server))
        try await enrolment.enrol(at: settings, code: code, name: try hubName(configuration))
    }
    guard let validity = try await enrolment.validity() else { throw .clinic(.badCertificate("it does not read")) }
    var shown = clinic.settings
    shown.certificate = Enrolment.certificate(in: folder)
    shown.key = Enrolment.key(in: folder)
    say(ActText.showing(clinic.url))
    let status = try await EnrolmentServer(settings, executor: loop).shake(hands: shown)
    return Enrolled(
        server: server, clinic: clinic.url, validity: validity, isNew: isNew, status: status,
        key: Enrolment.key(in: folder), certificate: Enrolment.certificate(in: folder))
}

/// The hub's EUI-64, as the clinic will know it: fixed in the journal, or found as the daemon will find it.
private func hubName(_ configuration: Configuration) throws(Fault) -> String {
    if Files.exists(configuration.journalPath),
        let known = try? JournalConnection(configuration.journalPath).value(for: "hub"),
        let id = UInt64(known, radix: 16)
    {
        return Enrolment.name(of: id)
    }
    return Enrolment.name(of: try HubIdentity.eui64())
}
