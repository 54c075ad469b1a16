import Core
import Glibc

// The file's own bytes, read without SQLite: https://www.sqlite.org/fileformat2.html

/// The first 100 bytes of a database file.
///
///     0  "SQLite format 3\0"   60  user_version u32be   68  application_id u32be
struct Header {
    let isJournal: Bool
    let version: Int

    /// A file that is not there, or too short, is no journal; that is not an error.
    init(_ path: String) throws(Fault) {
        guard isThere(path) else { (isJournal, version) = (false, 0); return }
        let bytes = try File(path).bytes(at: 0, count: 100)
        let isDatabase = bytes.count == 100 && bytes.starts(with: Array("SQLite format 3\0".utf8))
        isJournal = isDatabase && Int64(bigEndian(bytes, 68)) == Schema.application
        version = isDatabase ? Int(bigEndian(bytes, 60)) : 0
    }
}

/// A file that is read in pieces; closes itself.
final class File {
    private let path: String
    private let descriptor: Int32
    let size: Int
    /// How often more a disk is asked again that cannot read: a card may stumble for a moment.
    private var patience = 10

    init(_ path: String) throws(Fault) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFault("open", errno, path) }
        size = fileSize(path)
    }

    deinit { close(descriptor) }

    /// What there is at `offset`: fewer bytes at the end of the file, none where the disk cannot read them, asked again
    /// and again.
    func bytes(at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(
                    descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
                if got == 0 || got < 0 && errno != EINTR && patience == 0 { return }
                if got < 0, errno != EINTR {
                    patience -= 1
                    usleep(Opening.moment)
                }
                filled += max(0, got)
            }
        }
    }

    /// Has what was written to it, by whomever, on the disk when this returns.
    func synchronise() throws(Fault) {
        guard fsync(descriptor) == 0 else { throw systemFault("fsync", errno, path) }
    }

    /// Writes all of it again as it reads, and has it on the disk when this returns. After a sync that failed Linux calls clean
    /// what it could not write: it can be read, and no later sync would write it. The same bytes are no change, torn or whole.
    static func rewrite(_ path: String) throws(Fault) {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFault("open", errno, path) }
        defer { close(descriptor) }
        var offset = 0, buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let got = pread(descriptor, &buffer, buffer.count, off_t(offset))
            if got == 0 { break }
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { throw systemFault("pread", errno, path) }
            let put = pwrite(descriptor, buffer, got, off_t(offset))
            if put < 0, errno == EINTR { continue }
            guard put > 0 else { throw systemFault("pwrite", errno, path) }
            offset += put
        }
        guard fsync(descriptor) == 0 else { throw systemFault("fsync", errno, path) }
    }

    /// Reads everything once, which takes a while where the disk stumbles.
    func readThrough() {
        for offset in stride(from: 0, to: size, by: 1 << 16) { _ = bytes(at: offset, count: 1 << 16) }
    }
}

func bigEndian(_ bytes: [UInt8], _ at: Int) -> UInt32 {
    guard at >= 0, at + 4 <= bytes.count else { return 0 }
    return bytes[at..<at + 4].reduce(0) { $0 << 8 | UInt32($1) }
}

/// The log beside the file: pages as the last transactions left them.
///
///     header  magic u32be  version  page size  sequence  salt1  salt2  sum1  sum2          32 bytes
///     frame   page number u32be  pages after commit, else 0  salt1  salt2  sum1  sum2      24 bytes, then the page
///
/// Each frame's sums go on from those of the frame before, so a frame can be judged by its neighbour alone. SQLite
/// stops at the first frame that is wrong and says nothing about those after it.
struct WriteAheadLog {
    private let file: File?
    private let pageSize: Int

    /// A log that is not there is an empty one.
    init(_ path: String, pageSize: Int) throws(Fault) {
        file = fileSize(path) > 0 ? try File(path) : nil
        self.pageSize = pageSize
    }

    private var count: Int { ((file?.size ?? 0) - 32) / (pageSize + 24) }

    /// Every frame of the log's present generation whose sums are right, in order: its page number and its place.
    /// Answers whether the log's header is right.
    private func frames(_ visit: (_ index: Int, _ page: Int, _ isCommit: Bool, _ offset: Int) -> Void) -> Bool {
        guard let file, count > 0 else { return true }
        let header = file.bytes(at: 0, count: 32)
        // Of the frame before: as it says itself, and as they are.
        var before = [(bigEndian(header, 24), bigEndian(header, 28))]
        let headerIsRight =
            header.count == 32 && bigEndian(header, 0) == 0x377F_0682
            && sum(header[0..<24], from: (0, 0)) == before[0] && bigEndian(header, 8) == UInt32(pageSize)
        var salts: [UInt8] = headerIsRight ? Array(header[16..<24]) : []
        for index in 0..<count {
            let offset = 32 + index * (pageSize + 24)
            let frame = file.bytes(at: offset, count: 24 + pageSize)
            guard frame.count == 24 + pageSize else { break }
            if salts.isEmpty { salts = Array(frame[8..<16]) }
            let stored = (bigEndian(frame, 16), bigEndian(frame, 20))
            let computed = before.map { sum(frame[24...], from: sum(frame[0..<8], from: $0)) }
            if computed.contains(where: { $0 == stored }), Array(frame[8..<16]) == salts, bigEndian(frame, 0) != 0 {
                visit(index, Int(bigEndian(frame, 0)), bigEndian(frame, 4) != 0, offset + 24)
            }
            before = [stored] + computed.prefix(1).filter { $0 != stored }
        }
        return headerIsRight
    }

    /// Why SQLite would not see all that was committed. A torn end is no damage: nothing there was ever confirmed.
    var damage: String? {
        var next = 0, isBroken = false, lost = false
        let headerIsRight = frames { index, _, isCommit, _ in
            if index != next { isBroken = true }
            if isBroken, isCommit { lost = true }
            next = index + 1
        }
        if !headerIsRight { return next == 0 ? nil : "the header of its log is damaged" }
        return lost ? "its log is damaged in the middle" : nil
    }

    /// The places of the pages in the log, oldest first.
    var pages: [(page: Int, offset: Int)] {
        var places: [(Int, Int)] = []
        _ = frames { _, page, _, offset in places.append((page, offset)) }
        return places
    }

    func page(at offset: Int) -> [UInt8] { file?.bytes(at: offset, count: pageSize) ?? [] }

    /// The log's checksum: two sums over pairs of little-endian words. (Logs of big-endian machines are not read.)
    private func sum(_ bytes: ArraySlice<UInt8>, from start: (UInt32, UInt32)) -> (UInt32, UInt32) {
        var (s0, s1) = start
        bytes.withUnsafeBytes { buffer in
            for at in stride(from: 0, to: buffer.count - 7, by: 8) {
                s0 &+= UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: at, as: UInt32.self)) &+ s1
                s1 &+= UInt32(littleEndian: buffer.loadUnaligned(fromByteOffset: at + 4, as: UInt32.self)) &+ s0
            }
        }
        return (s0, s1)
    }
}
