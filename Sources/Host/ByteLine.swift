import CLinux
import Core
import Glibc

/// A byte stream over a descriptor that does not block: what a serial line, the far end of a simulated one and an
/// RFCOMM channel have in common.
@Hub package final class ByteLine: Line {
    private let path: String
    private var descriptor: Descriptor?
    private let raw: CInt
    private let isExclusive: Bool
    private var isOpen = true
    /// What was drained.
    private var rest: [UInt8] = []

    /// `isExclusive` where TIOCEXCL was set: it outlives a pty's descriptor, and would shut out the next visit.
    init(_ descriptor: consuming Descriptor, at path: String, isExclusive: Bool = false) {
        self.path = path
        self.isExclusive = isExclusive
        raw = descriptor.raw
        self.descriptor = consume descriptor
    }

    /// The open descriptor; nil once hung up here.
    var open: CInt? { isOpen ? raw : nil }

    deinit { if isOpen, isExclusive { _ = vitalsd_release_line(raw) } }

    /// Closes: whoever waits in `read` hears of it.
    func hangUp() {
        if isOpen, isExclusive { _ = vitalsd_release_line(raw) }
        isOpen = false
        descriptor = nil
    }

    /// Takes what lies in the kernel, which throws it away when the line is closed: it can still be read when this side has
    /// hung up.
    func drain() {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while isOpen, rest.count < 1 << 16 {
            let count = Glibc.read(raw, &bytes, bytes.count)
            if count > 0 { rest += bytes[..<count] } else if count == 0 || errno != EINTR { return }
        }
    }

    @Hub package func read(within time: Duration?) async throws(Fault) -> Arrival {
        let due = time.map { ContinuousClock.now + $0 }
        var bytes = [UInt8](repeating: 0, count: 4096)
        while isOpen, rest.isEmpty {
            let count = Glibc.read(raw, &bytes, bytes.count)
            if count > 0 { return .bytes(Array(bytes[..<count])) }
            if count == 0 { return .hungUp }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                if await loop.ready(raw, before: due) { continue }
                if isOpen, rest.isEmpty { return .silence }
            // A link that was lost, or whose adapter was, with whatever the device still had to say. What came before that was
            // read by now.
            case ETIMEDOUT, ECONNABORTED: throw .device(.hungUp)
            // How an adapter that was pulled out, and a pty whose far end closed, say so.
            case EIO, ENODEV, ENXIO, ECONNRESET, ENOTCONN, EHOSTDOWN: return .hungUp
            default: throw .line("read", errno, at: path)
            }
        }
        defer { rest = [] }
        return rest.isEmpty ? .hungUp : .bytes(rest)
    }

    /// Returns once the kernel has taken all of it. A line that takes nothing for ten seconds is silent.
    @Hub package func write(_ bytes: [UInt8]) async throws(Fault) {
        var rest = bytes[...]
        while !rest.isEmpty {
            guard isOpen else { throw .hub(.portGone) }
            let count = rest.withUnsafeBytes { Glibc.write(raw, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch count == 0 ? EAGAIN : errno {
            case EINTR: continue
            case EAGAIN:
                let isReady = await loop.ready(raw, write: true, before: .now + .seconds(10))
                if !isReady, isOpen { throw .device(.silent) }
            case EPIPE, ECONNRESET, ECONNABORTED, ENOTCONN, ETIMEDOUT, EHOSTDOWN: throw .device(.hungUp)
            default: throw .line("write", errno, at: path)
            }
        }
    }
}
