import Core
import FHIR
import Glibc
import Testing

private func outlook(missed: Bool) -> Outlook {
    let next = utc("2026-11-20T18:00:00")..<utc("2026-11-20T20:00:00")
    return Outlook(next: next, missed: missed ? utc("2026-11-20T06:00:00")..<utc("2026-11-20T08:00:00") : nil)
}

private let agreed: Schedule? = try? Schedule("daily 07-09,19-21")

private let stranger = KnownDevice(
    identity: "bluetooth:00:00:5E:00:53:F6", driver: "", kind: .healthSensor, information: DeviceInformation())

/// A hub in the middle of an ordinary day: every state that a device can be in.
let ordinaryDay = SignOfLife(
    at: utc("2026-11-20T09:00:00"), interval: .seconds(900), radio: .working, listening: utc("2026-11-18T07:00:00"),
    isSynchronised: true, ahead: .milliseconds(-240), waiting: 2, oldest: utc("2026-11-20T08:59:30"), quarantined: 1,
    unassigned: 0,
    devices: [
        SignOfLife.Device(
            device: oximeter, slot: nil, state: .measured, contact: utc("2026-11-20T07:15:31"),
            measured: utc("2026-11-20T07:14:43"), battery: 80, isLow: false, schedule: agreed,
            outlook: outlook(missed: false)),
        SignOfLife.Device(
            device: cuff, slot: nil, state: .nothingMeasured, contact: utc("2026-11-20T08:01:00"),
            measured: utc("2026-11-17T07:00:00"), battery: nil, isLow: true, schedule: agreed,
            outlook: outlook(missed: true)),
        SignOfLife.Device(
            device: thermometer, slot: nil, state: .notRead, contact: utc("2026-11-20T08:30:00"), measured: nil,
            battery: nil, isLow: false, schedule: nil, outlook: nil),
        SignOfLife.Device(
            device: spirometer, slot: 2, state: .notHeard, contact: nil, measured: nil, battery: nil, isLow: false,
            schedule: agreed, outlook: nil),
        SignOfLife.Device(
            device: stranger, slot: nil, state: nil, contact: nil, measured: nil, battery: nil, isLow: false,
            schedule: nil, outlook: nil),
    ])

/// The radio is gone, nobody keeps the clock, and nothing is bound.
let badDay = SignOfLife(
    at: utc("2026-11-20T09:00:00"), interval: .seconds(900), radio: .failing("there is no Bluetooth adapter"),
    listening: nil, isSynchronised: false, ahead: nil, waiting: 0, oldest: nil, quarantined: 0, unassigned: 3,
    devices: [])

@Suite struct SignOfLifeTests {
    static let lives = [
        ("life-ordinary-day", ordinaryDay, false), ("life-bad-day", badDay, false), ("life-test", badDay, true),
    ]

    /// The hub may have heard what waits in a boot of which nobody knows the time.
    @Test(arguments: [(0, "not-applicable"), (1, "unknown")])
    func sinceWhenNothingIsKnownIsNotSinceWhenNothingWaits(waiting: Int, reason: String) throws {
        var life = badDay
        life.waiting = waiting
        let text = Bundle(life, from: gateway, to: Destination(isTest: false), offset: winter).text
        let oldest = try #require(text.firstRange(of: "queue-oldest"))
        #expect(text[oldest.upperBound...].prefix(300).contains("\"\(reason)\""))
    }

    /// Writes each for the checker that is not ours: see `WriteBundles`.
    @Test(.enabled(if: getenv("VITALSD_BUNDLES") != nil), arguments: lives)
    func write(name: String, life: SignOfLife, isTest: Bool) throws {
        let directory = try #require(getenv("VITALSD_BUNDLES").map { String(cString: $0) })
        let bundle = Bundle(life, from: gateway, to: Destination(isTest: isTest), offset: winter)
        let file = try #require(fopen("\(directory)/\(name).json", "w"))
        defer { fclose(file) }
        #expect(fputs(bundle.text, file) >= 0)
    }

    @Test func theNextOneTakesThePlaceOfTheLast() {
        func urls(_ life: SignOfLife) -> [String] {
            Bundle(life, from: gateway, to: Destination(), offset: winter).text.split(separator: "\"")
                .filter { $0.hasPrefix("Observation?identifier=") }.map(String.init)
        }
        var later = ordinaryDay
        later.at = utc("2026-11-20T09:15:00")
        later.devices[0].state = .notHeard
        #expect(urls(later) == urls(ordinaryDay))
        #expect(Set(urls(ordinaryDay)).count == 6)
        // Of two slots of one device each has its own.
        later.devices[0].slot = 1
        #expect(urls(later)[1] != urls(ordinaryDay)[1])
    }

    @Test func oneEntryOfTheAnswerForEachOfTheRequestAndNoMoreThanABundleTakes() {
        let bundle = Bundle(ordinaryDay, from: gateway, to: Destination(), offset: winter)
        #expect(bundle.entries.count == 7)
        var crowded = ordinaryDay
        crowded.devices = (0..<200).map { slot in
            var device = ordinaryDay.devices[0]
            device.slot = slot
            return device
        }
        #expect(Bundle(crowded, from: gateway, to: Destination(), offset: winter).entries.count == Bundle.limit)
    }

    /// What was measured, and of whom, is in no sign of life: its type cannot hold it, and the text says nothing of it.
    @Test func nothingOfAPersonIsInIt() {
        let text = Bundle(ordinaryDay, from: gateway, to: Destination(), offset: winter).text
        #expect(!text.contains("Patient") && !text.contains("138") && !text.contains("pt-4711"))
    }
}
