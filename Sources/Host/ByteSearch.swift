import CLinux
import Core
import Glibc

/// Looks for bytes in whole files, piece by piece.
package enum ByteSearch {
    /// How much is held at a time.
    static let piece = 1 << 20

    /// How often each needle stands in the file, overlapping ones counted once. An empty needle stands nowhere.
    package static func counts(of needles: [[UInt8]], in path: String) throws(Fault) -> (counts: [Int], size: Int) {
        // Not a pipe or a device, which might wait for ever.
        let file = try Descriptor("open", open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), at: path)
        let longest = needles.map(\.count).max() ?? 0
        var counts = [Int](repeating: 0, count: needles.count), size = 0
        var held: [UInt8] = [], buffer = [UInt8](repeating: 0, count: piece)
        while true {
            let count = Glibc.read(file.raw, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            if count < 0 { throw .failed("read", errno, at: path) }
            size += count
            // What was held back is too short for any needle alone, so nothing is counted twice.
            let whole = held + buffer[..<count]
            for (index, needle) in needles.enumerated() where !needle.isEmpty {
                let from = max(0, held.count - needle.count + 1)
                counts[index] += occurrences(of: needle, in: whole, from: from)
            }
            if count == 0 { return (counts, size) }
            held = Array(whole.suffix(max(0, longest - 1)))
        }
    }

    /// How often the needle stands in the bytes.
    package static func count(of needle: [UInt8], in bytes: [UInt8]) -> Int {
        needle.isEmpty ? 0 : occurrences(of: needle, in: bytes, from: 0)
    }

    private static func occurrences(of needle: [UInt8], in bytes: [UInt8], from start: Int) -> Int {
        bytes.withUnsafeBytes { bytes in
            var found = 0, at = start
            while at + needle.count <= bytes.count, let base = bytes.baseAddress,
                let hit = memmem(base + at, bytes.count - at, needle, needle.count)
            {
                found += 1
                at = base.distance(to: UnsafeRawPointer(hit)) + needle.count
            }
            return found
        }
    }
}
