import Core
import Host

/// What `watch` knows, and how it looks on a page.
struct WatchPage {
    enum Daemon { case unknown, absent, running }

    var daemon = Daemon.unknown
    private var hub = HubScene()
    private var devices: [DeviceScene] = []
    private var visits: [VisitScene] = []
    private var readings: [ReadingScene] = []
    private let language: Language

    init(_ language: Language) { self.language = language }

    /// What a lost daemon has told is not so any more.
    mutating func forget() { self = WatchPage(language, .absent) }

    private init(_ language: Language, _ daemon: Daemon) {
        self.language = language
        self.daemon = daemon
    }

    mutating func take(_ entry: SceneEntry) {
        switch entry {
        case .hub(let new): hub = new
        case .device(let new): put(new, in: &devices) { $0.address == new.address }
        case .visit(let new): put(new, in: &visits) { $0.device == new.device }
        case .reading(let new): put(new, in: &readings) { $0.number == new.number }
        }
    }

    private func put<Scene>(_ new: Scene, in all: inout [Scene], _ isSame: (Scene) -> Bool) {
        if let at = all.firstIndex(where: isSame) { all[at] = new } else { all.append(new) }
        if all.count > 64 { all.removeFirst() }
    }

    /// The page for a terminal of this size, at this moment.
    func lines(rows: Int, columns: Int, at now: Instant) -> [Terminal.Line] {
        var page = [title(columns, now)]
        guard daemon == .running else {
            let word = said(daemon == .absent ? WatchText.absent : WatchText.looking)
            page += [Terminal.Line()] + wrapped(word, first: "", rest: "", columns).map { Terminal.Line($0) }
            page = Array(page.prefix(max(1, rows - 1)))
            return page + filling(rows - page.count - 1) + [Terminal.Line(said(WatchText.keys), .quiet)]
        }
        page += state(columns)
        for fault in [hub.radio, hub.clinic].compactMap(\.self) {
            page += wrapped(fault.told(in: language), first: "", rest: "  ", columns).map { Terminal.Line($0, .bad) }
        }
        // A third of what is left for each, and what one does not need goes to the next.
        let all = [deviceLines(columns, now), visitLines(columns, now), readingLines(columns)]
        var room = max(0, rows - page.count - 1)
        for (place, section) in all.enumerated() {
            let share = min(section.count, max(2, room / (all.count - place)))
            page += section.prefix(share)
            room -= share
        }
        page = Array(page.prefix(max(1, rows - 1)))
        return page + filling(rows - page.count - 1) + [Terminal.Line(said(WatchText.keys), .quiet)]
    }

    private func filling(_ count: Int) -> [Terminal.Line] {
        Array(repeating: Terminal.Line(), count: max(0, count))
    }

    private func title(_ columns: Int, _ now: Instant) -> Terminal.Line {
        let left = "vitalsd \(version)"
        let right = clock(now)
        let gap = String(repeating: " ", count: max(1, columns - left.count - right.count))
        return Terminal.Line(left + gap + right, .heading)
    }

    private func state(_ columns: Int) -> [Terminal.Line] {
        let clock =
            hub.clockError.map { "\(said(WatchText.clockRight)) ±\($0) ms" }
            ?? said(WatchText.clockUnkept)
        let parts = [
            said(WatchText.running), clock, "\(hub.waiting) \(said(WatchText.waiting))",
            "\(hub.delivered) \(said(WatchText.delivered))",
        ]
        return wrapped(parts.joined(separator: " · "), first: "", rest: "  ", columns).map {
            Terminal.Line($0, hub.clockError == nil ? .bad : .good)
        }
    }

    // MARK: sections

    private func deviceLines(_ columns: Int, _ now: Instant) -> [Terminal.Line] {
        // What was not heard for five minutes is not near any more; of strangers only the number is anybody's business.
        let near = devices.filter { $0.isBound || now.milliseconds - $0.heard.milliseconds < 300_000 }
        let known = near.filter { $0.isBound || !$0.model.isEmpty }
        let sorted = known.sorted {
            ($0.isBound ? 0 : 1, -($0.signal ?? 0), $0.address) < (
                $1.isBound ? 0 : 1, -($1.signal ?? 0), $1.address
            )
        }
        var lines = heading(WatchText.devices)
        for device in sorted {
            let signal =
                device.signal.map { "\(bars($0)) \(rightColumn(String($0), 4)) dBm" } ?? column("", 13)
            let whose = said(device.isBound ? WatchText.ours : WatchText.stranger)
            lines += row(
                "  ", device.model,
                "\(device.address)  \(signal)  \(rightColumn(age(device.heard, now), 6))  \(whose)", columns,
                device.isBound ? .plain : .quiet)
        }
        let others = near.count - known.count
        if others > 0 { lines += row("  ", "", "\(others) \(said(WatchText.others))", columns, .quiet) }
        if lines.count == 2 { lines += row("  ", "", said(WatchText.nobody), columns, .quiet) }
        return lines
    }

