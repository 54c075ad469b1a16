import Glibc
import Testing

@testable import Host

@Suite struct MemoryTests {
    /// Pages of files that are mapped into this process, from the kernel (proc(5), statm).
    private func filePages() throws -> Int {
        let file = try #require(fopen("/proc/self/statm", "re"))
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 128)
        try #require(fgets(&line, CInt(line.count), file) != nil)
        let fields = String(decoding: line.map(UInt8.init(bitPattern:)), as: UTF8.self).split(separator: " ")
        return try #require(Int(fields[2]))
    }

    @Test func whatOnlyWorkNeedsIsGivenBack() throws {
        let before = try filePages()
        Memory.giveBack()
        let after = try filePages()
        // Other tests run beside this one, and need theirs at once.
        #expect(after < before * 2 / 3)
    }
}
