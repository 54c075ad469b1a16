import Core
import Glibc
import Host

/// A language in which people are spoken to. The log is not: its lines are English, for programs and for search.
enum Language: String, CaseIterable, Sendable {
    case english = "en", danish = "da"

    /// What the environment asks for: the first of LC_ALL, LC_MESSAGES and LANG that is set decides (POSIX, 8.2).
    static var ofEnvironment: Language {
        let names = ["LC_ALL", "LC_MESSAGES", "LANG"]
        let locale = names.lazy.compactMap { getenv($0).map { String(cString: $0) } }.first { !$0.isEmpty }
        return locale?.hasPrefix("da") == true ? .danish : .english
    }
}

/// What is said to a person, in every language there is: one alone cannot be made.
struct Text: Equatable, Sendable {
    let english: String, danish: String

    init(en english: String, da danish: String) {
        self.english = english
        self.danish = danish
    }

    /// The same in both: a name, a number, a path.
    init(same text: String) { self.init(en: text, da: text) }

    subscript(_ language: Language) -> String {
        switch language {
        case .english: english
        case .danish: danish
        }
    }

    static func + (a: Text, b: Text) -> Text { Text(en: a.english + b.english, da: a.danish + b.danish) }
    static func + (a: Text, b: String) -> Text { Text(en: a.english + b, da: a.danish + b) }
}

extension [Text] {
    func joined(separator: String) -> Text { joined(separator: Text(same: separator)) }

    func joined(separator: Text) -> Text {
        Text(
            en: map(\.english).joined(separator: separator.english),
            da: map(\.danish).joined(separator: separator.danish))
    }
}

extension Text {
    /// A number of things: 1 reading, 2 readings.
    static func count(_ number: Int, one: Text, many: Text) -> Text {
        Text(same: "\(number) ") + (number == 1 ? one : many)
    }

    static func readings(_ number: Int) -> Text {
        count(number, one: Text(en: "reading", da: "måling"), many: Text(en: "readings", da: "målinger"))
    }

    /// A moment on the house's clock: 28 Nov 2026 14:05, and 28.11.2026 kl. 14.05 as Danes write it.
    static func moment(_ instant: Instant) -> Text {
        guard let time = HubClock.localTime(at: instant) else { return Text(same: "?") }
        let hour = padded(time.hour, 2), minute = padded(time.minute, 2)
        return day(time) + Text(en: " \(hour):\(minute)", da: " kl. \(hour).\(minute)")
    }

    /// A moment in a list: with its zone as programs write it, and as Danes do.
    static func stamp(_ instant: Instant) -> Text { Text(en: text(instant), da: moment(instant).danish) }

    static func day(_ time: LocalTime) -> Text {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return Text(
            en: "\(time.day) \(months[time.month - 1]) \(time.year)", da: "\(time.day).\(time.month).\(time.year)")
    }

    /// A length of time in its largest unit, and one decimal where there are few: 45 s, 1.5 h, 2,5 timer.
    static func time(_ length: Duration) -> Text {
        let seconds = abs(length / .seconds(1))
        return switch seconds {
        case ..<90: number(seconds, decimals: 0) + Text(en: " s", da: " sek.")
        case ..<5400: number(seconds / 60, decimals: 0) + Text(en: " min", da: " min.")
        case ..<172_800: number(seconds / 3600, decimals: 1) + Text(en: " h", da: " timer")
        case ..<63_072_000: number(seconds / 86_400, decimals: 0) + Text(en: " days", da: " dage")
        default: number(seconds / 31_557_600, decimals: 1) + Text(en: " years", da: " år")
        }
    }

    /// With a point, or a comma in Danish, and no more digits than asked for.
    static func number(_ value: Double, decimals: Int) -> Text {
        var scaled = Int((value * (decimals == 0 ? 1 : 10)).rounded())
        guard decimals > 0, scaled % 10 != 0 else {
            if decimals > 0 { scaled /= 10 }
            return Text(same: "\(scaled)")
        }
        let sign = scaled < 0 ? "-" : "", whole = abs(scaled) / 10, tenth = abs(scaled) % 10
        return Text(en: "\(sign)\(whole).\(tenth)", da: "\(sign)\(whole),\(tenth)")
    }

    /// Room on a disk: 512 MB, 1.5 GB.
    static func size(bytes: Int) -> Text {
        let megabytes = Double(bytes) / 1_000_000
        if megabytes < 0.1 { return Text(same: "\(bytes == 0 ? 0 : max(1, bytes / 1000)) kB") }
        return megabytes < 1000
            ? number(megabytes, decimals: megabytes < 10 ? 1 : 0) + " MB"
            : number(megabytes / 1000, decimals: 1) + " GB"
    }
}
