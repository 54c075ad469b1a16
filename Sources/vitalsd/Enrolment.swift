import Clinic
import Core
import Host

/// The hub's own key and certificate, where a clinic gives them out by EST: made here, renewed here, never sent. Each clinic
/// has its own: what the one vouches for is nothing to the other. `[Clinic NAME]` has the folder `enrolment-NAME`.
///
///     enrolment/server        where they came from
///     enrolment/authority     the system's authorities, or the path of the file of those that vouch for that server
///     enrolment/current       leads to the folder of those that count
///     enrolment/3/hub.key     the key, for its owner alone
///     enrolment/3/hub.pem     the certificate, and those between it and the authority
///     enrolment/3/ca.pem      the authority's
///
/// A new pair is complete before `current` leads to it, so that there is always a whole one.
@Hub struct Enrolment {
    let folder: String
    private let executor: any SerialExecutor

    init(in folder: String, executor: any SerialExecutor) {
        self.folder = folder
        self.executor = executor
    }

    /// Where that of a clinic is.
    nonisolated static func folder(of clinic: String, in stateDirectory: String) -> String {
        stateDirectory + "/enrolment" + (clinic == Recipient.clinic ? "" : "-" + clinic)
    }

    /// The hub's name in its certificate: its EUI-64 as the clinic has it in the Device.
    nonisolated static func name(of hub: UInt64) -> String {
        (0..<8).map { capitalHex(UInt8(truncatingIfNeeded: hub >> (56 - 8 * UInt64($0)))) }.joined(separator: "-")
    }

    nonisolated static func certificate(in folder: String) -> String { folder + "/current/hub.pem" }
    nonisolated static func key(in folder: String) -> String { folder + "/current/hub.key" }

    /// Until when the present certificate is valid, and from when; nil where there is none.
    func validity() async throws(Fault) -> Range<Instant>? {
        let certificate = folder + "/current/hub.pem"
        guard Files.exists(certificate) else { return nil }
        return try await OpenSSL().validity(of: certificate, in: folder)
    }

    /// Obtains the first certificate. `code` is what the clinic gave the technician; `name` is the hub's.
    func enrol(at settings: Clinic.Settings, code: String, name: String) async throws(Fault) {
        try Files.makeDirectory(folder)
        let server = try EnrolmentServer(settings, executor: executor)
        try await obtain(from: server, name: name) { request throws(Fault) in
            try await server.enrol(request, code: code)
        }
        try Files.write(Array(settings.url.utf8), to: folder + "/server")
        try Files.write(Array((settings.authority ?? "").utf8), to: folder + "/authority")
    }

    /// Obtains another certificate, for another key, while the present one is still good.
    func renew(name: String, userAgent: String) async throws(Fault) {
        let url = String(decoding: try Files.read(folder + "/server"), as: UTF8.self)
        let authority = String(decoding: try Files.read(folder + "/authority"), as: UTF8.self)
        let settings = Clinic.Settings(
            url: url, certificate: folder + "/current/hub.pem", key: folder + "/current/hub.key",
            authority: authority.isEmpty ? nil : authority, userAgent: userAgent)
        let server = try EnrolmentServer(settings, executor: executor)
        try await obtain(from: server, name: name) { request throws(Fault) in try await server.renew(request) }
    }

    private func obtain(
        from server: EnrolmentServer, name: String, _ ask: (String) async throws(Fault) -> [UInt8]
    ) async throws(Fault) {
        let openSSL = try OpenSSL(), numbers = try Files.names(in: folder).compactMap { Int($0) }
        let number = (numbers.max() ?? 0) + 1, place = "\(folder)/\(number)"
        try Files.makeDirectory(place)
        do throws(Fault) {
            let authorities = try await openSSL.certificates(of: try await server.authorities(), in: place)
            guard !authorities.isEmpty else { throw .clinic(.badCertificate("its authorities do not read")) }
            try Files.write(Array(authorities.joined().utf8), to: place + "/ca.pem")
            try await openSSL.makeKey(at: place + "/hub.key")
            let request = try await openSSL.request(for: place + "/hub.key", name: name, in: place)
            let given = try await openSSL.certificates(of: try await ask(request), in: place)
            guard let own = try await openSSL.certificate(of: place + "/hub.key", among: given, in: place) else {
                throw .clinic(.badCertificate("it is not for the hub's key"))
            }
            let chain = [own] + given.filter { $0 != own && !authorities.contains($0) }
            try Files.write(Array(chain.joined().utf8), to: place + "/hub.pem")
            guard try await openSSL.verifies(place + "/hub.pem", by: place + "/ca.pem") else {
                throw .clinic(.badCertificate("its authority has not signed it, or one of them is not valid now"))
            }
        } catch {
            Files.remove(place)
            throw error
        }
        for name in try Files.names(in: place) where !["hub.key", "hub.pem", "ca.pem"].contains(name) {
            Files.removeFile("\(place)/\(name)")
        }
        try Files.link("\(number)", at: folder + "/current")
        for old in numbers { Files.remove("\(folder)/\(old)") }
    }
}

/// Renews the certificates before they end, for as long as the daemon runs.
@Hub final class Renewal {
    private let name: String
    private let executor: any SerialExecutor
    private var due: [String: ContinuousClock.Instant] = [:]
    private var said: [String: Fault] = [:]

    /// `name` is the hub's.
    init(name: String, executor: any SerialExecutor) {
        self.name = name
        self.executor = executor
    }

    /// `recipients` is asked each time who is configured.
    func run(_ recipients: () -> [Recipient]) async {
        while true {
            var next = ContinuousClock.now + .seconds(43_200)
            for recipient in recipients() {
                guard let folder = recipient.enrolment else { continue }
                if due[folder].map({ $0 <= .now }) ?? true {
                    // So that a fleet that was enrolled in one afternoon is not renewed in one minute.
                    let pause = await renewed(in: folder, recipient) * Double.random(in: 1...1.05) + .milliseconds(200)
                    due[folder] = .now + pause
                }
                next = min(next, due[folder] ?? next)
            }
            await loop.sleep(for: max(.zero, next - .now))
        }
    }

    /// Begins when a third of its time is left, and tries again until it ends: six times at least, and twice a day. Answers
    /// after what time to look again.
    private func renewed(in folder: String, _ recipient: Recipient) async -> Duration {
        var pause = Duration.seconds(43_200)
        let isOnly = recipient.name == Recipient.clinic
        do throws(Fault) {
            let enrolment = Enrolment(in: folder, executor: executor)
            guard let validity = try await enrolment.validity() else { return pause }
            let now = HubClock.now().wall, length = validity.upperBound - validity.lowerBound
            let due = validity.upperBound + length / -3
            guard now >= earliestCredible, now >= due else { return min(pause, max(due - now, .zero)) }
            pause = min(pause, length / 18)
            try await enrolment.renew(name: name, userAgent: "vitalsd/\(version)")
            Systemd.log(.notice, "clinic\(isOnly ? "" : " " + recipient.name): the hub's certificate is renewed")
            said[folder] = nil
            return .seconds(1)
        } catch {
            if error != said[folder] {
                log(error, about: "renewal of the hub's certificate\(isOnly ? "" : " for " + recipient.name)")
            }
            said[folder] = error
            return pause
        }
    }
}
