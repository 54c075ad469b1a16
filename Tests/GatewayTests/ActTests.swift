import Core
import Testing

@testable import vitalsd

private let weekdays: Schedule = {
    guard let schedule = try? Schedule("mon-fri 7:30-9,19-21") else { fatalError("no schedule") }
    return schedule
}()

@Suite struct ActTests {
    static let acts: [Act] = [
        .bind("bluetooth:00:09:1F:80:00:22", user: nil, .reference("Patient/4711"), .asBefore),
        .bind("bluetooth:00:09:1F:80:00:22", user: 0, .identifier(system: "urn:oid:1.2.3", value: "a person"), .none),
        .bind("bluetooth:00:09:1F:80:00:22", user: nil, .reference("Patient/4711"), .agreed(weekdays)),
        .unbind("bluetooth:00:09:1F:80:00:22", user: 255), .unbind("line:/dev/ttyUSB0", user: nil),
        .wipe(nil, undelivered: false), .wipe("bluetooth:00:09:1F:80:00:22", undelivered: true),
        .swap("bluetooth:00:09:1F:80:00:22", for: "bluetooth:00:09:1F:80:00:23"),
        .assign([3, 4], .reference("Patient/1")),
        .assign([3], .identifier(system: "urn:oid:1.2.3", value: "a person")), .retry([1, 9_007_199_254_740_993]),
    ]

    @Test(arguments: acts) func isReadAsItWasWritten(_ act: Act) {
        #expect(Act(notation: act.notation) == act)
    }

    @Test(arguments: [
        "", "status", "bind", "bind\tx", "retry", "retry\tone", "retry\t1\ttwo", "unbind\tx", "unbind\tx\t1\ty",
        "swap\tx",
        // Every user slot, where one was meant that is no number.
        "bind\tx\tone\t\tPatient/1", "bind\tx\t1.0\t\tsystem\tvalue", "bind\tx\t1\tnow and then\tPatient/1",
        "unbind\tx\tone",
        "assign\t1,two\tPatient/1", "assign\t1", "assign\t1,\tPatient/1", "bind\tx\t\t\ta\tb\tc",
    ])
    func isNotGuessed(_ notation: String) { #expect(Act(notation: notation) == nil) }
}
