import Core

/// The layout of the journal's file.
enum Schema {
    /// "vtls": what `file(1)` and a technician recognise the journal by.
    static let application: Int64 = 0x7674_6C73
    /// A keep changes four pages. With pages of 1 KiB a reading alone costs half of what it costs with 4 KiB.
    static let pageSize = 1024
    /// The log is copied into the file when it has this many pages (2 MiB): one copy then serves many commits.
    static let checkpoint = 2000
    /// KiB of pages that a connection keeps by itself; the kernel keeps the rest, and for whoever needs it most.
    static let cache = 512
    static var version: Int { migrations.count }

    /// Element n leads from version n to version n + 1. What is here is never edited: a change is a new element.
    ///
    /// Ids count up and are never used twice. Times are milliseconds (`wall`, `at`, `settled`) or nanoseconds
    /// (`uptime`, `error`); `clock` and `content` are in the notation of captures.
    static let migrations = [
        """
        CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

        CREATE TABLE device (
            id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, kind TEXT NOT NULL,
            manufacturer TEXT, model TEXT, serial TEXT, firmware TEXT, hardware TEXT, system INTEGER) STRICT;
        -- Thousands of readings rest on one row: this index is its second copy.
        CREATE INDEX device_copy ON device (identity, driver, kind);

        CREATE TABLE pair (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device, clock TEXT NOT NULL,
            boot TEXT NOT NULL, uptime INTEGER NOT NULL, wall INTEGER NOT NULL, synchronised INTEGER NOT NULL,
            error INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT;
        CREATE INDEX pair_device ON pair (device);

        -- eui: the device's System Id as it was when the reading was kept, because the clinic's identifier is made of it;
        -- line: the device's own time in microseconds or ticks; standing: 0 sound, 1 undecoded, 2 damaged.
        CREATE TABLE reading (
            id INTEGER PRIMARY KEY, fingerprint BLOB NOT NULL UNIQUE, device INTEGER NOT NULL REFERENCES device,
            eui INTEGER, line INTEGER, content TEXT NOT NULL, bytes BLOB NOT NULL,
            boot TEXT NOT NULL, uptime INTEGER NOT NULL, wall INTEGER NOT NULL, synchronised INTEGER NOT NULL,
            pair INTEGER REFERENCES pair, at INTEGER, error INTEGER NOT NULL, basis TEXT NOT NULL,
            system TEXT, subject TEXT, standing INTEGER NOT NULL CHECK (standing BETWEEN 0 AND 2),
            seal INTEGER NOT NULL) STRICT;
        CREATE INDEX reading_line ON reading (device, line);

        CREATE TABLE destination (
            id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, active INTEGER NOT NULL) STRICT;
        -- What waits. The reference forbids SQLite itself to delete a reading that still does.
        CREATE TABLE outbox (
            reading INTEGER NOT NULL REFERENCES reading, destination INTEGER NOT NULL REFERENCES destination,
            PRIMARY KEY (reading, destination)) STRICT, WITHOUT ROWID;
        -- What was answered.
        CREATE TABLE receipt (
            reading INTEGER NOT NULL REFERENCES reading ON DELETE CASCADE,
            destination INTEGER NOT NULL REFERENCES destination,
            state TEXT NOT NULL CHECK (state IN ('accepted', 'refused', 'withheld')), location TEXT, fault TEXT,
            settled INTEGER NOT NULL, PRIMARY KEY (reading, destination)) STRICT, WITHOUT ROWID;

        CREATE TABLE binding (
            id INTEGER PRIMARY KEY, device TEXT NOT NULL, user INTEGER, system TEXT, subject TEXT NOT NULL) STRICT;
        CREATE UNIQUE INDEX binding_slot ON binding (device, ifnull(user, -1));

        CREATE TABLE crumb (device TEXT PRIMARY KEY, deaths INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        """,
        """
        -- What a wireless device is reached with. sighting: as it was heard when it was bound; bond: the kernel's keys;
        -- attributes: its attribute table; each in the notation of its module.
        CREATE TABLE wireless (
            device TEXT PRIMARY KEY, sighting TEXT, bond BLOB, attributes TEXT, seal INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        -- What opens a person's slot on a device that wants a code for it.
        CREATE TABLE consent (
            device TEXT NOT NULL, user INTEGER NOT NULL, code INTEGER NOT NULL, PRIMARY KEY (device, user))
            STRICT, WITHOUT ROWID;
        """,
        """
        -- What dating rests on beside the pairs. moment: the hub's own clocks, in the order in which they were read, which
        -- orders its boots; error: how far `wall` may be off, null where nobody vouches for it.
        CREATE TABLE moment (
            id INTEGER PRIMARY KEY, boot TEXT NOT NULL, uptime INTEGER NOT NULL, wall INTEGER NOT NULL,
            synchronised INTEGER NOT NULL, error INTEGER, source TEXT, seal INTEGER NOT NULL) STRICT;
        -- The end of a visit in which the device gave all it had.
        CREATE TABLE visit (
            id INTEGER PRIMARY KEY, device INTEGER NOT NULL REFERENCES device, boot TEXT NOT NULL,
            uptime INTEGER NOT NULL, wall INTEGER NOT NULL, synchronised INTEGER NOT NULL,
            seal INTEGER NOT NULL) STRICT;
        -- What was concluded of a reading's time where that is more than its row says: bounds, or a later and better
        -- conclusion. It follows from what else is kept, and may be lost.
        CREATE TABLE dating (
            reading INTEGER PRIMARY KEY REFERENCES reading ON DELETE CASCADE, at INTEGER, error INTEGER NOT NULL,
            basis TEXT NOT NULL, earliest INTEGER, latest INTEGER, seal INTEGER NOT NULL) STRICT;
        """,
        """
        -- What is on its way: one bundle for each destination, as it was made, until it is answered. body: compressed;
        -- entries and told: see Consignment.
        CREATE TABLE consignment (
            destination INTEGER PRIMARY KEY REFERENCES destination, body BLOB NOT NULL, entries TEXT NOT NULL,
            told TEXT NOT NULL, length INTEGER NOT NULL, seal INTEGER NOT NULL) STRICT;
        -- What was refused: the request, compressed, and the answer to it.
        CREATE TABLE dead_letter (
            reading INTEGER NOT NULL REFERENCES reading ON DELETE CASCADE,
            destination INTEGER NOT NULL REFERENCES destination, status INTEGER NOT NULL, request BLOB NOT NULL,
            answer TEXT NOT NULL, length INTEGER NOT NULL, died INTEGER NOT NULL,
            PRIMARY KEY (reading, destination)) STRICT, WITHOUT ROWID;
        """,
        """
        -- When a person has agreed to measure, in words, and since when that is so; null where nothing is agreed.
        ALTER TABLE binding ADD COLUMN schedule TEXT;
        ALTER TABLE binding ADD COLUMN agreed INTEGER;
        -- When a device was last heard, measuring or not; whether the last visit got all that it had (read); and what it
        -- last said of its battery: percent, or only that it was low. It may be lost.
        CREATE TABLE contact (
            device TEXT PRIMARY KEY, boot TEXT NOT NULL, uptime INTEGER NOT NULL, wall INTEGER NOT NULL,
            synchronised INTEGER NOT NULL, read INTEGER NOT NULL, battery INTEGER, low INTEGER NOT NULL)
            STRICT, WITHOUT ROWID;
        """,
        """
        -- What technicians did with the kit, see AuditEvent. sudoer: whom sudo names; device and successor: identities.
        CREATE TABLE audit (
            id INTEGER PRIMARY KEY, recorded INTEGER NOT NULL, user INTEGER NOT NULL, sudoer TEXT, action TEXT NOT NULL,
            device TEXT NOT NULL, successor TEXT NOT NULL, outcome TEXT NOT NULL) STRICT;
        """,
        """
        -- From when on a device is this person's: what it remembers of before is nobody's. Null where all of it is theirs, as
        -- of everybody who was bound before anybody asked.
        ALTER TABLE binding ADD COLUMN since INTEGER;
        -- What could not be decoded is looked for with each sign of life, and is rare.
        CREATE INDEX reading_standing ON reading (device) WHERE standing <> 0;
        """,
    ]

