import CLinux
import Core
import Glibc

/// What vitalsd says to its service manager and to its journal.
package enum Systemd {
    /// One assignment of sd_notify(3).
    package enum Notice: Sendable {
        case ready, reloading, stopping, watchdog
        case status(String)
    }

    /// Sends one datagram; without a service manager it does nothing.
    package static func notify(_ notices: Notice...) throws(Fault) {
        guard let manager = environment("NOTIFY_SOCKET") else { return }
        let socket = try Descriptor(
            "socket", socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0))
        // The loop waits for nobody, not even for PID 1.
        var patience = timeval(tv_sec: 1, tv_usec: 0)
        setsockopt(socket.raw, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let message = Array(notices.map(assignment).joined(separator: "\n").utf8)
        let address = try UnixAddress(manager)
        let sent = address.with { sendto(socket.raw, message, message.count, CInt(MSG_NOSIGNAL), $0, $1) }
        if sent < 0 { throw .failed("sendto", errno, at: manager) }
    }

    /// How often the watchdog wants to hear from us: half of what it allows. Nil where it does not watch this process.
    package static var watchdogInterval: Duration? {
        guard let allowed = environment("WATCHDOG_USEC").flatMap(Int64.init), allowed > 1 else { return nil }
        if let process = environment("WATCHDOG_PID"), process != String(getpid()) { return nil }
        return .microseconds(allowed / 2)
    }

    private static func assignment(_ notice: Notice) -> String {
        switch notice {
        case .ready: return "READY=1"
        case .stopping: return "STOPPING=1"
        case .watchdog: return "WATCHDOG=1"
        case .status(let text): return "STATUS=\(oneLine(text))"
        case .reloading:
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return "RELOADING=1\nMONOTONIC_USEC=\(time.tv_sec * 1_000_000 + time.tv_nsec / 1000)"
        }
    }

    private static func environment(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }
}

extension Systemd {
    /// The levels of sd-daemon(3) that vitalsd uses.
    package enum Priority: Int, Sendable { case error = 3, warning, notice, info, debug }

    /// Writes one line to stderr.
    package static func log(_ priority: Priority, _ text: String) {
        let line = Array((logLine(priority, text, toJournal: isJournal) + "\n").utf8)
        // In one call, so that no other thread's line comes between. Where it cannot be written, nobody can be told.
        _ = write(STDERR_FILENO, line, line.count)
    }

    /// The line, with the priority in front where the journal reads it.
    static func logLine(_ priority: Priority, _ text: String, toJournal: Bool) -> String {
        (toJournal ? "<\(priority.rawValue)>" : "") + oneLine(text)
    }

    /// Whether `descriptor` is the stream that JOURNAL_STREAM names, as `device:inode`.
    static func isJournal(_ stream: String?, _ descriptor: CInt) -> Bool {
        var file = stat()
        return fstat(descriptor, &file) == 0 && stream == "\(file.st_dev):\(file.st_ino)"
    }

    private static let isJournal = isJournal(environment("JOURNAL_STREAM"), STDERR_FILENO)

    /// `text` in at most 2000 characters, everything that is not seen on paper replaced: a device's name must neither
    /// break a line nor write another.
    static func oneLine(_ text: String) -> String {
        let scalars = text.unicodeScalars.prefix(2000).map { scalar -> Unicode.Scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned: "\u{FFFD}"
            default: scalar
            }
        }
        return String(String.UnicodeScalarView(scalars))
    }
}
