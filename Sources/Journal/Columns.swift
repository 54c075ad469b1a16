import Core

// How the words of Core stand in columns.

extension HubTime {
    /// boot, uptime, wall, synchronised
    init?(_ data: some RandomAccessCollection<Datum>) {
        let data = Array(data)
        guard data.count == 4, let boot = data[0].text, let uptime = data[1].integer, let wall = data[2].integer,
            let synchronised = data[3].integer
        else { return nil }
        self.init(
            boot: boot, uptime: .nanoseconds(uptime), wall: Instant(milliseconds: wall),
            synchronised: synchronised != 0)
    }

    var data: [Datum] {
        [.text(boot), .integer(uptime.inNanoseconds), .integer(wall.milliseconds), Datum(synchronised)]
    }
}

extension ClockPair {
    /// clock, boot, uptime, wall, synchronised, error
    init?(_ data: [Datum]) {
        guard data.count == 6, let device = data[0].text.flatMap({ RawTime(notation: $0) }),
            let hub = HubTime(data[1...4]), let error = data[5].integer
        else { return nil }
        self.init(device: device, hub: hub, error: .nanoseconds(error))
    }

    var data: [Datum] { [.text(device.description)] + hub.data + [.integer(error.inNanoseconds)] }
}

extension KnownDevice {
    static let columns = 9

    /// identity, driver, kind, manufacturer, model, serial, firmware, hardware, system
    init?(_ data: [Datum]) {
        guard data.count == Self.columns, let identity = data[0].text, let driver = data[1].text,
            let kind = data[2].text.flatMap(Driver.Kind.init(rawValue:))
        else { return nil }
        var information = DeviceInformation()
        information.manufacturer = data[3].text
        information.model = data[4].text
        information.serial = data[5].text
        information.firmware = data[6].text
        information.hardware = data[7].text
        information.systemID = data[8].integer.map(UInt64.init(bitPattern:))
        self.init(identity: identity, driver: driver, kind: kind, information: information)
    }

    var data: [Datum] { [.text(identity), .text(driver), .text(kind.rawValue)] + information.data }
}

extension DeviceInformation {
    var data: [Datum] {
        [
            Datum(manufacturer), Datum(model), Datum(serial), Datum(firmware), Datum(hardware),
            systemID.map { .integer(Int64(bitPattern: $0)) } ?? .null,
        ]
    }
}

extension Subject {
    /// A subject without a system is a reference.
    init?(system: Datum, subject: Datum) {
        guard let subject = subject.text else { return nil }
        self = system.text.map { .identifier(system: $0, value: subject) } ?? .reference(subject)
    }
}

extension Subject? {
    /// system, subject
    var data: [Datum] {
        switch self {
        case nil: [.null, .null]
        case .reference(let reference): [.null, .text(reference)]
        case .identifier(let system, let value): [.text(system), .text(value)]
        }
    }
}

extension RawTime {
    /// What two readings of one device with the same stamp have in common: microseconds of its calendar, or ticks.
    var key: Int64? {
        switch self {
        case .clock(let time): Int64(time.seconds) * 1_000_000 + Int64(time.microsecond)
        case .ticks(let count, _): Int64(exactly: count)
        case .now, .unknown: nil
        }
    }
}

extension Duration {
    /// Bounded by what 64 bits hold: 292 years.
    var inNanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = product.addingReportingOverflow(attoseconds / 1_000_000_000)
        return overflow || carry ? (seconds < 0 ? .min : .max) : sum
    }
}
