import Core
import Glibc
import Host
import TestLoop
import Testing

@Suite struct FilesTests {
    @Test func aFileIsReplacedWholeAndIsItsOwnersAlone() throws {
        let directory = TemporaryDirectory()
        let path = directory("key")
        let old = Descriptor(open(path, O_CREAT | O_RDWR, 0o644))
        #expect(write(old.raw, "old", 3) == 3)
        try Files.write(Array("new and longer".utf8), to: path)
        #expect(try Files.read(path) == Array("new and longer".utf8))
        #expect(try mode(path) == 0o600)
        // Who has the old one open still reads the old one: it was replaced, not overwritten.
        var bytes = [UInt8](repeating: 0, count: 100)
        #expect(pread(old.raw, &bytes, bytes.count, 0) == 3)
        #expect(try Files.names(in: directory.path) == ["key"])
    }

    @Test func aWriteThatFailsLeavesTheOldFileAndNothingElse() throws {
        let directory = TemporaryDirectory()
        let path = directory("taken")
        try Files.makeDirectory(path + "/inside")
        #expect(throws: Fault.hub(.system("rename \(path)", EISDIR))) { try Files.write([1], to: path) }
        #expect(try Files.names(in: directory.path) == ["taken"])
        #expect(throws: Fault.hub(.system("open \(directory("none/key"))", ENOENT))) {
            try Files.write([1], to: directory("none/key"))
        }
    }

    @Test func directoriesAreMadeWithThoseAbove() throws {
        let directory = TemporaryDirectory()
        try Files.makeDirectory(directory("a/b/c"))
        try Files.makeDirectory(directory("a/b/c"))
        for path in ["a", "a/b", "a/b/c"] { #expect(try mode(directory(path)) == 0o700) }
        try Files.write([], to: directory("a/file"))
        #expect(throws: Fault.hub(.system("mkdir \(directory("a/file"))", ENOTDIR))) {
            try Files.makeDirectory(directory("a/file"))
        }
        #expect(try Files.names(in: directory("a")) == ["b", "file"])
    }

    @Test func whatIsNotThereOrTooLongIsAFault() throws {
        let directory = TemporaryDirectory()
        let path = directory("file")
        #expect(!Files.exists(path))
        #expect(throws: Fault.hub(.system("open \(path)", ENOENT))) { try Files.read(path) }
        try Files.write([UInt8](repeating: 7, count: 10_000), to: path)
        #expect(Files.exists(path))
        #expect(try Files.read(path, atMost: 10_000).count == 10_000)
        #expect(throws: Fault.hub(.system("read \(path)", EFBIG))) { try Files.read(path, atMost: 9_999) }
        #expect(throws: Fault.hub(.system("opendir \(path)", ENOTDIR))) { try Files.names(in: path) }
    }

    @Test(arguments: [("/a/b", "/a"), ("/a", "/"), ("b", "."), ("a/b/c", "a/b")])
    func theDirectoryOfAPath(path: String, directory: String) {
        #expect(Files.directory(of: path) == directory)
    }

    private func mode(_ path: String) throws -> mode_t {
        var file = stat()
        try #require(stat(path, &file) == 0)
        return file.st_mode & 0o777
    }
}
