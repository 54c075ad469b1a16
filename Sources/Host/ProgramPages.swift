import CLinux
import Glibc

/// The pages of the program and its libraries that nobody writes: code, tables, names.
package enum ProgramPages {
    /// Gives them all back; what is used comes again from the kernel's cache of the files.
    ///
    /// The kernel maps sixteen for each one that is touched, and starting, a first handshake with the clinic and a visit touch
    /// most of them once. A hub that waits for a day needs a tenth of them, and a page that nobody has mapped is the first that
    /// the kernel can use for somebody else. It takes a third of a millisecond; a page that is used again a few microseconds.
    package static func release() {
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
