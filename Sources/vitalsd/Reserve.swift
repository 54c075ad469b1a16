import Core
import Glibc
import Host

/// A little of the disk that is kept free for the end: what came over a cable is nowhere but in this process, and when it
/// must end while the disk is full, there is room for that once.
@Hub final class Reserve {
    /// A reading costs some 10 KiB of log, and each serial line can wait with one.
    private static let size = 128 << 10

    private let path: String
    private let bell: Bell
    private(set) var isReleased = false
    /// Readings that found no room even so.
    private(set) var lost = 0

    init(at path: String) throws(Fault) {
        self.path = path
        bell = try Bell()
    }

    /// Takes its room, where there is any: on a disk that is full already it is as good as none. A disk that is busy with what
    /// others write may take a second for it, so it is no part of the start.
    func take() {
        let file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        defer { close(file) }
        // Half a reserve helps nobody.
        if posix_fallocate(file, 0, off_t(Self.size)) != 0 { unlink(path) }
    }

    /// The end has come: gives the room free, and lets those try once more who wait for it. The next start takes it again.
    func release() {
        unlink(path)
        isReleased = true
        bell.ring()
    }

    /// Waits, but not beyond the release.
    func wait(for time: Duration) async {
        // Rung on, for the next who waits.
        if await bell.rung(before: .now + time) { bell.ring() }
    }

    func countLost() { lost += 1 }
}
