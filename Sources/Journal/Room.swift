import Core

// How the journal stays within its bound.

extension Database {
    /// Bytes of the pages that hold something. Free pages are counted as free: they are used again.
    var used: Int {
        get throws(Fault) {
            let pages = try integer("PRAGMA page_count") ?? 0, free = try integer("PRAGMA freelist_count") ?? 0
            return Int(pages - free) * Schema.pageSize
        }
    }

    /// Frees what is over the bound in small steps, within the transaction that needs the room. Throws
    /// `hub(.journalFull)` when all that is left is undelivered.
    func makeRoom(_ bound: Journal.Bound) throws(Fault) {
        while try used > bound.bytes {
            guard try forgetDelivered(heardBefore: nil) > 0 else { throw .hub(.journalFull) }
        }
    }

    /// Forgets up to 32 readings that every destination has accepted that is to have them, oldest first, and answers how many; and
    /// what says how full the battery of a device is that several persons share, which nobody waits for. The newest reading of all
    /// stays, because its number must not be given again.
    @discardableResult
    func forgetDelivered(heardBefore instant: Instant?) throws(Fault) -> Int {
        // An age says nothing about what a hub heard that did not know the time.
        let delivered = try query(
            """
            SELECT r.id FROM reading r
            WHERE (EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id
                    AND (a.state = 'accepted' OR a.state = 'withheld' AND a.fault <> '\(Journal.stranger)'))
                OR r.subject IS NULL AND r.standing = 0 AND \(Self.isBatteryAlone))
            AND NOT EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id AND \(Self.isRefused))
            AND NOT EXISTS (SELECT 1 FROM outbox o JOIN destination d ON d.id = o.destination
                WHERE o.reading = r.id AND d.active = 1)
            AND r.id < (SELECT max(id) FROM reading)
            AND (?1 IS NULL OR r.synchronised = 1 AND r.wall < ?1)
            ORDER BY r.id LIMIT 32
            """, Datum(instant?.milliseconds)
        ).map { $0[0] }
        for id in delivered {
            try query("DELETE FROM outbox WHERE reading = ?", id)
            try query("DELETE FROM reading WHERE id = ?", id)
        }
        return delivered.count
    }
}
