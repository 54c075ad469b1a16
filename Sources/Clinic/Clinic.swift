import Core
import FHIR

/// A clinic's FHIR server. It knows one verb: deliver.
///
/// Its calls block, so it lives on the executor it is given, whose thread may sleep. One connection is kept and used
/// again; there is never more than one request on its way, because servers double what they create concurrently.
package actor Clinic {
    private let executor: any SerialExecutor
    /// Made when it is first needed: OpenSSL alone takes longer to begin than all else at the start.
    private var tools: (curl: Curl, reader: JSONReader)?
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
            let tools = try ready()
            reader = tools.reader
            response = try tools.curl.post(body, settings)
        } catch {
            throw Refusal(error.isRemediedByWaiting ? .resend : .pause, error)
        }
        return try response.answer(to: entries, by: reader)
    }

    private func ready() throws(Fault) -> (curl: Curl, reader: JSONReader) {
        if let tools { return tools }
        let tools = (curl: try Curl(), reader: try JSONReader())
        self.tools = tools
        return tools
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
        case .network: true
        case .clinic(.untrusted), .clinic(.rejectsUs), .clinic(.wrongAddress): false
        case .clinic: true
        case .device, .pairing, .hub: false
        }
    }
}
