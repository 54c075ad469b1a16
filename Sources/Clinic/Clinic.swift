import Core
import FHIR

/// A clinic's FHIR server. It knows one verb: deliver.
///
/// Its calls block, so it lives on the executor it is given, whose thread may sleep. One connection is kept and used
/// again; there is never more than one request on its way, because servers double what they create concurrently.
package actor Clinic {
    private let executor: any SerialExecutor
    /// Made when they are first needed: OpenSSL alone takes longer to begin than all else at the start.
    private var curl: Curl?, reader: JSONReader?
    private var token: Token?
    private nonisolated let settings: Settings

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Throws `hub(.badConfiguration)` where the settings would send readings in clear text over a network. The files are
    /// looked at when something is delivered.
    package init(_ settings: Settings, executor: any SerialExecutor) throws(Fault) {
        try settings.check()
        self.executor = executor
        self.settings = settings
    }

    /// Throws `hub(.certificateUnreadable)` while a file of the settings cannot be read. Somebody may bring it at any
    /// time, so it is tried again.
    package nonisolated func checkFiles() throws(Refusal) {
        do {
            try settings.checkFiles()
        } catch {
            throw Refusal(.resend, error)
        }
    }

    /// Sends a transaction and reads the answer.
    ///
    /// - Parameters:
    ///   - body: a FHIR Bundle in JSON.
    ///   - entries: how many entries it has; the answer must have as many.
    /// - Throws: why it was not taken, or why that is unknown. No person and no secret is in the fault's sentence.
    package func deliver(_ body: String, entries: Int) throws(Refusal) -> Answer {
        // A certificate may have been renewed, or lost, since the last time.
        try checkFiles()
        let response: Response, reader: JSONReader
        do {
            reader = try readyReader()
            response = try post(body)
        } catch {
            throw Refusal(error.isRemediedByWaiting ? .resend : .pause, error)
        }
        return try response.answer(to: entries, by: reader)
    }

    /// A token may die before its time: then once more, with a new one.
    private func post(_ body: String) throws(Fault) -> Response {
        let curl = try ready(), hadToken = token != nil
        let response = try curl.post(transaction: body, settings, try authorization(by: curl))
        guard response.status == 401, token != nil else { return response }
        token = nil
        return hadToken ? try curl.post(transaction: body, settings, try authorization(by: curl)) : response
    }

    /// What is shown with the next request. A token is used until its end.
    private func authorization(by curl: Curl) throws(Fault) -> Authorization {
        switch settings.credentials {
        case .none: return .none
        case .basic(let user, let file): return .basic(user: user, password: try Secret(file: file).text)
        case .token(let url, let client, let file, let scope):
            if let token, token.end > .now { return .bearer(token.text) }
            let asked = ContinuousClock.now
            var form = "grant_type=client_credentials"
            if let scope { form += "&scope=\(curl.encoded(scope))" }
            let proof: Authorization
            if let file {
                // RFC 6749, 2.3.1: as in a form.
                proof = .basic(user: curl.encoded(client), password: curl.encoded(try Secret(file: file).text))
            } else {
                form += "&client_id=\(curl.encoded(client))"
                proof = .none
            }
            let new = try Token(try curl.post(form: form, to: url, settings, proof), asked: asked)
            token = new
            return .bearer(new.text)
        }
    }

    private func readyReader() throws(Fault) -> JSONReader {
        if let reader { return reader }
        let reader = try JSONReader()
        self.reader = reader
        return reader
    }

    private func ready() throws(Fault) -> Curl {
        if let curl { return curl }
        let curl = try Curl()
        self.curl = curl
        return curl
    }

    /// How far a request of nothing gets, in the order of its steps, and what stopped it.
    package struct Probe: Equatable, Sendable {
        package enum Step: Int, CaseIterable, Comparable, Sendable {
            case name, connection, encryption, answer
            package static func < (a: Step, b: Step) -> Bool { a.rawValue < b.rawValue }
        }
        /// Since the beginning, for each step that was done.
        package var done: [Step: Duration] = [:]
        /// Nil where the clinic would take readings now.
        package var fault: Fault?
    }

    /// Asks whether readings would be taken now, with the same connection, certificate and credentials, and leaves nothing
    /// there: a transaction without an entry. A server either takes it, and nothing comes of it, or refuses it as such with
    /// 400 or 422, which only a FHIR server does that has let us in. A CapabilityStatement would say less: servers give it to
    /// anybody.
    package func probe() -> Probe {
        var probe = Probe()
        do throws(Fault) {
            try settings.checkFiles()
            let curl = try ready()
            defer { probe.done = curl.steps }
            let nothing = #"{"resourceType":"Bundle","type":"transaction"}"#
            let response = try curl.post(transaction: nothing, settings, try authorization(by: curl))
            probe.fault = response.refusal(ofNothing: try readyReader())
        } catch {
            probe.fault = error
        }
        return probe
    }

    package func deliver(_ bundle: Bundle) throws(Refusal) -> Answer {
        try deliver(bundle.text, entries: bundle.entries.count)
    }

    /// Makes a bundle here, where a thread may be busy for a while, and not on the loop, where visits wait for it.
    package func bundle(
        of readings: [Kept], from gateway: PersonalHealthGateway, to destination: Destination,
        offset: @Sendable (Instant) -> Int
    ) throws(Unbundleable) -> Bundle {
        try Bundle(of: readings, from: gateway, to: destination, offset: offset)
    }
}

extension Fault {
    /// Whether the way to the clinic may be free again without anybody's doing.
    fileprivate var isRemediedByWaiting: Bool {
        switch self {
        // What the hub had no memory for at this moment.
        case .network, .hub(.system): true
        case .clinic(.untrusted), .clinic(.rejectsUs), .clinic(.ourCertificateExpired), .clinic(.wrongAddress): false
        case .clinic: true
        case .device, .pairing, .hub: false
        }
    }
}
