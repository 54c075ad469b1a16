/// Who waits on an event loop, and for what: bookkeeping alone, without a system call.
struct Waits {
    struct Waiter {
        fileprivate let deadline: Deadline?
        fileprivate let writes: Bool
        let resume: CheckedContinuation<Bool, Never>
    }

    /// When a waiter gives up: from `earliest` on if the loop is awake, and at `due` by itself. The number tells equal times
    /// apart, first come first.
    fileprivate struct Deadline: Comparable {
        let due: ContinuousClock.Instant
        let earliest: ContinuousClock.Instant
        let number: UInt64
        let fd: CInt

        static func < (a: Deadline, b: Deadline) -> Bool { a.due == b.due ? a.number < b.number : a.due < b.due }
    }

    /// By descriptor; a sleep stands under −1.
    private var waiters: [CInt: [Waiter]] = [:]
    /// Latest first, so that the next one due is cheap to take from the end.
    private var deadlines: [Deadline] = []
    /// Those of them that need no waking of their own; few.
    private var tolerant: [Deadline] = []
    private var number: UInt64 = 0

    /// When the loop must look again, though nothing has happened; nil for never.
    var nextDue: ContinuousClock.Instant? { deadlines.last?.due }

    mutating func add(
        _ fd: CInt, write: Bool, due: ContinuousClock.Instant?, tolerance: Duration = .zero,
        _ resume: CheckedContinuation<Bool, Never>
    ) {
        number += 1
        let deadline = due.map { Deadline(due: $0 + tolerance, earliest: $0, number: number, fd: fd) }
        if let deadline { deadlines.insert(deadline, at: place(of: deadline)) }
        if let deadline, tolerance > .zero { tolerant.append(deadline) }
        waiters[fd, default: []].append(Waiter(deadline: deadline, writes: write, resume: resume))
    }

    /// Whether somebody waits to read, and whether somebody waits to write.
    func wanted(_ fd: CInt) -> (read: Bool, write: Bool) {
        let waiters = waiters[fd] ?? []
        return (waiters.contains { !$0.writes }, waiters.contains(where: \.writes))
    }

    /// Takes out whom a descriptor's readiness concerns.
    mutating func take(_ fd: CInt, read: Bool, write: Bool) -> [Waiter] {
        take(fd) { $0.writes ? write : read }
    }

    /// Takes out everybody whose time is up, in the order of their times; and then those who could have waited for longer.
    mutating func take(due now: ContinuousClock.Instant) -> [Waiter] {
        var late: [Waiter] = []
        while let next = deadlines.last, next.due <= now { late += take(next.fd) { $0.deadline == next } }
        for next in tolerant where next.earliest <= now { late += take(next.fd) { $0.deadline == next } }
        return late
    }

    /// Takes out everybody who waits for a descriptor that is about to close.
    mutating func take(all fd: CInt) -> [Waiter] {
        defer { waiters[fd] = nil }
        return take(fd) { _ in true }
    }

    private mutating func take(_ fd: CInt, _ matching: (Waiter) -> Bool) -> [Waiter] {
        let taken = waiters[fd]?.filter(matching) ?? []
        if taken.isEmpty { return [] }
        waiters[fd]?.removeAll(where: matching)
        for deadline in taken.compactMap(\.deadline) {
            deadlines.remove(at: place(of: deadline))
            if deadline.due > deadline.earliest { tolerant.removeAll { $0 == deadline } }
        }
        return taken
    }

    /// Where `deadline` stands, or would stand, in the list.
    private func place(of deadline: Deadline) -> Int {
        var low = 0, high = deadlines.count
        while low < high {
            let middle = (low + high) / 2
            if deadline < deadlines[middle] { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
