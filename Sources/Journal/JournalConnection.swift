import Core

/// A second connection, for the command line: it works beside a running daemon, and without one.
///
/// It makes nothing, migrates nothing and repairs nothing; it only looks, or passes on what a person has decided.
package final class JournalConnection {
    package enum Access: Sendable { case reading, writing }

    private let database: Database

    /// Throws `hub`: `badConfiguration` where there is no journal, `journalNewer`, `journalDamaged` or `noPermission`.
    package init(_ path: String, _ access: Access = .reading) throws(Fault) {
        guard isThere(path) else { throw .hub(.badConfiguration("there is no journal at \(path)")) }
        let header = try Header(path)
        guard header.isJournal else { throw .hub(.journalDamaged("its header is not a journal's")) }
        guard header.version <= Schema.version else {
            throw .hub(.journalNewer(found: header.version, known: Schema.version))
        }
        guard header.version == Schema.version else {
            throw .hub(.badConfiguration("the journal is of an older version, and the daemon has not opened it yet"))
        }
        database = try Database(path, access == .reading ? .reading : .writing)
        if access == .writing {
            try Schema.configure(database)
            // Only the daemon moves its log.
            try database.execute("PRAGMA wal_autocheckpoint = 0")
        }
    }

    package func summary() throws(Fault) -> Journal.Summary { try database.summary() }

    /// The newest readings; of one state, or of all.
    package func rows(_ state: Journal.State? = nil, limit: Int) throws(Fault) -> [Journal.Row] {
        try database.rows(state, limit: limit)
    }

    package func devices() throws(Fault) -> [KnownDevice] { try database.devices() }
    package func pairs(of device: String, limit: Int) throws(Fault) -> [ClockPair] {
        try database.pairs(of: device, limit: limit)
    }
    package func setAside() throws(Fault) -> [String] { try database.setAside() }
    package func bindings() throws(Fault) -> [Journal.Binding] { try database.bindings() }
    package func value(for key: String) throws(Fault) -> String? { try database.value(for: key) }

    // MARK: With `.writing`; otherwise these throw `hub(.noPermission)`

    package func bind(_ binding: Journal.Binding) throws(Fault) { try database.bind(binding) }
    package func unbind(_ device: String, user: Int?) throws(Fault) { try database.unbind(device, user: user) }
    package func retry(_ readings: [Int64]) throws(Fault) -> Int { try database.retry(readings) }
    /// Lets a device in again that was set aside.
    package func leave(_ device: String) throws(Fault) { try database.leave(device) }
}
