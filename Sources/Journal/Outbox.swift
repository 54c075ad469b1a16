import Core

// What waits for which destination, and what was answered.

extension Database {
    /// Whether a receipt `a` waits for a person: its reading was refused, or was accepted and a better time for it was
    /// refused. Of the latter the state and the location stay, because only an amendment can be sent again.
    static let isRefused = "(a.state = 'refused' OR a.state = 'accepted' AND a.fault IS NOT NULL)"

    /// Makes these the destinations. One that joins, or joins again, gets what nobody has accepted yet and everything
    /// from now on: a clinic that moves loses nothing, and a second clinic is not sent the past. What waits for one that
    /// is configured no more stays where it is, in case it comes back, but keeps nothing else waiting.
    func join(_ destinations: [String]) throws(Fault) {
        let known = try query("SELECT name FROM destination WHERE active = 1").compactMap(\.first?.text)
        guard Set(known) != Set(destinations) else { return }
        try transaction { () throws(Fault) in
            try query("UPDATE destination SET active = 0")
            for name in destinations {
                try query(
                    """
                    INSERT INTO destination (name, active) VALUES (?, 1)
                    ON CONFLICT (name) DO UPDATE SET active = 1
                    """, .text(name))
                guard !known.contains(name) else { continue }
                try query(
                    """
                    INSERT OR IGNORE INTO outbox (reading, destination)
                    SELECT r.id, d.id FROM reading r, destination d
                    WHERE d.name = ? AND r.standing = 0 AND r.subject IS NOT NULL
                    AND NOT EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id
                        AND (a.state = 'accepted' OR a.destination = d.id))
                    """, .text(name))
            }
        }
    }

    /// Queues what ought to wait and does not: a reading that neither waits for anybody nor has any answer. There is
    /// none unless the queue itself was damaged.
    func requeue() throws(Fault) {
        for table in ["outbox", "receipt"] {
            let stray = "FROM \(table) WHERE destination NOT IN (SELECT id FROM destination)"
            if try integer("SELECT 1 \(stray) LIMIT 1") != nil {
                try transaction { () throws(Fault) in try query("DELETE \(stray)") }
            }
        }
        let lost = """
            r.standing = 0 AND r.subject IS NOT NULL
            AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.reading = r.id)
            AND NOT EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id)
            """
        guard try integer("SELECT 1 FROM reading r, destination d WHERE d.active = 1 AND \(lost) LIMIT 1") != nil else {
            return
        }
        try transaction { () throws(Fault) in
            try query(
                """
                INSERT INTO outbox (reading, destination)
                SELECT r.id, d.id FROM reading r, destination d WHERE d.active = 1 AND \(lost)
                """)
        }
    }

    /// Queues a reading for every destination that has not answered. Without a person or a value there is nothing that
    /// a clinic could take: such a reading is kept only.
    func enqueue(_ row: ReadingRow) throws(Fault) {
        guard row.standing == .sound, row.subject != nil else { return }
        try query(
            """
            INSERT OR IGNORE INTO outbox (reading, destination) SELECT ?1, d.id FROM destination d
            WHERE d.active = 1 AND NOT EXISTS (SELECT 1 FROM receipt a WHERE a.reading = ?1 AND a.destination = d.id)
            """, .integer(row.id))
    }

    /// What waits, oldest first. A row that no longer reads is set aside and stands in nobody's way; `damaged` hears
    /// of it.
    func pending(
        for destination: String, after first: Int64, limit: Int, damaged: (Fault) -> Void
    ) throws(Fault) -> [Kept] {
        var found: [Kept] = [], unreadable: [Int64] = []
        var after = first
        while found.count < limit {
            let rows = try query(
                """
                SELECT o.reading, EXISTS (SELECT 1 FROM receipt a WHERE a.reading = o.reading
                    AND a.destination = o.destination AND a.state = 'accepted'), \(Kept.columns)
                FROM outbox o LEFT JOIN reading r ON r.id = o.reading \(Kept.joins)
                WHERE o.destination = (SELECT id FROM destination WHERE name = ?) AND o.reading > ?
                ORDER BY o.reading LIMIT ?
                """, .text(destination), .integer(after), Datum(limit - found.count))
            guard let last = rows.last?[0].integer else { break }
            after = last
            for row in rows {
                if var kept = Kept(Array(row.dropFirst(2))) {
                    kept.amends = row[1].integer == 1
                    found.append(kept)
                } else if let id = row[0].integer {
                    unreadable.append(id)
                }
            }
        }
        if !unreadable.isEmpty {
            try transaction { () throws(Fault) in for id in unreadable { try setAside(id) } }
            for id in unreadable { damaged(.hub(.journalDamaged("reading \(id) no longer reads and is set aside"))) }
        }
        return found
    }

    func newest(for destination: String) throws(Fault) -> Int64? {
        try integer(
            "SELECT max(reading) FROM outbox WHERE destination = (SELECT id FROM destination WHERE name = ?)",
            .text(destination))
    }

    func waiting(for destination: String) throws(Fault) -> Int {
        let count = "SELECT count(*) FROM outbox WHERE destination = (SELECT id FROM destination WHERE name = ?)"
        return Int(try integer(count, .text(destination)) ?? 0)
    }

