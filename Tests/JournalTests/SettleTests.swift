import Core
import Journal
import Testing

struct SettleTests {
    let place = Place()

    @Test func theOldestComesFirstAndAcceptedComesNeverAgain() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...5).map { entry(pressure($0)) })
        #expect(try await journal.pending(for: "clinic", limit: 2).map(\.id) == [1, 2])
        try await journal.settle([accepted(1), accepted(3)], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2, 4, 5])
        let row = try #require(try await journal.rows(.accepted, limit: 9).last)
        #expect(row.id == 1)
        #expect(
            row.answers == [
                .init(
                    destination: "clinic", accepted: true, location: "Observation/1", fault: nil,
                    at: Instant(milliseconds: 1_772_450_000_000))
            ])
        #expect(try await journal.pending(for: "elsewhere", limit: 9).isEmpty)
    }

    @Test func oneRefusedReadingWaitsForAPersonAndBlocksNothing() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...3).map { entry(pressure($0)) })
        let fault = Fault.clinic(.refusedReading(status: 422, issue: "code-invalid"))
        let refusal = Journal.Receipt(reading: 2, .refused(fault), at: Instant(milliseconds: 5))
        try await journal.settle([accepted(1), refusal], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [3])
        let row = try #require(try await journal.rows(.refused, limit: 9).first)
        #expect(row.answers.first?.fault == "the clinic refused a reading (422 code-invalid)")
        // Only what was refused can be retried.
        #expect(try await journal.retry([1, 2, 3, 77]) == 1)
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2, 3])
        #expect(try await journal.summary().counts[.refused] == 0)
    }

    @Test func anAnswerIsWrittenOnceAndStays() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        try await journal.settle([accepted(1), accepted(99)], for: "clinic")
        let late = Journal.Receipt(reading: 1, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 5))
        try await journal.settle([late], for: "clinic")
        #expect(try await journal.rows(limit: 9).map(\.state) == [.accepted])
    }

    @Test func everyDestinationHasItsOwnQueue() async throws {
        let journal = try place.open(to: ["clinic", "hospital"])
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        try await journal.settle([accepted(1)], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2])
        #expect(try await journal.pending(for: "hospital", limit: 9).map(\.id) == [1, 2])
        #expect(try await journal.summary().pending == ["clinic": 1, "hospital": 2])
        #expect(try await journal.summary().counts[.accepted] == 0)
        #expect(try await journal.summary().oldestPending == hubTime(60).wall)
    }

    @Test func aLaterDestinationGetsWhatNobodyHasAccepted() async throws {
        func first() async throws {
            let journal = try place.open(to: [])
            _ = try await journal.keep([entry(pressure(1)), entry(pressure(2), subject: nil)])
            await journal.close()
        }
        func second() async throws {
            let journal = try place.open(to: ["clinic"])
            #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1])
            _ = try await journal.keep([entry(pressure(3))])
            try await journal.settle([accepted(1)], for: "clinic")
            await journal.close()
        }
        try await first()
        try await second()
        // The clinic moved: it is called otherwise now.
        let journal = try place.open(to: ["hospital"])
        #expect(try await journal.pending(for: "hospital", limit: 9).map(\.id) == [3])
        #expect(try await journal.summary().pending == ["hospital": 1])
        try await journal.settle([accepted(3)], for: "hospital")
        #expect(try await journal.summary().counts[.pending] == 0)
        _ = try await journal.keep([entry(pressure(4))])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [3])
    }

    @Test func aRowThatNoLongerReadsIsSetAsideAndHealedByTheDevice() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...4).map { entry(pressure($0)) })
        run("sqlite3", place.path, "UPDATE reading SET content = replace(content, '128', '138') WHERE id = 2")
        run("sqlite3", place.path, "UPDATE reading SET content = 'nonsense' WHERE id = 1")
        #expect(try await journal.pending(for: "clinic", limit: 2).map(\.id) == [3, 4])
        #expect(
            await journal.takeRepairs()
                == [1, 2].map {
                    .hub(.journalDamaged("reading \($0) no longer reads and is set aside"))
                })
        #expect(await journal.takeRepairs().isEmpty)
        #expect(try await journal.rows(.damaged, limit: 9).map(\.id) == [2, 1])
        #expect(try await journal.keep([entry(pressure(2))]) == [.repeated(2)])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.reading) == [2, 3, 4].map { pressure($0) })
    }
}
