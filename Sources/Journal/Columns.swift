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
    static let columns = "p.id, p.device, p.clock, p.boot, p.uptime, p.wall, p.synchronised, p.error, p.seal"

    /// A row of the table `pair`; nil when it is not what was written.
    init?(_ row: [Datum]) {
        guard row.count == 9, row[8] == .integer(fnv1a(row.dropLast())),
            let clock = row[2].text, let hub = HubTime(row[3...6]), let error = row[7].integer
        else { return nil }
        // "set at …" is what the hub wrote.
        let isWritten = clock.hasPrefix("set ")
        guard let device = RawTime(notation: isWritten ? clock.dropFirst(4) : clock[...]) else { return nil }
        self.init(device: device, hub: hub, error: .nanoseconds(error), isWritten: isWritten)
    }

    func row(_ id: Int64, of device: Int64) -> [Datum] {
        let row =
            [.integer(id), .integer(device), .text((isWritten ? "set " : "") + self.device.description)] + hub.data
            + [.integer(error.inNanoseconds)]
        return row + [.integer(fnv1a(row[...]))]
    }
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
        case .now, .unknown, .age: nil
        }
    }
}

/// FNV-1a, 64 bits: a change of any one byte changes it. SQLite's own check sees a torn page, but not a changed digit.
func fnv1a(_ columns: ArraySlice<Datum>) -> Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    for datum in columns {
        switch datum {
        case .null: add(0)
        case .integer(let number):
            add(1)
            for shift in stride(from: 0, to: 64, by: 8) { add(UInt8(truncatingIfNeeded: number >> Int64(shift))) }
        case .text(let text):
            text.utf8.forEach(add)
            add(0xFF)
        case .blob(let bytes):
            bytes.forEach(add)
            add(UInt8(truncatingIfNeeded: bytes.count))
        }
    }
    return Int64(bitPattern: hash)
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
