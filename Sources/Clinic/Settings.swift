import Core
import Glibc

extension Clinic {
    /// Where a clinic is and how we prove who we are.
    package struct Settings: Hashable, Sendable {
        /// The base URL of the FHIR server: `https://fhir.clinic.example/r4`.
        package var url: String
        /// PEM files of the hub's certificate, with its chain, and of its private key. Nil: none is shown.
        package var certificate: String?, key: String?
        /// PEM file of the only certificate authorities that are trusted. Nil: those of the system.
        package var authority: String?
        /// What is shown beside the certificate.
        package var credentials: Credentials
        /// Until the connection stands, name and TLS handshake included.
        package var connectTimeout: Duration
        /// Until the answer is complete.
        package var timeout: Duration
        /// Bytes of answer above which it makes no sense.
        package var answerLimit: Int
        package var userAgent: String

        package init(
            url: String, certificate: String? = nil, key: String? = nil, authority: String? = nil,
            credentials: Credentials = .none, connectTimeout: Duration = .seconds(10), timeout: Duration = .seconds(60),
            answerLimit: Int = 4 << 20,
            userAgent: String = "vitalsd"
        ) {
            self.url = url
            self.certificate = certificate
            self.key = key
            self.authority = authority
            self.credentials = credentials
            self.connectTimeout = connectTimeout
            self.timeout = timeout
            self.answerLimit = answerLimit
            self.userAgent = userAgent
        }
    }
}

extension Clinic.Settings {
    /// Throws `hub(.badConfiguration)` for what no file and no network can mend.
    package func check() throws(Fault) {
        try WebAddress(url).check()
        if case .token(let url, _, _, _) = credentials { try WebAddress(url).check() }
        guard (certificate == nil) == (key == nil) else {
            throw .hub(.badConfiguration("a certificate and its key go together"))
        }
    }

    /// Throws `hub(.certificateUnreadable)` while a file that is needed is not there, or is not for us to read: it may
    /// come, for a hub is often set up before its certificate is. Throws `hub(.secretExposed)` while everybody on the hub
    /// could read a key or a password.
    package func checkFiles() throws(Fault) {
        for file in [certificate, key, authority, credentials.secretFile].compactMap(\.self)
        where faccessat(AT_FDCWD, file, R_OK, AT_EACCESS) != 0 { throw .hub(.certificateUnreadable(file)) }
        for file in [key, credentials.secretFile].compactMap(\.self) {
            var status = stat()
            guard stat(file, &status) == 0 else { throw .hub(.certificateUnreadable(file)) }
            if status.st_mode & (S_IRWXO) != 0 { throw .hub(.secretExposed(file)) }
        }
    }

    var host: String { WebAddress(url).host }

    /// A resource's own address below the base.
    func url(of path: String) -> String { url.hasSuffix("/") ? url + path : "\(url)/\(path)" }
}

/// An http or https URL, as far as it matters whom it leads to.
struct WebAddress {
    let url: String
    init(_ url: String) { self.url = url }

    /// Throws `hub(.badConfiguration)` where it would send something in clear text over a network, or is no URL.
    func check() throws(Fault) {
        if url.hasPrefix("http://") {
            guard isLoopback else { throw .hub(.badConfiguration("the clinic's URL must begin with https://")) }
        } else if !url.hasPrefix("https://") || host.isEmpty {
            throw .hub(.badConfiguration("the clinic's URL is none"))
        }
        guard !url.utf8.contains(where: { $0 <= 32 || $0 == 127 }), !authority.contains("@") else {
            throw .hub(.badConfiguration("the clinic's URL holds a blank or a password"))
        }
    }

    /// Clear text goes no further than this machine; it is for tests and for a TLS proxy of the hub's own.
    private var isLoopback: Bool { ["127.0.0.1", "[::1]", "localhost"].contains(host) }

    /// What is between `//` and the path.
    private var authority: String {
        guard let start = url.firstRange(of: "://")?.upperBound else { return "" }
        return String(url[start...].prefix { !"/?#".contains($0) })
    }

    /// The host without its port, in brackets where it is an IPv6 address.
    var host: String {
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") { return String(authority[...end]) }
        return String(authority.prefix { $0 != ":" })
    }
}
