import Core
import Host

/// What the running daemon alone knows, as it gives it to `vitalsd diagnose`: one packet of the control socket, a line each,
/// words with tabs between.
struct Account: Equatable {
    var version = ""
    var started = Instant(milliseconds: 0)
    /// Nil where there is to be none.
    var hasRadio = false
    var radio: String?, radioTrouble: Trouble?
    /// Why nobody can call, though the radio works.
    var callTrouble: Trouble?
    var lastHeard: Instant?
    var courierTrouble: Trouble?
    var delivered = 0
    /// When a backlog goes on that waits for its turn after a long outage; nil where none does.
    var resumes: Instant?
    var devices: [String: Hearing.Device] = [:]
    var strangers: [String: Hearing.Stranger] = [:]
    var lines: [String: Hearing.Line] = [:]
    var setAside: [String] = []

    init() {}

    @Hub init(of gateway: Gateway) {
        version = vitalsd.version
        let hearing = gateway.hearing
        started = hearing.started
        hasRadio = gateway.central != nil
        radio = gateway.central?.name
        radioTrouble = gateway.central?.fault.map(Trouble.init)
        callTrouble = radioTrouble == nil ? gateway.central?.callFault.map(Trouble.init) : nil
        lastHeard = hearing.lastHeard
        courierTrouble = gateway.couriers.trouble.map(Trouble.init)
        delivered = gateway.couriers.delivered
        resumes = gateway.couriers.resumes
        (devices, strangers, lines) = (hearing.devices, hearing.strangers, hearing.lines)
        setAside = gateway.setAside.sorted()
    }

    /// What the notation may have, in bytes: the reader takes one packet, and a longer one not at all.
    private static let room = Control.longest - 4096

    /// The hours come last: of those there are as many as there is room for.
    var notation: String {
        var room = Self.room, said: [String] = []
        for fact in facts {
            let line = notated(fact)
            guard line.utf8.count < room else { continue }
            room -= line.utf8.count + 1
            said.append(line)
        }
        return (said + hours(within: room)).joined(separator: "\n")
    }

    /// The newest hours of every device for which there is room, each device's oldest first.
    private func hours(within room: Int) -> [String] {
        var room = room
        let devices = devices.sorted { $0.key < $1.key }
        var said = [[String]](repeating: [], count: devices.count)
        for age in 1...Hearing.mostHours {
            for (index, (identity, device)) in devices.enumerated() where age <= device.hours.count {
                let hour = device.hours[device.hours.count - age]
                let numbers = [hour.hour, hour.count, hour.sum, hour.weakest, hour.strongest].map(String.init)
                let line = notated(["hour", identity] + numbers)
                guard line.utf8.count < room else { return said.flatMap { $0.reversed() } }
                room -= line.utf8.count + 1
                said[index].append(line)
            }
        }
        return said.flatMap { $0.reversed() }
    }

    /// All but the hours, a line each, the devices first.
    private var facts: [[String]] {
        var lines: [[String]] = [
            ["version", version], ["started", word(started)], ["delivered", String(delivered)],
            ["resumes", word(resumes)],
            ["radio", hasRadio ? "yes" : "no", radio ?? ""] + words(radioTrouble),
            ["calls"] + words(callTrouble), ["heard", word(lastHeard)], ["courier"] + words(courierTrouble),
        ]
        for (identity, device) in devices.sorted(by: { $0.key < $1.key }) {
            lines.append(
                [
                    "device", identity, word(device.lastHeard), device.signal.map(String.init) ?? "",
                    word(device.lastVisit),
                ]
                    + words(device.trouble))
        }
        for (identity, stranger) in strangers.sorted(by: { $0.key < $1.key }) {
            lines.append(
                [
                    "stranger", identity, stranger.model, word(stranger.lastHeard),
                    stranger.signal.map(String.init) ?? "",
                ])
        }
        for (path, line) in self.lines.sorted(by: { $0.key < $1.key }) {
            lines.append(["line", path, line.driver ?? ""] + words(line.trouble))
            if let identity = line.identity { lines.append(["plugged", path, identity]) }
            if let socket = line.socket { lines.append(["socket", path, socket]) }
        }
        for identity in setAside { lines.append(["aside", identity]) }
        return lines
    }

    /// Reads what `notation` writes. A daemon of another version may say more, which is passed over, or less.
    init(notation: String) {
        for line in notation.split(separator: "\n") {
            let words = line.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
            func trouble(at place: Int) -> Trouble? { Trouble(code: words[place], detail: words[place + 1]) }
            switch (words[0], words.count) {
            case ("version", 2): version = words[1]
            case ("started", 2): started = instant(words[1]) ?? started
            case ("delivered", 2): delivered = Int(words[1]) ?? 0
            case ("resumes", 2): resumes = instant(words[1])
            case ("radio", 5):
                hasRadio = words[1] == "yes"
                radio = words[2].isEmpty ? nil : words[2]
                radioTrouble = trouble(at: 3)
            case ("calls", 3): callTrouble = trouble(at: 1)
            case ("heard", 2): lastHeard = instant(words[1])
            case ("courier", 3): courierTrouble = trouble(at: 1)
            case ("device", 7):
                devices[words[1]] = Hearing.Device(
                    lastHeard: instant(words[2]), signal: Int(words[3]), lastVisit: instant(words[4]),
                    trouble: trouble(at: 5))
            case ("hour", 7):
                let numbers = words[2...].compactMap { Int($0) }
                guard numbers.count == 5 else { continue }
                devices[words[1]]?.hours.append(
                    Hearing.Hour(
                        hour: numbers[0], count: numbers[1], sum: numbers[2], weakest: numbers[3],
                        strongest: numbers[4]))
            case ("stranger", 5):
                guard let heard = instant(words[3]) else { continue }
                strangers[words[1]] = Hearing.Stranger(model: words[2], lastHeard: heard, signal: Int(words[4]))
            case ("line", 5):
                let driver = words[2].isEmpty ? nil : words[2]
                lines[words[1]] = Hearing.Line(driver: driver, trouble: trouble(at: 3))
            case ("plugged", 3): lines[words[1]]?.identity = words[2]
            case ("socket", 3): lines[words[1]]?.socket = words[2]
            case ("aside", 2): setAside.append(words[1])
            default: continue
            }
        }
    }
}

private func word(_ instant: Instant?) -> String { instant.map { String($0.milliseconds) } ?? "" }
private func instant(_ word: String) -> Instant? { Int64(word).map(Instant.init(milliseconds:)) }
private func words(_ trouble: Trouble?) -> [String] { [trouble?.cause.code ?? "", trouble?.detail ?? ""] }
private func notated(_ words: [String]) -> String { words.map(oneWord).joined(separator: "\t") }
/// No tab and no new line may come from outside, nor a word that would leave no room for others.
private func oneWord(_ word: String) -> String {
    var word = String(word.map { $0.isNewline || $0 == "\t" ? " " : $0 })
    while word.utf8.count > 256 { word.removeLast() }
    return word
}
