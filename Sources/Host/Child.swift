import CLinux
import Core
import Glibc

/// A program that was started from here.
@Hub package final class Child {
    package enum Ending: Equatable, Sendable {
        case exited(CInt)
        case killed(by: CInt)
    }

    package let process: pid_t
    /// Names this very process, even if its number is used again.
    private let descriptor: Descriptor
    private var ending: Ending?

    /// Starts the program at `path` (no search) with `arguments` after its own name. Without `environment` it gets ours.
    /// Of our descriptors it gets 0, 1, 2 and those that are named, each under its new number.
    package init(
        _ path: String, _ arguments: [String] = [], environment: [String: String]? = nil,
        descriptors: [(ours: CInt, theirs: CInt)] = []
    ) throws(Fault) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (ours, theirs) in descriptors { posix_spawn_file_actions_adddup2(&actions, ours, theirs) }

        // What is blocked and ignored here must not be so there.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t(), ignored = sigset_t()
        sigemptyset(&none)
        sigemptyset(&ignored)
        sigaddset(&ignored, SIGPIPE)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &ignored)
        posix_spawnattr_setflags(&attributes, CShort(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var process = pid_t()
        let words = ([path] + arguments).map { strdup($0) } + [nil]
        let assignments = environment.map { $0.map { strdup("\($0.key)=\($0.value)") } + [nil] }
        defer { for word in words + (assignments ?? []) { free(word) } }
        let refusal =
            if let assignments { posix_spawn(&process, path, &actions, &attributes, words, assignments) } else {
                posix_spawn(&process, path, &actions, &attributes, words, vitalsd_environment())
            }
        if refusal != 0 { throw .failed("posix_spawn", refusal, at: path) }
        self.process = process
        descriptor = try Descriptor("pidfd_open", vitalsd_process_descriptor(process))
    }

    /// Sends a signal; to one that has ended, nothing.
    package func kill(_ signal: CInt = SIGTERM) { _ = vitalsd_signal_process(descriptor.raw, signal) }

    /// Waits until it has ended, and ends it where that takes longer than `time`.
    @discardableResult
    package func ended(within time: Duration) async throws(Fault) -> Ending {
        if await !loop.ready(descriptor.raw, before: .now + time) { kill(SIGKILL) }
        return try await ended()
    }

    /// Waits until it has ended.
    package func ended() async throws(Fault) -> Ending {
        while true {
            if let ending { return ending }
            var status: CInt = 0
            let found = waitpid(process, &status, WNOHANG)
            if found < 0 { throw .failed("waitpid", errno) }
            if found == 0 {
                _ = await loop.ready(descriptor.raw)
                continue
            }
            // The layout of wait(2): a signal in the low seven bits, or none and the exit status above them.
            let signal = status & 0x7F
            ending = signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(by: signal)
        }
    }
}
