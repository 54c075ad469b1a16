import CLinux
import Glibc

/// The C library's heap.
package enum Heap {
    /// Sets it for a process that is to stay small for years: before any thread is made.
    ///
    /// One arena for all threads, because each keeps what is freed in it; and what is as large as a bundle comes from the
    /// kernel and goes back to it. glibc would learn from the first of these to keep the next in the heap.
    package static func keepSmall() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
    }
}
