import Core
import Journal
import Testing

@testable import vitalsd

@Suite struct LifeTests {
    @Test(arguments: [
        ("90", 90), ("15min", 900), ("1h 30min", 5400), ("1h30m", 5400), ("2 days", 172_800), ("1w", 604_800),
        ("500ms", 0.5), (" 10 s ", 10), ("0", 0),
    ])
    func aTimeIsReadAsSystemdWritesIt(_ text: String, _ seconds: Double) {
        #expect(timeSpan(text) == .seconds(seconds))
    }

    @Test(arguments: [
        "", " ", "min", "15 minuts", "-5s", "1.5h", "infinity", "1month", "9999999999s", "5 5 x", "15Min",
    ])
    func whatIsNoTimeIsNone(_ text: String) { #expect(timeSpan(text) == nil) }

    private static let day = Duration.seconds(86_400)
    private static let now = hub(1_795_000_000)

    private static func hub(_ wall: Int64, uptime: Int64 = 1_000_000) -> HubTime {
        HubTime(boot: "b", uptime: .seconds(uptime), wall: Instant(milliseconds: wall * 1000), synchronised: true)
    }

    private func life(
        heard: HubTime? = nil, isRead: Bool = true, measured: HubTime? = nil, undecoded: HubTime? = nil,
        schedule: Schedule? = nil
    ) -> Journal.Life {
        let binding = Journal.Binding(
            device: "bluetooth:00:00:5E:00:53:01", user: nil, subject: .reference("Patient/1"), schedule: schedule,
            agreed: Self.now.wall + Self.day * -9)
        let contact = heard.map { Journal.Contact(device: binding.device, heard: $0, isRead: isRead) }
        return Journal.Life(
            binding.device, binding, device: nil, contact: contact, measured: measured?.wall, undecoded: undecoded)
    }

    /// A day is looked back on; and only who listened for all of it may say that somebody was not heard.
    @Test func whatBecameOfADayIsToldByWhatWasHeardAndWhoListened() {
        let now = Self.now, ago = Self.hub(1_795_000_000 - 3600, uptime: 1_000_000 - 3600)
        let old = Self.hub(1_795_000_000 - 90_000, uptime: 1_000_000 - 90_000)
        let whole = now.wall + Self.day * -1
        #expect(life(heard: ago, measured: ago).sign(at: now, listening: nil).state == .measured)
        #expect(life(heard: ago, measured: old).sign(at: now, listening: nil).state == .nothingMeasured)
        #expect(life(heard: ago, isRead: false).sign(at: now, listening: whole).state == .notRead)
        // It came to a good end, and brought what nobody can read.
        #expect(life(heard: ago, measured: old, undecoded: ago).sign(at: now, listening: nil).state == .notRead)
        #expect(life(heard: ago, measured: ago, undecoded: ago).sign(at: now, listening: nil).state == .measured)
        #expect(life(heard: ago, undecoded: old).sign(at: now, listening: nil).state == .nothingMeasured)
        #expect(life(heard: old, measured: old).sign(at: now, listening: whole).state == .notHeard)
        #expect(life().sign(at: now, listening: whole).state == .notHeard)
        #expect(life().sign(at: now, listening: whole + .seconds(1)).state == nil)
        #expect(life(heard: old).sign(at: now, listening: nil).state == nil)
    }

    /// What is bound stays; a cable that nobody has bound is of the home while it is heard.
    @Test func aCableIsOfTheHomeForNinetyDays() {
        func cable(_ days: Int64?) -> Journal.Life {
            let heard = days.map { Self.hub(1_795_000_000 - $0 * 86_400, uptime: 1_000_000_000 - $0 * 86_400) }
            return Journal.Life(
                "line:/dev/ttyUSB0", nil, device: nil,
                contact: heard.map { Journal.Contact(device: "line:/dev/ttyUSB0", heard: $0) }, measured: nil)
        }
        let now = Self.hub(1_795_000_000, uptime: 1_000_000_000)
        #expect(cable(0).isOfHome(at: now) && cable(89).isOfHome(at: now))
        #expect(!cable(91).isOfHome(at: now) && !cable(nil).isOfHome(at: now))
        #expect(life().isOfHome(at: Self.now))
        #expect(cable(2).sign(at: now, listening: now.wall + Self.day * -1).state == .notHeard)
    }

    /// What the hub calls its wall clock may have stepped since; the time since boot has not.
    @Test func aContactOfThisBootIsToldByWhatNeverSteps() {
        let before = Self.hub(12, uptime: 1_000_000 - 60)
        #expect(life(heard: before).heard(at: Self.now) == Self.now.wall + .seconds(-60))
        var other = before
        other.boot = "a"
        #expect(life(heard: other).heard(at: Self.now) == nil)
    }

    @Test func aHubThatDoesNotKnowTheTimeCallsNothingOverdue() throws {
        let schedule = try Schedule("twice a day")
        #expect(life(schedule: schedule).outlook(at: Self.hub(1000)) == nil)
        #expect(life(schedule: schedule).outlook(at: Self.now)?.isOverdue == true)
        #expect(life(measured: Self.now, schedule: schedule).outlook(at: Self.now)?.isOverdue == false)
        #expect(life().outlook(at: Self.now) == nil)
        let told = life(schedule: schedule).sign(at: Self.hub(1000), listening: nil)
        #expect(told.schedule == schedule && told.outlook == nil)
    }
}
