import CCurl
import Core
import Glibc

/// One libcurl handle with the connection that it keeps. Belongs to one thread at a time.
final class Curl {
    let handle: UnsafeMutableRawPointer

    init() throws(Fault) {
        guard Self.isReady, let handle = curl_easy_init() else { throw .hub(.system("curl_easy_init", ENOMEM)) }
        self.handle = handle
    }

    deinit { curl_easy_cleanup(handle) }

    /// libcurl's own start, once for the process.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Sends a transaction and waits for the whole answer.
    ///
    /// - Parameter compressed: whether the body is in gzip's form.
    func post(
        transaction: [UInt8], compressed: Bool, _ settings: Clinic.Settings, _ authorization: Authorization
    ) throws(Fault) -> Response {
        try send(
            "POST", transaction, to: settings.url, Self.fhir + (compressed ? ["Content-Encoding: gzip"] : []), settings,
            authorization)
    }

    /// Replaces the one resource that a condition matches, or makes it. `path`: `Device?identifier=…`.
    func put(
        _ resource: String, to path: String, _ settings: Clinic.Settings, _ authorization: Authorization
    ) throws(Fault) -> Response {
        try send("PUT", Array(resource.utf8), to: settings.url(of: path), Self.fhir, settings, authorization)
    }

    /// Searches. `path`: `Observation?identifier=…`.
    func get(
        _ path: String, _ settings: Clinic.Settings, _ authorization: Authorization
    ) throws(Fault) -> Response {
        try send("GET", [], to: settings.url(of: path), ["Accept: application/fhir+json"], settings, authorization)
    }

    private static let fhir = [
        "Content-Type: application/fhir+json", "Accept: application/fhir+json", "Prefer: return=minimal",
    ]

    /// Sends a form, as a token is asked for, and waits for the whole answer. `settings` say whom to trust.
    func post(
        form: String, to url: String, _ settings: Clinic.Settings, _ authorization: Authorization
    ) throws(Fault) -> Response {
        try send(
            "POST", Array(form.utf8), to: url,
            ["Content-Type: application/x-www-form-urlencoded", "Accept: application/json"], settings,
            authorization)
    }

    /// A text as it stands in a form.
    func encoded(_ text: String) -> String {
        guard let encoded = curl_easy_escape(handle, text, CInt(text.utf8.count)) else { return "" }
        defer { curl_free(encoded) }
        return String(cString: encoded)
    }

    /// Asks for what is at a URL, and waits for the whole answer.
    func get(_ url: String, _ headers: [String], _ settings: Clinic.Settings) throws(Fault) -> Response {
        try send("GET", [], to: url, headers, settings, .none)
    }

    /// Sends a text to a URL, and waits for the whole answer.
    func post(
        _ text: String, to url: String, _ headers: [String], _ settings: Clinic.Settings,
        _ authorization: Authorization
    ) throws(Fault) -> Response {
        try send("POST", Array(text.utf8), to: url, headers, settings, authorization)
    }

    private func send(
        _ method: String, _ body: [UInt8], to url: String, _ headers: [String], _ settings: Clinic.Settings,
        _ authorization: Authorization
    ) throws(Fault) -> Response {
        curl_easy_reset(handle)
        let exchange = Exchange(limit: settings.answerLimit)
        // No round trip to ask whether the body is welcome.
        let headers = Headers(headers + ["Expect:"])
        var reason = [CChar](repeating: 0, count: Int(CURL_ERROR_SIZE))
        var result = CURLE_OK
        // libcurl keeps all three pointers until the transfer ends, and no longer.
        reason.withUnsafeMutableBufferPointer { reason in
            body.withUnsafeBufferPointer { body in
                set(settings, url)
                set(authorization)
                set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer(reason.baseAddress))
                if method != "GET" {
                    set(CURLOPT_POST, 1)
                    set(CURLOPT_POSTFIELDSIZE, body.count)
                    set(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer(mutating: body.baseAddress))
                }
                if method == "PUT" { set(CURLOPT_CUSTOMREQUEST, method) }
                _ = vitalsd_set_list(handle, CURLOPT_HTTPHEADER, headers.list)
                exchange.attach(to: handle)
                result = withExtendedLifetime((exchange, headers)) { curl_easy_perform(handle) }
                set(CURLOPT_ERRORBUFFER, UnsafeMutableRawPointer?.none)
                set(CURLOPT_POSTFIELDS, UnsafeMutableRawPointer?.none)
                _ = vitalsd_set_list(handle, CURLOPT_HTTPHEADER, nil)
            }
        }
        if exchange.isTooLong { throw .clinic(.badAnswer("it is longer than \(settings.answerLimit) bytes")) }
        guard result == CURLE_OK else {
            let reason = String(decoding: reason.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            throw fault(result, reason, settings, url)
        }
        return Response(status: number(CURLINFO_RESPONSE_CODE), headers: exchange.headers, body: exchange.body)
    }

