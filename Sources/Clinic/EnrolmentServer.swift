import Core

/// A clinic's enrolment server (EST, RFC 7030): who its authorities are, and a certificate for a key that stays here.
///
/// Its calls block, so it lives on the executor it is given. What passes is base64 of PKCS, which others take apart.
package actor EnrolmentServer {
    private let executor: any SerialExecutor
    private let settings: Clinic.Settings
    private let base: String
    private var curl: Curl?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter settings: whom to trust; the URL of the server, with the path to its operations or without.
    package init(_ settings: Clinic.Settings, executor: any SerialExecutor) throws(Fault) {
        try settings.check()
        self.settings = settings
        self.executor = executor
        let url = settings.url.hasSuffix("/") ? String(settings.url.dropLast()) : settings.url
        base = url.contains("/.well-known/est") ? url : url + "/.well-known/est"
    }

    /// The certificates of the authority (4.1), as PKCS #7 in base64.
    package func authorities() throws(Fault) -> [UInt8] {
        try body(of: try ready().get(base + "/cacerts", ["Accept: application/pkcs7-mime"], settings))
    }

    /// The first certificate (4.2.1): `request` is PKCS #10 in base64, `code` what the clinic gave the technician.
    package func enrol(_ request: String, code: String) throws(Fault) -> [UInt8] {
        try ask("/simpleenroll", request, .basic(user: "", password: code))
    }

    /// Another certificate in the place of the one that the settings show (4.2.2).
    package func renew(_ request: String) throws(Fault) -> [UInt8] { try ask("/simplereenroll", request, .none) }

    private func ask(_ operation: String, _ request: String, _ proof: Authorization) throws(Fault) -> [UInt8] {
        try settings.checkFiles()
        let headers = ["Content-Type: application/pkcs10", "Content-Transfer-Encoding: base64"]
        let response = try ready().post(request, to: base + operation, headers, settings, proof)
        if [401, 403].contains(response.status) {
            throw .clinic(proof == .none ? .rejectsUs(status: response.status) : .codeRejected(status: response.status))
        }
        return try body(of: response)
    }

    private func body(of response: Response) throws(Fault) -> [UInt8] {
        switch response.status {
        case 200 where response.headers["content-type"]?.lowercased().hasPrefix("application/pkcs7-mime") == true:
            return response.body
        // A person at the clinic has to say yes first.
        case 202: throw .clinic(.enrolmentPending)
        case 200, 204, 300..<400: throw .clinic(.noEnrolment(status: response.status))
        case 400: throw .clinic(.badCertificate("the clinic refuses the request for it"))
        case 408, 429, 503: throw .clinic(.busy(status: response.status, retryAfter: nil))
        case 500..<600: throw .clinic(.failing(status: response.status))
        default: throw .clinic(.noEnrolment(status: response.status))
        }
    }

    /// Whether the clinic's server takes the hub's certificate: a handshake, and one question that any FHIR server answers.
    /// Throws what is in the way of it; any answer will do, for it is the connection that is tried.
    package func shake(hands clinic: Clinic.Settings) throws(Fault) -> Int {
        try clinic.checkFiles()
        let url = clinic.url.hasSuffix("/") ? clinic.url + "metadata" : clinic.url + "/metadata"
        let status = try ready().get(url, ["Accept: application/fhir+json"], clinic).status
        // Some servers let everybody in, and only then say that they do not want us.
        if status == 495 || status == 496 { throw .clinic(.rejectsUs(status: status)) }
        return status
    }

    private func ready() throws(Fault) -> Curl {
        if let curl { return curl }
        let curl = try Curl()
        self.curl = curl
        return curl
    }
}
