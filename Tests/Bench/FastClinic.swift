import Core
import Glibc
import Host

/// A clinic that stores nothing: it answers each transaction with as many `201 Created` as it has entries, and counts
/// the readings that it has not seen before.
final class FastClinic {
    let listener: CInt
    let port: UInt16
    private(set) var requests = 0
    var readings: Int { readingsSeen.count }
    /// Hashes of the URLs of blood pressures.
    private var readingsSeen: Set<UInt64> = []

    init() {
        listener = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let fd = listener
        let works = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(fd, generic, size) == 0 && listen(fd, 64) == 0 && getsockname(fd, generic, &size) == 0
            }
        }
        guard works else {
            Console.complain("vitalsd-bench: no clinic: errno \(errno)")
            exit(74)
        }
        port = UInt16(bigEndian: address.sin_port)
    }

    func reset() {
        readingsSeen = []
        requests = 0
    }

    /// Reads what has come, and answers what is complete. False once the connection has ended.
    func serve(_ connection: HTTPConnection) -> Bool {
        guard connection.read() else { return false }
        while let body = connection.takeBody() {
            requests += 1
            let count = note(body)
            connection.send(answer(to: count))
        }
        return true
    }

    /// The number of entries. That of a blood pressure names MDC 150020; its URL is the same in an update as in the create.
    private func note(_ body: [UInt8]) -> Int {
        body.withUnsafeBytes { bytes in
            var at = Self.fullURL.first(in: bytes, from: 0), count = 0
            while let start = at {
                let next = Self.fullURL.first(in: bytes, from: start + Self.fullURL.count)
                let entry = UnsafeRawBufferPointer(rebasing: bytes[start..<(next ?? bytes.count)])
                if Self.bloodPressure.first(in: entry, from: 0) != nil {
                    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
                    for byte in entry.dropFirst(Self.fullURL.count).prefix(while: { $0 != UInt8(ascii: "\"") }) {
                        hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3
                    }
                    readingsSeen.insert(hash)
                }
                count += 1
                at = next
            }
            return count
        }
    }

    private func answer(to count: Int) -> [UInt8] {
        var body = #"{"resourceType":"Bundle","type":"transaction-response","entry":["#
        for index in 0..<count {
            body += index == 0 ? "" : ","
            body += #"{"response":{"status":"201 Created","location":"Observation/\#(requests)-\#(index)/_history/1"}}"#
        }
        body += "]}"
        let head =
            "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        return Array((head + body).utf8)
    }

    private static let fullURL = Needle("\"fullUrl\":\""), bloodPressure = Needle("\"150020\"")
}

/// Bytes that are looked for.
private struct Needle {
    private let bytes: [UInt8]
    init(_ text: String) { bytes = Array(text.utf8) }

    var count: Int { bytes.count }

    func first(in hay: UnsafeRawBufferPointer, from start: Int) -> Int? {
        bytes.withUnsafeBytes { needle in
            guard let base = hay.baseAddress, let wanted = needle.baseAddress, let first = needle.first else {
                return nil
            }
            var at = start
            while at + needle.count <= hay.count {
                guard let hit = memchr(base + at, CInt(first), hay.count - needle.count + 1 - at) else { return nil }
                let place = UnsafeRawPointer(hit) - base
                if memcmp(hit, wanted, needle.count) == 0 { return place }
                at = place + 1
            }
            return nil
        }
    }
}

/// The server's side of HTTP/1.1, as far as one client needs it: bodies of a stated length.
final class HTTPConnection {
    private let fd: CInt
    private var waiting: [UInt8] = []
    /// Where the body begins and how long it is, once the head is there.
    private var body: (start: Int, length: Int)?
    private var piece = [UInt8](repeating: 0, count: 1 << 18)

    init(_ fd: CInt) { self.fd = fd }

    func read() -> Bool {
        let count = recv(fd, &piece, piece.count, 0)
        if count < 0 { return errno == EAGAIN }
        waiting += piece[..<count]
        return count > 0
    }

    func takeBody() -> [UInt8]? {
        if body == nil { body = head() }
        guard let (start, length) = body, waiting.count >= start + length else { return nil }
        defer {
            waiting.removeFirst(start + length)
            body = nil
        }
        return Array(waiting[start..<start + length])
    }

    /// The answers are small, and the client reads them at once: the socket's buffer takes each whole.
    func send(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.send(fd, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            if sent < 0, errno != EAGAIN { return }
            rest = rest.dropFirst(max(0, sent))
        }
    }

    private func head() -> (start: Int, length: Int)? {
        let end = waiting.withUnsafeBytes { Needle("\r\n\r\n").first(in: $0, from: 0) }
        guard let end else { return nil }
        let lines = String(decoding: waiting[..<end], as: UTF8.self).lowercased().split(separator: "\r\n")
        let length = lines.first { $0.hasPrefix("content-length:") }.flatMap { line in
            Int(String(line.dropFirst(15).drop { $0 == " " }))
        }
        return (end + 4, length ?? 0)
    }
}
