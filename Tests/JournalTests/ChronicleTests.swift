import Core
import Testing

@testable import Journal

/// What dating rests on is kept, taken over from older journals, saved from damaged ones, and amends what was told.
struct ChronicleTests {
    let place = Place()

    /// A journal of an older version, as the statements of its time made it.
    @Test(arguments: [1, 2, 3, 4, 5, 6])
    func anOlderJournalIsTakenOverWithAllThatIsInIt(_ version: Int) async throws {
        let journal = try place.open(), pair = ClockPair(device: .unknown, hub: hubTime(50), error: .milliseconds(5))
        _ = try await journal.keep([entry(pressure(1), pair: pair), entry(pressure(2))])
        try await journal.bind(.init(device: cuff.identity, user: nil, subject: .reference("Patient/a")))
        if version > 1 { try await journal.remember(Journal.Wireless(device: cuff.identity, bond: [1])) }
        try await journal.settle([accepted(1)], for: "clinic")
        await journal.close()
        let sixth = "DROP INDEX reading_standing; ALTER TABLE binding DROP COLUMN since;",
            fifth = version < 6 ? "DROP TABLE audit;" : ""
        let contact = "DROP TABLE contact; ALTER TABLE binding DROP COLUMN agreed;"
        let fourth = version < 5 ? "\(contact) ALTER TABLE binding DROP COLUMN schedule;" : ""
        let third = version < 4 ? "DROP TABLE consignment; DROP TABLE dead_letter;" : ""
        let second = version < 3 ? "DROP TABLE dating; DROP TABLE visit; DROP TABLE moment;" : ""
        let first = version == 1 ? "DROP TABLE wireless; DROP TABLE consent;" : ""
        let older = [sixth, fifth, fourth, third, second, first].joined(separator: " ")
        run(
            "sqlite3", place.path,
            "PRAGMA journal_mode = DELETE; \(older) PRAGMA user_version = \(version); VACUUM")
        let again = try place.open()
        #expect(await again.takeRepairs().isEmpty)
        #expect(run("sqlite3", place.path, "PRAGMA user_version") == "7\n")
        #expect(try await again.pending(for: "clinic", limit: 9).map(\.reading) == [pressure(2)])
        // Of whom it was it is, with all that it remembers.
        #expect(
            try await again.bindings() == [.init(device: cuff.identity, user: nil, subject: .reference("Patient/a"))])
        #expect(try await again.wireless().count == (version > 1 ? 1 : 0))
        let chronicle = try await again.chronicle(of: cuff.identity, readings: 9)
        #expect(chronicle.pairs == [pair] && chronicle.visits.isEmpty)
        #expect(chronicle.readings.map(\.reading) == [pressure(1), pressure(2)])
        // And the new tables take what they are for.
        #expect(try await again.audit().isEmpty)
        _ = try await again.record(.init(recorded: Instant(milliseconds: 1), agent: .init(user: 0), action: "bind"))
        #expect(try await again.audit().count == 1)
        try await again.redate([(reading: 1, dated: Self.better)])
        #expect(try await again.pending(for: "clinic", limit: 9).map(\.amends) == [true, false])
    }

    private static let better = Dated(
        at: Instant(milliseconds: 1_772_440_000_000), error: .seconds(1), basis: .interpolated,
        earliest: Instant(milliseconds: 1_772_439_999_000), latest: Instant(milliseconds: 1_772_440_001_000))

    @Test func whatIsKnownBetterWaitsToAmendWhatWasTold() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        try await journal.settle([accepted(1)], for: "clinic")
        try await journal.redate([(reading: 1, dated: Self.better), (reading: 2, dated: Self.better)])
        let pending = try await journal.pending(for: "clinic", limit: 9)
        #expect(pending.map(\.id) == [1, 2] && pending.map(\.amends) == [true, false])
        #expect(pending.allSatisfy { $0.dated == Self.better })
        try await journal.settle([accepted(1), accepted(2)], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).isEmpty)
        #expect(try await journal.rows(.accepted, limit: 9).count == 2)
        await journal.close()
        let chronicle = try await place.open().chronicle(of: cuff.identity, readings: 9)
        #expect(chronicle.readings.map(\.dated) == [Self.better, Self.better])
    }

    /// The clinic answers to what it was told, not to what became known meanwhile.
    @Test func whatBecomesKnownWhileTheClinicReadsIsNotTakenForTold() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        let told = try #require(try await journal.pending(for: "clinic", limit: 9).first)
        try await journal.redate([(reading: 1, dated: Self.better)])
        var receipt = accepted(1)
        receipt.told = told.dated
        try await journal.settle([receipt], for: "clinic")
        let left = try await journal.pending(for: "clinic", limit: 9)
        #expect(left.map(\.amends) == [true] && left.map(\.dated) == [Self.better])
        receipt.told = Self.better
        try await journal.settle([receipt], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).isEmpty)
    }

    /// It is at the clinic, with a worse time: it stands in the queue, keeps its place there, and goes again by hand.
    @Test func anAmendmentThatIsRefusedWaitsForAPerson() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        try await journal.settle([accepted(1), accepted(2)], for: "clinic")
        try await journal.redate([(reading: 1, dated: Self.better)])
        let fault = Fault.clinic(.refusedReading(status: 422, issue: "code-invalid"))
        let refusal = Journal.Receipt(reading: 1, .refused(fault), at: Instant(milliseconds: 5), told: Self.better)
        try await journal.settle([refusal], for: "clinic")
        #expect(try await journal.pending(for: "clinic", limit: 9).isEmpty)
        let row = try #require(try await journal.rows(.refused, limit: 9).first)
        let answer = try #require(row.answers.first)
        #expect(row.id == 1 && answer.accepted && answer.location == "Observation/1" && answer.fault == fault.sentence)
        #expect(try await journal.summary().counts[.refused] == 1)
        // As an amendment still: the clinic has the reading.
        #expect(try await journal.retry([1, 2]) == 1)
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.amends) == [true])
        #expect(try await journal.summary().counts[.pending] == 1)
        try await journal.settle([refusal], for: "clinic")
        // What is known still better goes without anybody's doing, and what is taken at last is at rest.
        var best = Self.better
        best.at = Instant(milliseconds: 1_772_440_060_000)
        try await journal.redate([(reading: 1, dated: best)])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.dated) == [best])
        try await journal.settle([accepted(1)], for: "clinic")
        #expect(try await journal.rows(.accepted, limit: 9).count == 2)
        #expect(try await journal.rows(limit: 9).allSatisfy { $0.answers.allSatisfy { $0.fault == nil } })
    }

    /// Whatever lies between them of other devices, and whatever time they have on the device's own clock.
    @Test func theNewestReadingsOfADeviceAreThoseKeptLast() async throws {
        let journal = try place.open()
        var other = cuff
        other.identity += "1"
        for number in (1...20).reversed() {
            _ = try await journal.keep([entry(pressure(number)), entry(pressure(number), of: other)])
        }
        let chronicle = try await journal.chronicle(of: cuff.identity, readings: 3)
        #expect(chronicle.readings.map(\.reading) == [3, 2, 1].map { pressure($0) })
        #expect(try await journal.chronicle(of: cuff.identity, readings: 99).readings.count == 20)
        #expect(try await journal.chronicle(of: "bluetooth:nobody", readings: 3).readings.isEmpty)
    }

    @Test func theHubsMomentsAndTheEndsOfVisitsStayWithinTheirBounds() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        for number in 0..<70 {
            try await journal.note(endOfVisit: hubTime(number), of: cuff.identity)
            try await journal.note(
                Journal.Moment(hub: hubTime(number), error: .milliseconds(number), source: .clinic))
        }
        #expect(
            try await journal.chronicle(of: cuff.identity, readings: 1).visits == (6..<70).map { hubTime($0) })
        let moments = try await journal.moments()
        #expect(moments.count == 70)
        #expect(moments.last == Journal.Moment(hub: hubTime(69), error: .milliseconds(69), source: .clinic))
    }

    private func pair(_ second: Int) -> ClockPair {
        ClockPair(device: .unknown, hub: hubTime(second), error: .milliseconds(5))
    }

    /// Of a year of visits without a reading the last few count, and those around a reading.
    @Test func whatTheClockShowedAroundAReadingIsKept() async throws {
        let journal = try place.open()
        try await journal.note(cuff)
        for second in 0..<300 { try await journal.note(pair(second), of: cuff) }
        _ = try await journal.keep([entry(pressure(1), heard: hubTime(300), pair: pair(300))])
        for second in 301..<700 { try await journal.note(pair(second), of: cuff) }
        let left = try await journal.pairs(of: cuff.identity, limit: 1000).map(\.hub)
        #expect((264...303).allSatisfy { left.contains(hubTime($0)) })
        #expect((636..<700).allSatisfy { left.contains(hubTime($0)) } && left.count < 64 + 64 + 40)
    }

    /// Dated anew from less, a reading would get a worse time than it had.
    @Test func aReadingWhoseEvidenceIsFarBackKeepsItsTime() async throws {
        // Nothing keeps this hub's clock, which is wrong; it was told the time half a minute after it began.
        func wrong(_ second: Int) -> HubTime {
            HubTime(
                boot: boot, uptime: .seconds(second), wall: Instant(milliseconds: 1_000_000), synchronised: false)
        }
        let told = hubTime(30)
        let anchor = HubTimeline.Anchor(
            boot: boot, uptime: told.uptime, world: told.wall, error: .seconds(1), source: .clinic)
        let journal = try place.open(), hub = HubTimeline(anchors: [anchor], moments: [wrong(0)])
        let unsure = wrong(1)
        _ = try await journal.keep([entry(pressure(0), heard: unsure, pair: pair(1))])
        for number in 1...220 {
            let heard = number < 30 ? hubTime(number) : wrong(number)
            _ = try await journal.keep([entry(pressure(number), heard: heard, pair: pair(number))])
        }
        #expect(try await journal.chronicle(of: cuff.identity, readings: 256).outlived(hub).isEmpty)
        for number in 221...300 {
            _ = try await journal.keep([entry(pressure(number), heard: hubTime(number), pair: pair(number))])
        }
        let chronicle = try await journal.chronicle(of: cuff.identity, readings: 400)
        // 256 readings of the clock are at hand, and each visit needs those before it.
        #expect(chronicle.outlived(hub).map(\.heard) == (1...80).map { $0 < 30 ? hubTime($0) : wrong($0) })
        // The hub has come to know the time, which is said once.
        try await journal.redate([(reading: 1, dated: Self.better)])
        let again = try await journal.chronicle(of: cuff.identity, readings: 400)
        #expect(again.outlived(hub).first?.heard == unsure && again.outlived(hub).count == 81)
    }

    @Test func aReadingFromBeforeTheVisitsThatAreRememberedKeepsItsTime() async throws {
        let journal = try place.open(), hub = HubTimeline(anchors: [], moments: [hubTime(0)])
        for number in 0..<63 {
            _ = try await journal.keep([entry(pressure(number), heard: hubTime(10 * number))])
            try await journal.note(endOfVisit: hubTime(10 * number + 5), of: cuff.identity)
        }
        #expect(try await journal.chronicle(of: cuff.identity, readings: 256).outlived(hub).isEmpty)
        for number in 63..<70 { try await journal.note(endOfVisit: hubTime(10 * number + 5), of: cuff.identity) }
        let chronicle = try await journal.chronicle(of: cuff.identity, readings: 256)
        #expect(chronicle.outlived(hub).map(\.heard) == (0...6).map { hubTime(10 * $0) })
    }

    /// What the hub was told of its own clock in that boot is forgotten: without it the time would be that of a clock that nobody
    /// vouches for, and go to the clinic as a better one.
    @Test func aReadingFromBeforeTheHubsMomentsKeepsItsTime() async throws {
        func time(_ boot: String, _ second: Int, synchronised: Bool = false) -> HubTime {
            let wall = Instant(milliseconds: 1_000_000)
            return HubTime(boot: boot, uptime: .seconds(second), wall: wall, synchronised: synchronised)
        }
        let journal = try place.open()
        let heard = [
            time("a", 1), time("a", 2, synchronised: true), time("b", 5), time("b", 15),
            time("b", 16, synchronised: true),
        ]
        for (number, heard) in heard.enumerated() {
            _ = try await journal.keep([entry(pressure(number), heard: heard)])
        }
        _ = try await journal.keep([
            entry(
                pressure(9), heard: time("b", 20, synchronised: true),
                pair: ClockPair(device: .unknown, hub: time("a", 9), error: .zero))
        ])
        let oldest = time("b", 10), hub = HubTimeline(anchors: [], moments: [oldest])
        let chronicle = try await journal.chronicle(of: cuff.identity, readings: 256)
        #expect(chronicle.outlived(hub).isEmpty)
        #expect(chronicle.outlived(hub, since: oldest).map(\.reading) == [0, 2, 9].map { pressure($0) })
    }

    /// It hears of it when it is there again.
    @Test func aClinicThatIsAwayIsToldOfABetterTimeToo() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        try await journal.settle([accepted(1)], for: "clinic")
        try await journal.join(["other"])
        try await journal.redate([(reading: 1, dated: Self.better)])
        #expect(try await journal.rows(.pending, limit: 9).isEmpty)
        try await journal.join(["clinic", "other"])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.amends) == [true])
    }

    @Test func aDamagedJournalGivesTheHubsMomentsBack() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...200).map { entry(pressure($0)) })
        let moment = Journal.Moment(hub: hubTime(7), error: .milliseconds(3), source: .network)
        try await journal.note(moment)
        try await journal.note(endOfVisit: hubTime(8), of: cuff.identity)
        await journal.close()
        // A page in the middle of the readings is lost.
        var file = contents(place.path)
        for at in 30 * 1024..<31 * 1024 { file[at] = 0xA5 }
        write(file, to: place.path)
        let again = try place.open()
        #expect(await again.takeRepairs().count == 1)
        #expect(try await again.moments() == [moment])
        #expect(try await again.chronicle(of: cuff.identity, readings: 1).visits == [hubTime(8)])
    }
}
