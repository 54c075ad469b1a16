import Core
import Devices
import Host
import Testing

@testable import Journal
@testable import vitalsd

/// What a technician reads at a terminal.
extension TextTests {
    private static let moment = Instant(milliseconds: 1_795_957_500_000)
    private static let stamp = Text.moment(moment).danish
    /// Words that betray that a sentence was left in English.
    private static let english: Set<Substring> = [
        "the", "is", "of", "and", "it", "with", "not", "nothing", "never", "reading", "readings", "device", "waits",
        "bound",
        "running", "clock", "done", "sent", "again", "since", "next", "from", "until", "used", "version:", "behind",
        "ahead",
    ]

    private static func schedule(_ text: String) -> Schedule {
        guard let schedule = try? Schedule(text) else { fatalError("no schedule") }
        return schedule
    }

    private static func outcome(_ word: String, _ counts: (String, Int)...) -> Act.Outcome {
        Act.Outcome(word, counts.map { .init(name: $0.0, number: $0.1) })
    }

    private static let time = HubTime(boot: "b", uptime: .seconds(9), wall: moment, synchronised: true)

    private static func pair(isWritten: Bool) -> ClockPair {
        ClockPair(device: .ticks(7, resolution: .seconds(1)), hub: time, error: .seconds(1), isWritten: isWritten)
    }

    /// What no other test of texts has, each at least once.
    static let technicians: [Text] =
        ["bound", "unbound", "swapped", "enrolled", "not enrolled"].map { ActText.outcome(outcome($0)) }
        + [
            ActText.outcome(outcome("retried", ("readings", 2))), ActText.outcome(outcome("assigned", ("readings", 1))),
            ActText.outcome(outcome("wiped", ("readings", 1), ("devices", 2), ("bindings", 0))),
            ActText.needsDaemon, ActText.noPatient, ActText.sayEverything, ActText.noCode, ActText.neverRan("/x"),
            ActText.noReading(7), ActText.seeHelp("queue"), ActText.asking("x"), ActText.showing("x"), ActText.keyMade,
            ActText.keyWasThere, ActText.from("x"), ActText.asBefore, ActText.valid(until: moment),
            ActText.accepted("x"), ActText.key, ActText.certificate, ActText.clinic, ActText.next,
            ActText.waiting, ActText.recorded(2), ActText.noCapture, ActText.mistakes(2), ActText.tells("x"),
        ]
        + [
            StatusText.running, StatusText.notRunning, StatusText.noneYet, StatusText.nothingWaits,
            StatusText.heard(nil),
            StatusText.heard(moment), StatusText.measured(nil), StatusText.measured(moment), StatusText.battery(9),
            StatusText.batteryLow, StatusText.outlook(Outlook(next: moment..<moment, missed: nil)),
            StatusText.outlook(Outlook(next: moment..<moment, missed: moment..<moment)), StatusText.counter,
            StatusText.clockUnread, StatusText.clock(0), StatusText.clock(-5), StatusText.drift(1...2),
            StatusText.driftSince(1...2), StatusText.changed(1), StatusText.wasChanged, StatusText.disobeys,
            StatusText.clock(of: "x", []), StatusText.before([]), StatusText.lost("x", .init(gaps: 1, bytes: 2)),
            StatusText.device("x", user: 1, isBound: true, []), StatusText.device("x", user: nil, isBound: false, []),
        ] + Journal.State.allCases.map(\.name)
        + [
            QueueText.request(to: "x"), QueueText.answered(422), QueueText.notTaken("x"),
            QueueText.answer(.init(destination: "x", accepted: true, location: nil, fault: nil, at: moment)),
        ]
        + [
            TimeText.noStamp, TimeText.noUsableStamp, TimeText.hubUnsure, TimeText.between(moment, moment),
            TimeText.before(moment), TimeText.toClinic(moment, .milliseconds(2500)), TimeText.kept(nil),
            TimeText.kept(moment), TimeText.said(by: .ticks(7, resolution: .seconds(1))),
            TimeText.met(pair(isWritten: false)), TimeText.met(pair(isWritten: true)),
            TimeText.why(.paired, leadsForward: true), HelpText.what, HelpText.more, HelpText.usage,
        ] + Basis.allCases.map { TimeText.why($0, leadsForward: false) }
        + Conclusion.Doubt.allCases.map(TimeText.doubt)

    @Test func eachVerbIsListedInBothLanguages() {
        for command in commands {
            let told = command.told
            #expect(told.english != told.danish)
            #expect(Self.english.isDisjoint(with: told.danish.split { !$0.isLetter }), "\(told.danish)")
        }
    }

