import Core
import Host
import Journal

extension Command {
    static let status = Command(
        verb: "status", arguments: "[--json] [--lang da|en] [--configuration FILE]",
        summary: "is it running, what is pending, what is the matter",
        explanation: """
            Reads the journal, whether or not the daemon runs, and asks the daemon where it does. No reading's value and
            no person is printed. `lost` counts, since the daemon started, what of a device's streams belonged to no frame:
            a cable or a radio that damages them.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        try arguments.end()
        let configuration = try configuration(at: path, language)
        var daemon: String?, losses: [String: Hearing.Loss] = [:], account: Account?, silence: Trouble?
        do throws(Fault) {
            daemon = try await Control.ask("status", configuration)
            losses = try await Control.ask("losses", configuration).map(Hearing.losses(notation:)) ?? [:]
            if !wantsJSON { account = try await Control.ask("diagnosis", configuration).map(Account.init(notation:)) }
        } catch {
            silence = Trouble(error)
        }
        let isRunning = daemon != nil || silence != nil
        let (summary, clocks, lives, now) = try reading(configuration, language) { journal throws(Fault) in
            (try journal.summary(), try journal.clocks(), try journal.lives(), try journal.now())
        }
        guard !wantsJSON else { return printLine(json(summary, clocks, lives, at: now, losses, isRunning, daemon)) }
        var entries = StatusText.summary(summary, isRunning: isRunning)
        // Without a device that needs it, a radio that is missing is none.
        let needsRadio = lives.contains { $0.identity.hasPrefix("bluetooth:") && $0.binding != nil }
        let radioTrouble = needsRadio ? account?.radioTrouble ?? account?.callTrouble : nil
        let troubles = [silence, radioTrouble, account?.courierTrouble].compactMap(\.self)
        entries += troubles.map(StatusText.matter)
        entries += lives.map { $0.told(at: now) } + clocks.flatMap(\.told)
        entries += losses.sorted { $0.key < $1.key }.map { StatusText.lost($0.key, $0.value) }
        for entry in entries { printHanging(entry[language], by: StatusText.margin(language)) }
    }

    static let queue = Command(
        verb: "queue",
        arguments: "[show ID | retry ID… | assign ID… --patient Patient/ID] [--json] [--lang da|en] "
            + "[--configuration FILE]",
        summary: "what waits, and what the clinic refused and why",
        explanation: """
            One line for each reading that is not at the clinic: waiting, refused with the clinic's reason, assigned to
            nobody, or not decodable. `show` prints what was asked and answered about one that was refused: the request
            has the reading's values and whom it is about. `retry` sends refused ones again; `assign` says whom those are about that came from
            a slot of nobody's, or that a device remembered from before it was bound.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        let patient = try arguments.option("patient")
        let words = try arguments.rest()
        if let verb = words.first, ["retry", "assign"].contains(verb) {
            let ids = words.dropFirst().compactMap { Int64($0) }
            guard !ids.isEmpty, ids.count == words.count - 1 else {
                throw arguments.complain("\(verb) wants reading numbers")
            }
            guard verb == "assign" else {
                return try await Act.retry(ids)
                    .carryOut(with: configuration(at: path, language), wantsJSON: wantsJSON, in: language)
            }
            guard let patient, Configuration.Key.Kind.reference.accepts(patient) else {
                throw arguments.complain("assign wants --patient, \(Configuration.Key.Kind.reference.rawValue)")
            }
            return try await Act.assign(ids, .reference(patient))
                .carryOut(with: configuration(at: path, language), wantsJSON: wantsJSON, in: language)
        }
        if words.first == "show" {
            guard words.count == 2, let id = Int64(words[1]) else {
                throw arguments.complain("show wants one reading number")
            }
            return try show(id, configuration(at: path, language), in: language)
        }
        if let stray = words.first { throw arguments.complain("unexpected \(stray)") }
        let configuration = try configuration(at: path, language)
        let rows = try reading(configuration, language) { journal throws(Fault) in
            var rows: [Journal.Row] = []
            for state in Journal.State.allCases where state != .accepted {
                rows += try journal.rows(state, limit: 1000)
            }
            return rows.sorted { $0.id < $1.id }
        }
        guard !wantsJSON else {
            for row in rows { printLine(json(row)) }
            return
        }
        for line in columns(rows.map { QueueText.row($0).map { $0[language] } }) { printHanging(line, by: 4) }
        if rows.isEmpty { printLine(StatusText.nothingWaits[language]) }
    }
}

extension Arguments {
    /// `--configuration FILE`, or where the installation puts it.
    mutating func configurationPath() throws(Exit) -> String {
        try option("configuration") ?? "/etc/vitalsd/vitalsd.conf"
    }

    mutating func bluetoothAddress() throws(Exit) -> BluetoothAddress {
        let words = try rest()
        guard words.count == 1, let address = BluetoothAddress(words[0]) else {
            throw complain("expected one Bluetooth address, such as 00:09:1F:80:00:22")
        }
        return address
    }

    /// An address; nil where none is named and somebody can be asked.
    mutating func addressIfNamed(canAsk: Bool) throws(Exit) -> BluetoothAddress? {
        isAtEnd && canAsk ? nil : try bluetoothAddress()
    }

