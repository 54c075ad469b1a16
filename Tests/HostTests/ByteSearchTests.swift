import Host
import TestLoop
import Testing

@Suite struct ByteSearchTests {
    private let place = TemporaryDirectory()

    /// Wherever it lies, also across the place where one piece ends and the next begins, it is found once.
    @Test(arguments: [0, 1, (1 << 20) - 9, (1 << 20) - 5, (1 << 20) - 1, 1 << 20, (2 << 20) - 3, (2 << 20) + 90])
    func isFoundOnceWhereverItLies(_ at: Int) throws {
        let needle = Array("0123456789".utf8), other = Array("89".utf8)
        var content = [UInt8](repeating: 0x20, count: (2 << 20) + 100)
        content.replaceSubrange(at..<at + needle.count, with: needle)
        let file = place("file")
        try Files.write(content, to: file)
        let found = try ByteSearch.counts(of: [needle, [], other, Array("absent".utf8)], in: file)
        #expect(found.counts == [1, 0, 1, 0] && found.size == content.count)
    }

    @Test func eachIsCounted() throws {
        let file = place("file")
        try Files.write(Array("abcabcab".utf8), to: file)
        #expect(try ByteSearch.counts(of: [Array("abc".utf8), Array("ab".utf8)], in: file).counts == [2, 3])
        try Files.write([], to: file)
        #expect(try ByteSearch.counts(of: [Array("abc".utf8)], in: file).counts == [0])
        #expect(throws: (any Error).self) { try ByteSearch.counts(of: [[1]], in: place("missing")) }
    }
}
