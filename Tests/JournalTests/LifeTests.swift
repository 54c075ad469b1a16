import Core
import Testing

@testable import Journal

/// Who was heard, what was agreed and what has come of it; in a file that the next start finds.
struct LifeTests {
    let place = Place()
    let anna = Subject.reference("Patient/anna"), bo = Subject.reference("Patient/bo")

    @Test func aContactIsKeptAndReplaced() async throws {
        let journal = try place.open(), device = "bluetooth:00:00:00:00:00:01"
        try await journal.note([.init(device: device, heard: hubTime(1), isRead: true, battery: 90)])
        try await journal.note([.init(device: device, heard: hubTime(2), battery: 80, isLow: true)])
        await journal.close()
        let again = try place.open()
        #expect(try await again.contacts() == [.init(device: device, heard: hubTime(2), battery: 80, isLow: true)])
        _ = try await again.wipe(device, undelivered: false)
        #expect(try await again.contacts().isEmpty)
    }

    @Test func whatWasAgreedStaysWithTheSamePersonOnly() async throws {
        let journal = try place.open(), device = "bluetooth:00:00:00:00:00:01", schedule = try Schedule("twice a day")
        let agreed = Instant(milliseconds: 1_795_000_000_000)
        let binding = Journal.Binding(device: device, user: nil, subject: anna, schedule: schedule, agreed: agreed)
        try await journal.bind(binding)
        // Paired again: the same person's.
        try await journal.bind(.init(device: device, user: nil, subject: anna), keepsSchedule: true)
        #expect(try await journal.bindings() == [binding])
        try await journal.swap(device, for: device + "1")
        #expect(try await journal.bindings().map(\.schedule) == [schedule])
        try await journal.bind(.init(device: device + "1", user: nil, subject: bo), keepsSchedule: true)
        #expect(try await journal.bindings() == [.init(device: device + "1", user: nil, subject: bo)])
        try await journal.bind(.init(device: device + "1", user: nil, subject: bo, schedule: schedule))
        try await journal.agreeOpen(at: agreed)
        try await journal.agreeOpen(at: Instant(milliseconds: 1))
        #expect(try await journal.bindings().map(\.agreed) == [agreed])
        try await journal.bind(.init(device: device + "1", user: nil, subject: bo))
        #expect(try await journal.bindings().map(\.schedule) == [nil])
    }

