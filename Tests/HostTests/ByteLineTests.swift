import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// A byte stream that is a socket, as RFCOMM's is.
@Suite struct ByteLineTests {
    /// A device that goes out of range: Linux resets the connection.
    @Test func aResetEndsTheLineAndIsNoFaultOfTheHub() async throws {
        signal(SIGPIPE, SIG_IGN)
        try await onLoop {
            let listener = try LoopbackListener()
            for writes in [true, false] {
                let device = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_port = listener.port.bigEndian
                address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
                let size = socklen_t(MemoryLayout<sockaddr_in>.size)
                let connected = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(device, $0, size) }
                }
                try #require(connected == 0)
                let line = try await listener.accept()
                var reset = linger(l_onoff: 1, l_linger: 0)
                setsockopt(device, SOL_SOCKET, SO_LINGER, &reset, socklen_t(MemoryLayout<linger>.size))
                close(device)
                if writes {
                    await #expect(throws: Fault.device(.hungUp)) { try await line.write([1]) }
                } else {
                    #expect(try await line.read(within: .seconds(600)) == .hungUp)
                }
                // And it stays ended.
                await #expect(throws: Fault.device(.hungUp)) { try await line.write([1]) }
            }
        }
    }

    /// As of a link over RFCOMM: the device may have had more to say.
    @Test func aLinkThatIsLostIsNoHangUp() async throws {
        try await onLoop {
            let line = ByteLine(try abandoned(), at: "bluetooth:00:09:1F:80:00:22")
            await #expect(throws: Fault.device(.hungUp)) { try await line.read(within: .seconds(600)) }
        }
    }
}
