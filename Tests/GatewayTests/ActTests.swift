import Core
import Devices
import Journal
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
        .bind("line:/dev/ttyUSB0", user: nil, .identifier(system: "a", value: "b"), .none, withMemory: true),
        .swap("bluetooth:00:09:1F:80:00:22", for: "bluetooth:00:09:1F:80:00:23"),
        .swap("bluetooth:00:09:1F:80:00:22", for: "bluetooth:00:09:1F:80:00:23", withMemory: true),
        .assign([3, 4], .reference("Patient/1")),
        .assign([3], .identifier(system: "urn:oid:1.2.3", value: "a person")), .retry([1, 9_007_199_254_740_993]),
        .enrolled(nil), .enrolled(.codeRejected),
    ]

    @Test(arguments: acts) func isReadAsItWasWritten(_ act: Act) {
        #expect(Act(notation: act.notation) == act)
    }

    @Test(arguments: [
        "", "status", "bind", "bind\tx", "retry", "retry\tone", "retry\t1\ttwo", "unbind\tx", "unbind\tx\t1\ty",
        "swap\tx", "swap\tx\ty", "swap\tx\ty\tmemory",
        // Every user slot, where one was meant that is no number.
        "bind\tx\tone\t\t\tPatient/1", "bind\tx\t1.0\t\t\tsystem\tvalue", "bind\tx\t1\tnow and then\t\tPatient/1",
        "bind\tx\t1\t\tPatient/1", "bind\tx\t1\t\tmemory\tPatient/1", "bind\tx\t1\t\tsystem\tvalue",
        "unbind\tx\tone",
        "assign\t1,two\tPatient/1", "assign\t1", "assign\t1,\tPatient/1", "bind\tx\t\t\t\ta\tb\tc",
    ])
    func isNotGuessed(_ notation: String) { #expect(Act(notation: notation) == nil) }

    static let outcomes: [Act.Outcome] = [
        .init("bound"), .init("wiped", [.init(name: "readings", number: 3), .init(name: "devices", number: 0)]),
    ]

    @Test(arguments: outcomes) func anOutcomeIsReadAsItWasWritten(_ outcome: Act.Outcome) {
        #expect(Act.Outcome(notation: outcome.notation) == outcome)
    }

    @Test(arguments: ["", "\t", "wiped\treadings", "wiped\treadings=many", "error: hub\tx\ty"])
    func anOutcomeIsNotGuessed(_ notation: String) { #expect(Act.Outcome(notation: notation) == nil) }

    @Test func aRefusalIsReadAsItWasWritten() {
        for code in Fault.Code.allCases {
            let refused = Refused(code.example)
            #expect(Refused(notation: refused.notation) == refused)
            #expect(refused.words == code.example.description)
        }
        for word in [
            "", "bound", "error: ", "error: a\tb", "error: a\tb\tc", "error: a\tb\tc\td", "error: a\tb\tc\td\te",
        ] {
            #expect(Refused(notation: word) == nil)
        }
    }

    @Test(arguments: [
        PairingStep.looking("00:09:1F:80:00:22"), .waiting(50), .near(model: nil), .near(model: "UA-651BLE"),
        .bound("00:09:1F:80:00:22"),
    ])
    func aStepIsReadAsItWasWritten(_ step: PairingStep) {
        #expect(PairingStep(notation: step.notation) == step)
        #expect(KitText.step(step).english != KitText.step(step).danish)
    }

    @Test(arguments: ["", "waiting\tlong", "near", "bound\ta\tb"]) func aStepIsNotGuessed(_ notation: String) {
        #expect(PairingStep(notation: notation) == nil)
    }

    @Test(arguments: PairingMode.allCases) func eachWayToPairIsToldInBothLanguages(_ mode: PairingMode) {
        let guide = KitText.guide(mode)
        #expect(guide.english != guide.danish && guide.english.hasSuffix(".") && guide.danish.hasSuffix("."))
        #expect(drivers.contains { $0.pairing == mode })
    }

    @Test(arguments: [
        ("kirsten", true), ("a.b-c_9", true), ("", false), ("a b", false), ("a\tb", false), ("\u{1B}[2J", false),
        ("å", false), (String(repeating: "a", count: 33), false),
    ])
    func onlyANameIsAName(_ name: String, _ isOne: Bool) {
        #expect((Journal.AuditEvent.Agent.login(name) != nil) == isOne)
    }
}
