import CLinux
import Core
import Glibc

/// A connected sequenced-packet socket: one packet is one PDU. The kernel's ATT channel is one, and so is a simulated
/// device's.
@Hub package final class SocketBearer: Bearer {
    /// The largest ATT PDU: a value of 512 bytes, behind the header of a Prepare Write.
    package static let longestPDU = 517

    let socket: Descriptor
    let isLink: Bool
    private let longest: Int
    private var isOpen = true
    /// How the link broke; what came before that is still to be heard.
    private var breakage: CInt?
    private var hasHeard = false
    /// Whether the link is to be encrypted before anything that is heard on it counts.
    var mustEncrypt = false
    /// Whether the bond was made with another adapter, so that the device need not know its key here.
    var isStrange = false
    /// Called when the bond's key has proved itself.
    var onEncryption: @Hub () -> Void = {}

    /// Takes over a connected socket that does not block. `isLink` where it is one of the kernel's Bluetooth; `longest` is
    /// the largest packet, in bytes.
    package init(_ socket: consuming Descriptor, isLink: Bool = false, longest: Int = longestPDU) {
        self.socket = socket
        self.isLink = isLink
        self.longest = longest
        if isLink { BluetoothSocket.widen(self.socket.raw) }
    }

    deinit { if isLink, !hasHeard { EndedLinks.keep(socket.raw) } }

    /// Two ends of one channel.
    package static func pair() throws(Fault) -> (SocketBearer, SocketBearer) {
        var ends: [CInt] = [-1, -1]
        if socketpair(AF_UNIX, packets, 0, &ends) != 0 { throw .failed("socketpair", errno) }
        return (SocketBearer(Descriptor(ends[0])), SocketBearer(Descriptor(ends[1])))
    }

    /// Connects to a simulated device. Where nobody listens, the device is silent.
    package static func connect(to path: String, longest: Int = longestPDU) throws(Fault) -> SocketBearer {
        let socket = try Descriptor("socket", Glibc.socket(AF_UNIX, packets, 0))
        let address = try UnixAddress(path)
        if address.with({ Glibc.connect(socket.raw, $0, $1) }) != 0 {
            switch errno {
            case ENOENT, ECONNREFUSED, EAGAIN: throw .device(.silent)
            default: throw .failed("connect", errno, at: path)
            }
        }
        return SocketBearer(socket, longest: longest)
    }

    /// Ends the conversation from this side: whoever waits in `receive` gets nil.
    package func hangUp() {
        isOpen = false
        shutdown(socket.raw, CInt(SHUT_RDWR))
    }

    @Hub package func send(_ pdu: [UInt8]) async throws(Fault) {
        while isOpen {
            if Glibc.send(socket.raw, pdu, pdu.count, CInt(MSG_NOSIGNAL)) >= 0 { return }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                // A peer that takes nothing for as long as ATT lets a transaction last is not there.
                let due = ContinuousClock.now + .seconds(30)
                guard await loop.ready(socket.raw, write: true, before: due) else { throw .device(.silent) }
            case let number where isEnding(number):
                // The kernel says it once.
                breakage = breakage ?? number
                throw .device(.hungUp)
            case let number: throw .link("send", number)
            }
        }
        throw .device(.hungUp)
    }

    @Hub package func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        let due = ContinuousClock.now + time
        var pdu = [UInt8](repeating: 0, count: longest), empty = 0
        while isOpen {
            let count = recv(socket.raw, &pdu, pdu.count, CInt(MSG_TRUNC))
            if count > pdu.count { throw .device(.malformed(.length(got: count, expected: pdu.count))) }
            // An empty packet, which says nothing, looks like the end; but the end lasts.
            if count == 0 {
                empty += 1
                if empty == 8 { return try ended() }
                continue
            }
            if count > 0 {
                hasHeard = true
                if mustEncrypt { try await encrypt() }
                return Array(pdu[..<count])
            }
            switch errno {
            case EINTR: continue
            case EAGAIN where breakage != nil: return try ended()
            case EAGAIN:
                if await loop.ready(socket.raw, before: due) { continue }
                if isOpen { throw .device(.silent) }
            // The kernel tells of the break first, and then still has what came before it.
            case let number where isEnding(number):
                if breakage != nil { return try ended() }
                breakage = number
            case let number: throw .link("recv", number)
            }
        }
        return nil
    }

    /// The end: nil where the device hung up (0x13 to 0x15, which the kernel makes ECONNRESET), and `device(.hungUp)` where the
    /// link was lost to it (0x08, ETIMEDOUT) or the adapter was taken from it (0x16, ECONNABORTED), in the midst of whatever it
    /// still had to say.
    private func ended() throws(Fault) -> [UInt8]? {
        if breakage == ETIMEDOUT || breakage == ECONNABORTED { throw .device(.hungUp) }
        return nil
    }

    /// Who is at the other end: the process and its user, as the kernel knew them when it connected.
    package var peer: (process: pid_t, user: uid_t) {
        get throws(Fault) {
            // pid, uid and gid, of four bytes each: struct ucred of unix(7).
            var words: (pid_t, uid_t, gid_t) = (0, 0, 0)
            var size = socklen_t(MemoryLayout.size(ofValue: words))
            if getsockopt(socket.raw, SOL_SOCKET, SO_PEERCRED, &words, &size) != 0 {
                throw .failed("getsockopt", errno)
            }
            return (words.0, words.1)
        }
    }

    private func isEnding(_ number: CInt) -> Bool {
        [EPIPE, ECONNRESET, ECONNABORTED, ENOTCONN, ESHUTDOWN, ETIMEDOUT, EHOSTDOWN].contains(number)
    }
}

/// Where simulated devices take connections: a socket in the file system.
@Hub package final class SocketListener {
    package let path: String
    private let socket: Descriptor
    private let longest: Int
    private var isOpen = true

    /// Listens at `path`, in the place of whoever listened there before, for packets of up to `longest` bytes.
    package init(_ path: String, longest: Int = SocketBearer.longestPDU) throws(Fault) {
        self.path = path
        self.longest = longest
        socket = try Descriptor("socket", Glibc.socket(AF_UNIX, packets, 0))
        let address = try UnixAddress(path)
        unlink(path)
        if address.with({ bind(socket.raw, $0, $1) }) != 0 { throw .failed("bind", errno, at: path) }
        if listen(socket.raw, 16) != 0 { throw .failed("listen", errno, at: path) }
    }

    /// The next who connects; nil once closed.
    package func accept() async throws(Fault) -> SocketBearer? {
        while isOpen {
            let peer = accept4(socket.raw, nil, nil, CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
            if peer >= 0 { return SocketBearer(Descriptor(peer), longest: longest) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN: _ = await loop.ready(socket.raw)
            default: throw .failed("accept", errno, at: path)
            }
        }
        return nil
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        unlink(path)
        loop.forget(socket.raw)
    }
}

private let packets = CInt(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
