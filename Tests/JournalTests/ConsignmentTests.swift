import Core
import Testing

@testable import Journal

struct ConsignmentTests {
    let place = Place()

    private func consignment(of readings: [Kept], _ body: [UInt8] = [1, 2, 3]) -> Journal.Consignment {
        Journal.Consignment(
            body: body, entries: "s s 0 1",
            told: readings.map { .init(reading: $0.id, dated: $0.dated, amends: $0.amends) })
    }

    /// Re-dated since, and opened anew: the bytes stay, and what they told is known.
    @Test func whatWasSentStaysAsItWasTold() async throws {
        func first() async throws -> (Journal.Consignment, [Kept]) {
            let journal = try place.open()
            _ = try await journal.keep((1...2).map { entry(pressure($0)) })
            let readings = try await journal.pending(for: "clinic", limit: 9), sent = consignment(of: readings)
            #expect(try await journal.consign(sent, settling: [], for: "clinic"))
            let later = Dated(
                at: Instant(milliseconds: 1_772_000_000_000), error: .milliseconds(10), basis: .interpolated)
            try await journal.redate([(reading: 1, dated: later)])
            #expect(try await journal.pending(for: "clinic", limit: 9).first?.dated == later)
            await journal.close()
            return (sent, readings)
        }
        let (sent, readings) = try await first()
        let journal = try place.open()
        let found = try #require(try await journal.consignment(for: "clinic"))
        #expect(found.0 == sent)
        #expect(found.1 == readings)
        #expect(try await journal.consignment(for: "elsewhere") == nil)
        // Its answer is about what was told, so that what is known since is told too.
        let told = Journal.Receipt(
            reading: 1, .accepted(location: nil), at: Instant(milliseconds: 1), told: found.1[0].dated)
        try await journal.settle([told, accepted(2)], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.amends) == [true])
        #expect(try await journal.consignment(for: "clinic") == nil)
    }

    /// What an older vitalsd sent, which noted no address, is told again; what went to another address is not.
    @Test func whatWasSentElsewhereIsForgotten() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...2).map { entry(pressure($0)) })
        let readings = try await journal.pending(for: "clinic", limit: 9)
        #expect(try await journal.consign(consignment(of: readings), settling: [], for: "clinic"))
        try await journal.readdress("clinic", to: "here")
        #expect(try await journal.consignment(for: "clinic") != nil)
        #expect(try await journal.address(of: "clinic") == "here")
        try await journal.readdress("clinic", to: "there")
        #expect(try await journal.consignment(for: "clinic") == nil)
        #expect(try await journal.pending(for: "clinic", limit: 9) == readings)
    }

    /// A bundle is packed, and then somebody gives the device back: the next patient's readings are not taken for those in it.
    @Test func whatWasWipedIsNotOnItsWay() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...3).map { entry(pressure($0)) })
        let readings = try await journal.pending(for: "clinic", limit: 9)
        _ = try await journal.wipe(cuff.identity, undelivered: true)
        #expect(try await !journal.consign(consignment(of: readings), settling: [], for: "clinic"))
        #expect(try await journal.consignment(for: "clinic") == nil)
        _ = try await journal.keep([entry(pressure(4))])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [4])
        // An answer that was on its way back says nothing of it.
        try await journal.settle([accepted(3)], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.reading) == [pressure(4)])
        await journal.close()
        #expect(try await place.open().pending(for: "clinic", limit: 9).map(\.id) == [4])
    }

    @Test func boundsAndAmendmentsAreTold() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        var kept = try #require(try await journal.pending(for: "clinic", limit: 1).first)
        kept.dated = Dated(
            at: nil, error: .zero, basis: .bounded, earliest: Instant(milliseconds: 5), latest: Instant(milliseconds: 9)
        )
        kept.amends = true
        #expect(try await journal.consign(consignment(of: [kept]), settling: [], for: "clinic"))
        #expect(try await journal.consignment(for: "clinic")?.1 == [kept])
    }

    @Test func theNextOneTakesItsPlaceWithTheAnswers() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...2).map { entry(pressure($0)) })
        let readings = try await journal.pending(for: "clinic", limit: 9)
        #expect(try await journal.consign(consignment(of: [readings[0]], [7]), settling: [], for: "clinic"))
        #expect(try await journal.consign(consignment(of: [readings[1]], [8]), settling: [accepted(1)], for: "clinic"))
        #expect(try await journal.consignment(for: "clinic")?.0.body == [8])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2])
        #expect(run("sqlite3", place.path, "SELECT count(*) FROM consignment") == "1\n")
    }

    /// Half-read bytes are worse than none: the readings wait as before, and are packed anew.
    @Test(arguments: ["told = replace(told, '1', '2')", "body = x'00'", "entries = 's'"])
    func whatNoLongerReadsIsNotSentAgain(_ damage: String) async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        let readings = try await journal.pending(for: "clinic", limit: 9)
        #expect(try await journal.consign(consignment(of: readings), settling: [], for: "clinic"))
        run("sqlite3", place.path, "UPDATE consignment SET \(damage)")
        #expect(try await journal.consignment(for: "clinic") == nil)
        #expect(try await journal.pending(for: "clinic", limit: 9) == readings)
    }

    @Test func aKitThatGoesBackTakesNothingAlong() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...2).map { entry(pressure($0)) })
        let readings = try await journal.pending(for: "clinic", limit: 9)
        #expect(try await journal.consign(consignment(of: readings), settling: [], for: "clinic"))
        var refusal = Journal.Receipt(
            reading: 2, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 5))
        refusal.letter = Journal.DeadLetter(status: 413, request: [4], answer: "no")
        #expect(try await journal.consign(consignment(of: [readings[0]]), settling: [refusal], for: "clinic"))
        #expect(try JournalConnection(place.path).deadLetters(of: 2).map(\.letter) == [refusal.letter])
        _ = try await journal.wipe(nil, undelivered: true)
        let left = "SELECT (SELECT count(*) FROM consignment) + (SELECT count(*) FROM dead_letter)"
        #expect(run("sqlite3", place.path, left) == "0\n")
    }

    @Test func aDeadLetterGoesWithItsRelease() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        var refusal = Journal.Receipt(reading: 1, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 5))
        refusal.letter = Journal.DeadLetter(status: 413, request: [4], answer: "no")
        try await journal.settle([refusal], for: "clinic")
        let looking = try JournalConnection(place.path)
        #expect(try looking.deadLetters(of: 1).map(\.destination) == ["clinic"])
        #expect(try await journal.retry([1]) == 1)
        #expect(try looking.deadLetters(of: 1).isEmpty)
    }

    /// A journal that knew no consignments, with a reading in it.
    @Test func aJournalOfBeforeIsTakenOver() async throws {
        func older() async throws {
            let journal = try place.open()
            _ = try await journal.keep([entry(pressure(1))])
            await journal.close()
        }
        try await older()
        let back = """
            DROP INDEX reading_standing; ALTER TABLE binding DROP COLUMN since; DROP TABLE audit; DROP TABLE contact;
            ALTER TABLE binding DROP COLUMN agreed; ALTER TABLE binding DROP COLUMN schedule;
            DROP TABLE consignment; DROP TABLE dead_letter; PRAGMA user_version = 3
            """
        run("sqlite3", place.path, "PRAGMA journal_mode = DELETE; \(back)")
        let journal = try place.open()
        let readings = try await journal.pending(for: "clinic", limit: 9)
        #expect(readings.map(\.reading) == [pressure(1)])
        #expect(try await journal.consign(consignment(of: readings), settling: [], for: "clinic"))
        #expect(run("sqlite3", place.path, "PRAGMA user_version; PRAGMA integrity_check") == "7\nok\n")
        #expect(await journal.takeRepairs().isEmpty)
    }
}
