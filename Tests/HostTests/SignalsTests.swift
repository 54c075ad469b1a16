import Glibc
import Host
import TestLoop
import Testing

@Suite struct SignalsTests {
    /// Blocked on the loop's thread alone and raised there: the test runner's other threads never see them.
    @Test func signalsAreWaitedFor() async throws {
        try await onLoop {
            Signals.block()
            let signals = try Signals()
            async let first = signals.next()
            await loop.sleep(for: .milliseconds(1))
            raise(SIGHUP)
            #expect(await first == .reload)
            raise(SIGTERM)
            #expect(await signals.next() == .terminate)
            raise(SIGINT)
            #expect(await signals.next() == .interrupt)
            async let last = signals.next()
            await loop.sleep(for: .milliseconds(1))
            signals.stop()
            #expect(await last == nil)
        }
    }

    @Test func aBrokenPipeIsAnErrorAndNotTheEnd() {
        Signals.block()
        var ends: [CInt] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        #expect(write(ends[1], "x", 1) == -1)
        #expect(errno == EPIPE)
        close(ends[1])
    }
}
