import Core

// Giving a device or a whole kit back: nothing of the citizen stays.

extension Journal {
    /// What a wiping has removed.
    package struct Wiped: Equatable, Sendable { package var readings: Int, devices: Int, bindings: Int }

    /// Removes all that is known of a device, or of every device when `device` is nil: readings, answers, clocks, keys, codes
    /// and bindings. What is removed is overwritten, in the file and in its log.
    ///
    /// A reading that is not at the clinic, or not at each of several, is somebody's: with one left this throws
    /// `hub(.undelivered)` and removes nothing, unless `undelivered` readings are to go too.
    ///
    /// Of what technicians did with the device stays that they did something with one; of what they did with the whole kit,
    /// only the act numbered `audit`, which is this one.
    package func wipe(_ device: String?, undelivered: Bool, audit: Int64? = nil) throws(Fault) -> Wiped {
        let wiped = try database.wipe(device, undelivered: undelivered, audit: audit)
        // The log still has the pages as they were. Cut to nothing, it has not.
        try database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        // A journal that was damaged once was set aside with all that was in it.
        if device == nil { try opening.removeSetAside() }
        return wiped
    }
}

extension Database {
    /// The number of the newest reading that was there when anything was wiped. What is under way to a clinic names readings by
    /// their numbers, which therefore are nobody else's.
    private static let lastWiped = "last wiped reading"

    /// The highest number that a reading has had; 0 where there was none.
    func lastReading() throws(Fault) -> Int64 {
        let newest = try integer("SELECT ifnull(max(id), 0) FROM reading") ?? 0
        return max(newest, try value(for: Self.lastWiped).flatMap { Int64($0) } ?? 0)
    }

    func wipe(_ identity: String?, undelivered: Bool, audit: Int64?) throws(Fault) -> Journal.Wiped {
        try transaction { () throws(Fault) in
            let own = "(?1 IS NULL OR identity = ?1)", name = Datum(identity)
            let device = "device IN (SELECT id FROM device WHERE \(own))"
            let reading = "reading IN (SELECT id FROM reading WHERE \(device))"
            if !undelivered {
                // What waits anywhere, what was refused, and what nobody was named for: all are kept nowhere else.
                let left =
                    try integer(
                        """
                        SELECT count(*) FROM reading WHERE \(device)
                        AND (id NOT IN (SELECT reading FROM receipt WHERE state = 'accepted')
                            OR id IN (SELECT reading FROM outbox
                                WHERE destination IN (SELECT id FROM destination WHERE active = 1))
                            OR id IN (SELECT reading FROM receipt a WHERE \(Self.isRefused)))
                        """, name) ?? 0
                guard left == 0 else { throw .hub(.undelivered(Int(left))) }
            }
            let readings = try integer("SELECT count(*) FROM reading WHERE \(device)", name) ?? 0
            let devices = try integer("SELECT count(*) FROM device WHERE \(own)", name) ?? 0
            let bindings = try integer("SELECT count(*) FROM binding WHERE ?1 IS NULL OR device = ?1", name) ?? 0
            let last = String(try lastReading())
            try query("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", .text(Self.lastWiped), .text(last))
            for statement in [
                "DELETE FROM dead_letter WHERE \(reading)", "DELETE FROM outbox WHERE \(reading)",
                "DELETE FROM receipt WHERE \(reading)",
                "DELETE FROM reading WHERE \(device)", "DELETE FROM pair WHERE \(device)",
                "DELETE FROM visit WHERE \(device)",
                "DELETE FROM device WHERE \(own)",
            ] { try query(statement, name) }
            for table in ["binding", "wireless", "consent", "crumb", "contact"] {
                try query("DELETE FROM \(table) WHERE ?1 IS NULL OR device = ?1", name)
            }
            try query(
                """
                DELETE FROM meta WHERE key GLOB 'pairing code *' AND (?1 IS NULL OR key = 'pairing code ' || ?1)
                """, name)
            // What the clinic was told of each device: whom a note is about stands somewhere in its name.
            try query("DELETE FROM meta WHERE key LIKE 'device %'")
            try wipeAudit(of: identity, excepting: audit)
            // Whose readings a bundle on its way holds is written in no column: what remains of them waits as before.
            try query("DELETE FROM consignment")
            return Journal.Wiped(readings: Int(readings), devices: Int(devices), bindings: Int(bindings))
        }
    }
}
