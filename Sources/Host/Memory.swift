import CLinux
import Glibc

/// What the process takes of the hub's memory.
package enum Memory {
    /// Sets the C library's heap for a process that is to stay small for years: before any thread is made.
    ///
    /// One arena for all threads, because each keeps what is freed in it; and what is as large as a bundle comes from the
    /// kernel and goes back to it. glibc would learn from the first of these to keep the next in the heap.
    package static func keepSmall() {
        mallopt(M_ARENA_MAX, 1)
        mallopt(M_MMAP_THRESHOLD, 128 << 10)
        mallopt(M_TRIM_THRESHOLD, 128 << 10)
    }

    /// Gives back what only work needs: free pages of the heap, and all pages of the program and its libraries that nobody
    /// writes: code, tables, names. What is used of those comes again from the kernel's cache of the files.
    ///
    /// The kernel maps sixteen for each one that is touched, and starting, a first handshake with the clinic and a visit touch
    /// most of them once. A hub that waits for a day needs a tenth of them, and a page that nobody has mapped is the first that
    /// the kernel can use for somebody else. It takes less than a millisecond, as does their coming again.
    package static func giveBack() {
        malloc_trim(0)
        _ = dl_iterate_phdr(
            { loaded, _, _ in
                guard let file = loaded?.pointee, let segments = file.segments else { return 0 }
                for segment in UnsafeBufferPointer(start: segments, count: Int(file.count))
                where segment.p_type == PT_LOAD && segment.p_flags & UInt32(PF_W) == 0 {
                    let start = UInt(file.address) + UInt(segment.p_vaddr)
                    let first = start / pageSize * pageSize
                    let end = (start + UInt(segment.p_memsz) + pageSize - 1) / pageSize * pageSize
                    madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end - first), MADV_DONTNEED)
                }
                return 0
            }, nil)
    }
}

private let pageSize = UInt(sysconf(CInt(_SC_PAGESIZE)))
