import Core

/// One thing that `vitalsd watch` shows, as it is at present. No value of a reading and no person is ever in it.
enum SceneEntry: Equatable, Sendable {
    case hub(HubScene)
    case device(DeviceScene)
    case visit(VisitScene)
    case reading(ReadingScene)

    /// What an entry is about. It takes the place of an earlier one with the same key.
    enum Key: Hashable, Sendable {
        case hub, device(String), visit(String), reading(Int64)

        /// Which of the four it is.
        var kind: Int {
            switch self {
            case .hub: 0
            case .device: 1
            case .visit: 2
            case .reading: 3
            }
        }
    }

    var key: Key {
        switch self {
        case .hub: .hub
        case .device(let device): .device(device.address)
        case .visit(let visit): .visit(visit.device)
        case .reading(let reading): .reading(reading.number)
        }
    }
}

/// The hub itself.
struct HubScene: Equatable, Sendable {
    /// How far the hub's clock may be off, in milliseconds; nil while nothing keeps it.
    var clockError: Int?
    /// What stands in the way.
    var radio: SceneFault?, clinic: SceneFault?
    /// Since the daemon began, and what waits now.
    var delivered = 0, waiting = 0
}

/// A wireless device that was heard.
struct DeviceScene: Equatable, Sendable {
    var address: String
    /// Empty for one of no known model, whose own name may be a person's.
    var model: String
    var isBound: Bool
    /// In dBm.
    var signal: Int?
    var heard: Instant
}

/// The last visit of a device, or of a line.
struct VisitScene: Equatable, Sendable {
    enum Step: String, Sendable, CaseIterable {
        case connecting, begun, clockRead, clockSet, kept, gaveAll, over, failed
    }
    var device: String, model: String
    /// What has happened, in the order in which it first did.
    var steps: [Step]
    var kept = 0, known = 0
    /// Why it failed.
    var fault: SceneFault?
    var began: Instant, latest: Instant

    var isOver: Bool { steps.last == .over || steps.last == .failed }
}

/// A reading on its way to its receipt.
struct ReadingScene: Equatable, Sendable {
    enum Step: String, Sendable { case kept, sent, delivered, refused }
    var number: Int64
    var kind: String, model: String
    var step: Step
    var kept: Instant, latest: Instant
}

extension SceneEntry {
    /// One packet of the control socket: words with tabs between.
    var notation: String {
        let words: [String] =
            switch self {
            case .hub(let hub):
                [
                    "hub", hub.clockError.map(String.init) ?? "", words(of: hub.radio), words(of: hub.clinic),
                    String(hub.delivered), String(hub.waiting),
                ]
            case .device(let device):
                [
                    "device", device.address, plain(device.model), device.isBound ? "bound" : "",
                    device.signal.map(String.init) ?? "", device.heard.words,
                ]
            case .visit(let visit):
                [
                    "visit", plain(visit.device), plain(visit.model),
                    visit.steps.map(\.rawValue).joined(separator: " "),
                    String(visit.kept), String(visit.known), words(of: visit.fault), visit.began.words,
                    visit.latest.words,
                ]
            case .reading(let reading):
                [
                    "reading", String(reading.number), reading.kind, plain(reading.model),
                    reading.step.rawValue,
                    reading.kept.words, reading.latest.words,
                ]
            }
        return words.joined(separator: "\t")
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        let words = notation.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        switch (words[0], words.count) {
        case ("hub", 6):
            guard let delivered = Int(words[4]), let waiting = Int(words[5]) else { return nil }
            self = .hub(
                HubScene(
                    clockError: Int(words[1]), radio: SceneFault(notation: words[2]),
                    clinic: SceneFault(notation: words[3]), delivered: delivered,
                    waiting: waiting))
        case ("device", 6):
            guard let heard = Instant(words: words[5]) else { return nil }
            self = .device(
                DeviceScene(
                    address: words[1], model: words[2], isBound: words[3] == "bound", signal: Int(words[4]),
                    heard: heard))
        case ("visit", 9):
            guard let kept = Int(words[4]), let known = Int(words[5]),
                let began = Instant(words: words[7]),
                let latest = Instant(words: words[8])
            else { return nil }
            self = .visit(
                VisitScene(
                    device: words[1], model: words[2],
                    steps: words[3].split(separator: " ").compactMap {
                        VisitScene.Step(rawValue: String($0))
                    },
                    kept: kept, known: known, fault: SceneFault(notation: words[6]), began: began, latest: latest))
        case ("reading", 7):
            guard let number = Int64(words[1]), let step = ReadingScene.Step(rawValue: words[4]),
                let kept = Instant(words: words[5]), let latest = Instant(words: words[6])
            else { return nil }
            self = .reading(
                ReadingScene(
                    number: number, kind: words[2], model: words[3], step: step, kept: kept, latest: latest))
        default: return nil
        }
    }

    /// The same for programs.
    var json: String {
        var json = JSONWriter()
        json.object { json in
            switch self {
            case .hub(let hub):
                json.member("kind", "hub")
                json.member("clockErrorMilliseconds", orNull: hub.clockError)
                json.member("radio", orNull: hub.radio?.words ?? "")
                json.member("clinic", orNull: hub.clinic?.words ?? "")
                json.member("delivered", hub.delivered)
                json.member("waiting", hub.waiting)
            case .device(let device):
                json.member("kind", "device")
                json.member("address", device.address)
                json.member("model", orNull: device.model)
                json.member("bound", device.isBound)
                json.member("signal", orNull: device.signal)
                json.member("heard", text(device.heard))
            case .visit(let visit):
                json.member("kind", "visit")
                json.member("device", visit.device)
                json.member("model", visit.model)
                json.array("steps") { json in for step in visit.steps { json.string(step.rawValue) } }
                json.member("kept", visit.kept)
                json.member("known", visit.known)
                json.member("fault", orNull: visit.fault?.words ?? "")
                json.member("began", text(visit.began))
                json.member("latest", text(visit.latest))
            case .reading(let reading):
                json.member("kind", "reading")
                json.member("number", Int(reading.number))
                json.member("of", reading.kind)
                json.member("model", reading.model)
                json.member("step", reading.step.rawValue)
                json.member("kept", text(reading.kept))
                json.member("latest", text(reading.latest))
            }
        }
        return json.text
    }
}

extension JSONWriter {
    fileprivate mutating func member(_ key: String, orNull value: Int?) {
        if let value { member(key, value) } else { null(key) }
    }
    fileprivate mutating func member(_ key: String, orNull value: String) {
        if value.isEmpty { null(key) } else { member(key, value) }
    }
}

extension Instant {
    fileprivate var words: String { String(milliseconds) }
    fileprivate init?(words: String) {
        guard let milliseconds = Int64(words) else { return nil }
        self.init(milliseconds: milliseconds)
    }
}

private func words(of fault: SceneFault?) -> String { fault.map { plain($0.notation) } ?? "" }

/// Without what would end a word, or steer a terminal.
private func plain(_ text: String) -> String {
    String(text.unicodeScalars.map { $0.value < 32 || 0x7F..<0xA0 ~= $0.value ? " " : Character($0) })
}
