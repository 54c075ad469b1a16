import CLinux
import Core
import Glibc

/// Which serial lines are there: those that udev knows to be on USB, and those that are configured.
///
/// What udev and inotify say is only a reason to look again; what is reported is the difference of two looks. So
/// nothing is missed when their news are lost, and nothing is reported twice.
@Hub package final class LineWatch {
    package enum Change: Equatable, Sendable {
        case appeared(SerialLine)
        case vanished(String)
    }

    /// A line, with what tells it from another that has its path later.
    private struct Found: Equatable {
        var line: SerialLine
        var device: dev_t
        var inode: ino_t
    }

    /// Why not everything is watched, for the log; nil where it is.
    package let note: String?
    private let udev = UdevMonitor()
    private let files: PathWatch
    /// Readable as soon as one of the two has news.
    private let either: Descriptor
    private var configured: [SerialLine]
    private var known: [String: Found] = [:]
    private var changes: [Change] = []
    private var mustLook = true
    private var isOpen = true

    /// Watches, beside USB, the paths of the `configured` lines: any tty, pty, or link to one, there already or not.
    package init(configured: [SerialLine] = []) throws(Fault) {
        self.configured = configured
        files = try PathWatch()
        either = try Descriptor("epoll_create", epoll_create1(CInt(EPOLL_CLOEXEC)))
        note = udev == nil ? "udev is not running: of the serial lines, only the configured ones are watched" : nil
        for source in [files.descriptor.raw, udev?.descriptor].compactMap({ $0 }) {
            var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(fd: source))
            if epoll_ctl(either.raw, EPOLL_CTL_ADD, source, &event) != 0 { throw .failed("epoll_ctl", errno) }
        }
    }

    /// The next change, at first one `appeared` for every line that is there. Nil once stopped.
    package func next() async throws(Fault) -> Change? {
        while isOpen {
            if mustLook { try look() }
            if !changes.isEmpty { return changes.removeFirst() }
            if mustLook { continue }
            _ = await loop.ready(either.raw)
            hear()
        }
        return nil
    }

    /// Watches other configured paths from now on.
    package func configure(_ lines: [SerialLine]) {
        configured = lines
        mustLook = true
        loop.forget(either.raw)
    }

    package func stop() {
        isOpen = false
        loop.forget(either.raw)
    }

    private func hear() {
        let news = files.news()
        let isTold = udev?.hasNews() ?? false
        if news.isNew || isTold { mustLook = true }
        // A pty that is back already has the same number and inode as the one that went.
        for path in news.gone.sorted() { vanish(path) }
    }

    private func look() throws(Fault) {
        // The watch before the look: what comes between the two is then seen twice, not never.
        try files.watch(configured.map(\.path))
        mustLook = false
        let found = lines()
        for path in known.keys.sorted() where found[path] != known[path] { vanish(path) }
        for (path, line) in found.sorted(by: { $0.key < $1.key }) where known[path] == nil {
            known[path] = line
            changes.append(.appeared(line.line))
        }
    }

    /// Every line that is there now, once: under its configured path if it has one.
    private func lines() -> [String: Found] {
        var lines: [String: Found] = [:]
        var taken: Set<dev_t> = []
        for line in configured + (udev?.lines() ?? []).map({ SerialLine(path: $0) }) {
            let path = line.path
            var file = stat()
            guard stat(path, &file) == 0 else { continue }
            let isDevice = file.st_mode & S_IFMT == S_IFCHR
            if isDevice, taken.contains(file.st_rdev) || udev?.isPending(file.st_rdev) == true { continue }
            if isDevice { taken.insert(file.st_rdev) }
            let usb = isDevice ? Sysfs().usb(of: file.st_rdev) : nil
            lines[path] = Found(
                line: SerialLine(path: path, usb: usb, driver: line.driver), device: file.st_rdev, inode: file.st_ino)
        }
        return lines
    }

    private func vanish(_ path: String) {
        guard known.removeValue(forKey: path) != nil else { return }
        changes.append(.vanished(path))
    }
}
