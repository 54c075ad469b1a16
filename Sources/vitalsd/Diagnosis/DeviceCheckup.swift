import Core
import Devices
import Glibc
import Host
import Journal

// MARK: pairing and devices

extension Checkup {
    /// After so long without a word somebody should ask.
    private static let longSilence = Duration.seconds(7 * 86_400)
    /// A clock that is off by less disturbs nobody.
    private static let smallOffset = Duration.seconds(120)

    mutating func checkDevices() {
        let bound = Set(bindings.map(\.device)).sorted()
        let known = (try? journal?.devices()) ?? []
        let wireless = (try? journal?.wireless()) ?? []
        checkPairing(bound, known)
        // On a cable nothing need be bound: it belongs to this home.
        let onCables = known.filter { $0.bluetoothAddress == nil && !bound.contains($0.identity) }.map(\.identity)
        let days = readingsByDay()
        for identity in bound + onCables {
            let device = known.first { $0.identity == identity }
            let name = device.flatMap(model) ?? wireless.first { $0.device == identity }?.sighting.flatMap(model)
            check(identity, device, name ?? "?", isBound: bound.contains(identity), days[identity] ?? [:])
        }
    }

    private mutating func checkPairing(_ bound: [String], _ known: [KnownDevice]) {
        let strangers = account?.strangers.sorted { $0.key < $1.key } ?? []
        if bound.isEmpty, !known.contains(where: { $0.bluetoothAddress == nil }), account?.lines.isEmpty ?? true {
            find(Finding(.pairing, nil, .warning, Trouble(.nobodyBound), Text(en: "no device", da: "intet apparat")))
        } else {
            let count = Text.count(
                bound.count, one: Text(en: "device", da: "apparat"), many: Text(en: "devices", da: "apparater"))
            find(.ok(.pairing, nil, count + Text(en: " registered", da: " tilknyttet")))
        }
        let failed = failedPairings(but: bound), refused = Set(failed.map(\.device))
        for (identity, stranger) in strangers where !bound.contains(identity) && !refused.contains(identity) {
            let subject = Text(same: "\(stranger.model), \(shown(identity))")
            let heard = Text(en: "heard ", da: "hørt ") + .moment(stranger.lastHeard)
            if known.contains(where: { $0.identity == identity }) {
                find(Finding(.pairing, subject, .warning, Trouble(.forgotten), heard))
            } else {
                find(
                    .ok(
                        .pairing, subject,
                        heard + Text(en: ", a neighbour's; left alone", da: ", en nabos; lades i fred")))
            }
        }
        for event in failed {
            guard let cause = Cause(code: event.outcome) else { continue }
            // An address that was mistyped, and a command that was broken off, is no fault of a device's.
            let isHeard = cause != Trouble(.pairing(.notInPairingMode)).cause
            find(
                Finding(
                    part: .pairing, subject: Text(same: shown(event.device)), level: isHeard ? .fault : .warning,
                    cause: cause, evidence: Text(en: "tried ", da: "forsøgt ") + .moment(event.recorded)))
        }
        if configuration.subject == nil, !(account?.lines.isEmpty ?? true) {
            find(
                Finding(
                    .pairing, nil, .warning, Trouble(.nobodyEnrolled),
                    Text(en: "[Patient] is empty", da: "[Patient] er tom")))
        }
    }

    /// Devices of nobody's that somebody wanted to pair today and that did not want to: nothing was done with them since.
    private func failedPairings(but bound: [String]) -> [Journal.AuditEvent] {
        let events = ((try? journal?.audit()) ?? []).filter { !bound.contains($0.device) }
        return Dictionary(grouping: events, by: \.device).values.compactMap(\.last).filter { last in
            guard last.action == "pair", let cause = Cause(code: last.outcome) else { return false }
            let isRecent = diagnosis.made.milliseconds - last.recorded.milliseconds < 86_400_000
            return isRecent && [.pairing, .device].contains(cause.layer)
        }.sorted { ($0.recorded.milliseconds, $0.device) < ($1.recorded.milliseconds, $1.device) }
    }

