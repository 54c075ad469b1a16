import Core

/// What a server needs of a transaction to take it: for the demonstration's clinic, which is one.
package struct TransactionRequest: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        /// `Observation`, `Device` or `Patient`.
        package var type: String
        /// `ifNoneExist`: it is created only where nothing matches.
        package var condition: String
    }
    package let entries: [Entry]

    /// Throws `clinic(.badAnswer)` for anything that is no transaction of conditional creates.
    package init(_ body: [UInt8]) throws(Fault) {
        let rows = try JSONDocument(body, by: JSONReader()).rows(
            """
            SELECT json_extract(value, '$.request.url'), json_extract(value, '$.request.ifNoneExist')
            FROM json_each(?1, '$.entry')
            """)
        entries = try rows.map { row throws(Fault) in
            guard let type = row[0], let condition = row[1] else { throw .clinic(.badAnswer("no conditional create")) }
            return Entry(type: type, condition: condition)
        }
    }
}
