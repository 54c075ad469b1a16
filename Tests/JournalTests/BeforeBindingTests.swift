import Core
import Testing

@testable import Journal

/// What a device remembers from before it was a person's is nobody's.
struct BeforeBindingTests {
    let place = Place()
    let anna = Subject.reference("Patient/anna"), bo = Subject.reference("Patient/bo")
    let since = Instant(milliseconds: 1_772_446_000_000)

    private func bind(
        _ journal: Journal, _ subject: Subject, user: Int? = nil, since: Instant?, withMemory: Bool = false
    ) async throws {
        try await journal.bind(
            .init(device: cuff.identity, user: user, subject: subject, since: since), withMemory: withMemory)
    }

    /// Whose the readings in the journal are, in the order in which they were kept.
    private func subjects(_ journal: Journal) async throws -> [Subject?] {
        try await journal.rows(limit: 99).sorted { $0.id < $1.id }.map { $0.kept?.subject }
    }

    @Test func onlyWhatIsCertainlyOfBeforeIsNobodys() async throws {
        let journal = try place.open()
        try await bind(journal, bo, since: since)
        let keepings = try await journal.keep([
            entry(pressure(1), latest: since + .milliseconds(-60_001)),
            entry(pressure(2), latest: since + .seconds(-60)),
            entry(pressure(3), latest: since + .seconds(1)),
            // A hub that does not know the time judges nothing by it.
            entry(pressure(4), latest: nil),
        ])
        #expect(keepings == [.keptAsNobodys(1), .kept(2), .kept(3), .kept(4)])
        #expect(try await subjects(journal) == [nil, bo, bo, bo])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2, 3, 4])
        let queue = try await journal.queue(for: "clinic")
        #expect(queue.waiting == 3 && queue.unassigned == 1)
        // The device tells it again, and it is known.
        #expect(try await journal.keep([entry(pressure(1), latest: since + .milliseconds(-60_001))]) == [.repeated(1)])
        #expect(try await journal.assign([1], to: anna) == 1)
        #expect(try await subjects(journal) == [anna, bo, bo, bo])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1, 2, 3, 4])
    }

    /// Two adapters with one serial number: whichever was bound, what comes while both are there may be the other's.
    @Test func ofTwoDevicesWithOneIdentityNothingIsThePersonsThatIsBound() async throws {
        let journal = try place.open()
        func told(_ number: Int, _ subject: Subject?, hasTwin: Bool = true) -> Journal.Entry {
            var entry = entry(pressure(number), subject: subject)
            entry.hasTwin = hasTwin
            return entry
        }
        // Bound to nobody, both are the home's.
        #expect(try await journal.keep([told(1, anna)]) == [.kept(1)])
        try await bind(journal, bo, since: nil)
        let keepings = try await journal.keep([
            told(2, anna), told(3, nil), told(4, bo), told(5, anna, hasTwin: false),
        ])
        #expect(keepings == [.keptAsNobodys(2), .keptAsNobodys(3), .kept(4), .kept(5)])
        #expect(try await subjects(journal) == [anna, nil, nil, bo, bo])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1, 4, 5])
    }

    @Test func whereNobodyAskedAllIsThePersons() async throws {
        let journal = try place.open()
        try await bind(journal, bo, since: nil)
        #expect(try await journal.keep([entry(pressure(1), latest: since + .seconds(-69))]) == [.kept(1)])
        #expect(try await subjects(journal) == [bo])
    }

    /// What is known better later says when it was taken, and no longer whose it is.
    @Test func aLaterDateChangesNoPerson() async throws {
        let journal = try place.open()
        try await bind(journal, bo, since: since)
        _ = try await journal.keep([
            entry(pressure(1), latest: since + .seconds(-69)), entry(pressure(2), latest: since + .seconds(9)),
        ])
        func dated(_ instant: Instant) -> Dated { Dated(at: instant, error: .seconds(1), basis: .interpolated) }
        try await journal.redate([(1, dated(since + .seconds(60))), (2, dated(since + .seconds(-60)))])
        #expect(try await subjects(journal) == [nil, bo])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2])
    }

    @Test func theSamePersonKeepsItAndAnotherBegins() async throws {
        let journal = try place.open(), later = since + .seconds(60)
        func begins() async throws -> [Instant?] { try await journal.bindings().map(\.since) }
        try await bind(journal, anna, since: since)
        try await bind(journal, anna, since: later)
        #expect(try await begins() == [since])
        // Another slot is another's memory.
        try await bind(journal, anna, user: 1, since: later)
        #expect(try await begins() == [since, later])
        try await journal.unbind(cuff.identity, user: 1)
        try await bind(journal, anna, since: later, withMemory: true)
        #expect(try await begins() == [nil])
        try await bind(journal, anna, since: later)
        #expect(try await begins() == [nil])
        try await bind(journal, bo, since: later)
        #expect(try await begins() == [later])
        try await journal.unbind(cuff.identity, user: nil)
        try await bind(journal, bo, since: later + .seconds(1))
        #expect(try await begins() == [later + .seconds(1)])
    }

    /// A person's slot has its own date, and the first of them is what the device's times are judged by.
    @Test func eachSlotHasItsOwn() async throws {
        let journal = try place.open(), later = since + .seconds(600)
        try await bind(journal, anna, user: 1, since: since)
        try await bind(journal, bo, user: 2, since: later)
        func of(_ user: Int, _ number: Int) -> Journal.Entry {
            var reading = pressure(number)
            reading.user = user
            return entry(reading, latest: since + .seconds(30))
        }
        _ = try await journal.keep([of(1, 1), of(2, 2)])
        #expect(try await subjects(journal) == [anna, nil])
        #expect(try await journal.chronicle(of: cuff.identity, readings: 9).bound == since)
        try await bind(journal, bo, user: 2, since: later, withMemory: true)
        #expect(try await journal.chronicle(of: cuff.identity, readings: 9).bound == nil)
    }

    @Test func aDeviceThatTakesAnothersPlaceIsTheirsFromThenOn() async throws {
        let new = "bluetooth:00:00:00:00:00:02", later = since + .seconds(60)
        func swapped(_ former: Journal.Binding? = nil, withMemory: Bool = false) async throws -> [Instant?] {
            let place = Place(), journal = try place.open()
            try await bind(journal, anna, user: 1, since: nil)
            try await bind(journal, bo, user: 2, since: since)
            if let former { try await journal.bind(former) }
            try await journal.swap(cuff.identity, for: new, since: later, withMemory: withMemory)
            return try await journal.bindings().map(\.since)
        }
        #expect(try await swapped() == [later, later])
        #expect(try await swapped(withMemory: true) == [nil, nil])
        // It was paired for one of them before.
        #expect(try await swapped(.init(device: new, user: nil, subject: anna, since: since)) == [since, later])
        #expect(try await swapped(.init(device: new, user: 2, subject: bo)) == [later, nil])
    }
}
