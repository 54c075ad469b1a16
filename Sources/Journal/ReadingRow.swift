import Core

/// A row of the table `reading`, in the order of its columns.
struct ReadingRow: Equatable {
    static let columns =
        "id, fingerprint, device, eui, line, content, bytes, boot, uptime, wall, synchronised, pair, at, error, basis, "
        + "system, subject, standing, seal"
    static let count = 19

    enum Standing: Int64 { case sound, undecoded, damaged }

    var id: Int64
    var fingerprint: [UInt8]
    var device: Int64
    /// The device's System Id when the reading was kept.
    var eui: UInt64?
    var line: Int64?
    var content: String
    var bytes: [UInt8]
    var heard: HubTime
    var pair: Int64?
    var dated: Dated
    var subject: Subject?
    var standing: Standing
    var seal: Int64

    init(
        id: Int64, fingerprint: Fingerprint, device: Int64, eui: UInt64?, reading: Reading, heard: HubTime,
        pair: Int64?, dated: Dated, subject: Subject?
    ) {
        self.id = id
        self.fingerprint = fingerprint.bytes
        self.device = device
        self.eui = eui
        line = reading.taken.key
        content = reading.description
        bytes = reading.bytes
        self.heard = heard
        self.pair = pair
        self.dated = dated
        self.subject = subject
        standing = .sound
        seal = 0
        standing = computedStanding
        seal = computedSeal
    }

    /// Nil for what is no such row. Whether it is sound is another question.
    init?(_ data: some RandomAccessCollection<Datum>) {
        let data = Array(data)
        guard data.count == Self.count, let id = data[0].integer, let fingerprint = data[1].blob,
            let device = data[2].integer, let content = data[5].text, let bytes = data[6].blob,
            let heard = HubTime(data[7...10]), let error = data[13].integer,
            let basis = data[14].text.flatMap(Basis.init(rawValue:)),
            let standing = data[17].integer.flatMap(Standing.init(rawValue:)), let seal = data[18].integer
        else { return nil }
        self.id = id
        self.fingerprint = fingerprint
        self.device = device
        eui = data[3].integer.map(UInt64.init(bitPattern:))
        line = data[4].integer
        self.content = content
        self.bytes = bytes
        self.heard = heard
        pair = data[11].integer
        dated = Dated(
            at: data[12].integer.map(Instant.init(milliseconds:)), error: .nanoseconds(error), basis: basis)
        subject = Subject(system: data[15], subject: data[16])
        self.standing = standing
        self.seal = seal
    }

    var data: [Datum] {
        let about = subject.data
        return [
            .integer(id), .blob(fingerprint), .integer(device), Datum(eui.map(Int64.init(bitPattern:))), Datum(line),
            .text(content), .blob(bytes), .text(heard.boot), .integer(heard.uptime.inNanoseconds),
            .integer(heard.wall.milliseconds), Datum(heard.synchronised), Datum(pair), Datum(dated.at?.milliseconds),
            .integer(dated.error.inNanoseconds), .text(dated.basis.rawValue), about[0], about[1],
            .integer(standing.rawValue), .integer(seal),
        ]
    }

    /// Whether the row is what was written. SQLite's own check sees a torn page but not a changed digit.
    var isSound: Bool { seal == computedSeal && fingerprint.count == 32 }

    /// What our own notation could not give back is no better than bytes that nobody could read.
    var computedStanding: Standing { reading?.values.isEmpty ?? true ? .undecoded : .sound }

    /// Over every column but `standing`, which follows from the others.
    var computedSeal: Int64 { fnv1a(data.dropLast(2)) }

    /// The reading itself; nil when its notation no longer parses.
    var reading: Reading? {
        guard var reading = Reading(notation: content) else { return nil }
        reading.bytes = bytes
        return reading
    }
}

extension Kept {
    /// From the columns of a reading, its device and its clock pair, joined. Nil when the
    /// reading or the device no longer reads.
    init?(_ data: [Datum]) {
        let device = data.dropFirst(ReadingRow.count), pair = device.dropFirst(KnownDevice.columns).prefix(9)
        guard let row = ReadingRow(data.prefix(ReadingRow.count)), row.isSound, let reading = row.reading,
            var known = KnownDevice(Array(device.prefix(KnownDevice.columns)))
        else { return nil }
        // What the device said of itself since must not change what the clinic already knows the reading by.
        known.information.systemID = row.eui
        // A pair that no longer reads takes nothing with it: what was concluded from it stands in the reading's row.
        let anew = Dated(dating: data.suffix(7))
        self.init(
            id: row.id, fingerprint: Fingerprint(bytes: row.fingerprint), device: known, reading: reading,
            heard: row.heard, pair: ClockPair(Array(pair)), dated: anew ?? row.dated, subject: row.subject)
        isDatedAnew = anew != nil
    }

    /// What `init` reads.
    static let columns =
        "r.*, d.identity, d.driver, d.kind, d.manufacturer, d.model, d.serial, d.firmware, d.hardware, d.system, "
        + ClockPair.columns + ", g.reading, g.at, g.error, g.basis, g.earliest, g.latest, g.seal"
    static let joins = """
        LEFT JOIN device d ON d.id = r.device LEFT JOIN pair p ON p.id = r.pair LEFT JOIN dating g ON g.reading = r.id
        """
}
