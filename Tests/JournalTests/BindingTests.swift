import Core
import Journal
import Testing

struct BindingTests {
    let place = Place()
    let anna = Subject.reference("Patient/anna"), bo = Subject.identifier(system: "urn:oid:2.999", value: "bo")

    @Test func aDeviceIsSomebodysUntilASlotIsBoundByItself() async throws {
        let journal = try place.open(), scale = "bluetooth:00:00:00:00:00:01"
        #expect(try await journal.subject(for: scale, user: nil) == nil)
        try await journal.bind(.init(device: scale, user: nil, subject: anna))
        #expect(try await journal.subject(for: scale, user: 2) == anna)
        #expect(try await journal.subject(for: scale + "1", user: nil) == nil)
        try await journal.bind(.init(device: scale, user: 1, subject: bo))
        #expect(try await journal.subject(for: scale, user: 1) == bo)
        #expect(try await journal.subject(for: scale, user: 2) == nil)
        #expect(try await journal.subject(for: scale, user: nil) == anna)
        try await journal.bind(.init(device: scale, user: 1, subject: anna))
        #expect(try await journal.bindings().count == 2)
        try await journal.unbind(scale, user: 1)
        #expect(try await journal.bindings() == [.init(device: scale, user: nil, subject: anna)])
    }

    @Test func valuesStay() async throws {
        let journal = try place.open()
        #expect(try await journal.value(for: "hub") == nil)
        try await journal.set("hub", to: "one")
        try await journal.set("hub", to: "two")
        try await journal.close()
        #expect(try await place.open().value(for: "hub") == "two")
    }

    /// A run of the daemon that dies: what is on disk at that moment is what the next one finds.
    private func die(visiting devices: [String], safely left: [String] = [], from place: Place) async throws -> Place {
        let journal = try place.open(), next = Place()
        for device in devices + left { try await journal.enter(device) }
        for device in left { try await journal.leave(device) }
        for end in ["", "-wal"] { write(contents(place.path + end), to: next.path + end) }
        return next
    }

    @Test func aDeviceThatEndsTheDaemonThreeTimesIsSetAside() async throws {
        let second = try await die(visiting: ["bad", "unlucky"], from: place)
        let third = try await die(visiting: ["bad"], safely: ["unlucky"], from: second)
        // Runs that end well, or without a visit, count for nothing.
        let fourth = try await die(visiting: [], from: third)
        let calm = try fourth.open()
        #expect(try await calm.setAside() == [])
        try await calm.enter("bad")
        try await calm.enter("unlucky")
        try await calm.close()
        let fifth = try await die(visiting: ["bad", "unlucky"], from: fourth)
        let journal = try fifth.open()
        #expect(try await journal.setAside() == ["bad"])
        try await journal.leave("bad")
        #expect(try await journal.setAside() == [])
    }
}
