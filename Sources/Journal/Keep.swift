import Core

extension Database {
    /// Keeps readings in one transaction: all are on disk when this returns, or none is.
    func keep(_ entries: [Journal.Entry], within bound: Journal.Bound) throws(Fault) -> [Journal.Keeping] {
        try transaction { () throws(Fault) in
            var keepings: [Journal.Keeping] = []
            for entry in entries { keepings.append(try keep(entry)) }
            // A repeat needs no room, so that a device with an old memory is not turned away by a full journal.
            let grew = keepings.contains { if case .kept = $0 { true } else { false } }
            if grew { try makeRoom(bound) }
            return keepings
        }
    }

    private func keep(_ entry: Journal.Entry) throws(Fault) -> Journal.Keeping {
        let device = try id(of: entry.device)
        let fingerprint = Fingerprint(device: entry.device.identity, reading: entry.reading, arrival: entry.heard)
        if let id = try integer("SELECT id FROM reading WHERE fingerprint = ?", .blob(fingerprint.bytes)) {
            try heal(id, with: entry, device, fingerprint)
            return .repeated(id)
        }
        var reading = entry.reading.judged
        if try repeatsTimeline(reading, of: device) { reading.remarks.insert(.timelineRepeat) }
        if try repeatsPrevious(reading, of: device) { reading.remarks.insert(.possibleRepeat) }
        // Room is never made by removing the newest reading, so this number is new.
        let id = try integer("SELECT ifnull(max(id), 0) + 1 FROM reading") ?? 1
        let row = ReadingRow(
            id: id, fingerprint: fingerprint, device: device, eui: try systemID(of: device), reading: reading,
            heard: entry.heard,
            pair: try entry.pair.map { pair throws(Fault) in try self.id(of: pair, device: device) },
            dated: entry.dated, subject: entry.subject)
        try insert(row)
        try enqueue(row)
        return .kept(id)
    }

    /// What the device said of itself in this visit or, where it did not say, in an earlier one.
    private func systemID(of device: Int64) throws(Fault) -> UInt64? {
        try integer("SELECT system FROM device WHERE id = ?", .integer(device)).map(UInt64.init(bitPattern:))
    }

    func insert(_ row: ReadingRow, replacing: Bool = false) throws(Fault) {
        let places = Array(repeating: "?", count: ReadingRow.count).joined(separator: ", ")
        try query(
            "INSERT \(replacing ? "OR REPLACE " : "")INTO reading (\(ReadingRow.columns)) VALUES (\(places))", row.data)
    }

    /// A device that says once more what the journal has lost of a row makes the row whole again.
    private func heal(
        _ id: Int64, with entry: Journal.Entry, _ device: Int64, _ fingerprint: Fingerprint
    ) throws(Fault) {
        guard let row = try query("SELECT \(ReadingRow.columns) FROM reading WHERE id = ?", .integer(id)).first,
            ReadingRow(row).map({ !$0.isSound || $0.standing == .damaged }) ?? true
        else { return }
        let whole = ReadingRow(
            id: id, fingerprint: fingerprint, device: device, eui: try systemID(of: device),
            reading: entry.reading.judged, heard: entry.heard,
            pair: try entry.pair.map { pair throws(Fault) in try self.id(of: pair, device: device) },
            dated: entry.dated, subject: entry.subject)
        let columns = ReadingRow.columns.split(separator: ", ").map { "\($0) = ?" }.joined(separator: ", ")
        try query("UPDATE reading SET \(columns) WHERE id = ?", whole.data + [.integer(id)])
        try enqueue(whole)
    }

    /// Whether the device has stamped other values of the same quantity with the same time: a clock or a counter that
    /// was reset. The stamp then tells the two apart no longer.
    private func repeatsTimeline(_ reading: Reading, of device: Int64) throws(Fault) -> Bool {
        guard let key = reading.taken.key else { return false }
        let rows = try query(
            "SELECT content FROM reading WHERE device = ? AND line = ? AND standing <> 2", .integer(device),
            .integer(key))
        return rows.contains { row in
            guard let other = row[0].text.flatMap({ Reading(notation: $0) }), other.taken == reading.taken else {
                return false
            }
            return other.values.contains { old in
                reading.values.contains { new in
                    new.quantity == old.quantity && new.aspect == old.aspect && new != old
                }
            }
        }
    }

    /// Whether an undated, unnumbered record equals the one before it. It may be a second measurement or the same one
    /// downloaded twice; nobody can tell, so both are kept and the clinic is told.
    private func repeatsPrevious(_ reading: Reading, of device: Int64) throws(Fault) -> Bool {
        guard reading.taken == .unknown, reading.sequence == nil, !reading.bytes.isEmpty else { return false }
        // Backwards through the newest readings: an index would make SQLite count through all of the device's.
        let previous = try query(
            "SELECT bytes FROM reading NOT INDEXED WHERE device = ? ORDER BY id DESC LIMIT 1", .integer(device))
        return previous.first?.first == .blob(reading.bytes)
    }
}
