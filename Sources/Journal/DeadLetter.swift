import Core

// What was refused, and with which words: kept whole, for whoever has to find out why.

extension Journal {
    /// A refused reading's request and the clinic's answer to it.
    package struct DeadLetter: Equatable, Sendable {
        /// The HTTP status; 0 where there was none.
        package var status: Int
        /// The request's body, compressed by whoever made it.
        package var request: [UInt8]
        /// The answer's body, usually an OperationOutcome. It may name a person.
        package var answer: String

        package init(status: Int, request: [UInt8], answer: String) {
            self.status = status
            self.request = request
            self.answer = answer
        }
    }
}

extension Database {
    /// Takes the place of an earlier one, and goes with the reading or its release.
    func keep(_ letter: Journal.DeadLetter, of reading: Int64, for place: Int64, at: Instant) throws(Fault) {
        try query(
            """
            INSERT OR REPLACE INTO dead_letter (reading, destination, status, request, answer, length, died)
            SELECT id, ?2, ?3, ?4, ?5, ?6, ?7 FROM reading WHERE id = ?1
            """, .integer(reading), .integer(place), Datum(letter.status), .blob(letter.request),
            .text(letter.answer), Datum(letter.request.count), .integer(at.milliseconds))
    }

    /// What refused a reading, by the name of the destination.
    func deadLetters(of reading: Int64) throws(Fault) -> [(destination: String, letter: Journal.DeadLetter)] {
        try query(
            """
            SELECT d.name, l.status, l.request, l.answer FROM dead_letter l JOIN destination d ON d.id = l.destination
            WHERE l.reading = ? ORDER BY d.id
            """, .integer(reading)
        ).compactMap { row in
            guard let name = row[0].text, let status = row[1].integer, let request = row[2].blob,
                let answer = row[3].text
            else { return nil }
            return (name, Journal.DeadLetter(status: Int(status), request: request, answer: answer))
        }
    }
}
