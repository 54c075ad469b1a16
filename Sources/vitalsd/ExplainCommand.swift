import Core
import Host
import Journal

extension Command {
    static let explain = Command(
        verb: "explain", arguments: "READING | CODE | --all [--lang da|en] [--configuration FILE]",
        summary: "how a reading's time was concluded, or what a code means",
        explanation: """
            READING is a number that `queue` and the log show. What the device said, what was seen of its clock, what
            follows from that, and how sure it is. No value and no person is printed. CODE is one that `diagnose` shows,
            such as hub.disk-full: what is the matter, and what to do next. With --all every code, as a page of the
            documentation.
            """
    ) { arguments throws(Exit) in
        let language = try arguments.language(), wantsAll = arguments.flag("all")
        let path = try arguments.configurationPath(), words = try arguments.rest()
        if wantsAll, words.isEmpty { return printLine(faultPage.joined(separator: "\n")) }
        guard words.count == 1, !wantsAll else {
            throw arguments.complain("expected the number of one reading, or one code")
        }
        guard let id = Int64(words[0]) else {
            guard let cause = Cause(code: words[0]) else {
                let near = nearest(words[0], Cause.all.map(\.code))
                throw arguments.complain("no code \(words[0]); the nearest is \(near)")
            }
            for line in cause.explanation(in: language) { printLine(line) }
            return
        }
        let configuration = try configuration(at: path, language)
        let lines = try reading(configuration, language) { journal throws(Fault) in
            try journal.explanation(of: id)
        }
        guard let lines else { throw arguments.complain(ActText.noReading(id), in: language) }
        for line in lines { printLine(line[language]) }
    }
}

extension Arguments {
    /// `--lang da` or `en`, else what the environment says.
    mutating func language() throws(Exit) -> Language {
        guard let word = try option("lang") else { return .ofEnvironment }
        guard let language = Language(rawValue: word) else { throw complain("--lang wants da or en") }
        return language
    }
}

extension JournalConnection {
    /// Concluded once more from what the journal has, by the same engine; nil where there is no such reading.
    fileprivate func explanation(of id: Int64) throws(Fault) -> [Text]? {
        guard let kept = try reading(id) else { return nil }
        let chronicle = try chronicle(of: kept.device.identity, readings: Journal.Chronicle.mostReadings)
        let isFarBack = chronicle.readings.first.map { id < $0.id } ?? false
        let moments = try moments(), hub = HubTimeline(moments), history = chronicle.history(hub)
        if isFarBack || chronicle.outlived(hub, since: moments.oldest).contains(where: { $0.id == id }) {
            return [TimeText.said(by: kept.reading.taken), TimeText.outlived, TimeText.kept(kept.dated.at)]
        }
        let conclusions = Chronology.conclude(history, hub, zone: HubClock.offset)
        guard let place = chronicle.readings.firstIndex(where: { $0.id == id }) else {
            return [TimeText.damaged, TimeText.kept(kept.dated.at)]
        }
        return conclusions[place].explanation(of: history.records[place], in: history)
            + [TimeText.kept(kept.dated.at)]
    }

    /// What is known of each device's clock.
    func clocks() throws(Fault) -> [DeviceClock] {
        let hub = HubTimeline(try moments())
        var clocks: [DeviceClock] = []
        for device in try devices() {
            let pairs = try chronicle(of: device.identity, readings: 0).pairs
            guard !pairs.isEmpty else { continue }
            let report = ClockReport(pairs, hub, zone: HubClock.offset)
            clocks.append(DeviceClock(device: device, report: report))
        }
        return clocks
    }
}

/// What `vitalsd status` tells of a device's clock.
struct DeviceClock {
    let device: KnownDevice
    let report: ClockReport
    /// How many of its visits are told.
    private static let told = 16

    /// By how many seconds a clock on the wall would be wrong.
    private func ahead(_ offset: Duration, at: Instant) -> Int {
        Int(offset.components.seconds) - HubClock.offset(at: at) * 60
    }

    private var localOffset: Int? {
        report.counts ? nil : report.offset.map { ahead($0, at: HubClock.now().wall) }
    }

    /// One line, and one below it of what was found before.
    var told: [Text] {
        var facts: [Text] = []
        if report.counts {
            facts.append(StatusText.counter)
        } else {
            facts.append(localOffset.map(StatusText.clock) ?? StatusText.clockUnread)
        }
        if let drift = report.drift { facts.append(StatusText.drift(drift)) }
        if report.changes > 0 { facts.append(StatusText.changed(report.changes)) }
        if report.obeys == false { facts.append(StatusText.disobeys) }
        let before = report.counts ? [] : report.findings.dropLast().suffix(3).map(told)
        return [StatusText.clock(of: device.information.model ?? device.driver, facts)]
            + (before.isEmpty ? [] : [StatusText.before(before)])
    }

    private func told(_ finding: ClockReport.Finding) -> Text {
        let found =
            Text.stamp(finding.at) + Text(en: " ", da: ": ")
            + StatusText.clock(ahead(finding.offset, at: finding.at))
        if finding.isChanged { return found + StatusText.wasChanged }
        return found + (finding.drift.map(StatusText.driftSince) ?? Text(same: ""))
    }

    func write(into json: inout JSONWriter) {
        json.member("driver", device.driver)
        if let localOffset { json.member("secondsAhead", localOffset) } else { json.null("secondsAhead") }
        if let drift = report.drift {
            json.member("driftLowest", drift.lowerBound)
            json.member("driftHighest", drift.upperBound)
        } else {
            json.null("driftLowest")
            json.null("driftHighest")
        }
        json.member("changes", report.changes)
        json.array("findings") { json in
            for finding in report.findings.suffix(Self.told) {
                json.object { json in
                    json.member("at", text(finding.at))
                    if !report.counts { json.member("secondsAhead", ahead(finding.offset, at: finding.at)) }
                    if let drift = finding.drift {
                        json.member("driftLowest", drift.lowerBound)
                        json.member("driftHighest", drift.upperBound)
                    }
                    json.member("changed", finding.isChanged)
                }
            }
        }
        if let obeys = report.obeys { json.member("obeys", obeys) } else { json.null("obeys") }
    }
}