    private func setAside(_ reading: Int64) throws(Fault) {
        try query("UPDATE reading SET standing = 2 WHERE id = ?", .integer(reading))
        try query("DELETE FROM outbox WHERE reading = ?", .integer(reading))
    }

    /// Writes the answers of one destination in one transaction. What it accepted once stays accepted; where it refuses
    /// to have that amended, its fault is noted beside. An answer about a reading that is not there, or to a destination
    /// that is not known, is none.
    func settle(_ receipts: [Journal.Receipt], for destination: String, fleeting: Bool = false) throws(Fault) {
        try transaction(fleeting: fleeting) { () throws(Fault) in
            try write(receipts, for: destination)
            // What was sent last is answered: there is nothing to repeat.
            try query(
                "DELETE FROM consignment WHERE destination = (SELECT id FROM destination WHERE name = ?)",
                .text(destination))
        }
    }

    /// The answers of one destination, within a transaction.
    func write(_ receipts: [Journal.Receipt], for destination: String) throws(Fault) {
        guard let place = try integer("SELECT id FROM destination WHERE name = ?", .text(destination)) else { return }
        for receipt in receipts {
            let answer: [Datum] =
                switch receipt.verdict {
                case .accepted(let location): [.text("accepted"), Datum(location), .null]
                case .refused(let fault): [.text("refused"), .null, .text(fault.sentence)]
                case .withheld(let why): [.text("withheld"), .null, .text(why)]
                }
            try query(
                """
                INSERT INTO receipt (reading, destination, state, location, fault, settled)
                SELECT id, ?2, ?3, ?4, ?5, ?6 FROM reading WHERE id = ?1
                ON CONFLICT (reading, destination) DO UPDATE SET
                    state = iif(state = 'accepted', state, excluded.state),
                    location = ifnull(location, excluded.location), fault = excluded.fault,
                    settled = iif(state = 'accepted', settled, excluded.settled)
                WHERE state <> 'accepted' OR EXISTS (SELECT 1 FROM outbox o
                    WHERE o.reading = excluded.reading AND o.destination = excluded.destination)
                """, [.integer(receipt.reading), .integer(place)] + answer + [.integer(receipt.at.milliseconds)])
            if let letter = receipt.letter { try keep(letter, of: receipt.reading, for: place, at: receipt.at) }
            if case .accepted = receipt.verdict, try isAmended(receipt) { continue }
            try query(
                "DELETE FROM outbox WHERE reading = ? AND destination = ?", .integer(receipt.reading),
                .integer(place))
        }
    }

    /// Whether more became known of a reading's time while the clinic read what was known before.
    private func isAmended(_ receipt: Journal.Receipt) throws(Fault) -> Bool {
        guard let told = receipt.told else { return false }
        let row = try query(
            "SELECT reading, at, error, basis, earliest, latest, seal FROM dating WHERE reading = ?",
            .integer(receipt.reading)
        ).first
        return row.flatMap { Dated(dating: $0[...]) }.map(told.isAmended(by:)) ?? false
    }

    /// Says whom readings are about that nobody was named for; they wait for the clinic from now on. One that is about
    /// somebody already is left alone. Answers how many were assigned.
    func assign(_ readings: [Int64], to subject: Subject) throws(Fault) -> Int {
        try transaction { () throws(Fault) in
            var count = 0
            for id in readings {
                let columns = ReadingRow.columns
                guard let row = try query("SELECT \(columns) FROM reading WHERE id = ?", .integer(id)).first,
                    var reading = ReadingRow(row), reading.isSound, reading.subject == nil
                else { continue }
                reading.subject = subject
                reading.seal = reading.computedSeal
                try query(
                    "UPDATE reading SET system = ?, subject = ?, seal = ? WHERE id = ?",
                    Optional(subject).data + [.integer(reading.seal), .integer(id)])
                try enqueue(reading)
                count += 1
            }
            return count
        }
    }

    /// Takes refused readings, and refused amendments, out of quarantine: they wait again. Answers how many answers were
    /// taken back.
    func retry(_ readings: [Int64]) throws(Fault) -> Int {
        try transaction { () throws(Fault) in
            var count = 0
            for id in readings {
                try query(
                    """
                    INSERT OR IGNORE INTO outbox (reading, destination)
                    SELECT a.reading, a.destination FROM receipt a JOIN reading r ON r.id = a.reading
                    WHERE a.reading = ? AND \(Self.isRefused) AND r.standing = 0
                    """, .integer(id))
                try query(
                    """
                    UPDATE receipt AS a SET fault = NULL WHERE reading = ? AND state = 'accepted' AND \(Self.isRefused)
                    AND EXISTS (SELECT 1 FROM outbox o WHERE o.reading = a.reading AND o.destination = a.destination)
                    """, .integer(id))
                count += changes
                try query(
                    """
                    DELETE FROM receipt WHERE reading = ? AND state = 'refused'
                    AND EXISTS (SELECT 1 FROM outbox o
                        WHERE o.reading = receipt.reading AND o.destination = receipt.destination)
                    """, .integer(id))
                count += changes
                try query(
                    """
                    DELETE FROM dead_letter WHERE reading = ? AND NOT EXISTS (SELECT 1 FROM receipt a
                        WHERE a.reading = dead_letter.reading AND a.destination = dead_letter.destination
                        AND \(Self.isRefused))
                    """, .integer(id))
            }
            return count
        }
    }
}
