import Core
import Glibc

/// The breadcrumb: what a process that traps can still write down, which is whom it was visiting.
///
/// A device whose bytes end the daemon would end it again after every restart. So its name lies ready while it is visited,
/// and the handler of a fatal signal writes it to a file that is already open. A power cut or a kill leaves the file
/// empty: they are nobody's fault.
@Hub package final class LastWords {
    /// Whom the previous process was visiting when it trapped.
    package let previous: [String]
    private let file: Descriptor
    private var visited: [String] = []

    /// Reads what a predecessor left at `path`, clears it, and lies ready. One at a time in a process.
    package init(at path: String) throws(Fault) {
        previous =
            Files.exists(path)
            ? String(decoding: try Files.read(path), as: UTF8.self).split(separator: "\n").map(String.init) : []
        file = try Descriptor(
            "open", open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600), at: path)
        ready.file = file.raw
        if ready.bytes == nil { ready.bytes = .allocate(capacity: longest) }
        for signal in [SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT] {
            var action = sigaction()
            action.__sigaction_handler.sa_handler = { _ in
                // Nothing but plain loads and one system call: this runs in whatever state the process is.
                if let bytes = ready.bytes { _ = pwrite(ready.file, bytes, ready.count, 0) }
            }
            // The second time the signal ends the process: the handler returns into what raised it.
            action.sa_flags = CInt(bitPattern: UInt32(SA_RESETHAND))
            sigaction(signal, &action, nil)
        }
    }

    deinit { ready.file = -1 }

    package var isVisiting: Bool { !visited.isEmpty }

    package func enter(_ device: String) {
        visited.append(device)
        layReady()
    }

    package func leave(_ device: String) {
        if let at = visited.firstIndex(of: device) { visited.remove(at: at) }
        layReady()
    }

    private func layReady() {
        let text = Array(visited.joined(separator: "\n").utf8.prefix(longest))
        ready.count = 0
        if let bytes = ready.bytes { bytes.update(from: text, count: text.count) }
        ready.count = text.count
    }
}

private let longest = 4096

/// Read by the signal handler, so neither locked nor isolated; written on the loop's thread alone.
private nonisolated(unsafe) var ready: (file: CInt, bytes: UnsafeMutablePointer<UInt8>?, count: Int) = (-1, nil, 0)
