import Core
import Glibc
import Host

/// What the system's log has of us, as journalctl(1) gives it.
@Hub enum SystemLog {
    /// Our lines, oldest first; at most so many of the newest where `newest` is given. Nil where there is no journalctl.
    /// Throws `hub(.noPermission)` where this user may see none of the log.
    static func lines(newest: Int? = nil) async throws(Fault) -> [UInt8]? {
        try await output(["--unit", "vitalsd"] + (newest.map { ["--lines", "\($0)"] } ?? []))
    }

    /// What sudo(8) has told the log of our commands: whom they were about stands in their words.
    static func commands() async throws(Fault) -> [UInt8]? {
        try await output(["_COMM=sudo"]).map { log in
            let lines = log.split(separator: UInt8(ascii: "\n")).filter { !$0.ranges(of: "vitalsd".utf8).isEmpty }
            return Array(lines.joined(separator: [UInt8(ascii: "\n")]))
        }
    }

    private static func output(_ words: [String]) async throws(Fault) -> [UInt8]? {
        guard let program = Files.program(named: "journalctl") else { return nil }
        let place = try Files.makeTemporaryDirectory("vitalsd-journal")
        defer { Files.remove(place) }
        let output = place + "/log"
        let out = try Files.appending(output), quiet = try Files.appending("/dev/null")
        let child = try Child(
            program, words + ["--output", "short-iso", "--no-pager", "--quiet"],
            descriptors: [(out.raw, 1), (quiet.raw, 2)])
        guard try await child.ended() == .exited(0) else { throw .hub(.noPermission("the system's log")) }
        return try Files.read(output, atMost: 256 << 20)
    }
}
