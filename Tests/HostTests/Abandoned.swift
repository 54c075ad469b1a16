import Glibc
import Host
import Testing

/// A socket that the kernel gives up after a second, because nobody answers: it says ETIMEDOUT, as of a Bluetooth link that is
/// lost (0x08), and no device has hung up.
func abandoned() throws -> Descriptor {
    func open() throws -> CInt {
        let raw = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
        try #require(raw >= 0)
        return raw
    }
    var address = sockaddr_in(), size = socklen_t(MemoryLayout<sockaddr_in>.size)
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    func with(_ act: (UnsafeMutablePointer<sockaddr>) -> CInt) -> CInt {
        withUnsafeMutablePointer(to: &address) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, act) }
    }
    // It takes nobody, and has room for one: of whoever else calls it nothing is heard any more.
    let listener = try open()
    try #require(with { bind(listener, $0, size) } == 0)
    try #require(listen(listener, 0) == 0)
    try #require(with { getsockname(listener, $0, &size) } == 0)
    var callers: [CInt] = []
    for _ in 0..<3 {
        let caller = try open()
        var once: CInt = 1
        setsockopt(caller, CInt(IPPROTO_TCP), TCP_SYNCNT, &once, socklen_t(MemoryLayout.size(ofValue: once)))
        setsockopt(caller, CInt(IPPROTO_TCP), TCP_USER_TIMEOUT, &once, socklen_t(MemoryLayout.size(ofValue: once)))
        try #require(with { connect(caller, $0, size) } == -1 && errno == EINPROGRESS)
        callers.append(caller)
    }
    // The others, and the listener, are needed for as long as the last is looked at: till the tests are over.
    return Descriptor(callers[2])
}
