import Core
import Dice
import Glibc
import Testing

@testable import Journal

/// Whatever happens to the file: no crash, nothing lost that is still there, nothing told that was never said.
struct DamageTests {
    /// A journal that has seen a life: two devices, several persons, answers of both kinds, a long record.
    private func livedIn(_ place: Place, readings: Int = 90) async throws -> [Int64: Journal.Row] {
        let journal = try place.open()
        let scale = KnownDevice(identity: "usb:0403:6001:A9012", driver: "x", kind: .scale, information: .init())
        for number in stride(from: 1, through: readings, by: 3) {
            let pair = ClockPair(device: pressure(number).taken, hub: hubTime(number), error: .seconds(1))
            var long = Reading([Value(.bodyWeight, Amount(70), .kilogram)], taken: .now, bytes: [])
            long.bytes = (0..<(number == 40 ? 5000 : 30)).map { UInt8(truncatingIfNeeded: $0 &* number) }
            _ = try await journal.keep([
                entry(pressure(number), heard: hubTime(number), pair: pair),
                entry(pressure(number + 1), heard: hubTime(number), pair: pair, subject: .reference("Patient/b")),
                entry(long, of: scale, heard: hubTime(number)),
            ])
        }
        try await journal.settle((1...50).map { accepted($0) }, for: "clinic")
        let refusal = Journal.Receipt(reading: 51, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 1))
        try await journal.settle([refusal], for: "clinic")
        try await journal.bind(.init(device: cuff.identity, user: nil, subject: .reference("Patient/pt-4711")))
        try await journal.set("hub", to: "hub-14")
        let rows = try await journal.rows(limit: 9999)
        await journal.close()
        return Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0) })
    }

    /// Where each reading's row lies in a file: from its fingerprint to the end of its columns. Found by looking for
    /// the bytes, not by reading the tree.
    private func places(of rows: [Int64: Journal.Row], in file: [UInt8]) -> [Int64: [Range<Int>]] {
        var byStart: [[UInt8]: Int64] = [:], found: [Int64: [Range<Int>]] = [:]
        for (id, row) in rows { if let kept = row.kept { byStart[Array(kept.fingerprint.bytes.prefix(8))] = id } }
        for at in 0..<max(0, file.count - 40) {
            guard let id = byStart[Array(file[at..<at + 8])], let kept = rows[id]?.kept else { continue }
            guard kept.reading.bytes.count < 500 else { continue }
            let content = Array(kept.reading.description.utf8)
            // The index holds the fingerprint too, without a content after it.
            guard
                file[at + 32..<min(at + 60, file.count)].indices.contains(where: { file[$0...].starts(with: content) })
            else { continue }
            let end = at + 60 + content.count + kept.reading.bytes.count + 110
            found[id, default: []].append(at - 40..<end)
        }
        return found
    }

    /// Opens what was made of a journal, and holds it against what it was. `later`: as the daemon does it, which keeps
    /// something before it has looked.
    private func check(
        _ file: [UInt8], _ log: [UInt8]? = nil, was rows: [Int64: Journal.Row], untouched: Set<Int64>,
        later: Journal.Later? = nil, _ what: Comment
    ) async throws -> Bool {
        // Hundreds of them: in memory, where fsync costs nothing.
        let place = Place(in: "/dev/shm")
        write(file, to: place.path)
        if let log { write(log, to: place.path + "-wal") }
        guard let journal = try unlessNewer(place, later) else {
            // Its version was hit: that cannot be told from a newer vitalsd's, so nothing is touched.
            #expect(contents(place.path) == file, what)
            return true
        }
        if later != nil {
            _ = try await journal.keep([entry(pressure(699))])
            let finding = try await Examination(of: place.path, executor: Writer.shared).finding()
            try await journal.conclude(finding)
        }
        let pending = Set(try await journal.pending(for: "clinic", limit: 9999).map(\.id))
        let repairs = await journal.takeRepairs()
        let now = try await journal.rows(limit: 9999)
        // A reading that came before anybody knew of the damage may have the number of one that seemed to be gone.
        let before = Dictionary(
            uniqueKeysWithValues: rows.values.compactMap { row in row.kept.map { ($0.fingerprint, row) } })
        for row in now {
            guard let kept = row.kept, let was = before[kept.fingerprint] else { continue }
            #expect(kept.reading == was.kept?.reading, what)
            #expect(kept.dated == was.kept?.dated && kept.heard == was.kept?.heard, what)
            #expect(kept.subject == was.kept?.subject, what)
            if was.state != .accepted { #expect(row.state != .accepted, what) }
            if row.state == .pending { #expect(pending.contains(row.id), what) }
        }
        let readable = Dictionary(
            uniqueKeysWithValues: now.compactMap { row in row.kept.map { ($0.fingerprint, row.id) } })
        for row in untouched.compactMap({ rows[$0] }) {
            let id = row.kept.flatMap { readable[$0.fingerprint] }
            #expect(id != nil, what)
            if row.state == .pending { #expect(id.map(pending.contains) == true, what) }
        }

        let aside = place.files.filter { $0.hasPrefix("journal.damaged-1") }
        #expect(place.files.filter { $0.contains("buil") }.isEmpty, what)
        if !aside.isEmpty {
            #expect(!repairs.isEmpty && repairs[0].layer == "hub", what)
            #expect(contents(place.path + ".damaged-1") == file, what)
            if let log, later == nil { #expect(contents(place.path + ".damaged-1-wal") == log, what) }
        }
        // What is there now is a whole journal, which can be used and is not repaired again.
        #expect(try await journal.keep([entry(pressure(700))]).count == 1, what)
        await journal.close()
        let again = try place.open()
        #expect(await again.takeRepairs().isEmpty, what)
        #expect(try await again.rows(limit: 9999).count == now.count + 1, what)
        await again.close()
        return !aside.isEmpty
    }

    private func unlessNewer(_ place: Place, _ later: Journal.Later?) throws -> Journal? {
        do {
            return try place.open(examined: later)
        } catch let fault {
            guard case .hub(.journalNewer) = fault else { throw fault }
            return nil
        }
    }

    enum Kind: CaseIterable { case byte, sector, page, truncation, header }

    @Test(arguments: Kind.allCases) func aDamagedFileGivesAllThatIsStillInIt(_ kind: Kind) async throws {
        let place = Place(), rows = try await livedIn(place)
        let whole = contents(place.path), spans = places(of: rows, in: whole)
        #expect(spans.count >= rows.count - 1)
        #expect(try await check(whole, was: rows, untouched: Set(rows.keys), "undamaged") == false)
        var chance = Chance(2026), repaired = 0
        let count = [.byte: 140, .sector: 50, .page: 30, .truncation: 20, .header: 10][kind] ?? 0
        for round in 0..<count {
            var file = whole
            let at = Int.random(in: 0..<whole.count, using: &chance)
            let hit: Range<Int>
            switch kind {
            case .byte:
                hit = at..<at + 1
                file[at] ^= UInt8.random(in: 1...255, using: &chance)
            case .sector:
                hit = at & ~511..<at & ~511 + 512
                for place in hit { file[place] = UInt8.random(in: 0...255, using: &chance) }
            case .page:
                hit = at & ~4095..<min(at & ~4095 + 4096, whole.count)
                for place in hit { file[place] = 0 }
            case .truncation:
                hit = at..<whole.count
                file.removeLast(whole.count - at)
            case .header:
                hit = 0..<[16, 24, 100, 108, 512, 1024, 1, 8, 60, 0][round]
                for place in hit { file[place] = UInt8.random(in: 0...255, using: &chance) }
            }
            var untouched = spans.filter { $0.value.contains { !$0.overlaps(hit) } }.map(\.key)
            // The long record goes on in pages elsewhere; but not on the first.
            if hit.upperBound <= 1024 { untouched += rows.keys }
            let later: Journal.Later? = round % 2 == 1 ? .later : nil
            let isRepaired = try await check(
                file, was: rows, untouched: Set(untouched), later: later, "\(kind) \(round): \(hit)")
            if isRepaired { repaired += 1 }
        }
        // Most damage must be noticed; a byte may lie in unused space, of which an empty table has a page.
        #expect(repaired > count / 6)
    }

    @Test func aDamagedLogGivesAllThatIsStillInIt() async throws {
        let place = Place(), rows = try await livedIn(place, readings: 60)
        let journal = try place.open()
        var later = rows
        for number in 500..<540 { _ = try await journal.keep([entry(pressure(number))]) }
        for row in try await journal.rows(limit: 9999) { later[row.id] = row }
        for _ in 0..<3 { try await journal.count(deathsDuring: ["x"]) }
        let file = contents(place.path), whole = contents(place.path + "-wal"), frame = 1024 + 24
        let inFile = Set(places(of: later, in: file).keys)
        let spans = places(of: later, in: whole)
        #expect(Set(spans.keys).union(inFile).count >= later.count - 1)
        #expect(try await check(file, whole, was: later, untouched: Set(later.keys), "undamaged") == false)
        var chance = Chance(11)
        for round in 0..<60 {
            var log = whole
            let at = round < 8 ? round * 4 : Int.random(in: 32..<whole.count - 10 * frame, using: &chance)
            log[at] ^= UInt8.random(in: 1...255, using: &chance)
            // A frame whose sums do not match is as good as lost.
            let start = at < 32 ? 0 : (at - 32) / frame * frame + 32
            let hit = at < 32 ? 0..<1 : start..<start + frame
            let untouched = spans.filter { $0.value.contains { !$0.overlaps(hit) } }.map(\.key)
            let what: Comment = "log byte \(at)"
            #expect(try await check(file, log, was: later, untouched: Set(untouched).union(inFile), what), what)
        }
    }

    /// The daemon starts before all has been looked through: what it reads first may be what is damaged.
    @Test(arguments: ["moment", "binding", "wireless", "meta", "crumb", "device", "destination"])
    func whatIsReadFirstIsMendedToo(_ table: String) async throws {
        let place = Place(), rows = try await livedIn(place, readings: 9)
        let asked = "SELECT rootpage FROM sqlite_schema WHERE name = '\(table)'"
        let page = try #require(Int(run("sqlite3", place.path, asked).split(separator: "\n")[0]))
        var file = contents(place.path)
        for at in (page - 1) * 1024..<page * 1024 { file[at] = UInt8(truncatingIfNeeded: at &* 31) }
        write(file, to: place.path)
        let journal = try place.open(examined: .later)
        _ = try await journal.wireless()
        _ = try await journal.moments()
        _ = try await journal.value(for: "radio")
        _ = try await journal.setAside()
        _ = try await journal.bindings()
        for device in try await journal.devices() { _ = try await journal.chronicle(of: device.identity, readings: 9) }
        try await journal.note(Journal.Moment(hub: hubTime(10)))
        let left = try await journal.rows(limit: 99)
        #expect(Set(left.map(\.id)) == Set(rows.keys))
        await journal.close()
    }

    /// Every point at which the replacement of a damaged file can be cut short.
    @Test func aRepairThatIsCutShortIsFinishedOrBegunAgain() async throws {
        let place = Place()
        var rows = try await livedIn(place, readings: 12)
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(300))])
        for row in try await journal.rows(limit: 99) { rows[row.id] = row }
        let good = contents(place.path), log = contents(place.path + "-wal")
        let bad = Array(repeating: UInt8(7), count: 200) + good.dropFirst(200)
        func opens(_ files: [String: [UInt8]], _ expected: Int) async throws {
            let other = Place()
            for (end, bytes) in files { write(bytes, to: other.path + end) }
            let journal = try other.open()
            #expect(try await journal.rows(limit: 999).filter { $0.kept != nil }.count == expected, "\(files.keys)")
            await journal.close()
            #expect(other.files.filter { $0.contains("buil") }.isEmpty)
        }
        let whole = Place()
        write(good, to: whole.path)
        write(log, to: whole.path + "-wal")
        run("sqlite3", whole.path, "PRAGMA journal_mode = DELETE")
        let built = contents(whole.path)
        try await opens(["": bad, "-wal": log, ".building": [1, 2, 3]], rows.count)
        try await opens(["": bad, "-wal": log, ".built": built], rows.count)
        try await opens([".damaged-1": bad, "-wal": log, ".built": built], rows.count)
        try await opens([".damaged-1": bad, ".damaged-1-wal": log, ".built": built], rows.count)
        try await opens([".building": [1, 2, 3]], 0)
        // Without the file there is no device any more that the log's readings could be of: they are set aside.
        let other = Place()
        write(log, to: other.path + "-wal")
        let alone = try other.open()
        #expect(try await alone.rows(.damaged, limit: 99).count == alone.rows(limit: 99).count)
        #expect(try await alone.rows(limit: 99).contains { $0.id == Int64(rows.count) })
        #expect(contents(other.path + ".damaged-1-wal") == log)
    }
}
