import CLinux
import Glibc

/// The one thread on which everything runs that must not block: links, visits and timers. It is the thread that calls
/// `run`; the loop may be made, and given work, before that.
///
/// There is one way to wait, `ready`. A sleep is a wait for no descriptor. Start with
/// `Task(executorPreference: loop) { @Hub in … }`, and beneath it only child tasks: they stay on this thread, where a
/// plain `Task { }` would wake the global pool.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    private struct State {
        var jobs: [UnownedJob] = []
        var waits = Waits()
        /// The thread inside `run`.
        var runner: pthread_t?
        var isStopping = false

        var isRunner: Bool { runner.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
    }

    private let epoll = epoll_create1(CInt(EPOLL_CLOEXEC))
    private let wake = eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK))
    private let state = Locked(State())

    package init() {
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data(fd: wake))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, wake, &event) == 0 else { fatalError("no epoll: errno \(errno)") }
    }

    deinit {
        close(wake)
        close(epoll)
    }

    /// Waits until `fd` can be read (or written), has hung up or is broken: then true, and the call that follows tells
    /// which. False once `due` has passed, or when the descriptor was closed here; so long after it, where it may be, that the
    /// processor is not woken for that alone.
    package func ready(
        _ fd: CInt = -1, write: Bool = false, before due: ContinuousClock.Instant? = nil,
        tolerance: Duration = .zero
    ) async -> Bool {
        var refusal: CInt = 0
        let isReady = await withCheckedContinuation { continuation in
            let (number, isRunner) = state.with { state in
                let number = fd < 0 ? 0 : arm(fd, write: write, besides: state.waits)
                if number == 0 { state.waits.add(fd, write: write, due: due, tolerance: tolerance, continuation) }
                return (number, state.isRunner)
            }
            refusal = number
            // What epoll does not take (a file, a closed descriptor) never blocks: the call that follows tells why.
            if number != 0 { continuation.resume(returning: true) }
            if due != nil, !isRunner { eventfd_write(wake, 1) }
        }
        // The kernel has no room for one more: looking now and then is all that is left.
        if refusal == ENOMEM || refusal == ENOSPC { await sleep(for: .milliseconds(100)) }
        return isReady
    }

    package func sleep(for time: Duration, tolerance: Duration = .zero) async {
        _ = await ready(before: .now + time, tolerance: tolerance)
    }

    /// Wakes whoever waits for `fd`, with false. Every descriptor does this before it closes.
    package func forget(_ fd: CInt) {
        let waiters = state.with { state in
            _ = epoll_ctl(epoll, EPOLL_CTL_DEL, fd, nil)
            return state.waits.take(all: fd)
        }
        for waiter in waiters { waiter.resume.resume(returning: false) }
    }

    /// Runs until `stop`. The calling thread is the loop's until then; a second one at the same time is a mistake.
    package func run() {
        state.with { state in
            precondition(state.runner == nil, "the loop runs already")
            state.runner = pthread_self()
        }
        defer {
            state.with { state in
                state.runner = nil
                state.isStopping = false
            }
        }
        var jobs: [UnownedJob] = []
        var events = [epoll_event](repeating: epoll_event(), count: 32)
        while true {
            runJobs(&jobs)
            let rest: (stop: Bool, wait: CInt) = state.with { ($0.isStopping, timeout($0)) }
            if rest.stop { return }
            let count = epoll_wait(epoll, &events, CInt(events.count), rest.wait)
            if count < 0, errno != EINTR { fatalError("epoll_wait: errno \(errno)") }
            for event in events.prefix(Int(max(0, count))) { happened(event) }
            for late in state.with({ $0.waits.take(due: .now) }) { late.resume.resume(returning: false) }
        }
    }

    /// Lets `run` return once its present jobs are done. What waits then goes on waiting for the next `run`.
    package func stop() {
        state.with { $0.isStopping = true }
        eventfd_write(wake, 1)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        let mustWake = state.with { state in
            state.jobs.append(job)
            return state.jobs.count == 1 && !state.isRunner
        }
        if mustWake { eventfd_write(wake, 1) }
    }

    package func isIsolatingCurrentContext() -> Bool? { state.with { $0.isRunner } }

    package func checkIsolated() { precondition(state.with { $0.isRunner }, "not on the loop's thread") }

    /// Runs what is queued, and what that queues; but looks at the descriptors after a while, come what may.
    private func runJobs(_ jobs: inout [UnownedJob]) {
        let serial = asUnownedSerialExecutor(), task = asUnownedTaskExecutor()
        for _ in 0..<64 {
            state.with { swap(&$0.jobs, &jobs) }
            if jobs.isEmpty { return }
            for job in jobs { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
            jobs.removeAll(keepingCapacity: true)
        }
    }

    private func timeout(_ state: State) -> CInt {
        guard state.jobs.isEmpty else { return 0 }
        guard let due = state.waits.nextDue else { return -1 }
        // Rounded up, so that nobody wakes early and waits again.
        return CInt(min(86_400_000, max(0, ((due - .now) / .milliseconds(1)).rounded(.up))))
    }

    /// Asks for one event of everything that is waited for at `fd`. Answers 0, or why the kernel refuses.
    private func arm(_ fd: CInt, write: Bool?, besides waits: Waits) -> CInt {
        let wanted = waits.wanted(fd)
        var events = EPOLLONESHOT.rawValue
        if wanted.read || write == false { events |= EPOLLIN.rawValue | EPOLLRDHUP.rawValue }
        if wanted.write || write == true { events |= EPOLLOUT.rawValue }
        var event = epoll_event(events: events, data: epoll_data(fd: fd))
        if epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0 { return 0 }
        if errno == ENOENT, epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 { return 0 }
        return errno
    }

    private func happened(_ event: epoll_event) {
        let fd = event.data.fd
        if fd == wake {
            var rings: eventfd_t = 0
            eventfd_read(wake, &rings)
            return
        }
        let ended = EPOLLHUP.rawValue | EPOLLERR.rawValue
        let read = event.events & (EPOLLIN.rawValue | EPOLLRDHUP.rawValue | EPOLLPRI.rawValue | ended) != 0
        let write = event.events & (EPOLLOUT.rawValue | ended) != 0
        let waiters = state.with { state in
            let waiters = state.waits.take(fd, read: read, write: write)
            let left = state.waits.wanted(fd)
            if left.read || left.write { _ = arm(fd, write: nil, besides: state.waits) }
            return waiters
        }
        for waiter in waiters { waiter.resume.resume(returning: true) }
    }
}

/// The loop of vitalsd.
package let loop = EventLoop()

/// Everything that touches a link, on the loop's thread.
@globalActor package actor Hub {
    package static let shared = Hub()
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
}