    private func visitLines(_ columns: Int, _ now: Instant) -> [Terminal.Line] {
        var lines = heading(WatchText.visits)
        for visit in visits.sorted(by: { $0.latest.milliseconds > $1.latest.milliseconds }) {
            let steps = visit.steps.map { step in
                step == .kept ? "\(visit.kept) \(said(WatchText.kept))" : said(WatchText.name(of: step))
            }
            let name = visit.model.isEmpty ? visit.device : visit.model
            let style: Terminal.Line.Style =
                visit.steps.last == .failed ? .bad : visit.isOver ? .quiet : .plain
            lines += row(
                "  \(clock(visit.began))  ", name, steps.joined(separator: " → "), columns, style)
            if let fault = visit.fault { lines += row("            ", "", fault.told(in: language), columns, .bad) }
        }
        if lines.count == 2 { lines += row("  ", "", said(WatchText.noVisit), columns, .quiet) }
        return lines
    }

    private func readingLines(_ columns: Int) -> [Terminal.Line] {
        var lines = heading(WatchText.readings)
        for reading in readings.sorted(by: { $0.number > $1.number }) {
            let took = Int(reading.latest.milliseconds - reading.kept.milliseconds)
            let way: String =
                switch reading.step {
                case .kept: said(WatchText.isKept)
                case .sent: "\(said(WatchText.isKept)) → \(said(WatchText.isSent))"
                case .delivered:
                    "\(said(WatchText.isKept)) → \(said(WatchText.isDelivered)) \(said(WatchText.after)) \(seconds(took))"
                case .refused: "\(said(WatchText.isKept)) → \(said(WatchText.isRefused))"
                }
            let style: Terminal.Line.Style =
                reading.step == .refused ? .bad : reading.step == .delivered ? .good : .plain
            lines += row(
                "  \(clock(reading.kept))  \(column("#\(reading.number)", 6)) ", reading.model, way, columns, style)
        }
        if lines.count == 2 { lines += row("  ", "", said(WatchText.noReading), columns, .quiet) }
        return lines
    }

    /// When and who, and what of them: on a phone's narrow terminal what does not fit goes to lines of its own, for nothing may
    /// be cut there but a name in its column.
    private func row(
        _ start: String, _ name: String, _ rest: String, _ columns: Int, _ style: Terminal.Line.Style
    ) -> [Terminal.Line] {
        let whole = name.isEmpty ? start + rest : "\(start)\(column(name, 18)) \(rest)"
        if whole.count <= columns { return [Terminal.Line(whole, style)] }
        let margin = "      ", who = start + name
        let head = who.allSatisfy(\.isWhitespace) ? [] : wrapped(who, first: "  ", rest: margin, columns)
        return (head + wrapped(rest, first: margin, rest: margin, columns)).map { Terminal.Line($0, style) }
    }

    private func heading(_ text: Text) -> [Terminal.Line] {
        [Terminal.Line(), Terminal.Line(said(text), .heading)]
    }

    // MARK: words

    private func said(_ text: Text) -> String { text[language] }

    /// 14:05:33, and 14.05.33 as Danes write it.
    private func clock(_ instant: Instant) -> String {
        guard let time = HubClock.localTime(at: instant) else { return "?" }
        return [time.hour, time.minute, time.second].map { padded($0, 2) }.joined(
            separator: language == .danish ? "." : ":")
    }

    /// Full seconds below a minute, then minutes: so that few of them change at a time.
    private func age(_ then: Instant, _ now: Instant) -> String {
        let seconds = max(0, Int(now.milliseconds - then.milliseconds) / 1000)
        return switch seconds {
        case ..<3: said(WatchText.now)
        case ..<60: "\(seconds / 5 * 5) s"
        case ..<3600: "\(seconds / 60) min"
        default: "\(seconds / 3600) h"
        }
    }

    /// How long a reading was on its way: tenths of a second, or where it had to wait, what people say.
    private func seconds(_ milliseconds: Int) -> String {
        if milliseconds >= 90_000 { return said(.time(.milliseconds(milliseconds))) }
        let tenths = max(0, milliseconds / 100)
        return "\(tenths / 10)\(language == .danish ? "," : ".")\(tenths % 10) s"
    }

    /// Four steps from -90 to -60 dBm.
    private func bars(_ signal: Int) -> String {
        let count = max(0, min(4, (signal + 100) / 10))
        return String(repeating: "|", count: count) + String(repeating: ".", count: 4 - count)
    }

    private func column(_ text: String, _ width: Int) -> String {
        let cut = text.count > width ? text.prefix(width - 1) + "…" : text[...]
        return cut + String(repeating: " ", count: width - cut.count)
    }

    private func rightColumn(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
