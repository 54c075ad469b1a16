import Glibc
import Host
import TestLoop
import Testing

@testable import vitalsd

@Suite struct StartingAnewTests {
    /// As it would on SIGTERM, and long before the next ended link would be the daemon's end.
    @Test func aDaemonWithManyEndedLinksEndsInGoodOrder() async throws {
        let place = TemporaryDirectory()
        let settings = """
            [Clinic]
            URL=http://127.0.0.1:9/fhir
            [Hub]
            StateDirectory=\(place("state"))
            [Bluetooth]
            Adapter=none

            """
        try Files.write(Array(settings.utf8), to: place("vitalsd.conf"))
        await #expect(processExitsWith: .exitCode(0)) { [path = place("vitalsd.conf") as String] in
            try await onLoop {
                let daemon = try Daemon(path, links: (2, 3))
                async let ending: Void = endLinks(2)
                try await daemon.run()
                try await ending
            }
        }
        #expect(Files.exists(place("state/journal")))
        #expect(!Files.exists(place("state/control")))
    }
}

/// So many links that end before the device has said a word. Whoever lives half a minute longer has not noticed.
@Hub private func endLinks(_ count: Int) async throws {
    for _ in 0..<count {
        await loop.sleep(for: .milliseconds(300))
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        let bearer = SocketBearer(Descriptor(ends[0]), isLink: true)
        close(ends[1])
        withExtendedLifetime(bearer) {}
    }
    await loop.sleep(for: .seconds(30))
    exit(1)
}
