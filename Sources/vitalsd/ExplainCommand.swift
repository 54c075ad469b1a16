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
        let configuration = try configuration(at: path)
        let lines = try reading(configuration) { journal throws(Fault) in try journal.explanation(of: id) }
        guard let lines else { throw arguments.complain("there is no reading \(id)") }
        for line in lines { printLine(line) }
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
    fileprivate func explanation(of id: Int64) throws(Fault) -> [String]? {
        guard let kept = try reading(id) else { return nil }
        var chronicle = try chronicle(of: kept.device.identity, readings: 256)
        if !chronicle.readings.contains(where: { $0.id == id }) { chronicle.readings.insert(kept, at: 0) }
        let hub = HubTimeline(try moments()), history = chronicle.history(hub)
        let conclusions = Chronology.conclude(history, hub, zone: HubClock.offset)
        guard let place = chronicle.readings.firstIndex(where: { $0.id == id }) else { return nil }
        let said = kept.dated.at.map { "It stands in the journal as taken at \(text($0))." }
        return conclusions[place].explanation(of: history.records[place], in: history, words: text)
            + (said ?? "It stands in the journal without an instant.").split(separator: "\n").map { String($0) }
    }

    /// What is known of each device's clock.
    func clocks() throws(Fault) -> [DeviceClock] {
        let hub = HubTimeline(try moments())
        var clocks: [DeviceClock] = []
        for device in try devices() {
            let pairs = try chronicle(of: device.identity, readings: 0).pairs
            guard !pairs.isEmpty else { continue }
            clocks.append(DeviceClock(device: device, report: ClockReport(pairs, hub), readings: pairs.readings(hub)))
        }
        return clocks
    }
}

/// A device's clock as it was found, before the hub set it, where the hub knew the time.
struct ClockReading {
    let at: Instant
    /// Of the house's clocks.
    let secondsAhead: Int

    var words: String {
        (secondsAhead == 0 ? "right" : "\(abs(secondsAhead)) s \(secondsAhead > 0 ? "ahead" : "behind")") + " \(text(at))"
    }
}

extension [ClockPair] {
    /// The last few visits in which a calendar clock was read. What was read back after the hub had set it counts for
    /// nothing.
    fileprivate func readings(_ hub: HubTimeline) -> [ClockReading] {
        let found = indices.filter { !self[$0].isWritten && ($0 == startIndex || !self[$0 - 1].isWritten || isVisit($0)) }
        return found.suffix(8).compactMap { place in
            let moment = hub.corrected(self[place].hub)
            guard moment.synchronised, case .clock(let shown) = self[place].device else { return nil }
            let house = Int(moment.wall.milliseconds / 1000) + HubClock.offset(at: moment.wall) * 60
            return ClockReading(at: moment.wall, secondsAhead: shown.seconds - house)
        }
    }

    /// Whether this is no reading back: more than a minute after the one before, or in another boot.
    private func isVisit(_ place: Int) -> Bool {
        let before = self[place - 1].hub, now = self[place].hub
        return before.boot != now.boot || now.uptime - before.uptime > .seconds(60)
    }
}

/// A line of `vitalsd status`, and one below it of what was seen before.
struct DeviceClock {
    let device: KnownDevice
    let report: ClockReport
    let readings: [ClockReading]

    private var localOffset: Int? {
        report.offset.map { Int($0.components.seconds) - HubClock.offset(at: HubClock.now().wall) * 60 }
    }

    var words: String {
        var words = ["clock     \(device.information.model ?? device.driver):"]
        if let offset = localOffset {
            words.append(offset == 0 ? "right" : "\(abs(offset)) s \(offset > 0 ? "ahead" : "behind")")
        } else {
            words.append("never read")
        }
        if let drift = report.drift { words.append("drift \(drift.lowerBound) to \(drift.upperBound) ppm") }
        if report.changes > 0 { words.append("changed \(report.changes) times") }
        if report.obeys == false { words.append("accepts a time and does not change") }
        let before = readings.dropLast().suffix(3).map(\.words).joined(separator: ", ")
        return words[0] + " " + words.dropFirst().joined(separator: ", ")
            + (before.isEmpty ? "" : "\n          before: \(before)")
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
        json.array("readings") { json in
            for reading in readings {
                json.object { json in
                    json.member("at", text(reading.at))
                    json.member("secondsAhead", reading.secondsAhead)
                }
            }
        }
        if let obeys = report.obeys { json.member("obeys", obeys) } else { json.null("obeys") }
    }
}
