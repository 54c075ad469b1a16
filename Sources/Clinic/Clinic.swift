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
    /// What the clinic showed in the last handshake.
    private(set) var shown: [Certificate] = []
    /// Whether the clinic has said that it takes compressed requests, and whether it refused one nevertheless.
    private var takesGzip = false, refusesGzip = false
    nonisolated let settings: Settings

    /// The base of the FHIR server.
    package nonisolated var url: String { settings.url }

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
    /// - Throws: why it was not taken, or why that is unknown. No person and no secret is in the fault's sentence.
    package func deliver(_ parcel: Parcel) throws(Refusal) -> Answer {
        // A certificate may have been renewed, or lost, since the last time.
        try checkFiles()
        let response: Response, reader: JSONReader
        do {
            reader = try readyReader()
            response = try request { curl, shown throws(Fault) in
                let response = try curl.post(
                    transaction: self.takesGzip ? parcel.compressed : parcel.body, compressed: self.takesGzip,
                    self.settings, shown)
                guard self.takesGzip, response.status == 415 else { return response }
                // RFC 7694: it is the coding that is not taken, whatever was said of it before.
                self.takesGzip = false
                self.refusesGzip = true
                return try curl.post(transaction: parcel.body, compressed: false, self.settings, shown)
            }
        } catch {
            throw Refusal(error.isRemediedByWaiting ? .resend : .pause, error)
        }
        learn(from: response)
        return try response.answer(to: parcel.entries.count, by: reader)
    }

    /// RFC 7694: what a server says it accepts, in an answer, it takes in a request.
    private func learn(from response: Response) {
        guard !refusesGzip, let codings = response.headers["accept-encoding"] else { return }
        takesGzip = codings.lowercased().split(separator: ",").contains { coding in
            let words = coding.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            return words.first == "gzip"
                && !words.contains { $0 == "q=0" || $0.hasPrefix("q=0.0") && $0.allSatisfy("q=0.".contains) }
        }
    }

    /// Replaces a Device that has changed since the clinic came to know it. Throws why it does not know of it now.
    package func update(_ device: DeviceUpdate) throws(Refusal) {
        try judged { curl, shown throws(Fault) in
            try curl.put(device.text, to: device.path, self.settings, shown)
        }
    }

    /// How many resources of a type match a condition, such as `identifier=…`; 2 for more than one. Throws why that cannot
    /// be told.
    package func matches(_ type: String, _ condition: String) throws(Refusal) -> Int {
        let response = try judged { curl, shown throws(Fault) in
            try curl.get("\(type)?\(condition)&_count=2", self.settings, shown)
        }
        do {
            return min(2, try JSONDocument(response.body, by: readyReader()).matches())
        } catch {
            throw Refusal(.resend, error, status: response.status)
        }
    }

    /// A request of which only the status counts.
    @discardableResult
    private func judged(_ send: (Curl, Authorization) throws(Fault) -> Response) throws(Refusal) -> Response {
        try checkFiles()
        let response: Response
        do {
            response = try request(send)
        } catch {
            throw Refusal(error.isRemediedByWaiting ? .resend : .pause, error)
        }
        guard 200..<300 ~= response.status else {
            throw verdict(status: response.status, outcome: response.outcome(by: try? readyReader()))
        }
        return response
    }

    /// Sends, with what is to be shown. A token may die before its time: then once more, with a new one.
    private func request(_ send: (Curl, Authorization) throws(Fault) -> Response) throws(Fault) -> Response {
        let curl = try ready(), hadToken = token != nil
        defer { if case let certificates = curl.certificates, !certificates.isEmpty { shown = certificates } }
        let response = try send(curl, try authorization(by: curl))
        guard response.status == 401, token != nil else { return response }
        token = nil
        return hadToken ? try send(curl, try authorization(by: curl)) : response
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
            let response = try curl.post(
                transaction: Array(nothing.utf8), compressed: false, settings, try authorization(by: curl))
            shown = curl.certificates
            probe.fault = response.refusal(ofNothing: try readyReader())
        } catch {
            probe.fault = error
        }
        return probe
    }

    /// Makes a bundle of readings here, where a thread may be busy for a while, and not on the loop, where visits wait for it.
    package func parcel(
        of readings: [Kept], from gateway: PersonalHealthGateway, to destination: Destination,
        offset: @Sendable (Instant) -> Int
    ) throws(Refusal) -> Parcel {
        do {
            return try Parcel(
                try Bundle(of: readings, from: gateway, to: destination, offset: offset),
                takesGzip ? .thorough : .quick)
        } catch let fault as Fault {
            throw Refusal(.resend, fault)
        } catch {
            throw Refusal(.resend, .clinic(.badAnswer("a bundle cannot be made: \(error)")))
        }
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
