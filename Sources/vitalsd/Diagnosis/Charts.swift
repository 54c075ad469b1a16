import Core
import Host

/// Pictures for the page, as SVG: 640 units wide, whatever the screen is.
private let width = 640

/// Each hour's signals as a bar from the weakest to the strongest with a dot at the mean, over the last seven days.
func signalChart(_ hours: [Hearing.Hour], until made: Instant, _ language: Language) -> String {
    let left = 70, top = 12, height = 120, right = 8, last = Int(made.milliseconds / 3_600_000), first = last - 167
    func x(_ hour: Int) -> Int { left + (hour - first) * (width - left - right) / 168 }
    /// −100 dBm is the lowest that is shown, −40 the highest.
    func y(_ signal: Int) -> Int { top + (min(-40, max(-100, signal)) + 40) * height / -60 }
    var svg = open(height: top + height + 32, Label.signal[language])
    let steps: [(Int, Text)] = [
        (-50, Text(en: "strong", da: "stærkt")), (-70, Text(en: "fair", da: "middel")),
        (-90, Text(en: "weak", da: "svagt")),
    ]
    for (signal, word) in steps {
        svg +=
            "<line x1=\"\(left)\" y1=\"\(y(signal))\" x2=\"\(width - right)\" y2=\"\(y(signal))\" stroke=\"#dde2e8\"/>"
        svg += "<text x=\"0\" y=\"\(y(signal) + 4)\">\(word[language])</text>"
    }
    for back in stride(from: 6, through: 0, by: -1) {
        let moment = made + .seconds(-86_400 * back)
        guard let day = HubClock.localTime(at: moment) else { continue }
        // Where the day began in the house.
        let midnight = Int(moment.milliseconds / 3_600_000) - day.hour
        guard midnight >= first else { continue }
        svg +=
            "<line x1=\"\(x(midnight))\" y1=\"\(top)\" x2=\"\(x(midnight))\" y2=\"\(top + height)\" stroke=\"#eef1f4\"/>"
        // A phone's letters are large: every second day, and the last where it would not fit ends at the edge.
        guard back % 2 == 0 else { continue }
        let isAtEdge = x(midnight) + 72 > width - right
        let place = isAtEdge ? "x=\"\(width - right)\" text-anchor=\"end\"" : "x=\"\(x(midnight) + 2)\""
        svg += "<text \(place) y=\"\(top + height + 22)\">\(short(day, language))</text>"
    }
    for hour in hours where hour.hour >= first && hour.count > 0 {
        let at = x(hour.hour) + 2
        svg += "<line x1=\"\(at)\" y1=\"\(y(hour.strongest))\" x2=\"\(at)\" y2=\"\(y(hour.weakest))\" "
        svg += "stroke=\"#8fb3d9\" stroke-width=\"3\" stroke-linecap=\"round\"/>"
        svg += "<circle cx=\"\(at)\" cy=\"\(y(hour.mean))\" r=\"2.6\" fill=\"#1f5fa8\"/>"
    }
    return svg + "</svg>\n"
}

/// How many readings came on each day.
func dayChart(_ days: [DeviceReport.Day], _ language: Language) -> String {
    let left = 44, top = 18, height = 90, right = 8, most = max(1, days.map(\.count).max() ?? 1)
    let step = (width - left - right) / max(1, days.count)
    var svg = open(height: top + height + 32, Label.readings[language])
    svg +=
        "<line x1=\"\(left)\" y1=\"\(top + height)\" x2=\"\(width - right)\" y2=\"\(top + height)\" stroke=\"#b9c2cc\"/>"
    svg += "<text x=\"0\" y=\"\(top + 6)\">\(most)</text><text x=\"0\" y=\"\(top + height)\">0</text>"
    for (index, day) in days.enumerated() {
        let x = left + index * step, tall = day.count * height / most
        if day.count > 0 {
            svg +=
                "<rect x=\"\(x + 2)\" y=\"\(top + height - max(2, tall))\" width=\"\(step - 4)\" height=\"\(max(2, tall))\" "
            svg += "rx=\"2\" fill=\"#1f5fa8\"/>"
        }
        // From today backwards, once a week.
        if (days.count - 1 - index) % 7 == 0 {
            let name = index == days.count - 1 ? Label.today[language] : short(day.day, language)
            svg += "<text x=\"\(x + step / 2)\" y=\"\(top + height + 22)\" text-anchor=\"middle\">\(name)</text>"
        }
    }
    return svg + "</svg>\n"
}

private func open(height: Int, _ title: String) -> String {
    "<svg viewBox=\"0 0 \(width) \(height)\" role=\"img\" aria-label=\"\(withoutMarkup(title))\">"
}

/// 28 Nov, and 28.11. in Danish.
private func short(_ day: LocalTime, _ language: Language) -> String {
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    return Text(en: "\(day.day) \(months[day.month - 1])", da: "\(day.day).\(day.month).")[language]
}
