import Core
import Devices
import Host

/// How the daemon fares with each device and line, for whoever asks: when it was last heard and how well, and what its last
/// visit came to. In memory alone, and bounded: a week of hours of a household's devices.
@Hub final class Hearing {
    /// An hour of one device's signals, in dBm.
    struct Hour: Equatable {
        /// Since 1970.
        let hour: Int
        var count = 0, sum = 0, weakest = 127, strongest = -127

        var mean: Int { count > 0 ? sum / count : 0 }

        mutating func take(_ signal: Int) {
            count += 1
            sum += signal
            weakest = min(weakest, signal)
            strongest = max(strongest, signal)
        }
    }

    struct Device: Equatable {
        var lastHeard: Instant?
        /// The latest, in dBm.
        var signal: Int?
        /// Oldest first; only hours in which something was heard.
        var hours: [Hour] = []
        var lastVisit: Instant?
        /// Why the last visit failed; nil where it did not.
        var trouble: Trouble?
    }

    /// A device that is bound to nobody, of a model that is known.
    struct Stranger: Equatable {
        var model: String
        var lastHeard: Instant
        var signal: Int?
    }

    struct Line: Equatable {
        /// The driver's id, once it was recognised.
        var driver: String?
        var trouble: Trouble?
        /// What names the device on it; see `Sighting.identity`.
        var identity: String?
        /// Where its adapter is plugged in; nil where nobody knows. Some adapters have several lines.
        var socket: String?
    }

    /// What of a device's streams belonged to no frame: damaged on its way, or another's.
    struct Loss: Equatable {
        var gaps = 0, bytes = 0

        /// `12 bytes in 3 places belonged to no frame`
        var words: String { "\(bytes) bytes in \(gaps) \(gaps == 1 ? "place" : "places") belonged to no frame" }
    }

    let started = HubClock.now().wall
    private(set) var devices: [String: Device] = [:]
    private(set) var strangers: [String: Stranger] = [:]
    private(set) var lines: [String: Line] = [:]
    /// By the device's identity, since the daemon started.
    private(set) var losses: [String: Loss] = [:]
    /// When anything at all was last heard on the air.
    private(set) var lastHeard: Instant?

    nonisolated static let mostHours = 168, mostDevices = 64

    func hear(_ advertisement: Advertisement, isBound: Bool, model: @autoclosure () -> String?) {
        let now = HubClock.now().wall, identity = Sighting(.advertisement(advertisement)).identity
        lastHeard = now
        if isBound {
            note(identity) { $0.hear(advertisement.signal, at: now) }
            strangers[identity] = nil
        } else if var stranger = strangers[identity] {
            stranger.lastHeard = now
            stranger.signal = advertisement.signal ?? stranger.signal
            strangers[identity] = stranger
        } else if strangers.count < Self.mostDevices, let model = model() {
            strangers[identity] = Stranger(model: model, lastHeard: now, signal: advertisement.signal)
        }
    }

    func hear(_ identity: String, signal: Int) { note(identity) { $0.hear(signal, at: HubClock.now().wall) } }

    func visited(_ identity: String, _ fault: Fault? = nil) {
        note(identity) { device in
            device.lastVisit = HubClock.now().wall
            device.trouble = fault.map(Trouble.init)
        }
    }

    func lost(gaps: Int, bytes: Int, of identity: String) {
        guard losses[identity] != nil || losses.count < Self.mostDevices else { return }
        losses[identity, default: Loss()].gaps += gaps
        losses[identity, default: Loss()].bytes += bytes
    }

    func note(line: SerialLine, driver: String? = nil, _ fault: Fault? = nil) {
        lines[line.path] = Line(
            driver: driver ?? lines[line.path]?.driver, trouble: fault.map(Trouble.init),
            identity: Sighting(.line(line)).identity,
            socket: line.usb?.interface?.split(separator: ":").first.map { String($0) })
    }

    /// That a device cannot be told from another, because more than one line bears its identity; nil where that is not so.
    func twins(of identity: String) -> Fault? { lines.twins(of: identity) }

