import CLinux
import Core
import Glibc

/// The device's end of a simulated serial line. The hub opens `path`, or the link `name`, as it would open a cable.
@Hub package final class PseudoTerminal: Line {
    /// The hub's end, such as `/dev/pts/3`.
    package let path: String
    /// A symbolic link to `path`, which comes and goes with this object.
    package let name: String?
    private let line: ByteLine
    /// The hub's end held open, so that the device does not see a hang-up between two visits.
    private var far: Descriptor?

    /// Makes a pseudo terminal, already raw, so that nothing is echoed before the hub opens it.
    package init(named name: String? = nil) throws(Fault) {
        let near = try Descriptor("posix_openpt", posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC))
        if grantpt(near.raw) != 0 { throw .failed("grantpt", errno) }
        if unlockpt(near.raw) != 0 { throw .failed("unlockpt", errno) }
        var bytes = [CChar](repeating: 0, count: 128)
        let refusal = ptsname_r(near.raw, &bytes, bytes.count)
        if refusal != 0 { throw .failed("ptsname", refusal) }
        path = String(decoding: bytes.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let far = try Descriptor("open", open(path, O_RDWR | O_NOCTTY | O_CLOEXEC), at: path)
        var terminal = termios()
        if tcgetattr(far.raw, &terminal) != 0 { throw .failed("tcgetattr", errno, at: path) }
        terminal.makeRaw(.none)
        if tcsetattr(far.raw, TCSANOW, &terminal) != 0 { throw .failed("tcsetattr", errno, at: path) }
        if let name {
            unlink(name)
            if symlink(path, name) != 0 { throw .failed("symlink", errno, at: name) }
        }
        self.name = name
        self.far = consume far
        line = ByteLine(near, at: path)
    }

    deinit { if let name { unlink(name) } }

    /// Pulls the cable: the link goes, and the hub's end hangs up.
    package func hangUp() {
        if let name { unlink(name) }
        far = nil
        line.hangUp()
    }

    @Hub package func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub package func read(within time: Duration?) async throws(Fault) -> Arrival { try await line.read(within: time) }
}
