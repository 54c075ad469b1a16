import Core
import Glibc
import Journal
import Testing

/// What keeping costs on this machine's disk. Figures, not promises: `VITALSD_MEASURE=1 swift test --filter Measure`.
@Suite(.enabled(if: getenv("VITALSD_MEASURE") != nil), .serialized)
struct MeasureTests {
    @Test(arguments: [1, 25, 64]) func costOfKeeping(batch: Int) async throws {
        let place = Place(in: "/var/tmp"), journal = try place.open()
        let total = batch == 1 ? 2000 : 6400 / batch * batch, before = written
        let start = ContinuousClock.now
        for first in stride(from: 0, to: total, by: batch) {
            _ = try await journal.keep((0..<batch).map { entry(pressure(first + $0), heard: hubTime(first)) })
        }
        let time = start.duration(to: .now), bytes = written - before
        await journal.close()
        let commits = Double(total / batch) / (time / .seconds(1))
        print("batch \(batch): \(Int(commits)) commits/s, \(bytes / total) bytes to disk per reading")
        print("    \(contents(place.path).count / total) bytes in the file per reading")
        #expect(bytes > 0)
    }

    @Test func costOfOpening() async throws {
        let place = Place(in: "/var/tmp"), journal = try place.open(bytes: 1 << 28)
        for first in stride(from: 0, to: 100_000, by: 1000) {
            _ = try await journal.keep((0..<1000).map { entry(pressure(first + $0), heard: hubTime(first + $0)) })
        }
        await journal.close()
        let size = contents(place.path).count, start = ContinuousClock.now
        let again = try place.open()
        print("opening \(size >> 20) MiB: \(start.duration(to: .now))")
        #expect(await again.takeRepairs().isEmpty)
    }

    /// Bytes this process has sent towards the disk, by the kernel's account.
    private var written: Int {
        let lines = String(decoding: contents("/proc/self/io"), as: UTF8.self).split(separator: "\n")
        return lines.first { $0.hasPrefix("write_bytes:") }.flatMap { Int($0.dropFirst(13)) } ?? 0
    }
}
