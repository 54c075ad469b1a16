import Core
import Glibc
import Host
import TestLoop
import Testing

@Suite struct ChildTests {
    @Test func aChildGetsItsWordsItsEnvironmentAndItsDescriptors() async throws {
        try await onLoop {
            var ends: [CInt] = [-1, -1]
            try #require(pipe(&ends) == 0)
            let heard = Descriptor(ends[0])
            let child = try Child(
                "/bin/sh", ["-c", #"printf '%s|%s|%s' "$1" "$GREETING" "$HOME" >&7; exit 9"#, "sh", "two words"],
                environment: ["GREETING": "good day"], descriptors: [(ours: ends[1], theirs: 7)])
            close(ends[1])
            #expect(try await child.ended() == .exited(9))
            #expect(try await child.ended() == .exited(9))
            var bytes = [UInt8](repeating: 0, count: 100)
            let count = read(heard.raw, &bytes, bytes.count)
            #expect(String(decoding: bytes.prefix(count), as: UTF8.self) == "two words|good day|")
        }
    }

    @Test func aChildCanBeKilledThoughWeBlockTheSignal() async throws {
        try await onLoop {
            Signals.block()
            let child = try Child("/bin/sleep", ["1000"])
            async let ending = child.ended()
            child.kill()
            #expect(try await ending == .killed(by: SIGTERM))
            child.kill()
        }
    }

    @Test func aProgramThatIsNotThereIsAFault() async throws {
        _ = try await onLoop {
            #expect(throws: Fault.hub(.system("posix_spawn /nonexistent", ENOENT))) { try Child("/nonexistent") }
        }
    }
}