    private mutating func check(
        _ identity: String, _ device: KnownDevice?, _ name: String, isBound: Bool, _ hours: [Int: Int]
    ) {
        let heard = account?.devices[identity], readings = (try? journal?.chronicle(of: identity, readings: 16))
        let lives = lives(of: identity)
        // Behind so many batteries nobody may have measured: then it is as long ago as the clinic is told.
        let lastReading =
            readings?.readings.last(where: \.reading.isMeasurement)?.heard.wall ?? lives.compactMap(\.measured).max()
        var report = DeviceReport(
            name: name, address: shown(identity), driver: device?.driver, kind: device?.kind.rawValue, isBound: isBound,
            lastHeard: heard?.lastHeard, lastReading: lastReading, signal: heard?.signal, hours: heard?.hours ?? [])
        report.days = days(hours)
        let clock = readings.flatMap { clockAhead($0) }
        report.clockAhead = clock?.ahead
        report.clockWasSet = clock?.wasSet == true
        if tellsAll {
            report.values = (readings?.readings ?? []).suffix(8).reversed().map { kept in
                let values = kept.reading.values.map { "\($0.quantity) \($0.outcome)" }.joined(separator: ", ")
                return "\(text(kept.heard.wall))  \(values)"
            }
        }
        self.report(report)
        let subject = Text(same: "\(name), \(shown(identity))")
        if let trouble = trouble(with: identity, heard) {
            return find(
                Finding(
                    .device, subject, trouble.cause == .fault(.deviceHungUp) ? .warning : .fault, trouble,
                    last(heard, lastReading)))
        }
        let evidence = last(heard, lastReading)
        // Of the last visit: what the batteries were like before does not matter.
        let lastKept = readings?.readings.last?.heard.wall.milliseconds ?? 0
        let newest = (readings?.readings ?? []).filter { lastKept - $0.heard.wall.milliseconds < 600_000 }
        let brought = ([lastReading] + lives.map(\.undecoded?.wall)).compactMap(\.self).max()
        let missed = missed(identity)
        if isUnplugged(identity) {
            find(Finding(.device, subject, .warning, Trouble(.hub(.portGone)), evidence))
        } else if newest.contains(where: hasLowBattery) {
            find(Finding(.device, subject, .warning, Trouble(.batteryLow), evidence))
        } else if let silence = silence(heard, brought, isOverdue: missed != nil) {
            let agreed = missed.map { Text(en: "agreed by ", da: "aftalt inden ") + .moment($0.upperBound) + ", " }
            let evidence = (silence == .overdue ? agreed : nil).map { $0 + evidence } ?? evidence
            if level(of: .radio) == .fault, device?.bluetoothAddress != nil || isBound {
                find(Finding(part: .device, subject: subject, level: .unknown, evidence: evidence))
            } else {
                find(Finding(.device, subject, .warning, Trouble(silence), evidence))
            }
        } else if let clock, abs(clock.ahead / .seconds(1)) > Self.smallOffset / .seconds(1), !clock.wasSet {
            let way = clock.ahead > .zero ? Text(en: " ahead", da: " foran") : Text(en: " behind", da: " bagud")
            find(
                Finding(
                    .device, subject, .warning, Trouble(clock.obeys == false ? .clockDisobeys : .clockOff),
                    .time(clock.ahead) + way))
        } else {
            find(.ok(.device, subject, evidence))
        }
    }

    /// What the last visit came to, unless the hub itself was to blame, which is said elsewhere.
    private func trouble(with identity: String, _ heard: Hearing.Device?) -> Trouble? {
        let aside = account?.setAside ?? (try? journal?.setAside()) ?? []
        if aside.contains(identity) { return Trouble(.device(.endedUs)) }
        guard let trouble = heard?.trouble, [.device, .pairing].contains(trouble.cause.layer) else { return nil }
        return trouble
    }

    /// Whether a device is known by its cable and no cable of those in the hub leads to it. What it measures now is lost: it
    /// says it once, to whoever listens.
    private func isUnplugged(_ identity: String) -> Bool {
        guard let account, identity.hasPrefix("usb:") else { return false }
        let plugged = account.lines.values.map(\.identity)
        // A daemon of another version may not say what is plugged in.
        return !plugged.contains(identity) && !plugged.contains(nil)
    }

    /// - Parameter brought: when it last brought a reading, or what nobody could read and may have been one.
    private func silence(_ heard: Hearing.Device?, _ brought: Instant?, isOverdue: Bool) -> Notice? {
        let sign = [heard?.lastHeard, heard?.lastVisit, brought].compactMap(\.self).max()
        guard let sign else { return .neverHeard }
        if isLong(sign) { return .notHeard }
        if isOverdue { return .overdue }
        return brought.map(isLong) ?? true ? .nothingMeasured : nil
    }

    /// The last time that somebody had agreed to measure with the device and did not.
    private func missed(_ identity: String) -> Range<Instant>? {
        let now = (try? journal?.now()) ?? HubClock.now()
        return lives(of: identity).compactMap { $0.outlook(at: now)?.missed }.max { $0.upperBound < $1.upperBound }
    }

    /// What the clinic is told of it too, for each whose it is.
    private func lives(of identity: String) -> [Journal.Life] {
        ((try? journal?.lives()) ?? []).filter { $0.identity == identity }
    }

    private func isLong(_ since: Instant) -> Bool {
        .milliseconds(HubClock.now().wall.milliseconds - since.milliseconds) > Self.longSilence
    }

    private func last(_ heard: Hearing.Device?, _ reading: Instant?) -> Text {
        var words: [Text] = []
        if let reading { words.append(Text(en: "last reading ", da: "sidste måling ") + .moment(reading)) }
        if let lastHeard = heard?.lastHeard { words.append(Text(en: "heard ", da: "hørt ") + .moment(lastHeard)) }
        if let signal = heard?.signal { words.append(strength(of: signal)) }
        return words.isEmpty ? Text(en: "no reading yet", da: "ingen måling endnu") : words.joined(separator: ", ")
    }