    /// A device's identity: that of a Bluetooth address, or one on a cable as `vitalsd status` shows it.
    mutating func deviceIfNamed(canAsk: Bool) throws(Exit) -> String? {
        let words = try rest()
        if words.isEmpty, canAsk { return nil }
        if words.count == 1, words[0].hasPrefix("usb:") || words[0].hasPrefix("line:/") { return words[0] }
        guard words.count == 1, let address = BluetoothAddress(words[0]) else {
            throw complain("expected one Bluetooth address, such as 00:09:1F:80:00:22, or usb:… or line:… of a cable")
        }
        return "bluetooth:\(address)"
    }

    mutating func slot() throws(Exit) -> Int? {
        guard let text = try option("user") else { return nil }
        guard let slot = Int(text), 0...255 ~= slot else { throw complain("--user wants a number from 0 to 255") }
        return slot
    }
}

/// Read after the words have been understood: what was typed wrong is said before what is written wrong.
func configuration(at path: String, _ language: Language = .english) throws(Exit) -> Configuration {
    do {
        return try Configuration.reading(path)
    } catch {
        throw complain(error, in: language)
    }
}

extension Configuration {
    static func reading(_ path: String) throws(Fault) -> Configuration {
        do {
            return try Configuration(path: path)
        } catch {
            throw error.fault
        }
    }

    var journalPath: String { stateDirectory + "/journal" }

    /// Whoever may not look into the state directory sees nothing there, and that is another thing than that nothing is there:
    /// throws `hub(.noPermission)`.
    func mayBeLookedInto() throws(Fault) {
        if Files.exists(stateDirectory) { _ = try Files.names(in: stateDirectory) }
    }
}

func mayLookIn(_ configuration: Configuration, _ language: Language) throws(Exit) {
    do throws(Fault) {
        try configuration.mayBeLookedInto()
    } catch {
        throw complain(error, in: language)
    }
}

/// Looks into the journal, whether or not a daemon has it.
func reading<Result>(
    _ configuration: Configuration, _ language: Language, _ look: (JournalConnection) throws(Fault) -> Result
) throws(Exit) -> Result {
    try mayLookIn(configuration, language)
    guard Files.exists(configuration.journalPath) else {
        printError("vitalsd: \(ActText.neverRan(configuration.journalPath)[language])")
        throw .configuration
    }
    do throws(Fault) {
        try HubClock.useZone(configuration.timeZone)
        return try look(try JournalConnection(configuration.journalPath))
    } catch {
        throw complain(error, in: language)
    }
}

private func json(
    _ summary: Journal.Summary, _ clocks: [DeviceClock], _ lives: [Journal.Life], at now: HubTime,
    _ losses: [String: Hearing.Loss], _ isRunning: Bool, _ daemon: String?
) -> String {
    var json = JSONWriter()
    json.object { json in
        json.member("running", isRunning)
        for (state, count) in summary.counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            json.member(state.rawValue, count)
        }
        json.member("journalBytes", summary.used)
        json.member("schema", summary.schema)
        if let oldest = summary.oldestPending {
            json.member("oldestPending", text(oldest))
        } else {
            json.null("oldestPending")
        }
        json.object("destinations") { json in
            for (name, count) in summary.pending.sorted(by: { $0.key < $1.key }) { json.member(name, count) }
        }
        json.array("bound") { json in
            for life in lives { json.object { life.write(into: &$0, at: now) } }
        }
        json.array("clocks") { json in for clock in clocks { json.object(clock.write) } }
        json.array("lost") { json in
            for (device, loss) in losses.sorted(by: { $0.key < $1.key }) {
                json.object { json in
                    json.member("device", device)
                    json.member("gaps", loss.gaps)
                    json.member("bytes", loss.bytes)
                }
            }
        }
        if let daemon { json.raw("daemon", daemon) } else { json.null("daemon") }
    }
    return json.text
}

private func json(_ row: Journal.Row) -> String {
    var json = JSONWriter()
    json.object { json in
        json.member("id", Int(row.id))
        json.member("state", row.state.rawValue)
        if let kept = row.kept {
            json.member("driver", kept.device.driver)
            json.member("heard", text(kept.heard.wall))
        }
        let objection = row.answers.compactMap(\.objection?.english).first
        if let objection { json.member("fault", objection) } else { json.null("fault") }
        json.array("answers") { json in
            for answer in row.answers {
                json.object { json in
                    json.member("destination", answer.destination)
                    json.member("accepted", answer.accepted)
                    if let fault = answer.objection?.english { json.member("fault", fault) } else { json.null("fault") }
                }
            }
        }
    }
    return json.text
}

/// An instant as people of this hub write it, with its zone.
func text(_ instant: Instant) -> String {
    let offset = HubClock.offset(at: instant), sign = offset < 0 ? "-" : "+", minutes = abs(offset)
    guard let local = HubClock.localTime(at: instant) else { return "?" }
    return "\(local)\(sign)\(padded(minutes / 60, 2)):\(padded(minutes % 60, 2))"
}
