import Core
import Dispatch
import Glibc

/// A thread of its own as an executor, as the daemon has it.
final class Worker: SerialExecutor {
    private let queue = DispatchQueue(label: "clinic")
    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }
}

/// What went wrong with the test's own machinery.
struct Trouble: Error { var what: String }

/// A directory for the length of the tests, with certificates in it.
enum Place {
    /// Tests/Receiver, beside this file's folder.
    static let receiver: String = {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(2)
        return parts.joined(separator: "/") + "/Receiver"
    }()

    static let directory: Result<String, Trouble> = {
        var template = Array((P_tmpdir + "/vitalsd-clinic-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { return .failure(Trouble(what: "mkdtemp")) }
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        guard let script = try? Child(["/bin/sh", receiver + "/certificates.sh", path]), script.wait() == 0 else {
            return .failure(Trouble(what: "certificates.sh"))
        }
        atexit {
            if case .success(let path) = Place.directory { _ = try? Child(["rm", "-rf", path]).wait() }
        }
        return .success(path)
    }()

    static func file(_ name: String) throws -> String { try directory.get() + "/" + name }
}

/// A child process and what it prints.
final class Child {
    let process: pid_t
    private let output: Int32

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Trouble(what: "pipe") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addclose(&actions, ends[0])
        var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        var process: pid_t = 0
        let result = posix_spawnp(&process, arguments[0], &actions, nil, &words, environ)
        posix_spawn_file_actions_destroy(&actions)
        for word in words { free(word) }
        close(ends[1])
        guard result == 0 else { throw Trouble(what: "posix_spawn \(arguments[0]): \(result)") }
        self.process = process
        output = ends[0]
    }

    deinit {
        kill(process, SIGKILL)
        _ = wait()
        close(output)
    }

    @discardableResult func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) == -1, errno == EINTR {}
        return status
    }

    func line() -> String {
        var bytes: [UInt8] = [], byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { bytes.append(byte) }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// Tests/Receiver/receiver.py as a child, over TLS with client certificates unless told otherwise.
final class Receiver {
    private let child: Child
    let port: Int
    private let control: Int

    init(certificate: String = "server", plain: Bool = false, wantsClient: Bool = true) throws {
        var arguments = ["python3", Place.receiver + "/receiver.py"]
        if plain {
            arguments.append("--plain")
        } else {
            arguments += [
                "--cert", try Place.file(certificate + ".pem"), "--key", try Place.file(certificate + ".key"),
            ]
            if wantsClient { arguments += ["--ca", try Place.file("ca.pem")] }
        }
        child = try Child(arguments)
        let numbers = child.line().split(separator: " ").compactMap { Int($0.drop { $0 != "=" }.dropFirst()) }
        guard numbers.count == 2 else { throw Trouble(what: "the receiver did not start") }
        (port, control) = (numbers[0], numbers[1])
    }

    func fault(_ fault: String) throws {
        guard try call("POST", "/_fault", fault).hasPrefix("HTTP/1.1 200") else { throw Trouble(what: "fault") }
    }

    /// A number out of `_counts`.
    func count(_ name: String) throws -> Int {
        let counts = try call("GET", "/_counts")
        guard let start = counts.firstRange(of: "\"\(name)\": ")?.upperBound,
            let number = Int(counts[start...].prefix { $0.isNumber })
        else { throw Trouble(what: "counts") }
        return number
    }

    /// Says whom the receiver believes beside the certificate.
    func trust(_ wanted: String) throws { _ = try call("POST", "/_trust", wanted) }

    /// Every token that it has given out is dead.
    func forgetTokens() throws { _ = try call("DELETE", "/_trust") }

    func everything() throws -> String { try call("GET", "/_all") }

    /// One request over the control port, which knows no TLS; the whole answer.
    private func call(_ method: String, _ path: String, _ body: String = "") throws -> String {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(control)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Trouble(what: "connect") }
        let request =
            "\(method) \(path) HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: \(body.utf8.count)\r\n\r\n"
        let bytes = Array((request + body).utf8)
        guard write(socket, bytes, bytes.count) == bytes.count else { throw Trouble(what: "write") }
        var answer: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(socket, &buffer, buffer.count)
            guard count > 0 else { return String(decoding: answer, as: UTF8.self) }
            answer += buffer[..<count]
        }
    }
}
