import CLinux
import Core
import Glibc

/// What the hub's keeper tells a running vitalsd.
package enum Signal: Sendable { case terminate, interrupt, reload }

/// SIGTERM, SIGINT and SIGHUP as something to wait for, instead of something that interrupts.
@Hub package final class Signals {
    private static nonisolated let meanings: [CInt: Signal] = [
        SIGTERM: .terminate, SIGINT: .interrupt, SIGHUP: .reload,
    ]

    private let signals: Descriptor
    private var isOpen = true

    /// Keeps the three from ending the process, and SIGPIPE for ever. Call it before any thread starts, for threads
    /// inherit it.
    package static nonisolated func block() {
        var set = set
        pthread_sigmask(SIG_BLOCK, &set, nil)
        signal(SIGPIPE, SIG_IGN)
    }

    package init() throws(Fault) {
        var set = Self.set
        signals = try Descriptor("signalfd", signalfd(-1, &set, CInt(SFD_CLOEXEC | SFD_NONBLOCK)))
    }

    /// The next signal; nil once stopped.
    package func next() async -> Signal? {
        while isOpen {
            var arrived = signalfd_siginfo()
            let size = MemoryLayout.size(ofValue: arrived)
            if read(signals.raw, &arrived, size) == size, let signal = Self.meanings[CInt(arrived.ssi_signo)] {
                return signal
            }
            _ = await loop.ready(signals.raw)
        }
        return nil
    }

    package func stop() {
        isOpen = false
        loop.forget(signals.raw)
    }

    private static nonisolated var set: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        for number in meanings.keys { sigaddset(&set, number) }
        return set
    }
}
