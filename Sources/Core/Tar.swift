/// Writes an archive in the form of POSIX `ustar` (IEEE Std 1003.1, pax): for each file a header of 512 bytes and its content,
/// filled up to a multiple of 512, and two empty blocks at the end.
package struct Tar {
    private static let block = 512
    private(set) var bytes: [UInt8] = []

    package init() {}

    /// Adds a file that its owner may read and write and others may read. Of a `name` that has more than 100 bytes the rest
    /// is left out. `modified` is in seconds since 1970, and 0 for what lies before.
    package mutating func add(_ name: String, _ content: [UInt8], modified: Int64) {
        var header = [UInt8](repeating: 0, count: Self.block)
        func put(_ text: some Sequence<UInt8>, at place: Int, _ width: Int) {
            for (index, byte) in text.prefix(width).enumerated() { header[place + index] = byte }
        }
        func put(octal number: Int64, at place: Int, _ width: Int) {
            let digits = String(max(0, number), radix: 8), room = width - 1
            put((String(repeating: "0", count: max(0, room - digits.count)) + digits).utf8, at: place, room)
        }
        //    0 name  100 mode  108 uid  116 gid  124 size  136 mtime  148 sum  156 type  257 magic  263 version
        put(name.utf8, at: 0, 100)
        put(octal: 0o644, at: 100, 8)
        put(octal: 0, at: 108, 8)
        put(octal: 0, at: 116, 8)
        put(octal: Int64(content.count), at: 124, 12)
        put(octal: modified, at: 136, 12)
        put("0".utf8, at: 156, 1)
        put("ustar".utf8, at: 257, 5)
        put("00".utf8, at: 263, 2)
        // The sum is made with blanks in its own place: six digits, a NUL and a blank.
        put("        ".utf8, at: 148, 8)
        let sum = header.reduce(0) { $0 + Int64($1) }
        put(octal: sum, at: 148, 7)
        header[154] = 0
        bytes += header
        bytes += content
        bytes += [UInt8](repeating: 0, count: (Self.block - content.count % Self.block) % Self.block)
    }

    /// The whole archive.
    package var archive: [UInt8] { bytes + [UInt8](repeating: 0, count: 2 * Self.block) }
}
