import Core
import Journal
import Testing

struct AuditTests {
    let place = Place()
    let old = "bluetooth:00:09:1F:80:00:22", new = "bluetooth:00:09:1F:80:00:31"
    let technician = Journal.AuditEvent.Agent(user: 0, sudoer: "kirsten")

    private func event(_ action: String, _ device: String = "", successor: String = "") -> Journal.AuditEvent {
        .init(
            recorded: Instant(milliseconds: 1_772_446_000_123), agent: technician, action: action, device: device,
            successor: successor)
    }

    @Test func whatWasDoneIsWrittenDownBeforeAndAfter() async throws {
        let journal = try place.open(), number = try await journal.record(event("swap", old, successor: new))
        #expect(try await journal.audit() == [event("swap", old, successor: new)])
        try await journal.conclude(number, Journal.AuditEvent.done)
        await journal.close()
        var done = event("swap", old, successor: new)
        done.outcome = "done"
        #expect(try await place.open().audit() == [done])
        #expect(try JournalConnection(place.path).audit() == [done])
    }

    @Test func itSurvivesWhatItTells() async throws {
        let journal = try place.open()
        try await journal.bind(.init(device: old, user: nil, subject: .reference("Patient/a")))
        _ = try await journal.record(event("bind", old))
        _ = try await journal.record(event("unbind", old))
        try await journal.unbind(old, user: nil)
        #expect(try await journal.audit().map(\.device) == [old, old])
    }

    /// Of a device that was wiped stays that something was done to one; of a kit, that it was wiped.
    @Test func nothingOfTheCitizenStaysInIt() async throws {
        let journal = try place.open()
        _ = try await journal.record(event("bind", old))
        _ = try await journal.record(event("swap", old, successor: new))
        let one = try await journal.record(event("wipe", new))
        _ = try await journal.wipe(new, undelivered: false, audit: one)
        #expect(try await journal.audit().map(\.device) == [old, old, ""])
        #expect(try await journal.audit().map(\.successor) == ["", "", ""])
        let all = try await journal.record(event("wipe"))
        _ = try await journal.wipe(nil, undelivered: false, audit: all)
        #expect(try await journal.audit() == [event("wipe")])
        let traces = run("sh", "-c", "cat \(place.directory)/* | grep -aciE '00:09:1F:80:00'")
        #expect(traces == "0\n")
    }

    @Test func itIsBounded() async throws {
        let journal = try place.open()
        for number in 1...1010 { _ = try await journal.record(event("scan", "\(number)")) }
        #expect(try await journal.audit().map(\.device) == (11...1010).map { "\($0)" })
    }

    @Test func itOutlivesDamage() async throws {
        let journal = try place.open(), number = try await journal.record(event("bind", old))
        try await journal.conclude(number, "done")
        let events = try await journal.audit()
        await journal.close()
        // The page of the settings' tree is no page any more.
        var file = contents(place.path)
        let root = Int(run("sqlite3", place.path, "SELECT rootpage FROM sqlite_schema WHERE name = 'meta'").dropLast())
        let page = try #require(root)
        for at in (page - 1) * 1024..<page * 1024 { file[at] = 0xA5 }
        write(file, to: place.path)
        let mended = try place.open()
        #expect(await mended.takeRepairs().count == 1)
        #expect(try await mended.audit() == events)
    }
}
