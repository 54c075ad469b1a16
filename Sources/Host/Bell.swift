import CLinux
import Core
import Glibc

/// Wakes somebody on the loop from anywhere: rung before anybody waits, it is not lost; rung twice, it wakes once.
package final class Bell: Sendable {
    private let count: Descriptor

    package init() throws(Fault) {
        count = try Descriptor("eventfd", eventfd(0, CInt(EFD_CLOEXEC | EFD_NONBLOCK)))
    }

    package func ring() { eventfd_write(count.raw, 1) }

    /// True once rung; false when `due` passes first.
    package func rung(before due: ContinuousClock.Instant? = nil) async -> Bool {
        var rings: eventfd_t = 0
        while eventfd_read(count.raw, &rings) != 0 {
            guard await loop.ready(count.raw, before: due) else { return false }
        }
        return true
    }
}