    /// Makes an empty file the newest journal. It stays in rollback mode and is on no disk yet: both are its builder's to
    /// do, once it is complete.
    static func create(in database: Database) throws(Fault) {
        try database.execute("PRAGMA page_size = \(pageSize)")
        // Free pages are used again rather than given back: the file's size is bounded, and moving pages costs writes.
        try database.execute("PRAGMA auto_vacuum = NONE")
        try database.execute("PRAGMA journal_mode = DELETE")
        try database.execute("PRAGMA synchronous = OFF")
        try migrate(database, from: 0)
        try database.execute("PRAGMA application_id = \(application)")
    }

    /// Applies what is missing, in one transaction and outside the write-ahead log: so the version in the file's first
    /// page is always the true one, and an older vitalsd can refuse the file without opening it.
    static func migrate(
        _ database: Database, from found: Int, through migrations: [String] = migrations
    ) throws(Fault) {
        try database.execute("PRAGMA journal_mode = DELETE")
        try database.transaction { () throws(Fault) in
            for migration in migrations.dropFirst(found) { try database.execute(migration) }
            try database.execute("PRAGMA user_version = \(migrations.count)")
        }
    }

    /// Whether the file describes its tables as this version of the schema does. SQLite believes any description that
    /// it can parse, also one with a changed letter.
    static func isIntact(in database: Database, version: Int) throws(Fault) -> Bool {
        let model = try Database(":memory:", .writing)
        for migration in migrations.prefix(version) { try model.execute(migration) }
        let tables = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name"
        return try database.query(tables) == model.query(tables)
    }

    /// How a connection behaves that writes.
    static func configure(_ database: Database) throws(Fault) {
        try database.execute(
            """
            PRAGMA journal_mode = WAL;
            PRAGMA synchronous = FULL;
            PRAGMA foreign_keys = ON;
            PRAGMA wal_autocheckpoint = 0;
            PRAGMA journal_size_limit = \(2 * checkpoint * pageSize);
            PRAGMA cache_size = -\(cache);
            PRAGMA cell_size_check = ON;
            PRAGMA trusted_schema = OFF;
            """)
        // What is deleted is gone: no person's readings stay in free pages, and a salvage finds nothing stale.
        try database.execute("PRAGMA secure_delete = ON")
    }

    /// Lets the log be copied into the file from time to time. Not before the file is known to be whole: until then all
    /// that was in it can still be salvaged, whatever is written meanwhile.
    static func letCheckpoint(_ database: Database) throws(Fault) {
        database.copyLog(at: Int32(checkpoint))
    }
}