    @Test func whatHasComeIsThePersonsWhoseDeviceItIsNow() async throws {
        let journal = try place.open()
        try await journal.bind(.init(device: cuff.identity, user: nil, subject: anna))
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2))])
        let life = try #require(try await journal.lives().first)
        #expect(life.device == cuff && life.contact == nil && life.measured != nil)
        #expect(
            life.measured
                == (try await journal.pending(for: "clinic", limit: 9).map { $0.dated.at ?? $0.heard.wall }.max()))
        try await journal.bind(.init(device: cuff.identity, user: nil, subject: bo))
        #expect(try await journal.lives().first?.measured == nil)
    }

    /// Two share a scale, and one of them has not used it for a year.
    @Test func whatAnotherHasMeasuredSinceHidesNobodysLast() async throws {
        let journal = try place.open()
        for (user, person) in [anna, bo].enumerated() {
            try await journal.bind(.init(device: cuff.identity, user: user, subject: person))
        }
        func said(_ reading: Reading, in user: Int) -> Journal.Entry {
            var reading = reading
            reading.user = user
            return entry(reading)
        }
        var annas = said(pressure(1), in: 0)
        annas.dated.at = Instant(milliseconds: 1_741_000_000_000)
        _ = try await journal.keep([annas] + (2..<1100).map { said(pressure($0), in: 1) })
        let measured = try await journal.lives().map { ($0.binding?.subject, $0.measured?.milliseconds) }
        #expect(measured.first { $0.0 == anna }?.1 == 1_741_000_000_000)
        #expect(measured.first { $0.0 == bo }?.1 == 1_772_446_000_123)
    }

    private func battery(_ remarks: Remarks = []) -> Reading {
        Reading([Value(.batteryCharge, Amount(80), .percent)], taken: .now, remarks: remarks)
    }

    /// Most visits begin with the battery, and nobody measures by being visited; nor by proving a meter.
    @Test func whatIsNobodysMeasurementIsNoneHoweverOftenItComes() async throws {
        let journal = try place.open(bytes: 1 << 26)
        try await journal.bind(.init(device: cuff.identity, user: nil, subject: anna))
        var test = pressure(3), invalid = pressure(4), control = pressure(5)
        test.remarks = [.demonstration]
        invalid.remarks = [.invalid]
        control.values = [
            Value(.controlGlucose, Amount(6), .millimolePerLitre), Value(.batteryCharge, Amount(6), .percent),
        ]
        func late(_ reading: Reading, _ number: Int) -> Journal.Entry {
            var entry = entry(reading, heard: hubTime(100 + number))
            entry.dated.at = hubTime(100 + number).wall
            return entry
        }
        let others = [test, invalid, control, battery([.lowBattery])] + (0..<1200).map { _ in battery() }
        _ = try await journal.keep(others.enumerated().map { late($1, $0) })
        #expect(try await journal.lives().first?.measured == nil)
        _ = try await journal.keep([entry(pressure(1))])
        // Also where more than a memory holds has come since, and more than a few must be looked at.
        for first in [2000, 4000] {
            _ = try await journal.keep((0..<1100).map { late(battery(), first + $0) })
            #expect(try await journal.lives().first?.measured?.milliseconds == 1_772_446_000_123)
        }
        _ = try await journal.keep(
            (0..<40).map {
                var more = control
                more.bytes = [UInt8($0)]
                return late(more, 9000 + $0)
            })
        #expect(try await journal.lives().first?.measured?.milliseconds == 1_772_446_000_123)
        // Who measures a battery beside something else has measured.
        var both = pressure(6)
        both.values = [Value(.batteryCharge, Amount(80), .percent), Value(.oxygenSaturation, Amount(97), .percent)]
        both.taken = .now
        _ = try await journal.keep([late(both, 9999)])
        #expect(try await journal.lives().first?.measured == hubTime(100 + 9999).wall)
        // An invalid time says nothing against the values.
        var undated = pressure(7)
        undated.remarks = [.invalidTime, .lowBattery]
        _ = try await journal.keep([late(undated, 10_999)])
        #expect(try await journal.lives().first?.measured == hubTime(100 + 10_999).wall)
        for remark in [Remark.measurementOngoing, .measurementUnavailable, .testData, .demonstration, .invalid] {
            for remarks in [[remark], [remark, .implausible]] as [Remarks] {
                var other = pressure(8, systolic: Int32(100 + remark.rawValue))
                other.remarks = remarks
                _ = try await journal.keep([late(other, 11_000)])
            }
        }
        #expect(try await journal.lives().first?.measured == hubTime(100 + 10_999).wall)
    }

    /// New firmware, or a row that has gone bad.
    @Test func whatCouldNotBeDecodedIsKnown() async throws {
        let journal = try place.open()
        for (user, person) in [anna, bo].enumerated() {
            try await journal.bind(.init(device: cuff.identity, user: user, subject: person))
        }
        _ = try await journal.keep([
            entry(.undecoded([1]), heard: hubTime(70), subject: nil), entry(pressure(1), subject: bo),
        ])
        #expect(try await journal.lives().map(\.undecoded) == [hubTime(70), hubTime(70)])
        var bos = Reading.undecoded([2])
        bos.user = 1
        _ = try await journal.keep([entry(bos, heard: hubTime(80))])
        let found = try await journal.lives().map { ($0.binding?.subject, $0.undecoded) }
        #expect(found.first { $0.0 == anna }?.1 == hubTime(70) && found.first { $0.0 == bo }?.1 == hubTime(80))
    }

    /// Where each slot is a person's the battery is nobody's, and nobody is missing for it.
    @Test func aBatteryIsNotUnassigned() async throws {
        let journal = try place.open()
        try await journal.bind(.init(device: cuff.identity, user: 1, subject: anna))
        _ = try await journal.keep([
            entry(battery(), subject: nil), entry(battery([.lowBattery]), heard: hubTime(61), subject: nil),
            entry(pressure(1), subject: nil),
        ])
        #expect(try await journal.queue(for: "clinic").unassigned == 1)
        let counts = try await journal.summary().counts
        #expect(counts[.unassigned] == 1 && counts[.withheld] == 2 && counts[.pending] == 0)
    }

    @Test func aDeviceOnACableNeedsNoBinding() async throws {
        let journal = try place.open()
        let cable = KnownDevice(
            identity: "line:/dev/ttyUSB0", driver: "x", kind: .scale, information: DeviceInformation())
        try await journal.note(cable)
        try await journal.note(cuff)
        let life = try #require(try await journal.lives().first)
        #expect(try await journal.lives().count == 1 && life.identity == cable.identity && life.binding == nil)
        #expect(life.device == cable && life.measured == nil)
        try await journal.bind(.init(device: cable.identity, user: nil, subject: anna))
        #expect(try await journal.lives().map(\.binding?.subject) == [anna])
    }

    @Test func theQueueIsCountedForOneClinic() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1)), entry(pressure(2)), entry(pressure(3))])
        let refused = Journal.Receipt(reading: 1, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 1))
        try await journal.settle([refused], for: "clinic")
        let queue = try await journal.queue(for: "clinic")
        #expect(queue.waiting == 2 && queue.quarantined == 1 && queue.unassigned == 0 && queue.oldest != nil)
        #expect(try await journal.queue(for: "another").waiting == 0)
    }

    /// And from when on a device is whose; an older one has no such column in its rows.
    @Test(arguments: [false, true]) func aDamagedJournalGivesTheSchedulesBack(isOlder: Bool) async throws {
        let journal = try place.open(), schedule = try Schedule("Mon Wed Fri 08-10")
        var binding = Journal.Binding(
            device: cuff.identity, user: 2, subject: anna, schedule: schedule, agreed: Instant(milliseconds: 5),
            since: Instant(milliseconds: 7))
        try await journal.bind(binding)
        _ = try await journal.keep((1...200).map { entry(pressure($0)) })
        await journal.close()
        if isOlder {
            let older = "DROP INDEX reading_standing; ALTER TABLE binding DROP COLUMN since; PRAGMA user_version = 6"
            run("sqlite3", place.path, "PRAGMA journal_mode = DELETE; \(older)")
            await (try place.open()).close()
            binding.since = nil
        }
        var file = contents(place.path)
        for at in 30 * 1024..<31 * 1024 { file[at] = 0xA5 }
        write(file, to: place.path)
        let again = try place.open()
        #expect(await again.takeRepairs().count == 1)
        #expect(try await again.bindings() == [binding])
    }
}
