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

    /// Has no more mapped of the program, or of its libraries, than what is used: of the one before anything else is done, of the
    /// others when there is time, for it takes some milliseconds.
    ///
    /// The kernel maps sixteen pages for each that is touched, as far as these belong to the same area of memory. What is
    /// executed lies scattered over all of the code, so that nearly all of it would count as the process's. Two areas side by
    /// side stay two where something sets them apart; whether code is left out of a dump, which it is anyway, is such a thing.
    package static func mapSparingly(_ files: Files) {
        for segment in unwritten() where segment.isOfProgram == (files == .program) {
            for start in stride(from: 0, to: segment.pages.count, by: 2 * areaSize) {
                let area = segment.pages[start..<min(start + areaSize, segment.pages.count)]
                madvise(UnsafeMutableRawBufferPointer(rebasing: area).baseAddress, area.count, MADV_DONTDUMP)
            }
        }
        giveBack()
    }

    package enum Files { case program, libraries }

    /// Gives back what only work needs: free pages of the heap, and all pages of the program and its libraries that nobody
    /// writes: code, tables, names. What is used of those comes again from the kernel's cache of the files.
    ///
    /// Starting, a first handshake with the clinic and a visit touch much of it once. A hub that waits for a day needs a
    /// tenth, and a page that nobody has mapped is the first that the kernel can use for somebody else. It takes about a
    /// millisecond, as does their coming again.
    package static func giveBack() {
        malloc_trim(0)
        for segment in unwritten() { madvise(segment.pages.baseAddress, segment.pages.count, MADV_DONTNEED) }
    }

    /// A part of a file that is mapped and never written, in whole pages.
    private struct Segment {
        let pages: UnsafeMutableRawBufferPointer
        let isOfProgram: Bool
    }

    private static func unwritten() -> [Segment] {
        var found: [Segment] = []
        withUnsafeMutablePointer(to: &found) { found in
            _ = dl_iterate_phdr(
                { loaded, _, found in
                    guard let file = loaded?.pointee, let segments = file.segments else { return 0 }
                    for segment in UnsafeBufferPointer(start: segments, count: Int(file.count))
                    where segment.p_type == PT_LOAD && segment.p_flags & UInt32(PF_W) == 0 {
                        let start = UInt(file.address) + UInt(segment.p_vaddr)
                        let first = start / pageSize * pageSize
                        let end = (start + UInt(segment.p_memsz) + pageSize - 1) / pageSize * pageSize
                        let pages = UnsafeMutableRawBufferPointer(
                            start: UnsafeMutableRawPointer(bitPattern: first), count: Int(end - first))
                        // The program itself has no name.
                        let segment = Segment(pages: pages, isOfProgram: file.name.map { $0.pointee == 0 } ?? true)
                        found?.assumingMemoryBound(to: [Segment].self).pointee.append(segment)
                    }
                    return 0
                }, found)
        }
        return found
    }
}

private let pageSize = UInt(sysconf(CInt(_SC_PAGESIZE)))
/// Bytes of the areas that the code is parted into: four thousand in all, for which the kernel needs 0.8 MB.
private let areaSize = 2 * Int(pageSize)
