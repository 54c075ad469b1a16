import CLinux
import Core
import Glibc

/// A socket's address on this machine: a path, or a name in the abstract space, written with `@` in front.
struct UnixAddress {
    private var address = sockaddr_un()
    private let length: socklen_t

    init(_ name: String) throws(Fault) {
        var bytes = Array(name.utf8)
        let isAbstract = bytes.first == UInt8(ascii: "@")
        // A path ends with a NUL; an abstract name begins with one instead.
        if isAbstract { bytes[0] = 0 } else { bytes.append(0) }
        guard bytes.count > 1, bytes.count <= MemoryLayout.size(ofValue: address.sun_path) else {
            throw .failed("connect", ENAMETOOLONG, at: name)
        }
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        length = socklen_t(MemoryLayout<sa_family_t>.size + bytes.count)
    }

    func with<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        withUnsafePointer(to: address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) } }
    }
}
