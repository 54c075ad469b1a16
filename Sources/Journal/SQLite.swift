import CSQLite
import Core
import Glibc

/// What a column holds. There are no floating-point columns in the journal.
enum Datum: Equatable, Sendable {
    case null, integer(Int64), text(String), blob([UInt8])

    var integer: Int64? { if case .integer(let number) = self { number } else { nil } }
    var text: String? { if case .text(let text) = self { text } else { nil } }
    var blob: [UInt8]? { if case .blob(let bytes) = self { bytes } else { nil } }
    var isNull: Bool { self == .null }

    init(_ number: (some BinaryInteger)?) { self = number.map { .integer(Int64(clamping: $0)) } ?? .null }
    init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    init(_ truth: Bool) { self = .integer(truth ? 1 : 0) }
}

/// One connection to one SQLite file. Closes itself; speaks `Fault`.
///
/// Used by one thread at a time: the actor's, or the one of a command line tool.
final class Database {
    enum Access { case reading, writing }

    let path: String
    /// Nil once closed.
    private var connection: OpaquePointer?
    private var statements: [String: Statement] = [:]
    /// Whether a sync has failed: of what was written before it, nobody knows what is on the disk, whatever later ones say.
    private var isDoubtful = false

    /// Opens a file that is there; it creates none.
    init(_ path: String, _ access: Access) throws(Fault) {
        let mode = access == .reading ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE
        var opened: OpaquePointer?
        let code = sqlite3_open_v2(path, &opened, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nil)
        guard code == SQLITE_OK, let opened else {
            let fault = sqliteFault(code, opened, path)
            sqlite3_close_v2(opened)
            throw fault
        }
        self.path = path
        connection = opened
        // Beside the writer there are only short visits by command line tools.
        sqlite3_busy_timeout(connection, 5000)
    }

    deinit { close() }

    /// What SQLite finds wrong with the file, or with one table and its indexes; nil where it is whole.
    func damage(in table: String? = nil) throws(Fault) -> String? {
        let verdict = try query("PRAGMA integrity_check(\(table ?? "1"))").first?.first?.text
        // SQLite names the database in a line of its own before what is wrong with it.
        let finding = verdict.flatMap { $0.split(whereSeparator: \.isNewline).last }.map { String($0) }
        return finding == "ok" ? nil : finding ?? "no verdict"
    }

    /// Copies the log into the file whenever it has come to so many pages, as SQLite does by itself; but that it could not be
    /// synced before that, SQLite tells nobody.
    func copyLog(at pages: Int32) {
        copiesLogAt = pages
        let own = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_wal_hook(
            connection,
            { own, connection, name, pages in
                guard let own else { return SQLITE_OK }
                let database = Unmanaged<Database>.fromOpaque(own).takeUnretainedValue()
                guard pages >= database.copiesLogAt else { return SQLITE_OK }
                database.note(sqlite3_wal_checkpoint_v2(connection, name, SQLITE_CHECKPOINT_PASSIVE, nil, nil))
                return SQLITE_OK
            }, own)
    }
    private var copiesLogAt = Int32.max

    /// SQLITE_IOERR_FSYNC and SQLITE_IOERR_DIR_FSYNC.
    private func note(_ code: Int32) { if code == 1034 || code == 1290 { isDoubtful = true } }

    /// Nothing new is built on what may be on no disk. Within a transaction that was done before it.
    private func makeLogLast() throws(Fault) {
        guard let connection, sqlite3_get_autocommit(connection) != 0 else { return }
        try File.rewrite(path + "-wal")
        isDoubtful = false
    }

    private func fault(_ code: Int32) -> Fault {
        note(code)
        return sqliteFault(code, connection, path)
    }

    /// Closes without tidying up: the files have other names by now, and stay as they are.
    func abandon() {
        if let connection { vitalsd_leave_log(connection) }
        close()
    }

    /// Whoever asks anything afterwards hears a fault.
    func close() {
        statements.removeAll()
        sqlite3_close_v2(connection)
        connection = nil
    }

    private var open: OpaquePointer {
        get throws(Fault) {
            guard let connection else { throw .hub(.system("SQLite: the journal is closed", SQLITE_MISUSE)) }
            return connection
        }
    }

    /// Runs one statement, which is compiled once, and returns its rows.
    @discardableResult
    func query(_ sql: String, _ parameters: Datum...) throws(Fault) -> [[Datum]] {
        try query(sql, parameters)
    }

    @discardableResult
    func query(_ sql: String, _ parameters: [Datum]) throws(Fault) -> [[Datum]] {
        let statement = try prepared(sql)
        if isDoubtful, !statement.onlyReads { try makeLogLast() }
        statement.bind(parameters)
        defer { statement.reset() }
        var rows: [[Datum]] = []
        while true {
            switch statement.step() {
            case SQLITE_ROW: rows.append(statement.row)
            case SQLITE_DONE: return rows
            case let code: throw fault(code)
            }
        }
    }

