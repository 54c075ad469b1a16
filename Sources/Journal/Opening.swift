import Core
import Glibc

/// How a journal comes to be open: locked, of a version we know, whole, and made so where it is not.
///
///     journal                 the file, with journal-wal and journal-shm while it is open
///     journal.building        a new file that is not complete yet
///     journal.built           a complete one, about to become `journal`
///     journal.damaged-1 …     what was found damaged, as it was found; never deleted
final class Opening {
    let path: String
    private let directory: String
    var destinations: [String]
    /// The journal's directory, locked with flock: it belongs to one daemon. No file is made for it, and locks on the
    /// journal itself would be lost whenever any descriptor of it is closed.
    private var lock: Int32
    /// What had to be done, for the log.
    private var repairs: [Fault] = []

    init(_ path: String, for destinations: [String]) throws(Fault) {
        self.path = path
        self.destinations = destinations
        directory = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        let place = path.hasPrefix("/") && directory.isEmpty ? "/" : directory.isEmpty ? "." : directory
        try makeDirectory(place)
        let descriptor = open(place, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw systemFault("open", errno, place) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let number = errno
            close(descriptor)
            throw systemFault("flock", number, place)
        }
        lock = descriptor
    }

    deinit { unlock() }

    func unlock() {
        guard lock >= 0 else { return }
        // Closing alone does not do where a child process is being started, which has the descriptor until it execs.
        flock(lock, LOCK_UN)
        close(lock)
        lock = -1
    }

    /// The journal, ready for writing. Where it is only `glanced` at, somebody looks through the whole of it later.
    func database(glanced: Bool) throws(Fault) -> Database {
        try finishReplacement()
        if !isThere(path), fileSize(path + "-wal") == 0 {
            _ = try build(from: nil)
        } else if let damage = try lastingDamage(atAGlance: glanced) {
            try replace(damage)
        }
        return try connect()
    }

    /// What a daemon wrote that died before its fsync can be read, and is on no disk yet. Until it is, nothing of it may count:
    /// what a device tells once more would pass for a repeat, and be confirmed.
    private func makeLast() throws(Fault) {
        for end in ["", "-journal"] where isThere(path + end) { try File(path + end).synchronise() }
        // The log holds what counts until all of it is in the file, so that after a sync that failed nothing else is needed.
        if isThere(path + "-wal") { try File.rewrite(path + "-wal") }
        try synchronise()
    }

    /// Puts a sound journal in the place of a damaged one.
    func replace(_ damage: String) throws(Fault) {
        let account = try build(from: path)
        repairs.append(.hub(.journalDamaged("\(damage); \(account)")))
    }

    func connect() throws(Fault) -> Database {
        try makeLast()
        let database = try Database(path, .writing)
        let found = Int(try database.integer("PRAGMA user_version") ?? 0)
        if found < Schema.version { try Schema.migrate(database, from: found) }
        try Schema.configure(database)
        try database.join(destinations)
        return database
    }

    /// What was repaired since this was last asked.
    func takeRepairs() -> [Fault] {
        defer { repairs = [] }
        return repairs
    }

    /// How long a disk that stumbles is given before it is asked again, in microseconds.
    static let moment: UInt32 = 200_000

    /// Damage that is still there once all of the file could be read. SQLite calls a file malformed too when the disk cannot
    /// read it for a moment, and what is whole must not be set aside for that.
    func lastingDamage(atAGlance: Bool) throws(Fault) -> String? {
        guard try damage(atAGlance: atAGlance) != nil else { return nil }
        for end in ["", "-wal"] where isThere(path + end) { try File(path + end).readThrough() }
        return try damage(atAGlance: atAGlance)
    }

    /// Why the file cannot be used as it is; nil when it can. Changes nothing, not even by closing: what is damaged is
    /// set aside as it was found.
    ///
    /// At a glance: the header, the log, the description of the tables, and the tables that say which device it is, whose,
    /// and where it goes. The others grow with the years; each of their rows carries a seal of its own.
    private func damage(atAGlance: Bool) throws(Fault) -> String? {
        guard isThere(path) else { return "its log is there, but the file itself is gone" }
        let header = try Header(path)
        // Judged from the bytes alone, so that a newer journal is not touched.
        if header.isJournal, header.version > Schema.version {
            throw .hub(.journalNewer(found: header.version, known: Schema.version))
        }
        let log = try WriteAheadLog(path + "-wal", pageSize: Schema.pageSize)
        do throws(Fault) {
            if let damage = log.damage, try hasUnseen(log) { return damage }
            // A migration that was cut short is rolled back, which is a write.
            let database = try Database(path, fileSize(path + "-journal") > 0 ? .writing : .reading)
            let tables = try database.query("SELECT name FROM sqlite_schema").compactMap(\.first?.text)
            if !header.isJournal, !tables.isEmpty, !tables.contains("reading") {
                throw .hub(.badConfiguration("\(path) is another program's database"))
            }
            if !atAGlance, let damage = try database.damage() { return damage }
            if !header.isJournal || header.version < 1 { return "its header is not a journal's" }
            guard try Schema.isIntact(in: database, version: header.version) else {
                return "its description of its tables is damaged"
            }
            if !atAGlance { return nil }
            let small = ["meta", "device", "destination", "binding", "crumb"]
            for table in small + (header.version > 1 ? ["wireless", "consent"] : [])
                + (header.version > 3 ? ["contact"] : [])
            {
                if let damage = try database.damage(in: table) { return damage }
            }
            return nil
        } catch .hub(.journalDamaged(let why)) {
            return why
        }
    }

