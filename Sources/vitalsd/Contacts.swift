import Core
import Host
import Journal

/// What was heard of whom, measuring or not, and since when the hub has been listening to the air and to its lines.
///
/// "Nothing was measured" is only true where the device was heard, and "it was not heard" only where somebody listened.
/// Devices are heard many times a second: what is known goes to disk every five minutes, and without waiting for it. How
/// well they were heard, and what their visits came to, is in `hearing`, in memory alone.
@Hub final class Contacts {
    let hearing = Hearing()
    /// The hub's time as it is known by now.
    let now: () -> HubTime
    private let journal: Journal
    private var contacts: [String: Journal.Contact] = [:]
    private var changed: Set<String> = []
    /// How often the journal is forgetting devices just now: what is written meanwhile would outlast it.
    var forgettings = 0
    /// Rung by a device that was never heard before.
    private let newcomer: Bell
    /// A place to listen, by its name in the journal.
    private enum Place: String, CaseIterable {
        case air = "listening", calls = "listening-calls", lines = "listening-lines"
    }
    private var vigils: [Place: Vigil] = [:]
    /// Whether the radio can hear anybody; who cannot be heard on it but calls, and why nobody can call.
    private var hears = true
    var callers: () -> Set<String> = { [] }
    var callFault: () -> Fault? = { nil }
    /// Whether a device on USB is met by itself; where udev does not run only the configured lines are.
    private let hearsUSB: Bool
    private static let pause = Duration.seconds(300)

    init(_ journal: Journal, hearsUSB: Bool, now: @escaping () -> HubTime) async throws(Fault) {
        self.journal = journal
        self.now = now
        self.hearsUSB = hearsUSB
        newcomer = try Bell()
        for contact in try await journal.contacts() { contacts[contact.device] = contact }
        let start = HubClock.now()
        for place in Place.allCases {
            vigils[place] = Vigil(try await journal.value(for: place.rawValue), at: start)
        }
    }

    func run() async {
        while true {
            _ = await newcomer.rung(before: .now + Self.pause)
            await flush()
        }
    }

    /// Writes down what has changed.
    func flush() async {
        guard forgettings == 0 else { return }
        minds()
        let now = now(), news = changed.compactMap { contacts[$0] }
        changed = []
        do throws(Fault) {
            if !news.isEmpty { try await journal.note(news) }
            for place in Place.allCases {
                vigils[place]?.conclude(at: now)
                // Most homes have none, and are spared the writing.
                if place == .calls, callers().isEmpty { continue }
                guard let words = vigils[place]?.words(at: now) else { continue }
                try await journal.set(place.rawValue, to: words)
            }
        } catch {
            changed.formUnion(news.map(\.device))
            log(error)
        }
    }

    /// Somebody was heard on the air. A classic device cannot be: only its call tells that it is there.
    func hear(_ advertisement: Advertisement, isBound: Bool, model: @autoclosure () -> String?) {
        hearing.hear(advertisement, isBound: isBound, model: model())
        if isBound, advertisement.kind != .classic { hear(Sighting(.advertisement(advertisement)).identity) }
    }

    private func hear(_ device: String) {
        let now = HubClock.now(), isNew = contacts[device] == nil
        contacts[device, default: Journal.Contact(device: device, heard: now)].heard = now
        changed.insert(device)
        // A technician looks at what was just installed: `status` must not say for five minutes that it was never heard.
        if isNew { newcomer.ring() }
    }

    /// A device on a cable says something. It is read as it comes, so that nothing is left in it. A cable alone says nothing.
    func hear(line device: String) {
        hear(device)
        contacts[device]?.isRead = true
    }

    /// A visit has ended: whether it got all that the device had.
    func left(_ device: String, isRead: Bool) {
        hear(device)
        contacts[device]?.isRead = isRead
    }

    /// A visit that the daemon did not outlive: the device was not heard since, and nobody knows what it still has.
    func brokeOff(_ device: String) {
        contacts[device]?.isRead = false
        changed.insert(device)
    }

    /// What a reading says of the device itself.
    func learn(_ reading: Reading, of device: String) {
        hear(device)
        contacts[device]?.isLow = reading.remarks.contains(.lowBattery)
        let battery = reading.values.first { $0.quantity == .batteryCharge }?.amount
        if let percent = battery?.whole { contacts[device]?.battery = percent }
    }

    /// What was wiped is not known here either.
    func forget(_ device: String?) {
        hearing.forget(device)
        if let device { contacts[device] = nil } else { contacts = [:] }
        changed = changed.filter { contacts[$0] != nil }
    }

    /// Whether the radio can hear anybody.
    func listens(_ canHear: Bool) {
        hears = canHear
        if canHear { vigils[.air]?.begin(at: HubClock.now()) } else { vigils[.air]?.end() }
        minds()
    }

    /// Looks whether anybody can call: nothing rings when that changes.
    private func minds() {
        if hears, callFault() == nil { vigils[.calls]?.begin(at: HubClock.now()) } else { vigils[.calls]?.end() }
    }

    /// Since when the hub has been listening to the air without a break.
    func listening(at now: HubTime) -> Instant? { vigils[.air]?.instant(at: now) }

    /// Since when it has been listening to where a device is heard, whatever becomes of the radio.
    func listening(to device: String, at now: HubTime) -> Instant? {
        if device.hasPrefix("bluetooth:") {
            minds()
            return callers().contains(device) ? vigils[.calls]?.instant(at: now) : listening(at: now)
        }
        return hearsUSB || !device.hasPrefix("usb:") ? vigils[.lines]?.instant(at: now) : nil
    }
}

extension Amount {
    /// A percentage without its decimals; nil for what is none.
    fileprivate var whole: Int? {
        guard exponent <= 0, exponent >= -6, mantissa >= 0 else { return nil }
        let scale = (0..<Int(-exponent)).reduce(1) { scale, _ in scale * 10 }, percent = Int(mantissa) / scale
        return percent <= 100 ? percent : nil
    }
}
