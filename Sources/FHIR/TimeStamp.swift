import Core

/// Writes the hub's time as FHIR's dateTime: milliseconds and the zone's offset at that moment.
struct Zone {
    /// Minutes east of Greenwich at an instant.
    let offset: (Instant) -> Int

    /// `2026-11-20T08:14:43.000+01:00`
    func text(_ instant: Instant) -> String {
        let minutes = offset(instant), milliseconds = Int(instant.milliseconds)
        // Floor, so that the milliseconds count upwards before 1970 too.
        let fraction = (milliseconds % 1000 + 1000) % 1000
        let seconds = (milliseconds - fraction) / 1000 + minutes * 60
        guard let local = LocalTime(seconds: seconds, microsecond: fraction * 1000, decimals: 3) else {
            return "9999-12-31T23:59:59.999Z"
        }
        return local.description + Self.text(minutes)
    }

    /// The calendar of a device without a zone, given the hub's offset at `instant`.
    func text(_ local: LocalTime, at instant: Instant) -> String {
        let whole = LocalTime(seconds: local.seconds, microsecond: local.microsecond, decimals: 3) ?? local
        return whole.description + Self.text(offset(instant))
    }

    private static func text(_ minutes: Int) -> String {
        let magnitude = abs(minutes)
        return (minutes < 0 ? "-" : "+") + padded(magnitude / 60, 2) + ":" + padded(magnitude % 60, 2)
    }
}

/// When an Observation is true, as FHIR writes it.
enum Effective: Equatable {
    case instant(String)
    /// From when is unknown where the device did not say.
    case period(start: String?, end: String)

    /// `lasting` is for what begins at the reading's own time; a reading's duration ends there.
    init(_ kept: Kept, _ zone: Zone, lasting: Duration? = nil) {
        guard let at = kept.dated.at else {
            // A hub that knew the time needs no allowance for its clock: what it heard was over.
            let latest = kept.dated.latest ?? kept.heard.wall
            let end = kept.heard.synchronised ? min(latest, kept.heard.wall) : latest
            self = .period(start: kept.dated.earliest.map(zone.text), end: zone.text(end))
            return
        }
        if let lasting {
            self = .period(start: zone.text(at), end: zone.text(at + lasting))
        } else if let duration = kept.reading.duration {
            self = .period(start: zone.text(at + (.zero - duration)), end: zone.text(at))
        } else {
            self = .instant(zone.text(at))
        }
    }

    func write(into json: inout JSONWriter) {
        switch self {
        case .instant(let time): json.member("effectiveDateTime", time)
        case .period(let start, let end):
            json.object("effectivePeriod") { json in
                if let start { json.member("start", start) }
                json.member("end", end)
            }
        }
    }
}

extension Duration {
    /// Whole nanoseconds; no device counts finer.
    var nanoseconds: Int128 {
        Int128(components.seconds) * 1_000_000_000 + Int128(components.attoseconds) / 1_000_000_000
    }
}

extension RawTime {
    /// Nanoseconds on the device's own line: a counter's from its start, a calendar's from 2000-01-01T00:00:00.
    var nanoseconds: Int128? {
        switch self {
        case .clock(let time):
            return Int128(time.seconds - 946_684_800) * 1_000_000_000 + Int128(time.microsecond) * 1000
        case .ticks(_, let resolution): return resolution > .zero ? line?.nanoseconds : nil
        case .now, .unknown, .age: return nil
        }
    }

    /// How many decimals tell two neighbouring stamps apart: 1 s none, 10 ms two, 100 µs four.
    private var decimals: Int {
        switch self {
        case .clock(let time): time.decimals
        case .ticks(_, let resolution):
            (0..<9).first { powerOfTen(9 - $0) <= resolution.nanoseconds } ?? 9
        case .now, .unknown, .age: 0
        }
    }

    /// What the device said, uncorrected, as the PHD identifier writes it: seconds from the start of the measurement's
    /// time on the device's own line, and after `..` how long it lasted. Nil where the device gave no time.
    func phdTime(lasting duration: Duration?) -> String? {
        guard let end = nanoseconds else { return nil }
        guard let duration else { return seconds(end) }
        return seconds(end - duration.nanoseconds) + ".." + seconds(duration.nanoseconds)
    }

    /// The same of what begins at the device's time, and lasts as `inSteps` gives it.
    func phdTime(beginningAndLasting duration: Duration) -> String? {
        nanoseconds.map { seconds($0) + ".." + seconds(duration.nanoseconds) }
    }

