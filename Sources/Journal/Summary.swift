import Core
import Glibc

// What `vitalsd status` and `vitalsd queue` show.

extension Database {
    /// A reading's `State`, from `r`.
    private static let state = """
        CASE WHEN r.standing = 2 THEN 'damaged' WHEN r.standing = 1 THEN 'undecoded'
        WHEN r.subject IS NULL AND \(isBatteryAlone) THEN 'withheld' WHEN r.subject IS NULL THEN 'unassigned'
        WHEN EXISTS (SELECT 1 FROM outbox o JOIN destination d ON d.id = o.destination
            WHERE o.reading = r.id AND d.active = 1) THEN 'pending'
        WHEN EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id AND \(isRefused)) THEN 'refused'
        WHEN EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id AND a.state = 'accepted') THEN 'accepted'
        WHEN EXISTS (SELECT 1 FROM receipt a WHERE a.reading = r.id) THEN 'withheld' ELSE 'pending' END
        """

    func summary() throws(Fault) -> Journal.Summary {
        var counts: [Journal.State: Int] = [:], pending: [String: Int] = [:]
        for state in Journal.State.allCases { counts[state] = 0 }
        for row in try query("SELECT \(Self.state) AS state, count(*) FROM reading r GROUP BY state") {
            if let state = row[0].text.flatMap(Journal.State.init(rawValue:)), let count = row[1].integer {
                counts[state] = Int(count)
            }
        }
        let waiting = try query(
            """
            SELECT d.name, count(o.reading) FROM destination d LEFT JOIN outbox o ON o.destination = d.id
            WHERE d.active = 1 GROUP BY d.id
            """)
        for row in waiting { if let name = row[0].text, let count = row[1].integer { pending[name] = Int(count) } }
        let oldest = try integer(
            """
            SELECT wall FROM reading WHERE id = (SELECT min(o.reading) FROM outbox o
                JOIN destination d ON d.id = o.destination WHERE d.active = 1)
            """)
        return Journal.Summary(
            schema: Int(try integer("PRAGMA user_version") ?? 0), counts: counts, pending: pending,
            oldestPending: oldest.map(Instant.init(milliseconds:)), used: try used,
            size: fileSize(path) + fileSize(path + "-wal"))
    }

    /// Readings, newest first; of one state, or all of them.
    func rows(_ state: Journal.State?, limit: Int) throws(Fault) -> [Journal.Row] {
        let found = try query(
            """
            SELECT r.id, \(Self.state) AS state, \(Kept.columns) FROM reading r \(Kept.joins)
            WHERE ?1 IS NULL OR state = ?1 ORDER BY r.id DESC LIMIT ?2
            """, Datum(state?.rawValue), Datum(limit))
        var rows: [Journal.Row] = []
        for row in found {
            guard let id = row[0].integer, let state = row[1].text.flatMap(Journal.State.init(rawValue:)) else {
                continue
            }
            let kept = Kept(Array(row.dropFirst(2)))
            rows.append(
                Journal.Row(id: id, state: kept == nil ? .damaged : state, kept: kept, answers: try answers(id)))
        }
        return rows
    }

    func row(_ id: Int64) throws(Fault) -> Journal.Row? {
        let found = try query(
            "SELECT r.id, \(Self.state) AS state, \(Kept.columns) FROM reading r \(Kept.joins) WHERE r.id = ?",
            .integer(id))
        guard let row = found.first, let state = row[1].text.flatMap(Journal.State.init(rawValue:)) else { return nil }
        let kept = Kept(Array(row.dropFirst(2)))
        return Journal.Row(id: id, state: kept == nil ? .damaged : state, kept: kept, answers: try answers(id))
    }

    private func answers(_ reading: Int64) throws(Fault) -> [Journal.Answer] {
        try query(
            """
            SELECT d.name, a.state, a.location, a.fault, a.settled FROM receipt a
            JOIN destination d ON d.id = a.destination WHERE a.reading = ? ORDER BY d.id
            """, .integer(reading)
        ).compactMap { row in
            guard let name = row[0].text, let state = row[1].text, let at = row[4].integer else { return nil }
            return Journal.Answer(
                destination: name, accepted: state == "accepted", location: row[2].text, fault: row[3].text,
                at: Instant(milliseconds: at))
        }
    }
}

/// Bytes of a file; 0 for one that is not there.
func fileSize(_ path: String) -> Int {
    var facts = stat()
    return stat(path, &facts) == 0 ? Int(facts.st_size) : 0
}