    @Test func eachDeviceIsListedInBothLanguages() {
        for missing in NotYet.all.map(DeviceListText.told) { #expect(missing.why.english != missing.why.danish) }
        let listed = deviceTable(in: .danish), english = deviceTable(in: .english)
        #expect(listed.count == english.count)
        for line in listed + notYetTable(in: .danish) {
            #expect(Self.english.isDisjoint(with: line.split(separator: " ")), "\(line)")
        }
        for driver in drivers { #expect(listed.contains { $0.hasPrefix("| `\(driver.id)` |") }) }
    }

    @Test(arguments: technicians) func aTechnicianIsToldInPlainWordsInBothLanguages(_ text: Text) {
        #expect(text.english != text.danish)
        #expect(!text.danish.isEmpty && text.english.hasSuffix(".") == text.danish.hasSuffix("."))
        let words = text.danish.split { !$0.isLetter && $0 != ":" }
        #expect(Self.english.isDisjoint(with: words), "\(text.danish)")
        // The name of the service, which is typed.
        let said = text.danish.replacing("systemctl", with: "")
        for word in Self.jargon + ["ppm", "slot"] { #expect(!said.contains(word), "\(word): \(said)") }
    }

    @Test func whatWasDoneIsSaidAsADaneWould() {
        let told = [
            Self.outcome("bound"), Self.outcome("retried", ("readings", 1)), Self.outcome("assigned", ("readings", 0)),
            Self.outcome("wiped", ("readings", 1), ("devices", 2), ("bindings", 1)), Self.outcome("unheard-of"),
        ].map(\.text)
        #expect(
            told.map(\.danish) == [
                "tilknyttet", "1 måling bliver sendt igen", "0 målinger er knyttet til personen",
                "slettet: 1 måling, 2 apparater, 1 tilknytning", "unheard-of",
            ])
        #expect(
            told.map(\.english) == [
                "bound", "1 will be sent again", "0 assigned", "wiped: 1 readings, 2 devices, 1 bindings", "unheard-of",
            ])
    }

    @Test(arguments: [
        ("twice a day", "2 gange om dagen"), ("Mon Wed 08-10", "man. ons. 08-10"),
        ("daily 07-09,19-21:30", "hver dag 07-09 og 19-21.30"),
        ("Mon-Fri three times a day", "hverdage 3 gange om dagen"),
        ("Mon-Sat once a day", "man. tirs. ons. tors. fre. lør. 1 gang om dagen"),
    ])
    func whenToMeasureIsSaidAsADaneWould(_ typed: String, _ danish: String) {
        #expect(StatusText.schedule(Self.schedule(typed)).danish == danish)
    }

    @Test func aClockIsTold() {
        #expect(StatusText.clock(-244_542_780) == Text(en: "244542780 s behind", da: "7,7 år bagud"))
        #expect(StatusText.clock(5) == Text(en: "5 s ahead", da: "5 sek. foran"))
        #expect(StatusText.drift(-20...20) == Text(en: "drift -20 to 20 ppm", da: "vinder -1,7 til 1,7 sek. i døgnet"))
        #expect(TimeText.toClinic(Self.moment, .milliseconds(2500)).danish.hasSuffix(", ±2,5 s."))
    }

    /// What a clinic answered is kept in English.
    @Test func aRefusalThatWasKeptIsToldInDanish() {
        let refused = Fault.clinic(.refusedReading(status: 422, issue: "invariant")).sentence
        #expect(
            QueueText.refusal(refused) == Text(en: refused, da: "indholdet blev ikke godtaget (422 invariant)"))
        for fault in [Fault.network(.timedOut), .clinic(.failing(status: 500)), .clinic(.tooLarge)] {
            let told = QueueText.refusal(fault.sentence)
            #expect(told.english == fault.sentence)
            #expect(told.danish.hasPrefix(fault.code.told.sentence.danish.plain.dropLast()))
        }
        #expect(QueueText.refusal("some older vitalsd said so") == Text(same: "some older vitalsd said so"))
    }

    @Test func aFaultIsToldWithWhatIsParticularOfIt() {
        let fault = Fault.hub(.portBusy("/dev/ttyUSB0"))
        #expect(fault.told(in: .english) == fault.description)
        #expect(fault.told(in: .danish).contains(" (/dev/ttyUSB0). "))
    }

    @Test func theTrailIsToldWithTheActsAsTheyAreTyped() {
        let row = ActText.row(
            Journal.AuditEvent(
                recorded: Self.moment, agent: .init(user: 0, sudoer: "kirsten"), action: "swap", device: "bluetooth:A",
                successor: "bluetooth:B", outcome: Journal.AuditEvent.done))
        #expect(row.map(\.danish) == [Self.stamp, "kirsten (bruger 0)", "swap", "A afløst af B  udført"])
        #expect(row.dropFirst().map(\.english) == ["kirsten (user 0)", "swap", "A for B  done"])
    }

    @Test func aDeviceThatIsNearIsToldInBothLanguagesAtOnce() {
        let text = Text(
            en: "00:09:1F:80:00:22  connected  no name, bound", da: "00:09:1F:80:00:22  forbundet  uden navn")
        let heard = Heard(json: #"{"name":""}"#, text: text)
        #expect(Heard(notation: heard.notation) == heard)
        for notation in ["", "{}", "{}\tone", "{}\tone\tto\ttre"] { #expect(Heard(notation: notation) == nil) }
    }

    @Test func columnsAreAsWideAsTheirCharacters() {
        #expect(columns([["måling", "", "a"], ["ø", "", "bb"]]) == ["måling  a", "ø       bb"])
        #expect(columns([["12", "x", "end"], ["3", "x", ""]]) == ["12  x  end", "3   x  "])
        #expect(columns([]) == [])
    }
}