    /// The duration, made whole in steps of the stamp, or in milliseconds where it has finer ones or none.
    func inSteps(_ duration: Duration) -> Duration {
        let step = DeviceClock(self) == nil ? 1_000_000 : powerOfTen(9 - min(3, decimals))
        return .nanoseconds(Int64(clamping: (duration.nanoseconds + step - 1) / step * step))
    }

    private func seconds(_ nanoseconds: Int128) -> String {
        let scaled = nanoseconds.magnitude / powerOfTen(9 - decimals).magnitude, one = powerOfTen(decimals).magnitude
        let fraction = decimals == 0 ? "" : "." + padded(Int(scaled % one), decimals)
        return (nanoseconds < 0 ? "-" : "") + String(scaled / one) + fraction
    }
}

private func powerOfTen(_ exponent: Int) -> Int128 { (0..<exponent).reduce(1) { power, _ in power * 10 } }

/// Which clock a device has, in the words of ISO/IEEE 11073-20601.
enum DeviceClock: CaseIterable, Hashable {
    case calendar, counter, fineCounter

    init?(_ time: RawTime) {
        switch time {
        case .clock: self = .calendar
        case .ticks(_, let resolution): self = resolution >= .milliseconds(1) ? .counter : .fineCounter
        case .now, .unknown, .age: return nil
        }
    }

    var coding: Coding {
        switch self {
        case .calendar: .mdc(67975, "MDC_ATTR_TIME_ABS")
        case .counter: .mdc(67983, "MDC_ATTR_TIME_REL")
        case .fineCounter: .mdc(68072, "MDC_ATTR_TIME_REL_HI_RES")
        }
    }

    /// The bit of the device's time capabilities that says it has such a clock.
    var capability: Coding {
        switch self {
        case .calendar: .bit(68219, 0, "mds-time-capab-real-time-clock")
        case .counter: .bit(68219, 2, "mds-time-capab-relative-time")
        case .fineCounter: .bit(68219, 3, "mds-time-capab-high-res-relative-time")
        }
    }

    var resolution: Coding {
        switch self {
        case .calendar: .mdc(68222, "MDC_TIME_RES_ABS")
        case .counter: .mdc(68223, "MDC_TIME_RES_REL")
        case .fineCounter: .mdc(68224, "MDC_TIME_RES_REL_HI_RES")
        }
    }
}

/// The device's clock beside the hub's as an Observation: the coincident time stamp.
///
/// Two are equal that have the same identifier. It is made where it is written: hundreds of readings share one.
struct TimeStamp: Hashable {
    let device: KnownDevice
    let pair: ClockPair

    private var key: String {
        "\(pair.device) \(pair.hub.boot) \(pair.hub.uptime.nanoseconds) \(pair.hub.wall.milliseconds)"
    }
    var readingID: String { device.uuid("time stamp " + key) }
    var fullURL: String { "urn:uuid:" + device.uuid("time stamp entry " + key) }

    static func == (a: TimeStamp, b: TimeStamp) -> Bool {
        a.device.identity == b.device.identity && a.pair.device == b.pair.device && a.pair.hub.boot == b.pair.hub.boot
            && a.pair.hub.uptime == b.pair.hub.uptime && a.pair.hub.wall == b.pair.hub.wall
    }
    func hash(into hasher: inout Hasher) {
        hasher.combine(device.identity)
        hasher.combine(pair.hub.uptime)
    }

    var identifier: Identifier { .uuid(readingID) }

    func write(into json: inout JSONWriter, device: String, gateway: String, zone: Zone, isTest: Bool) {
        json.member("resourceType", "Observation")
        json.profile(Profile.timeStamp, isTest: isTest)
        json.identifiers([identifier])
        json.member("status", "final")
        if let clock = DeviceClock(pair.device) { json.concept("code", [clock.coding]) }
        json.reference("subject", device)
        json.member("effectiveDateTime", zone.text(pair.hub.wall))
        switch pair.device {
        case .clock(let local): json.member("valueDateTime", zone.text(local, at: pair.hub.wall))
        case .ticks, .now, .unknown, .age:
            // Its clock is known to run, but cannot be read.
            guard let nanoseconds = pair.device.nanoseconds else { json.absence(.unknown); break }
            json.object("valueQuantity") { json in
                if DeviceClock(pair.device) == .counter {
                    json.count(Int(clamping: nanoseconds / 1_000_000), "ms")
                } else {
                    json.count(Int(clamping: nanoseconds / 1000), "us")
                }
            }
        }
        if !pair.hub.synchronised { json.notes([Note.hubClockUnsure]) }
        json.reference("device", gateway)
    }
}