    /// A line that is gone is in trouble only where it is configured.
    func forget(line path: String) { lines[path] = nil }

    /// What was wiped is not known here either.
    func forget(_ identity: String?) {
        if let identity {
            (devices[identity], losses[identity]) = (nil, nil)
        } else {
            (devices, strangers, losses) = ([:], [:], [:])
        }
    }

    private func note(_ identity: String, _ change: (inout Device) -> Void) {
        guard devices[identity] != nil || devices.count < Self.mostDevices else { return }
        change(&devices[identity, default: Device()])
    }
}

extension [String: Hearing.Line] {
    func twins(of identity: String) -> Fault? {
        let alike = filter { $0.value.identity == identity }, sockets = Set(alike.map { $0.value.socket ?? $0.key })
        // One adapter may have several lines, with a device on one of them.
        let bearers = sockets.count > 1 ? alike : alike.filter { $0.value.driver != nil }
        return bearers.count > 1 ? .hub(.linesAlike(bearers.keys.sorted())) : nil
    }
}

extension Hearing.Device {
    fileprivate mutating func hear(_ signal: Int?, at now: Instant) {
        lastHeard = now
        guard let signal else { return }
        self.signal = signal
        let hour = Int(now.milliseconds / 3_600_000)
        if hours.last?.hour != hour { hours = hours.suffix(Hearing.mostHours - 1) + [.init(hour: hour)] }
        hours[hours.count - 1].take(signal)
    }
}

extension Hearing {
    /// A line for each device: its identity, gaps and bytes.
    nonisolated static func notation(of losses: [String: Loss]) -> String {
        losses.map { "\($0.key)\t\($0.value.gaps)\t\($0.value.bytes)" }.joined(separator: "\n")
    }

    /// Reads what `notation` writes.
    nonisolated static func losses(notation: String) -> [String: Loss] {
        var losses: [String: Loss] = [:]
        for line in notation.split(separator: "\n") {
            let words = line.split(separator: "\t")
            guard words.count == 3, let gaps = Int(words[1]), let bytes = Int(words[2]) else { continue }
            losses[String(words[0])] = Loss(gaps: gaps, bytes: bytes)
        }
        return losses
    }
}

/// A fault as it is handed on: its stable code, and what is particular about it.
struct Trouble: Equatable, Sendable {
    let cause: Cause, detail: String

    init(_ fault: Fault) {
        cause = Cause(fault)
        detail = fault.detail
    }

    init(_ notice: Notice, _ detail: String = "") {
        cause = .notice(notice)
        self.detail = detail
    }

    /// Reads a code and its detail; nil for an empty or unknown code.
    init?(code: String, detail: String) {
        guard let cause = Cause(code: code) else { return nil }
        self.cause = cause
        self.detail = detail
    }
}

extension Gateway {
    var hearing: Hearing { contacts.hearing }

    /// A line is there. Where it cannot be told from another that is said at once: what comes of the two is nobody's, if one
    /// of them is bound to somebody.
    func note(_ line: SerialLine) {
        hearing.note(line: line)
        let identity = Sighting(.line(line)).identity
        if let fault = hearing.twins(of: identity) { log(fault, about: identity) }
    }

    /// Somebody was heard: a device of ours, or one that might be.
    func note(_ advertisement: Advertisement) {
        let sighting = Sighting(.advertisement(advertisement)), isBound = acceptList.isBound(sighting.identity)
        contacts.hear(
            advertisement, isBound: isBound,
            model: drivers.soleClaimant(of: sighting).map { "\($0.manufacturer) \($0.model)" })
        // It is there, and nobody may ask it what it has.
        guard isBound, advertisement.kind != .classic, setAside.contains(sighting.identity) else { return }
        contacts.left(sighting.identity, isRead: false)
    }

    /// Of a device that the kernel connects to by itself nobody has heard an advertisement: the link is asked.
    func noteSignal(of advertisement: Advertisement, over central: any Central) async {
        guard advertisement.signal == nil, let signal = await central.signal(of: advertisement.device) else { return }
        hearing.hear(Sighting(.advertisement(advertisement)).identity, signal: signal)
    }
}
