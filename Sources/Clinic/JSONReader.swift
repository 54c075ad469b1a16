import CSQLite
import Core

/// Reads JSON with SQLite's functions: a kept library instead of a parser of our own. SQLite refuses what nests too deep,
/// and every step is bounded, whatever the text holds.
///
/// It is kept, because to begin takes SQLite longer than to read an answer. Belongs to one thread at a time.
package final class JSONReader {
    private let database: OpaquePointer
    private var statements: [String: OpaquePointer] = [:]

    package init() throws(Fault) {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX
        let result = sqlite3_open_v2(":memory:", &database, flags, nil)
        guard let database, result == SQLITE_OK else {
            sqlite3_close(database)
            throw .hub(.system("sqlite3_open_v2", result))
        }
        self.database = database
    }

    deinit {
        for statement in statements.values { sqlite3_finalize(statement) }
        sqlite3_close(database)
    }

    /// The columns of every row as text, nil for NULL. `?1` is the text.
    func rows(_ query: String, of text: [UInt8]) throws(Fault) -> [[String?]] {
        let statement = try prepared(query)
        defer {
            sqlite3_reset(statement)
            sqlite3_clear_bindings(statement)
        }
        let bound = text.withUnsafeBytes { bytes in
            vitalsd_bind_text(statement, 1, bytes.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(bytes.count))
        }
        guard bound == SQLITE_OK else { throw .clinic(.badAnswer("it is too long")) }
        var rows: [[String?]] = []
        while true {
            switch sqlite3_step(statement) {
            case SQLITE_ROW:
                rows.append((0..<sqlite3_column_count(statement)).map { column(statement, $0) })
            case SQLITE_DONE: return rows
            default: throw .clinic(.badAnswer("its JSON makes no sense"))
            }
        }
    }

    private func prepared(_ query: String) throws(Fault) -> OpaquePointer {
        if let statement = statements[query] { return statement }
        var compiled: OpaquePointer?
        let flags = UInt32(SQLITE_PREPARE_PERSISTENT)
        guard sqlite3_prepare_v3(database, query, -1, flags, &compiled, nil) == SQLITE_OK, let compiled else {
            throw .hub(.system("sqlite3_prepare_v3", sqlite3_errcode(database)))
        }
        statements[query] = compiled
        return compiled
    }

    private func column(_ statement: OpaquePointer, _ index: Int32) -> String? {
        guard let text = sqlite3_column_text(statement, index) else { return nil }
        let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, index)))
        return String(decoding: bytes, as: UTF8.self)
    }
}