    /// The integer in the first column of the first row.
    func integer(_ sql: String, _ parameters: Datum...) throws(Fault) -> Int64? {
        try query(sql, parameters).first?.first?.integer
    }

    /// Statements that are run once, or that SQLite executes while compiling them, as it does some pragmas.
    func execute(_ sql: String) throws(Fault) {
        let connection = try open, code = sqlite3_exec(connection, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw fault(code) }
    }

    /// All or nothing. Returns after COMMIT, and so after fsync.
    ///
    /// A `fleeting` transaction is not forced to the disk by itself: it outlives the daemon's death, but a power cut may
    /// take it. SQLite's log keeps its order, so it never takes an older one.
    @discardableResult
    func transaction<Result>(
        fleeting: Bool = false, _ body: () throws(Fault) -> Result
    ) throws(Fault) -> Result {
        if fleeting { try execute("PRAGMA synchronous = NORMAL") }
        defer { if fleeting { sqlite3_exec(connection, "PRAGMA synchronous = FULL", nil, nil, nil) } }
        try query("BEGIN IMMEDIATE")
        do throws(Fault) {
            let result = try body()
            try query("COMMIT")
            return result
        } catch {
            // Some failures, a full disk among them, have already rolled back.
            if let connection, sqlite3_get_autocommit(connection) == 0 {
                sqlite3_exec(connection, "ROLLBACK", nil, nil, nil)
            }
            throw error
        }
    }

    /// Rows that the last statement changed.
    var changes: Int { connection.map { Int(sqlite3_changes64($0)) } ?? 0 }

    private func prepared(_ sql: String) throws(Fault) -> Statement {
        if let statement = statements[sql] { return statement }
        var compiled: OpaquePointer?
        let connection = try open
        let code = sqlite3_prepare_v3(connection, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &compiled, nil)
        guard code == SQLITE_OK, let compiled else { throw sqliteFault(code, connection, path) }
        let statement = Statement(compiled)
        statements[sql] = statement
        return statement
    }
}

/// A compiled statement; finalizes itself.
private final class Statement {
    private let handle: OpaquePointer
    init(_ handle: OpaquePointer) { self.handle = handle }
    deinit { sqlite3_finalize(handle) }

    func step() -> Int32 { sqlite3_step(handle) }

    /// Whether it changes nothing of the file.
    var onlyReads: Bool { sqlite3_stmt_readonly(handle) != 0 }

    func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    func bind(_ parameters: [Datum]) {
        for (index, parameter) in parameters.enumerated() {
            let place = Int32(index + 1)
            switch parameter {
            case .null: sqlite3_bind_null(handle, place)
            case .integer(let number): sqlite3_bind_int64(handle, place, number)
            case .text(let text): vitalsd_bind_text(handle, place, text, Int32(text.utf8.count))
            case .blob(let bytes): vitalsd_bind_blob(handle, place, bytes, Int32(bytes.count))
            }
        }
    }

    var row: [Datum] { (0..<sqlite3_column_count(handle)).map(column) }

    private func column(_ index: Int32) -> Datum {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: .integer(sqlite3_column_int64(handle, index))
        // Text that is no UTF-8 comes out as the bytes that it is: its row no longer reads.
        case SQLITE_TEXT:
            text(index).map { .text($0) } ?? .blob(bytes(index))
        case SQLITE_BLOB: .blob(bytes(index))
        default: .null
        }
    }

    private func text(_ index: Int32) -> String? {
        guard let start = sqlite3_column_text(handle, index) else { return "" }
        let bytes = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index)))
        return String(validating: bytes, as: UTF8.self)
    }

    private func bytes(_ index: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(handle, index) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(handle, index))))
    }
}

/// SQLite's result code as the fault of somebody who can act on it.
private func sqliteFault(_ code: Int32, _ connection: OpaquePointer?, _ path: String) -> Fault {
    let message = connection.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
    let number = connection.map { sqlite3_system_errno($0) } ?? ENOMEM
    switch code & 0xFF {
    case SQLITE_FULL: return .hub(.diskFull)
    case SQLITE_CORRUPT, SQLITE_NOTADB: return .hub(.journalDamaged(message))
    case SQLITE_BUSY, SQLITE_LOCKED: return .hub(.journalInUse)
    case SQLITE_READONLY, SQLITE_PERM, SQLITE_AUTH: return .hub(.noPermission(path))
    case SQLITE_IOERR, SQLITE_CANTOPEN: return systemFault("SQLite: \(message)", number, path)
    default: return .hub(.system("SQLite: \(message)", code))
    }
}

/// A failed system call on a file of the journal.
func systemFault(_ call: String, _ number: Int32, _ path: String) -> Fault {
    switch number {
    case ENOSPC, EDQUOT, EFBIG: .hub(.diskFull)
    case EACCES, EPERM: .hub(.noPermission(path))
    case EROFS: .hub(.diskReadOnly(path))
    case EWOULDBLOCK: .hub(.journalInUse)
    default: .hub(.diskFailing("\(path): \(call), errno \(number)"))
    }
}