    /// Whether a log that breaks off in the middle holds a reading that SQLite does not see for it. What is not forced to the
    /// disk by itself may be torn by a power cut in any way, and is nobody's loss; a reading that was confirmed is.
    private func hasUnseen(_ log: WriteAheadLog) throws(Fault) -> Bool {
        let database = try Database(path, .reading), newest = Dictionary(log.pages.map { $0 }) { _, later in later }
        for (number, offset) in log.pages {
            let cells = Cells(of: log.page(at: offset), number: number) { newest[$0].map(log.page(at:)) ?? [] }
            let rows = cells.rows.compactMap { row in
                row.id.flatMap { ReadingRow([.integer($0)] + row.record.dropFirst()) }
            }
            for reading in cells.isWhole ? rows : rows + cells.scattered {
                let known = try database.query(
                    "SELECT 1 FROM reading WHERE fingerprint = ?", .blob(reading.fingerprint))
                if known.isEmpty { return true }
            }
        }
        return false
    }

    /// Puts a new file in the journal's place, with all that can be read of the old one. Cut short anywhere, it is
    /// finished or begun again at the next opening. Answers what was saved.
    private func build(from damaged: String?) throws(Fault) -> String {
        let building = path + ".building", built = path + ".built"
        for end in ["", "-journal", "-wal", "-shm"] { unlink(building + end) }
        unlink(built)
        let descriptor = open(building, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw systemFault("open", errno, building) }
        defer { close(descriptor) }
        let account = try fill(building, from: damaged)
        // One fsync for all that was written: before it has a name that counts, nothing of it need last.
        guard fsync(descriptor) == 0 else { throw systemFault("fsync", errno, building) }
        // Where nothing is replaced, nothing can be half replaced.
        try move(building, to: damaged == nil ? path : built)
        try synchronise()
        if damaged != nil { try finishReplacement(discarding: true) }
        return account
    }

    /// In a scope of its own, so that the connection is closed before the file moves.
    private func fill(_ building: String, from damaged: String?) throws(Fault) -> String {
        let database = try Database(building, .writing)
        try Schema.create(in: database)
        let account = try damaged.map { path throws(Fault) in try Salvage.run(path, into: database).description }
        try database.join(destinations)
        try database.execute("PRAGMA journal_mode = WAL")
        return account ?? "nothing was there"
    }

    /// The last steps of `build`, which are also the first of an opening after one that was cut short: a `built` file
    /// beside no journal is complete. A log that lies there belongs to the damaged file, and must never meet another.
    private func finishReplacement(discarding: Bool = false) throws(Fault) {
        let built = path + ".built"
        guard isThere(built), discarding || !isThere(path) else { return }
        var number = 1
        while isThere("\(path).damaged-\(number)") || isThere("\(path).damaged-\(number)-wal") { number += 1 }
        // Where the file has gone already, its log follows it under the same number.
        let last = number - 1
        let follows = !isThere(path) && last > 0 && !isThere("\(path).damaged-\(last)-wal")
        let aside = "\(path).damaged-\(follows ? last : number)"
        if isThere(path) { try move(path, to: aside) }
        if isThere(path + "-wal") { try move(path + "-wal", to: aside + "-wal") }
        if isThere(path + "-journal") { try move(path + "-journal", to: aside + "-journal") }
        unlink(path + "-shm")
        try synchronise()
        try move(built, to: path)
        try synchronise()
    }

    /// Removes the journals that were found damaged.
    func removeSetAside() throws(Fault) {
        var number = 1
        while isThere("\(path).damaged-\(number)") || isThere("\(path).damaged-\(number)-wal") {
            for suffix in ["", "-wal", "-journal"] { unlink("\(path).damaged-\(number)\(suffix)") }
            number += 1
        }
        try synchronise()
    }

    private func move(_ old: String, to new: String) throws(Fault) {
        guard rename(old, new) == 0 else { throw systemFault("rename", errno, old) }
    }

    /// Makes names as durable as what they name.
    private func synchronise() throws(Fault) {
        guard fsync(lock) == 0 else { throw systemFault("fsync", errno, path) }
    }
}

func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Makes a directory for this user alone, and those above it where they are missing.
private func makeDirectory(_ path: String) throws(Fault) {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else {
        throw systemFault("mkdir", errno, path)
    }
    try makeDirectory(String(path[..<slash]))
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw systemFault("mkdir", errno, path) }
}
