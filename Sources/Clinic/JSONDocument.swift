import CSQLite
import Core
import FHIR

/// A JSON text from outside, read with SQLite's JSON functions: a kept library instead of a parser of our own. SQLite
/// refuses what nests too deep, and every step is bounded, whatever the text holds.
final class JSONDocument {
    private let database: OpaquePointer
    private let text: [UInt8]

    /// Throws `clinic(.badAnswer)` for anything that is not one JSON value.
    init(_ text: [UInt8]) throws(Fault) {
        var database: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX
        let result = sqlite3_open_v2(":memory:", &database, flags, nil)
        guard let database, result == SQLITE_OK else {
            sqlite3_close(database)
            throw .hub(.system("sqlite3_open_v2", result))
        }
        self.database = database
        self.text = text
        // SQLite's texts end at a zero byte, and JSON's never hold one.
        guard !text.isEmpty, !text.contains(0), try rows("SELECT json_valid(?1)").first?.first == "1" else {
            throw .clinic(.badAnswer("it is no JSON"))
        }
    }

    deinit { sqlite3_close(database) }

    /// The columns of every row as text, nil for NULL. `?1` is the document.
    func rows(_ query: String) throws(Fault) -> [[String?]] {
        var statement: OpaquePointer?
        defer { sqlite3_finalize(statement) }
        guard sqlite3_prepare_v2(database, query, -1, &statement, nil) == SQLITE_OK else {
            throw .hub(.system("sqlite3_prepare_v2", sqlite3_errcode(database)))
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

    private func column(_ statement: OpaquePointer?, _ index: Int32) -> String? {
        guard let text = sqlite3_column_text(statement, index) else { return nil }
        let bytes = UnsafeBufferPointer(start: text, count: Int(sqlite3_column_bytes(statement, index)))
        return String(decoding: bytes, as: UTF8.self)
    }
}

extension JSONDocument {
    /// The entries of a transaction-response; no more than `limit` of them are looked at.
    func entries(atMost limit: Int) throws(Fault) -> [Answer.Entry] {
        let kind = try rows(
            """
            SELECT iif(json_type(?1) = 'object', json_extract(?1, '$.resourceType'), NULL),
                   iif(json_type(?1) = 'object', json_extract(?1, '$.type'), NULL),
                   iif(json_type(?1) = 'object', json_type(?1, '$.entry'), NULL)
            """)
        guard kind == [["Bundle", "transaction-response", "array"]] else {
            throw .clinic(.badAnswer("it is no transaction-response"))
        }
        // `value` of an element that is no object is no JSON text, so it is not looked into.
        let entries = try rows(
            """
            SELECT iif(json_type(value, '$.response.status') = 'text', json_extract(value, '$.response.status'), NULL),
                   iif(json_type(value, '$.response.location') = 'text', json_extract(value, '$.response.location'), NULL)
            FROM (SELECT iif(type = 'object', value, '{}') AS value FROM json_each(?1, '$.entry') LIMIT \(limit))
            """)
        return try entries.map { entry throws(Fault) in
            // `201 Created`: the words after the number are the server's own affair.
            guard let status = entry[0], let number = Int(status.prefix { $0 != " " }) else {
                throw .clinic(.badAnswer("an entry has no status"))
            }
            return Answer.Entry(status: number, location: entry[1].map { String($0.prefix(1024)) })
        }
    }

    /// The issues of an OperationOutcome, at most a hundred; none where it is something else.
    func issues() throws(Fault) -> [OperationOutcome.Issue] {
        guard
            try rows("SELECT iif(json_type(?1) = 'object', json_extract(?1, '$.resourceType'), NULL)")
                == [["OperationOutcome"]]
        else { return [] }
        let issues = try rows(
            """
            SELECT key, \(Self.text("severity")), \(Self.text("code")), \(Self.text("details.text")),
                   \(Self.text("diagnostics"))
            FROM (SELECT key, iif(type = 'object', value, '{}') AS value FROM json_each(?1, '$.issue') LIMIT 100)
            """)
        let paths = try rows(
            """
            SELECT issue.key, path.value
            FROM (SELECT key, iif(type = 'object', value, '{}') AS value FROM json_each(?1, '$.issue') LIMIT 100) AS issue,
                 json_each(json_array(json_extract(issue.value, '$.expression'),
                                      json_extract(issue.value, '$.location'))) AS list,
                 json_each(iif(list.type = 'array', list.value, '[]')) AS path
            WHERE path.type = 'text' LIMIT 1000
            """)
        return issues.map { issue in
            OperationOutcome.Issue(
                severity: issue[1] ?? "", code: issue[2] ?? "",
                text: clipped([issue[3], issue[4]].compactMap(\.self).joined(separator: ": ")),
                expression: paths.filter { $0[0] == issue[0] }.compactMap { $0[1] }.map(clipped))
        }
    }

    /// The members of an access token's answer.
    func token() throws(Fault) -> (text: String?, type: String?, seconds: Double?) {
        func member(_ name: String, _ types: String) -> String {
            "iif(json_type(?1, '$.\(name)') IN (\(types)), json_extract(?1, '$.\(name)'), NULL)"
        }
        let rows = try rows(
            """
            SELECT \(member("access_token", "'text'")), \(member("token_type", "'text'")),
                   \(member("expires_in", "'integer', 'real'"))
            WHERE json_type(?1) = 'object'
            """)
        guard let row = rows.first else { throw .clinic(.badAnswer("it is no token")) }
        return (row[0], row[1], row[2].flatMap { Double($0) })
    }

    /// SQL for the text at a path of `value`; NULL where there is something else.
    private static func text(_ path: String) -> String {
        "iif(json_type(value, '$.\(path)') = 'text', json_extract(value, '$.\(path)'), NULL)"
    }
}

/// At most a kilobyte.
private func clipped(_ text: String) -> String { String(decoding: text.utf8.prefix(1024), as: UTF8.self) }
