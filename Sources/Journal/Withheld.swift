import Core

extension Journal {
    /// Why a reading is withheld from a clinic that has no name for whom it is about. With another one's name it may still go
    /// there, so it is kept for that.
    package static let stranger = "not a patient of this clinic"

    /// Lets what was withheld from a destination for this reason wait for it after all: that about a person, or about anybody.
    /// Answers how many readings do.
    @discardableResult
    package func reoffer(
        withheldFor reason: String, to destination: String, about person: Subject?
    ) throws(Fault) -> Int {
        try mending { () throws(Fault) in
            try database.reoffer(withheldFor: reason, to: destination, about: person)
        }
    }
}

extension Database {
    fileprivate func reoffer(
        withheldFor reason: String, to destination: String, about person: Subject?
    ) throws(Fault) -> Int {
        let rows = try query(
            """
            SELECT r.id, d.id, r.system, r.subject FROM receipt a
            JOIN destination d ON d.id = a.destination JOIN reading r ON r.id = a.reading
            WHERE d.name = ? AND a.state = 'withheld' AND a.fault = ? AND r.standing = 0
            """, .text(destination), .text(reason)
        ).filter { person == nil || Subject(system: $0[2], subject: $0[3]) == person }
        if rows.isEmpty { return 0 }
        return try transaction { () throws(Fault) in
            for row in rows {
                try query("DELETE FROM receipt WHERE reading = ? AND destination = ?", row[0], row[1])
                try query("INSERT OR IGNORE INTO outbox (reading, destination) VALUES (?, ?)", row[0], row[1])
            }
            return rows.count
        }
    }
}
