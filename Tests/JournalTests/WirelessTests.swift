import Core
import Testing

@testable import Journal

struct WirelessTests {
    let place = Place(), cuff = "bluetooth:00:09:1F:80:00:22"

    @Test func whatADeviceIsReachedWithStaysAndIsReplacedAsAWhole() async throws {
        let journal = try place.open()
        let sighting = Advertisement(
            address: BluetoothAddress(0x0009_1F80_0022), kind: .leRandom, name: "A&D_UA-651BLE_800022",
            services: [0x1810])
        var known = Journal.Wireless(
            device: cuff, sighting: sighting, bond: [1, 2, 0, 255], attributes: "0001 2800 0118")
        try await journal.remember(known)
        #expect(try await journal.wireless() == [known])
        known.attributes = ""
        known.bond = [9]
        try await journal.remember(known)
        try await journal.remember(Journal.Wireless(device: "bluetooth:00:00:00:00:00:01"))
        await journal.close()
        let again = try place.open()
        #expect(try await again.wireless() == [Journal.Wireless(device: "bluetooth:00:00:00:00:00:01"), known])
        // Keys in a file that others may read are no secret.
        #expect(run("stat", "-c", "%a", place.path) == "600\n")
    }

    @Test func aCodeOpensOneSlotOfOneDevice() async throws {
        let journal = try place.open()
        try await journal.remember(Consent(user: 2, code: 1234), of: cuff)
        try await journal.remember(Consent(user: 1, code: 0), of: cuff)
        try await journal.remember(Consent(user: 2, code: 9999), of: cuff)
        #expect(
            try await journal.consents(of: cuff) == [Consent(user: 1, code: 0), Consent(user: 2, code: 9999)])
        #expect(try await journal.consents(of: "bluetooth:00:00:00:00:00:01").isEmpty)
    }

    @Test func aDamagedJournalGivesTheKeysBack() async throws {
        let journal = try place.open()
        _ = try await journal.keep((1...200).map { entry(pressure($0)) })
        let known = Journal.Wireless(device: cuff, bond: [UInt8](repeating: 7, count: 60), attributes: "0001 2800 0118")
        try await journal.remember(known)
        try await journal.remember(Consent(user: 2, code: 1234), of: cuff)
        await journal.close()
        // A page in the middle of the readings is lost.
        var file = contents(place.path)
        for at in 30 * 1024..<31 * 1024 { file[at] = 0xA5 }
        write(file, to: place.path)
        let again = try place.open()
        #expect(await again.takeRepairs().count == 1)
        #expect(try await again.wireless() == [known])
        #expect(try await again.consents(of: cuff) == [Consent(user: 2, code: 1234)])
    }

    /// The index of bindings has rows like those of codes: text, slot, number. None of them becomes a code.
    @Test func aDamagedJournalGivesNoCodeThatNeverWas() async throws {
        let journal = try place.open(), other = "bluetooth:00:00:00:00:00:01"
        _ = try await journal.keep((1...200).map { entry(pressure($0)) })
        let subject = Subject.reference("Patient/a")
        try await journal.bind(.init(device: other, user: 1, subject: subject))
        try await journal.bind(.init(device: other, user: nil, subject: subject))
        // The third binding, and a code that is 3; and a code without a binding.
        try await journal.bind(.init(device: cuff, user: 2, subject: subject))
        try await journal.remember(Consent(user: 2, code: 3), of: cuff)
        try await journal.remember(Consent(user: 4, code: 1234), of: cuff)
        await journal.close()
        var file = contents(place.path)
        for at in 30 * 1024..<31 * 1024 { file[at] = 0xA5 }
        write(file, to: place.path)
        let again = try place.open()
        #expect(await again.takeRepairs().count == 1)
        #expect(try await again.bindings().count == 3)
        #expect(try await again.consents(of: other).isEmpty)
        #expect(
            try await again.consents(of: cuff) == [Consent(user: 2, code: 3), Consent(user: 4, code: 1234)])
        #expect(run("sqlite3", place.path, "SELECT count(*) FROM consent") == "2\n")
    }
}

struct WipingTests {
    let place = Place()

