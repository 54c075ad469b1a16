import Core

extension Database {
    /// Keeps readings in one transaction: all are on disk when this returns, or none is.
    func keep(_ entries: [Journal.Entry], within bound: Journal.Bound) throws(Fault) -> [Journal.Keeping] {
        try transaction { () throws(Fault) in
            var keepings: [Journal.Keeping] = [], batch = Batch(self)
            for entry in entries { keepings.append(try keep(entry, &batch)) }
            // A repeat needs no room, so that a device with an old memory is not turned away by a full journal.
            let grew = keepings.contains(where: \.isNew)
            if grew { try makeRoom(bound) }
            return keepings
        }
    }

    private func keep(_ entry: Journal.Entry, _ batch: inout Batch) throws(Fault) -> Journal.Keeping {
        let device = try batch.id(of: entry.device)
        let fingerprint = Fingerprint(device: entry.device.identity, reading: entry.reading, arrival: entry.heard)
        if let id = try integer("SELECT id FROM reading WHERE fingerprint = ?", .blob(fingerprint.bytes)) {
            // The index alone has answered. Where it leads nowhere, or to another reading, nothing is kept, and the device is not
            // to hear that it is: the journal is mended first.
            guard let data = try query("SELECT \(ReadingRow.columns) FROM reading WHERE id = ?", .integer(id)).first
            else { throw .hub(.journalDamaged("reading \(id) is in an index and not in its table")) }
            let known = ReadingRow(data)
            if let known, known.isSound, known.fingerprint != fingerprint.bytes {
                throw .hub(.journalDamaged("an index says reading \(id) of another"))
            }
            if known.map({ !$0.isSound || $0.standing == .damaged }) ?? true {
                try heal(with: row(id, entry, entry.reading.judged, device, fingerprint, &batch))
            }
            return .repeated(id)
        }
        var reading = entry.reading.judged
        if try repeatsTimeline(reading, of: device) { reading.remarks.insert(.timelineRepeat) }
        if try repeatsPrevious(reading, of: device) { reading.remarks.insert(.possibleRepeat) }
        let row = try row(try batch.nextID(), entry, reading, device, fingerprint, &batch)
        try insert(row)
        // An instant and its error say it all; bounds alone have no room in the row.
        if entry.dated.at == nil, entry.dated.earliest != nil { try write(entry.dated, of: row.id) }
        try batch.enqueue(row)
        return try batch.isNobodys(entry) ? .keptAsNobodys(row.id) : .kept(row.id)
    }

    private func row(
        _ id: Int64, _ entry: Journal.Entry, _ reading: Reading, _ device: Int64, _ fingerprint: Fingerprint,
        _ batch: inout Batch
    ) throws(Fault) -> ReadingRow {
        ReadingRow(
            id: id, fingerprint: fingerprint, device: device, eui: try batch.systemID(of: device), reading: reading,
            heard: entry.heard, pair: try batch.id(of: entry.pair, device: device), dated: entry.dated,
            subject: try batch.subject(of: entry))
    }

    func insert(_ row: ReadingRow, replacing: Bool = false) throws(Fault) {
        try query(replacing ? Self.replaceReading : Self.insertReading, row.data)
    }

    private static let values =
        "INTO reading (\(ReadingRow.columns)) VALUES ("
        + Array(repeating: "?", count: ReadingRow.count).joined(separator: ", ") + ")"
    private static let insertReading = "INSERT " + values, replaceReading = "INSERT OR REPLACE " + values

    /// A device that says once more what the journal has lost of a row makes the row whole again.
    private func heal(with whole: ReadingRow) throws(Fault) {
        let columns = ReadingRow.columns.split(separator: ", ").map { "\($0) = ?" }.joined(separator: ", ")
        try query("UPDATE reading SET \(columns) WHERE id = ?", whole.data + [.integer(whole.id)])
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
