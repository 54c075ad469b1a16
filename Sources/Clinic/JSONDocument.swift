import Core
import FHIR

/// A JSON text from outside.
package struct JSONDocument {
    private let text: [UInt8]
    private let reader: JSONReader

    /// Throws `clinic(.badAnswer)` for anything that is not one JSON value.
    package init(_ text: [UInt8], by reader: JSONReader) throws(Fault) {
        self.text = text
        self.reader = reader
        // SQLite's texts end at a zero byte, and JSON's never hold one.
        guard !text.isEmpty, !text.contains(0), try rows("SELECT json_valid(?1)").first?.first == "1" else {
            throw .clinic(.badAnswer("it is no JSON"))
        }
    }

    /// The columns of every row as text, nil for NULL. `?1` is the document.
    func rows(_ query: String) throws(Fault) -> [[String?]] { try reader.rows(query, of: text) }
}

extension JSONDocument {
    /// The entries of a transaction-response; one more than a bundle can have, and no more, are looked at.
    func entries() throws(Fault) -> [Answer.Entry] {
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
            FROM (SELECT iif(type = 'object', value, '{}') AS value FROM json_each(?1, '$.entry') LIMIT \(Bundle.limit + 1))
            """)
        return try entries.map { entry throws(Fault) in
            // `201 Created`: the words after the number are the server's own affair.
            guard let status = entry[0], let number = Int(Substring(status.utf8.prefix { $0 != UInt8(ascii: " ") }))
            else {
                throw .clinic(.badAnswer("an entry has no status"))
            }
            return Answer.Entry(status: number, location: entry[1].map(clipped))
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

    /// How many resources a search has found: what its Bundle says, or how many it lists.
    package func matches() throws(Fault) -> Int {
        let rows = try rows(
            """
            SELECT iif(json_type(?1, '$.total') = 'integer', json_extract(?1, '$.total'), NULL),
                   iif(json_type(?1, '$.entry') = 'array', json_array_length(?1, '$.entry'), 0)
            WHERE json_type(?1) = 'object' AND json_extract(?1, '$.resourceType') = 'Bundle'
            """)
        guard let row = rows.first, let listed = row[1].flatMap({ Int($0) }) else {
            throw .clinic(.badAnswer("it is no search result"))
        }
        return row[0].flatMap { Int($0) } ?? listed
    }

    /// The members of an access token's answer.
    package func token() throws(Fault) -> (text: String?, type: String?, seconds: Double?) {
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
private func clipped(_ text: String) -> String {
    text.utf8.count > 1024 ? String(decoding: text.utf8.prefix(1024), as: UTF8.self) : text
}