    private func set(_ authorization: Authorization) {
        switch authorization {
        case .none: break
        case .basic(let user, let password):
            set(CURLOPT_HTTPAUTH, Int(CURLAUTH_BASIC_))
            set(CURLOPT_USERNAME, user)
            set(CURLOPT_PASSWORD, password)
        case .bearer(let token):
            set(CURLOPT_HTTPAUTH, Int(CURLAUTH_BEARER_))
            set(CURLOPT_XOAUTH2_BEARER, token)
        }
    }

    private func set(_ settings: Clinic.Settings, _ url: String) {
        set(CURLOPT_URL, url)
        set(CURLOPT_USERAGENT, settings.userAgent)
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(settings.connectTimeout))
        set(CURLOPT_TIMEOUT_MS, milliseconds(settings.timeout))
        set(CURLOPT_TCP_KEEPALIVE, 1)
        set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        // A redirect would carry readings to somebody who was never configured.
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_PROTOCOLS_STR, url.hasPrefix("http://") ? "http" : "https")
        // Neither the environment nor a file may say where readings go.
        set(CURLOPT_PROXY, "")
        set(CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2)
        set(CURLOPT_SSL_VERIFYPEER, 1)
        set(CURLOPT_SSL_VERIFYHOST, 2)
        // What the clinic shows is kept with the connection, so that somebody can be told before it ends.
        set(CURLOPT_CERTINFO, 1)
        if let authority = settings.authority {
            set(CURLOPT_CAINFO, authority)
            // Without this the system's own authorities are trusted beside the pinned one.
            set(CURLOPT_CAPATH, String?.none)
        }
        if let certificate = settings.certificate, let key = settings.key {
            set(CURLOPT_SSLCERT, certificate)
            set(CURLOPT_SSLKEY, key)
            // An encrypted key is a fault at once, not a question at a terminal that nobody watches.
            set(CURLOPT_KEYPASSWD, "")
        }
    }

    private func set(_ option: CURLoption, _ value: Int) { _ = vitalsd_set_long(handle, option, value) }
    private func set(_ option: CURLoption, _ value: String?) { _ = vitalsd_set_text(handle, option, value) }
    private func set(_ option: CURLoption, _ value: UnsafeMutableRawPointer?) {
        _ = vitalsd_set_pointer(handle, option, value)
    }

    private func number(_ info: CURLINFO) -> Int {
        var value = 0
        return vitalsd_get_long(handle, info, &value) == CURLE_OK ? value : 0
    }

    /// How far the last request got, and when.
    var steps: [Clinic.Probe.Step: Duration] {
        let infos: [(Clinic.Probe.Step, CURLINFO)] = [
            (.name, CURLINFO_NAMELOOKUP_TIME_T), (.connection, CURLINFO_CONNECT_TIME_T),
            (.encryption, CURLINFO_APPCONNECT_TIME_T), (.answer, CURLINFO_STARTTRANSFER_TIME_T),
        ]
        return Dictionary(
            uniqueKeysWithValues: infos.compactMap { step, info in
                var time: curl_off_t = 0
                guard vitalsd_get_offset(handle, info, &time) == CURLE_OK, time > 0 else { return nil }
                return (step, .microseconds(time))
            })
    }

    private func milliseconds(_ time: Duration) -> Int { max(1, Int(time / .milliseconds(1))) }

    /// libcurl's code, and where that says too little OpenSSL's words, as the layer that somebody has to touch.
    private func fault(_ code: CURLcode, _ reason: String, _ settings: Clinic.Settings, _ url: String) -> Fault {
        switch code {
        case CURLE_COULDNT_RESOLVE_HOST: return .network(.noName(WebAddress(url).host))
        case CURLE_COULDNT_CONNECT:
            switch Int32(truncatingIfNeeded: number(CURLINFO_OS_ERRNO)) {
            case ECONNREFUSED: return .network(.refused)
            case ETIMEDOUT: return .network(.timedOut)
            default: return .network(.noRoute)
            }
        case CURLE_OPERATION_TIMEDOUT: return .network(.timedOut)
        case CURLE_PEER_FAILED_VERIFICATION: return .clinic(.untrusted(distrust(reason)))
        case CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_PARTIAL_FILE:
            // TLS 1.3 refuses a client's certificate only when it has already said that it is connected.
            if reason.contains("alert certificate expired") { return .clinic(.ourCertificateExpired) }
            return reason.contains(" alert ") ? .clinic(.rejectsUs(status: 0)) : .network(.interrupted)
        case CURLE_SSL_CERTPROBLEM:
            let key = reason.contains("private key") || reason.contains("PRIVKEY")
            return .hub(.certificateUnreadable((key ? settings.key : settings.certificate) ?? ""))
        case CURLE_SSL_CACERT_BADFILE: return .hub(.certificateUnreadable(settings.authority ?? "of the system"))
        case CURLE_WEIRD_SERVER_REPLY, CURLE_UNSUPPORTED_PROTOCOL, CURLE_HTTP2:
            return .clinic(.badAnswer("it is no HTTP"))
        case CURLE_URL_MALFORMAT: return .hub(.badConfiguration("the clinic's URL is none"))
        default: return .hub(.system("curl_easy_perform", Int32(code.rawValue)))
        }
    }

    /// OpenSSL's verdict on the clinic's certificate, in a few words.
    private func distrust(_ reason: String) -> Fault.Distrust {
        switch number(CURLINFO_SSL_VERIFYRESULT) {
        case 9: .notYetValid
        case 10: .expired
        case 18, 19, 20, 21: .strangeAuthority
        default: reason.contains("subject name") ? .otherHost : .unverified
        }
    }
}

