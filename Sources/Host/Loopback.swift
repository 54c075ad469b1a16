import CLinux
import Core
import Glibc

/// A listening TCP socket on the loopback, for the demonstration's clinic. Nothing else in vitalsd listens on a network.
@Hub package final class LoopbackListener {
    /// The port that the kernel chose.
    package let port: UInt16
    private let socket: Descriptor

    package init() throws(Fault) {
        let flags = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        socket = try Descriptor("socket", Glibc.socket(AF_INET, flags, 0))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let raw = socket.raw
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                bind(raw, generic, size) == 0 && listen(raw, 16) == 0 && getsockname(raw, generic, &size) == 0
            }
        }
        guard outcome else { throw .failed("bind", errno) }
        port = UInt16(bigEndian: address.sin_port)
    }

    /// The next connection, as a byte stream.
    package func accept() async throws(Fault) -> ByteLine {
        while true {
            let peer = accept4(socket.raw, nil, nil, CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
            if peer >= 0 { return ByteLine(Descriptor(peer), at: "loopback") }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: _ = await loop.ready(socket.raw)
            default: throw .failed("accept", errno)
            }
        }
    }
}
