import Core
import Glibc
import Host

/// What the system's log has of us, as journalctl(1) gives it.
@Hub enum SystemLog {
    /// Our lines, oldest first; at most so many of the newest where `newest` is given. Nil where there is no journalctl.
    /// Lines that this user may not see are not among them.
    static func lines(newest: Int? = nil) async throws(Fault) -> [UInt8]? {
        guard let program = Files.program(named: "journalctl") else { return nil }
        let place = try Files.makeTemporaryDirectory("vitalsd-journal")
        defer { Files.remove(place) }
        let output = place + "/log"
        let out = try Files.appending(output), quiet = try Files.appending("/dev/null")
        let words = ["--unit", "vitalsd", "--output", "short-iso", "--no-pager", "--quiet"]
        let child = try Child(
            program, words + (newest.map { ["--lines", "\($0)"] } ?? []), descriptors: [(out.raw, 1), (quiet.raw, 2)])
        _ = try await child.ended()
        return try Files.read(output, atMost: 256 << 20)
    }
}
