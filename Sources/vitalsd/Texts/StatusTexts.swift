import Core
import Journal

/// The words of `vitalsd status`.
enum StatusText {
    /// How wide the first word of a line stands, in characters.
    static func margin(_ language: Language) -> Int { language == .danish ? 12 : 10 }

    private static func entry(_ label: Text, _ what: Text) -> Text {
        Text(
            en: padded(label.english, margin(.english)) + what.english,
            da: padded(label.danish, margin(.danish)) + what.danish)
    }

    // MARK: the hub

    static let running = Text(en: "running", da: "kører")
    static let notRunning = Text(en: "not running", da: "kører ikke")
    static let noneYet = Text(en: "none yet", da: "ingen endnu")
    static let nothingWaits = Text(en: "nothing waits", da: "intet venter")

    /// Whether it runs, how many readings there are of each state, what waits and for whom, and how full the disk is.
    static func summary(_ summary: Journal.Summary, isRunning: Bool) -> [Text] {
        let counts = summary.counts.filter { $0.value > 0 }.sorted { $0.key.rawValue < $1.key.rawValue }
            .map { Text(same: "\($0.value) ") + $0.key.name }
        let destinations = summary.pending.count > 1 ? summary.pending.sorted { $0.key < $1.key } : []
        let oldest = summary.oldestPending.map { Text(en: "waits since ", da: "venter siden ") + .stamp($0) }
        let used = Text(en: "\(summary.used >> 10) KiB", da: Text.size(bytes: summary.used).danish)
        return [
            entry(Text(en: "daemon", da: "program"), isRunning ? running : notRunning),
            entry(Text(en: "readings", da: "målinger"), counts.isEmpty ? noneYet : counts.joined(separator: ", ")),
        ]
            + destinations.map { name, count in
                entry(Text(en: "to", da: "til"), Text(same: "\(name): \(count) ") + Journal.State.pending.name)
            } + [
                entry(Text(en: "oldest", da: "ældste"), oldest ?? nothingWaits),
                entry(
                    Text(en: "journal", da: "lager"),
                    used + Text(en: " used, version \(summary.schema)", da: " brugt, version \(summary.schema)")),
            ]
    }

    /// What stands in the way, and what to do.
    static func matter(_ trouble: Trouble) -> Text {
        func words(_ language: Language) -> String {
            let whole = trouble.cause.sentence[language].plain
            let sentence = trouble.detail.isEmpty ? whole : "\(whole.dropLast()) (\(trouble.detail))."
            return "\(sentence) \(trouble.cause.remedy[language].plain) [\(trouble.cause.code)]"
        }
        return entry(Text(en: "fault", da: "fejl"), Text(en: words(.english), da: words(.danish)))
    }

    // MARK: a device

    static func device(_ identity: String, user: Int?, isBound: Bool, _ facts: [Text]) -> Text {
        let slot = user.map { Text(en: " slot \($0)", da: " bruger \($0)") } ?? Text(same: "")
        return entry(
            isBound ? Text(en: "bound", da: "tilknyttet") : Text(en: "cable", da: "kabel"),
            Text(same: identity) + slot + "  " + facts.joined(separator: ", "))
    }

    static func heard(_ instant: Instant?) -> Text {
        instant.map { Text(en: "heard ", da: "sidst hørt ") + .stamp($0) } ?? Text(en: "never heard", da: "aldrig hørt")
    }

    static func measured(_ instant: Instant?) -> Text {
        instant.map { Text(en: "measured ", da: "sidst målt ") + .stamp($0) }
            ?? Text(en: "nothing measured", da: "intet målt")
    }

    static func battery(_ percent: Int) -> Text { Text(en: "battery \(percent) %", da: "batteri \(percent) %") }
    static let batteryLow = Text(en: "battery low", da: "batteriet er næsten tomt")

    static func outlook(_ outlook: Outlook) -> Text {
        outlook.missed.map { Text(en: "OVERDUE since ", da: "MANGLER siden ") + .stamp($0.upperBound) }
            ?? Text(en: "next by ", da: "næste senest ") + .stamp(outlook.next.upperBound)
    }

    /// When somebody has agreed to measure; in English as it is typed.
    static func schedule(_ schedule: Schedule) -> Text {
        let weekdays = "Mon Tue Wed Thu Fri", english = schedule.description
        let days = english.contains("\(weekdays) Sat") ? english : english.replacing(weekdays, with: "hverdage")
        let danish: KeyValuePairs = [
            "once a day": "1 gang om dagen", "twice a day": "2 gange om dagen", "three": "3", "four": "4", "five": "5",
            "six": "6", "times a day": "gange om dagen", "daily": "hver dag", "Mon": "man.", "Tue": "tirs.",
            "Wed": "ons.", "Thu": "tors.", "Fri": "fre.", "Sat": "lør.", "Sun": "søn.", ":": ".", ",": " og ",
        ]
        return Text(en: english, da: danish.reduce(days) { $0.replacing($1.key, with: $1.value) })
    }

    /// What of a device's streams could not be used.
    static func lost(_ device: String, _ loss: Hearing.Loss) -> Text {
        let places = Text.count(loss.gaps, one: Text(same: "sted"), many: Text(same: "steder")).danish
        return entry(
            Text(en: "lost", da: "tabt"),
            Text(same: device + "  ") + Text(en: loss.words, da: "\(loss.bytes) byte på \(places) kunne ikke bruges"))
    }

    // MARK: a device's clock

    static let counter = Text(en: "a counter", da: "en tæller uden dato")
    static let clockUnread = Label.clockUnread

    /// By how many seconds it is wrong.
    static func clock(_ ahead: Int) -> Text {
        if ahead == 0 { return Label.clockRight }
        let length = Text(en: "\(abs(ahead)) s", da: Text.time(.seconds(ahead)).danish)
        return length + (ahead > 0 ? Label.ahead : Label.behind)
    }

    /// Parts per million; a technician with a wrist watch in his hand thinks in seconds a day.
    private static func rate(_ drift: ClosedRange<Int>) -> Text {
        let (slowest, fastest) = (Double(drift.lowerBound) * 0.0864, Double(drift.upperBound) * 0.0864)
        let danish = "\(Text.number(slowest, decimals: 1).danish) til \(Text.number(fastest, decimals: 1).danish)"
        return Text(
            en: "\(drift.lowerBound) to \(drift.upperBound) ppm", da: "vinder \(danish) sek. i døgnet")
    }

    static func drift(_ drift: ClosedRange<Int>) -> Text { Text(en: "drift ", da: "") + rate(drift) }
    static func driftSince(_ drift: ClosedRange<Int>) -> Text { Text(same: " (") + rate(drift) + ")" }
    static func changed(_ times: Int) -> Text {
        Text(en: "changed \(times) times", da: times == 1 ? "stillet om 1 gang" : "stillet om \(times) gange")
    }
    static let wasChanged = Text(en: " (changed)", da: " (stillet om)")
    static let disobeys = Text(
        en: "accepts a time and does not change", da: "tager imod tiden, men retter sig ikke efter den")

    static func clock(of model: String, _ facts: [Text]) -> Text {
        entry(Text(en: "clock", da: "ur"), Text(same: model + ": ") + facts.joined(separator: ", "))
    }

    static func before(_ findings: [Text]) -> Text {
        entry(Text(same: ""), Text(en: "before: ", da: "tidligere: ") + findings.joined(separator: ", "))
    }
}
