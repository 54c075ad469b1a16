import Core

// What is on its way to a destination: journaled before it is sent, so that a repeat is the same, byte for byte, whatever
// becomes known and whoever is restarted in between.

extension Journal {
    /// A bundle as it was made, and what it tells of each reading's time.
    package struct Consignment: Equatable, Sendable {
        package struct Told: Equatable, Sendable {
            package var reading: Int64
            package var dated: Dated
            /// Whether it tells anew of what the clinic has.
            package var amends: Bool

            package init(reading: Int64, dated: Dated, amends: Bool) {
                self.reading = reading
                self.dated = dated
                self.amends = amends
            }
        }
        /// The body, compressed by whoever made it.
        package var body: [UInt8]
        /// Whose each entry of it is, in its maker's notation.
        package var entries: String
        /// Its readings, in the order of the bundle.
        package var told: [Told]

        package init(body: [UInt8], entries: String, told: [Told]) {
            self.body = body
            self.entries = entries
            self.told = told
        }
    }

    /// Writes down what is about to be sent, in the place of what was sent before, together with the answers to that. One
    /// transaction, and one fsync: when this returns, a repeat can be the same. False where one of its readings was wiped
    /// meanwhile: then it is not written down, and is not to be sent.
    package func consign(
        _ consignment: Consignment, settling receipts: [Receipt], for destination: String
    ) throws(Fault) -> Bool {
        try mending { () throws(Fault) in
            try database.transaction { () throws(Fault) in
                if !receipts.isEmpty { try database.write(receipts, for: destination) }
                guard try database.areThere(consignment.told.map(\.reading)) else { return false }
                try database.write(consignment, for: destination)
                return true
            }
        }
    }

    /// Notes where a destination is by now. What was on its way to where it was known to be before is forgotten with that: it is
    /// addressed otherwise, and its readings wait like any others.
    package func readdress(_ destination: String, to address: String) throws(Fault) {
        try mending { () throws(Fault) in
            let known = try database.value(for: Self.address(of: destination))
            try database.transaction { () throws(Fault) in
                if known != nil {
                    try database.query(
                        "DELETE FROM consignment WHERE destination = (SELECT id FROM destination WHERE name = ?)",
                        .text(destination))
                }
                try database.query(
                    "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", .text(Self.address(of: destination)),
                    .text(address))
            }
        }
    }

    /// Where a destination was when this was last noted; nil before that.
    package func address(of destination: String) throws(Fault) -> String? {
        try value(for: Self.address(of: destination))
    }

    private static func address(of destination: String) -> String { "address \(destination)" }

    /// What was sent last, where nobody has written down that it was answered, and its readings as it told of them. Nil
    /// where there is none, or where it no longer reads: then its readings wait like any others.
    package func consignment(for destination: String) throws(Fault) -> (Consignment, [Kept])? {
        try mending { () throws(Fault) in
            guard let found = try database.consignment(for: destination) else { return nil }
            var readings: [Kept] = []
            for told in found.told {
                guard var kept = try database.reading(told.reading) else { return nil }
                kept.dated = told.dated
                kept.isDatedAnew = false
                kept.amends = told.amends
                readings.append(kept)
            }
            return (found, readings)
        }
    }
}

extension Database {
    fileprivate func areThere(_ readings: [Int64]) throws(Fault) -> Bool {
        let places = readings.map { _ in "?" }.joined(separator: ", ")
        let count = try query("SELECT count(*) FROM reading WHERE id IN (\(places))", readings.map(Datum.integer))
        return count.first?[0].integer == Int64(Set(readings).count)
    }

    fileprivate func write(_ consignment: Journal.Consignment, for destination: String) throws(Fault) {
        let told = consignment.told.map(\.notation).joined(separator: "\n")
        let data: [Datum] = [.blob(consignment.body), .text(consignment.entries), .text(told)]
        try query(
            """
            INSERT OR REPLACE INTO consignment (destination, body, entries, told, length, seal)
            SELECT id, ?1, ?2, ?3, ?4, ?5 FROM destination WHERE name = ?6
            """, data + [Datum(consignment.body.count), .integer(fnv1a(data[...])), .text(destination)])
    }

    fileprivate func consignment(for destination: String) throws(Fault) -> Journal.Consignment? {
        let rows = try query(
            """
            SELECT body, entries, told, seal FROM consignment
            WHERE destination = (SELECT id FROM destination WHERE name = ?)
            """, .text(destination))
        guard let row = rows.first, row[3] == .integer(fnv1a(row[..<3])), let body = row[0].blob,
            let entries = row[1].text, let lines = row[2].text
        else { return nil }
        let told = lines.split(separator: "\n").compactMap { Journal.Consignment.Told(notation: $0) }
        guard !told.isEmpty, told.count == lines.split(separator: "\n").count else { return nil }
        return Journal.Consignment(body: body, entries: entries, told: told)
    }
}

extension Journal.Consignment.Told {
    /// `number at error basis earliest latest new`: milliseconds, but nanoseconds of error; `-` for what is not known; at the
    /// end `new` or `again`.
    fileprivate var notation: String {
        let times = [dated.at, dated.earliest, dated.latest].map { $0.map { "\($0.milliseconds)" } ?? "-" }
        let error = dated.error.inNanoseconds, end = amends ? "again" : "new"
        return "\(reading) \(times[0]) \(error) \(dated.basis.rawValue) \(times[1]) \(times[2]) \(end)"
    }

    fileprivate init?(notation: Substring) {
        let words = notation.split(separator: " ")
        guard words.count == 7, let reading = Int64(words[0]), let error = Int64(words[2]),
            let basis = Basis(rawValue: String(words[3]))
        else { return nil }
        func instant(_ word: Substring) -> Instant? { Int64(word).map { Instant(milliseconds: $0) } }
        self.reading = reading
        dated = Dated(at: instant(words[1]), error: .nanoseconds(error), basis: basis)
        dated.earliest = instant(words[4])
        dated.latest = instant(words[5])
        amends = words[6] == "again"
    }
}