    @Test func nothingOfACitizenStaysInTheFiles() async throws {
        let journal = try place.open()
        let device = entry(pressure(1)).device.identity
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        try await journal.bind(.init(device: device, user: nil, subject: .reference("Patient/somebody-4711")))
        try await journal.remember(Journal.Wireless(device: device, bond: Array("secret-key-of-them".utf8)))
        try await journal.remember(Consent(user: 1, code: 1234), of: device)
        try await journal.remember(pairingCode: "pin secret-key", of: device)
        try await journal.set("device clinic Device?identifier=\(device)", to: "a serial number")
        write(Array("an old picture of it".utf8), to: place.path + ".damaged-1")
        // What is not at the clinic is not thrown away by the way.
        await #expect(throws: Fault.hub(.undelivered(2))) { try await journal.wipe(nil, undelivered: false) }
        #expect(try await journal.pending(for: "clinic", limit: 9).count == 2)
        try await journal.settle(
            [1, 2].map { Journal.Receipt(reading: $0, .accepted(location: nil), at: Instant(milliseconds: 1)) },
            for: "clinic")
        let wiped = try await journal.wipe(nil, undelivered: false)
        #expect(wiped == Journal.Wiped(readings: 2, devices: 1, bindings: 1))
        // Looked for with other eyes, while the journal is open and after.
        for _ in 0..<2 {
            let traces = run(
                "sh", "-c",
                "cat \(place.directory)/* | grep -aciE 'somebody-4711|secret-key|systolic|\(device)|old picture|serial number'"
            )
            #expect(traces == "0\n")
            await journal.close()
        }
        let again = try place.open()
        #expect(try await again.rows(limit: 9).isEmpty)
        #expect(try await again.keep([entry(pressure(1))]).count == 1)
    }

    @Test func whatOneOfTwoClinicsLacksIsNotWipedByTheWay() async throws {
        let journal = try place.open(to: ["clinic", "research"])
        let device = entry(pressure(1)).device.identity
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        func settle(_ verdict: Journal.Receipt.Verdict, for destination: String) async throws {
            let at = Instant(milliseconds: 1)
            try await journal.settle([1, 2].map { Journal.Receipt(reading: $0, verdict, at: at) }, for: destination)
        }
        try await settle(.accepted(location: nil), for: "clinic")
        await #expect(throws: Fault.hub(.undelivered(2))) { try await journal.wipe(device, undelivered: false) }
        try await settle(.refused(.clinic(.tooLarge)), for: "research")
        await #expect(throws: Fault.hub(.undelivered(2))) { try await journal.wipe(device, undelivered: false) }
        _ = try await journal.retry([1, 2])
        try await settle(.accepted(location: nil), for: "research")
        #expect(try await journal.wipe(device, undelivered: false).readings == 2)
    }

    /// Nobody asks for what goes to a clinic that is no more.
    @Test func aClinicThatIsNoMoreKeepsNothingFromBeingWiped() async throws {
        let journal = try place.open(to: ["clinic", "research"])
        _ = try await journal.keep([entry(pressure(1))])
        try await journal.join(["clinic"])
        let receipt = Journal.Receipt(reading: 1, .accepted(location: nil), at: Instant(milliseconds: 1))
        try await journal.settle([receipt], for: "clinic")
        #expect(try await journal.wipe(nil, undelivered: false).readings == 1)
    }

    @Test func onlyTheDeviceThatIsNamedIsWiped() async throws {
        let journal = try place.open()
        let own = entry(pressure(1)).device.identity
        _ = try await journal.keep([entry(pressure(1))])
        for device in [own, "bluetooth:00:00:00:00:00:09"] {
            try await journal.bind(.init(device: device, user: nil, subject: .reference("Patient/a")))
            try await journal.remember(Journal.Wireless(device: device, bond: [1]))
            try await journal.remember(pairingCode: "passkey 4711", of: device)
        }
        #expect(
            try await journal.wipe("bluetooth:00:00:00:00:00:09", undelivered: false)
                == Journal.Wiped(readings: 0, devices: 0, bindings: 1))
        #expect(try await journal.wireless().map(\.device) == [own])
        #expect(try await journal.pairingCode(of: "bluetooth:00:00:00:00:00:09") == nil)
        #expect(try await journal.pairingCode(of: own) == "passkey 4711")
        #expect(try await journal.rows(limit: 9).count == 1)
        #expect(
            try await journal.wipe(own, undelivered: true) == Journal.Wiped(readings: 1, devices: 1, bindings: 1))
        #expect(try await journal.bindings().isEmpty)
    }
}
