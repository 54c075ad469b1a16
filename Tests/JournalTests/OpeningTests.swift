import Core
import Glibc
import Testing

@testable import Journal

struct OpeningTests {
    let place = Place()

    @Test func directoryAndFilesAreForOneUserOnly() async throws {
        let path = place.directory + "/a/b/journal"
        let journal = try Journal(
            path: path, bound: .init(bytes: 1 << 20, age: .seconds(1)), destinations: ["clinic"],
            executor: Writer.shared)
        _ = try await journal.keep([entry(pressure(1))])
        #expect(
            run("sh", "-c", "cd \(place.directory) && stat -c '%a %n' a a/b a/b/*") == """
                700 a
                700 a/b
                600 a/b/journal
                600 a/b/journal-shm
                600 a/b/journal-wal

                """)
    }

    @Test func theSecondDaemonIsTurnedAway() async throws {
        let journal = try place.open()
        #expect(throws: Fault.hub(.journalInUse)) { try place.open() }
        await journal.close()
        let second = try place.open()
        await second.close()
        await #expect(throws: Fault.self) { try await second.keep([entry(pressure(1))]) }
    }

    @Test(arguments: [false, true]) func aNewerJournalIsNotTouched(logLeftBehind: Bool) async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        let log = contents(place.path + "-wal")
        await journal.close()
        run("sqlite3", place.path, "PRAGMA user_version = 8")
        if logLeftBehind { write(log, to: place.path + "-wal") }
        let before = run("sh", "-c", "cd \(place.directory) && sha256sum * && stat -c '%n %Y %Z' *"),
            files = place.files
        #expect(throws: Fault.hub(.journalNewer(found: 8, known: 7))) { try place.open() }
        #expect(throws: Fault.hub(.journalNewer(found: 8, known: 7))) { try JournalConnection(place.path) }
        #expect(run("sh", "-c", "cd \(place.directory) && sha256sum * && stat -c '%n %Y %Z' *") == before)
        #expect(place.files == files)
    }

    @Test func anotherProgramsDatabaseIsLeftAlone() {
        run("sqlite3", place.path, "CREATE TABLE song (title TEXT); INSERT INTO song VALUES ('x')")
        let before = contents(place.path)
        #expect(throws: Fault.hub(.badConfiguration("\(place.path) is another program's database"))) {
            try place.open()
        }
        #expect(contents(place.path) == before)
    }

    @Test func aPlaceThatIsNotOursIsAFaultWithItsPath() {
        let place = "/sys/kernel/vitalsd"
        let fault = #expect(throws: Fault.self) {
            try Journal(
                path: place + "/journal", bound: .init(bytes: 1, age: .zero), destinations: [], executor: Writer.shared)
        }
        // In a container nobody may write there at all.
        #expect([.hub(.noPermission(place)), .hub(.diskReadOnly(place))].contains(fault))
    }

    @Test func migrationsGoForwardAndAreAllOrNothing() throws {
        write([], to: place.path)
        let database = try Database(place.path, .writing)
        try Schema.create(in: database)
        let next = Schema.migrations + ["CREATE TABLE later (x INTEGER)", "CREATE TABLE last (x INTEGER)"]
        #expect(throws: Fault.self) {
            try Schema.migrate(database, from: 7, through: next + ["CREATE TABLE reading (x INTEGER)"])
        }
        #expect(try database.integer("PRAGMA user_version") == 7)
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema WHERE name = 'later'") == 0)
        try Schema.migrate(database, from: 7, through: next)
        #expect(try database.integer("PRAGMA user_version") == 9)
        #expect(try database.integer("SELECT count(*) FROM sqlite_schema WHERE name IN ('later', 'last')") == 2)
        // The first page has it, whatever else lies there: bytes 60 to 63.
        #expect(Array(contents(place.path)[60..<64]) == [0, 0, 0, 9])
    }

    @Test func aLogThatADeadDaemonLeftIsReadInFull() async throws {
        let journal = try place.open(), other = Place()
        _ = try await journal.keep((1...50).map { entry(pressure($0)) })
        // What is on disk at this moment is what a dead daemon leaves.
        for end in ["", "-wal"] { write(contents(place.path + end), to: other.path + end) }
        let second = try other.open()
        #expect(try await second.pending(for: "clinic", limit: 99).map(\.reading) == (1...50).map { pressure($0) })
        #expect(await second.takeRepairs().isEmpty)
    }

    @Test func aTornEndOfTheLogIsNoDamage() async throws {
        let journal = try place.open()
        for number in 1...5 { _ = try await journal.keep([entry(pressure(number))]) }
        let file = contents(place.path), log = contents(place.path + "-wal")
        for cut in stride(from: 1, to: 4 * 1048, by: 97) {
            let other = Place()
            write(file, to: other.path)
            write(Array(log.dropLast(cut)), to: other.path + "-wal")
            let second = try other.open()
            let kept = try await second.pending(for: "clinic", limit: 9).map(\.id)
            #expect(kept.count >= 4 && kept == Array((1...5).prefix(kept.count)))
            #expect(await second.takeRepairs().isEmpty)
        }
    }

    /// What is noted and settled is not forced to the disk by itself, so several such transactions may be torn at once. What
    /// was kept is: where a reading lies behind the tear, it was confirmed, and the log is damaged.
    @Test(arguments: [false, true]) func aLogTornWithinIsDamagedWhereAReadingLiesBehind(_ isKept: Bool) async throws {
        let journal = try place.open()
        for number in 1...5 { _ = try await journal.keep([entry(pressure(number))]) }
        let torn = contents(place.path + "-wal").count
        for number in 1...3 { try await journal.settle([accepted(Int64(number))], for: "clinic", fleeting: true) }
        if isKept { _ = try await journal.keep([entry(pressure(6))]) }
        var log = contents(place.path + "-wal")
        for at in torn + 512..<torn + 1024 { log[at] ^= 0xA5 }
        let other = Place()
        write(contents(place.path), to: other.path)
        write(log, to: other.path + "-wal")
        let second = try other.open()
        #expect(await second.takeRepairs().isEmpty == !isKept)
        let found = try await second.rows(limit: 99)
        #expect(found.compactMap(\.kept?.reading.bytes).count == (isKept ? 6 : 5))
        // In doubt a reading waits once more.
        #expect(try await second.pending(for: "clinic", limit: 9).count >= (isKept ? 3 : 5))
    }

    @Test func commandLineToolsWorkBesideTheDaemon() async throws {
        #expect(throws: Fault.self) { try JournalConnection(place.path) }
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        let refused = Journal.Receipt(reading: 1, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 1))
        try await journal.settle([refused], for: "clinic")
        let looking = try JournalConnection(place.path)
        #expect(try looking.rows(limit: 9) == (try await journal.rows(limit: 9)))
        #expect(try looking.summary() == (try await journal.summary()))
        #expect(try await journal.retry([1]) == 1)
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1])
        _ = try await journal.keep([entry(pressure(2))])
        #expect(try looking.summary().counts[.pending] == 2)
        // And without it.
        await journal.close()
        #expect(try JournalConnection(place.path).summary().counts[.pending] == 2)
    }
}
