import Core
import Glibc

extension Clinic.Settings {
    /// What the hub shows of itself beside its certificate.
    package enum Credentials: Hashable, Sendable {
        case none
        /// A name and a password with each request (RFC 7617), for the small clinic. The password is in a file.
        case basic(user: String, passwordFile: String)
        /// A token from the clinic's authorization server (RFC 6749, 4.4). The client proves who it is by a secret in a file,
        /// or without one by its certificate (RFC 8705, 2).
        case token(url: String, client: String, secretFile: String?, scope: String?)

        /// The file that must be readable, and for us alone.
        var secretFile: String? {
            switch self {
            case .none: nil
            case .basic(_, let file): file
            case .token(_, _, let file, _): file
            }
        }
    }
}

/// A secret that was read from a file: its first line.
struct Secret {
    let text: String

    /// Throws `hub(.certificateUnreadable)` where there is none, or none that fits one line of HTTP.
    init(file: String) throws(Fault) {
        guard let stream = fopen(file, "re") else { throw .hub(.certificateUnreadable(file)) }
        defer { fclose(stream) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = fread(&bytes, 1, bytes.count, stream)
        let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
        guard !line.isEmpty, line.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
            throw .hub(.certificateUnreadable(file))
        }
        text = String(decoding: line, as: UTF8.self)
    }
}

/// What goes into the Authorization header of a request.
enum Authorization: Equatable {
    case none
    case basic(user: String, password: String)
    case bearer(String)
}

/// An access token (RFC 6749, 5.1), and until when it is shown.
struct Token {
    let text: String, end: ContinuousClock.Instant

    /// Reads the authorization server's answer. A token is given up a tenth of its time before it ends, because what is on
    /// its way then still has to arrive; one that does not say when it ends, after an hour.
    ///
    /// Throws `clinic(.rejectsUs)` where the server does not know the client, and `clinic(.badAnswer)` for anything that is
    /// no bearer token.
    init(_ response: Response, asked: ContinuousClock.Instant) throws(Fault) {
        switch response.status {
        case 200: break
        case 400, 401, 403: throw .clinic(.rejectsUs(status: response.status))
        case 408, 429, 503: throw .clinic(.busy(status: response.status, retryAfter: nil))
        case 500..<600: throw .clinic(.failing(status: response.status))
        default: throw .clinic(.wrongAddress(status: response.status))
        }
        let members = try JSONDocument(response.body, by: JSONReader()).token()
        guard let text = members.text, members.type?.lowercased() == "bearer", !text.isEmpty,
            // RFC 6750, 2.1; anything else could end the header.
            text.utf8.allSatisfy({ 0x21...0x7E ~= $0 })
        else { throw .clinic(.badAnswer("it is no bearer token")) }
        self.text = text
        let seconds = members.seconds ?? 3600
        end = asked + .seconds(min(max(seconds, 0), 86_400) * 0.9)
    }
}
