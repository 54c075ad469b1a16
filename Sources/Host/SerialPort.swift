import CLinux
import Core
import Glibc

/// A serial line: a tty behind a USB adapter, one of the board's own, or a pty that plays one.
@Hub package final class SerialPort: Line {
    package let path: String
    private let line: ByteLine

    /// Opens the line for this process alone. Throws `portGone`, `portBusy` or `noPermission`, and `badConfiguration`
    /// where the path is no serial line or the speed none of termios. `shut` is how the descriptor is closed, on a thread of
    /// its own.
    package init(
        _ path: String, _ settings: LineSettings, shut: @escaping @Sendable (CInt) -> Void = { close($0) }
    ) throws(Fault) {
        var file = stat()
        if stat(path, &file) != 0 { throw .line("stat", errno, at: path) }
        // Looked at before it is opened: some devices do something when they are.
        guard file.st_mode & S_IFMT == S_IFCHR else { throw .hub(.badConfiguration("\(path) is no serial line")) }
        let raw = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
        if raw < 0 { throw .line("open", errno, at: path) }
        let number = file.st_rdev, descriptor = Descriptor(raw) { ClosingLines.close($0, of: number, shut) }
        guard isatty(raw) == 1 else { throw .hub(.badConfiguration("\(path) is no serial line")) }
        // The kernel keeps other users out, but not root, nor who has it open already: the lock is for those.
        if flock(raw, LOCK_EX | LOCK_NB) != 0 { throw .line("flock", errno, at: path) }
        self.path = path
        line = ByteLine(descriptor, at: path, isExclusive: vitalsd_claim_line(raw) == 0)
        try set(settings, on: raw)
    }

    /// Waits until the line that was open at `path` is closed: to open it before that would block until then.
    package static func closed(_ path: String) async {
        var file = stat()
        while stat(path, &file) == 0, ClosingLines.contains(file.st_rdev) { await loop.sleep(for: .milliseconds(10)) }
    }

    /// Sets another speed or parity. What had arrived under the old one is thrown away.
    package func change(_ settings: LineSettings) throws(Fault) {
        guard let raw = line.open else { throw .hub(.portGone) }
        try set(settings, on: raw)
        tcflush(raw, TCIOFLUSH)
    }

    /// Whether something has arrived that nobody has read yet.
    package var isUnread: Bool {
        guard let raw = line.open else { return false }
        var asked = pollfd(fd: raw, events: Int16(POLLIN), revents: 0)
        return poll(&asked, 1, 0) > 0 && asked.revents & Int16(POLLIN) != 0
    }

    /// Lets the line go: whoever waits in `read` gets `.hungUp`.
    package func hangUp() { line.hangUp() }

    /// Takes what has arrived and nobody has read yet, so that it can be read after `hangUp`.
    package func drain() { line.drain() }

    @Hub package func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub package func read(within time: Duration?) async throws(Fault) -> Arrival { try await line.read(within: time) }

    private func set(_ settings: LineSettings, on raw: CInt) throws(Fault) {
        guard let speed = speeds[settings.speed] else {
            throw .hub(.badConfiguration("no serial line has \(settings.speed) bits per second"))
        }
        var terminal = termios()
        if tcgetattr(raw, &terminal) != 0 { throw .line("tcgetattr", errno, at: path) }
        terminal.makeRaw(settings.parity)
        cfsetispeed(&terminal, speed)
        cfsetospeed(&terminal, speed)
        if tcsetattr(raw, TCSANOW, &terminal) != 0 { throw .line("tcsetattr", errno, at: path) }
    }
}

extension termios {
    /// Eight bits, every one passed on as it is, no modem lines, no flow control.
    mutating func makeRaw(_ parity: LineSettings.Parity) {
        cfmakeraw(&self)
        // A byte that arrives damaged becomes NUL, which no text protocol takes for a digit.
        c_iflag = tcflag_t(INPCK | IGNBRK)
        // Without HUPCL the modem lines, from which some cables live, stay up between two visits.
        c_cflag = tcflag_t(CS8 | CREAD | CLOCAL)
        switch parity {
        case .none: break
        case .even: c_cflag |= tcflag_t(PARENB)
        case .odd: c_cflag |= tcflag_t(PARENB | PARODD)
        }
        // With VMIN 1, a read of 0 bytes means a line that hung up and never one that is quiet.
        withUnsafeMutableBytes(of: &c_cc) { keys in
            keys[Int(VMIN)] = 1
            keys[Int(VTIME)] = 0
        }
    }
}

private let speeds: [Int: speed_t] = [
    300: speed_t(B300), 600: speed_t(B600), 1200: speed_t(B1200), 1800: speed_t(B1800), 2400: speed_t(B2400),
    4800: speed_t(B4800), 9600: speed_t(B9600), 19_200: speed_t(B19200), 38_400: speed_t(B38400),
    57_600: speed_t(B57600), 115_200: speed_t(B115200), 230_400: speed_t(B230400), 460_800: speed_t(B460800),
    500_000: speed_t(B500000), 576_000: speed_t(B576000), 921_600: speed_t(B921600), 1_000_000: speed_t(B1000000),
]