/// A header list, freed when done with.
private final class Headers {
    private(set) var list: UnsafeMutablePointer<curl_slist>?
    init(_ lines: [String]) { for line in lines { list = curl_slist_append(list, line) ?? list } }
    deinit { curl_slist_free_all(list) }
}

/// What arrives while libcurl works.
private final class Exchange {
    private let limit: Int
    private(set) var body: [UInt8] = []
    private(set) var headers: [String: String] = [:]
    private(set) var isTooLong = false

    init(limit: Int) { self.limit = limit }

    /// The handle must not be used after the exchange has gone.
    func attach(to handle: UnsafeMutableRawPointer) {
        let this = Unmanaged.passUnretained(self).toOpaque()
        _ = vitalsd_set_pointer(handle, CURLOPT_WRITEDATA, this)
        _ = vitalsd_set_pointer(handle, CURLOPT_HEADERDATA, this)
        _ = vitalsd_set_write(handle) { bytes, size, count, this in
            Exchange.take(bytes, size * count, this) { $0.append(body: $1) }
        }
        _ = vitalsd_set_header(handle) { bytes, size, count, this in
            Exchange.take(bytes, size * count, this) { $0.append(header: $1) }
        }
    }

    /// Returns how many bytes were taken; fewer than there are ends the transfer.
    private static func take(
        _ bytes: UnsafeMutablePointer<CChar>?, _ count: Int, _ this: UnsafeMutableRawPointer?,
        _ append: (Exchange, UnsafeRawBufferPointer) -> Bool
    ) -> Int {
        guard let this, let bytes else { return 0 }
        let exchange = Unmanaged<Exchange>.fromOpaque(this).takeUnretainedValue()
        return append(exchange, UnsafeRawBufferPointer(start: bytes, count: count)) ? count : 0
    }

    private func append(body bytes: UnsafeRawBufferPointer) -> Bool {
        isTooLong = body.count + bytes.count > limit
        if !isTooLong { body.append(contentsOf: bytes) }
        return !isTooLong
    }

    /// One line, `Name: value`. A status line begins a new answer, such as after 100 Continue.
    private func append(header bytes: UnsafeRawBufferPointer) -> Bool {
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") { headers = [:] }
        guard headers.count < 100, let colon = line.firstIndex(of: ":") else { return true }
        let value = line[line.index(after: colon)...].drop { $0.isWhitespace }
        headers[line[..<colon].lowercased()] = String(value.prefix { !$0.isNewline })
        return true
    }
}
