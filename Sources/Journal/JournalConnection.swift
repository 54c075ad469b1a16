import Core

/// A second connection, for the command line: it works beside a running daemon, and without one.
///
/// It only looks. What a person has decided is written by the daemon, or by `Journal` where none runs: there is one
/// writer.
package final class JournalConnection {
    private let database: Database

    /// Throws `hub`: `badConfiguration` where there is no journal, `journalNewer`, `journalDamaged` or `noPermission`.
    package init(_ path: String) throws(Fault) {
        guard isThere(path) else { throw .hub(.badConfiguration("there is no journal at \(path)")) }
        let header = try Header(path)
        guard header.isJournal else { throw .hub(.journalDamaged("its header is not a journal's")) }
        guard header.version <= Schema.version else {
            throw .hub(.journalNewer(found: header.version, known: Schema.version))
        }
        guard header.version == Schema.version else {
            throw .hub(.badConfiguration("the journal is of an older version, and the daemon has not opened it yet"))
        }
        database = try Database(path, .reading)
    }

    package func summary() throws(Fault) -> Journal.Summary { try database.summary() }

    /// The newest readings; of one state, or of all.
    package func rows(_ state: Journal.State? = nil, limit: Int) throws(Fault) -> [Journal.Row] {
        try database.rows(state, limit: limit)
    }

    /// The reading of this number; nil where there is none, or it no longer reads.
    package func reading(_ id: Int64) throws(Fault) -> Kept? { try database.reading(id) }
    /// The reading's row; nil where there is none.
    package func row(_ id: Int64) throws(Fault) -> Journal.Row? { try database.row(id) }
    /// What refused a reading, by the name of the destination.
    package func deadLetters(of reading: Int64) throws(Fault) -> [(destination: String, letter: Journal.DeadLetter)] {
        try database.deadLetters(of: reading)
    }
    /// All that a device's readings are dated by, and what the hub knows of the world's time.
    package func chronicle(of device: String, readings: Int) throws(Fault) -> Journal.Chronicle {
        try database.chronicle(of: device, readings: readings)
    }
    package func moments() throws(Fault) -> [Journal.Moment] { try database.moments() }

    package func devices() throws(Fault) -> [KnownDevice] { try database.devices() }
    package func pairs(of device: String, limit: Int) throws(Fault) -> [ClockPair] {
        try database.pairs(of: device, limit: limit)
    }
    package func setAside() throws(Fault) -> [String] { try database.setAside() }
    package func bindings() throws(Fault) -> [Journal.Binding] { try database.bindings() }
    /// What wireless devices are reached with.
    package func wireless() throws(Fault) -> [Journal.Wireless] { try database.wireless() }

    /// How many readings of each device were heard in each hour since `start`, by the hours since 1970.
    package func readingsByHour(since start: Instant) throws(Fault) -> [(device: String, hour: Int, count: Int)] {
        try database.query(
            """
            SELECT d.identity, r.wall / 3600000 AS hour, count(*) FROM reading r JOIN device d ON d.id = r.device
            WHERE r.wall >= ? AND r.standing <> 2 GROUP BY d.id, hour ORDER BY d.id, hour
            """, .integer(start.milliseconds)
        ).compactMap { row in
            guard let device = row[0].text, let hour = row[1].integer, let count = row[2].integer else { return nil }
            return (device, Int(hour), Int(count))
        }
    }

    /// What technicians did, oldest first.
    package func audit() throws(Fault) -> [Journal.AuditEvent] { try database.audit() }
    package func lives() throws(Fault) -> [Journal.Life] { try database.lives() }
    package func value(for key: String) throws(Fault) -> String? { try database.value(for: key) }
}
