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

    /// A cable is the home's, but not where its slots are people's: then what nobody has bound may be anybody's.
    @Test func aSlotThatNobodyHasBoundIsNotTheHomes() async throws {
        let journal = try place.open()
        var one = pressure(1), two = pressure(2), three = pressure(3)
        (one.user, two.user, three.user) = (1, 2, nil)
        #expect(try await journal.keep([entry(pressure(0), subject: anna)]) == [.kept(1)])
        try await journal.bind(.init(device: cuff.identity, user: 1, subject: bo))
        _ = try await journal.keep([one, two, three].map { entry($0, subject: anna) })
        let kept = try await journal.rows(limit: 9).sorted { $0.id < $1.id }.map { $0.kept?.subject }
        #expect(kept == [anna, bo, nil, nil])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1, 2])
    }

    @Test func aDeviceTakesThePlaceOfAnother() async throws {
        let journal = try place.open(), old = "bluetooth:00:00:00:00:00:01", new = "bluetooth:00:00:00:00:00:02"
        await #expect(throws: Fault.pairing(.notBound)) { try await journal.swap(old, for: new) }
        try await journal.bind(.init(device: old, user: 1, subject: anna))
        try await journal.bind(.init(device: old, user: 2, subject: bo))
        try await journal.remember(Consent(user: 1, code: 4711), of: old)
        try await journal.remember(.init(device: old, bond: [1]))
        // It was paired, which binds it to the first of them.
        try await journal.bind(.init(device: new, user: nil, subject: anna))
        try await journal.remember(.init(device: new, bond: [2]))
        try await journal.swap(old, for: new)
        #expect(
            try await journal.bindings() == [
                .init(device: new, user: 1, subject: anna), .init(device: new, user: 2, subject: bo),
            ])
        #expect(try await journal.consents(of: old) == [])
        #expect(try await journal.wireless().map(\.device) == [new])
    }

    @Test func whatIsSomebodyElsesTakesNobodysPlace() async throws {
        let journal = try place.open(), old = "bluetooth:00:00:00:00:00:01", new = "bluetooth:00:00:00:00:00:02"
        try await journal.bind(.init(device: old, user: nil, subject: anna))
        try await journal.bind(.init(device: new, user: nil, subject: bo))
        await #expect(throws: Fault.pairing(.boundElsewhere)) { try await journal.swap(old, for: new) }
        #expect(try await journal.bindings().map(\.device) == [old, new])
    }

    @Test func valuesStay() async throws {
        let journal = try place.open()
        #expect(try await journal.value(for: "hub") == nil)
        try await journal.set("hub", to: "one")
        try await journal.set("hub", to: "two")
        await journal.close()
        #expect(try await place.open().value(for: "hub") == "two")
    }

    @Test func aDeviceThatEndsTheDaemonThreeTimesIsSetAside() async throws {
        let journal = try place.open()
        for _ in 0..<2 { try await journal.count(deathsDuring: ["bad", "unlucky"]) }
        #expect(try await journal.setAside() == [])
        // A visit that came to its end says that it was not this device.
        try await journal.clear(deathsDuring: "unlucky")
        try await journal.count(deathsDuring: ["bad", "unlucky"])
        await journal.close()
        let next = try place.open()
        #expect(try await next.setAside() == ["bad"])
        try await next.clear(deathsDuring: "bad")
        #expect(try await next.setAside() == [])
    }
}