    private func hasLowBattery(_ kept: Kept) -> Bool {
        kept.reading.remarks.contains(.lowBattery)
            || kept.reading.values.contains { $0.quantity == .batteryCharge && ($0.amount?.approximate ?? 100) <= 15 }
    }

    private struct Clock {
        let ahead: Duration
        /// Whether the hub has set it since, as far as the device can be believed.
        let wasSet: Bool
        let obeys: Bool?
    }

    private func clockAhead(_ chronicle: Journal.Chronicle) -> Clock? {
        let moments = (try? journal?.moments()) ?? []
        let report = ClockReport(chronicle.pairs, HubTimeline(moments), zone: HubClock.offset)
        guard let offset = report.offset else { return nil }
        let house = Duration.seconds(HubClock.offset(at: HubClock.now().wall) * 60)
        return Clock(
            ahead: offset - house, wasSet: chronicle.pairs.last?.isWritten == true && report.obeys != false,
            obeys: report.obeys)
    }

    // MARK: readings per day

    private static let days = 30

    private func readingsByDay() -> [String: [Int: Int]] {
        let start = diagnosis.made + .seconds(-86_400 * Self.days)
        let rows = (try? journal?.readingsByHour(since: start)) ?? []
        return Dictionary(grouping: rows, by: \.device).mapValues { rows in
            Dictionary(rows.map { ($0.hour, $0.count) }) { $0 + $1 }
        }
    }

    /// Hours of the world as days of the house.
    private func days(_ hours: [Int: Int]) -> [DeviceReport.Day] {
        var counts: [String: Int] = [:]
        for (hour, count) in hours {
            guard let time = HubClock.localTime(at: Instant(milliseconds: Int64(hour) * 3_600_000)) else { continue }
            counts["\(time.year)-\(time.month)-\(time.day)", default: 0] += count
        }
        return (0..<Self.days).reversed().compactMap { back in
            HubClock.localTime(at: diagnosis.made + .seconds(-86_400 * back)).map { day in
                DeviceReport.Day(day: day, count: counts["\(day.year)-\(day.month)-\(day.day)"] ?? 0)
            }
        }
    }

    // MARK: names

    private func shown(_ identity: String) -> String { tellsAll ? identity : masked(identity) }

    private func model(_ device: KnownDevice) -> String? {
        let driver = drivers.first { $0.id == device.driver }
        let name = device.information.model ?? driver?.model
        let maker = device.information.manufacturer ?? driver?.manufacturer
        return name.map { name in maker.map { name.hasPrefix($0) ? name : "\($0) \(name)" } ?? name }
    }

    private func model(_ sighting: Advertisement) -> String? {
        drivers.soleClaimant(of: Sighting(.advertisement(sighting))).map { "\($0.manufacturer) \($0.model)" }
    }

    // MARK: cables

    mutating func checkCables() {
        if let account {
            for (path, line) in account.lines.sorted(by: { $0.key < $1.key }) {
                let driver = drivers.first { $0.id == line.driver }
                let model = driver.map { "\($0.manufacturer) \($0.model)" }
                if let trouble = line.trouble {
                    find(Finding(.cable, Text(same: path), .fault, trouble, Text(same: model ?? "")))
                } else if let fault = line.identity.flatMap(account.lines.twins) {
                    find(Finding(.cable, Text(same: path), .warning, Trouble(fault), Text(same: model ?? "")))
                } else {
                    let waiting = Text(en: "plugged in, nothing heard yet", da: "sat i, intet hørt endnu")
                    find(.ok(.cable, Text(same: path), model.map { Text(same: $0) } ?? waiting))
                }
            }
        }
        for path in configuration.serialLines.map(\.path) where account?.lines[path] == nil {
            if !Files.exists(path) {
                find(Finding(.cable, Text(same: path), .fault, Trouble(.hub(.portGone)), Text(same: "")))
            } else if account == nil {
                find(tried(path))
            }
        }
    }

    /// Opened and closed, as the daemon would.
    private func tried(_ path: String) -> Finding {
        do throws(Fault) {
            let port = try SerialPort(path, lineSettings(of: drivers)[0].settings)
            port.hangUp()
            return .ok(.cable, Text(same: path), Text(en: "can be opened", da: "kan åbnes"))
        } catch {
            return Finding(.cable, Text(same: path), .fault, Trouble(error), Text(same: error.detail))
        }
    }
}

/// A signal's strength for people: five steps, and the figure for whoever knows it.
func strength(of signal: Int) -> Text {
    let word =
        switch signal {
        case (-60)...: Text(en: "very strong", da: "meget stærkt")
        case (-70)...: Text(en: "strong", da: "stærkt")
        case (-80)...: Text(en: "fair", da: "middel")
        case (-90)...: Text(en: "weak", da: "svagt")
        default: Text(en: "very weak", da: "meget svagt")
        }
    // A figure and its unit stay on one line.
    return word + " signal (\(signal)\u{A0}dBm)"
}
