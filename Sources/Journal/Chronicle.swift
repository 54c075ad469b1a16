import Core

// What dating rests on, and what was concluded from it.

extension Journal {
    /// The hub's own clocks at a moment.
    package struct Moment: Equatable, Sendable {
        package var hub: HubTime
        /// How far `hub.wall` may be off, and who says so; nil where nobody vouches for it.
        package var error: Duration?
        package var source: HubTimeline.Anchor.Source?

        package init(hub: HubTime, error: Duration? = nil, source: HubTimeline.Anchor.Source? = nil) {
            self.hub = hub
            self.error = error
            self.source = source
        }
    }

    /// All that a device's readings are dated by.
    package struct Chronicle: Sendable {
        /// In the order in which they were seen.
        package var pairs: [ClockPair]
        /// The ends of visits in which the device gave all it had, oldest first.
        package var visits: [HubTime]
        /// The newest readings, oldest first.
        package var readings: [Kept]
        /// From when on it is somebody's; of several persons the first. Nil where somebody's is all that it remembers.
        package var bound: Instant?

        /// Whether there may be more of them, further back than these.
        package var hasEarlierPairs = false, hasEarlierVisits = false

        /// So many readings are dated anew.
        package static let mostReadings = 256
        /// So many of what they rest on are at hand.
        static let mostPairs = 256, mostVisits = 64
        /// So many of the hub's own moments stay: with a network half a year of hours, without one a quarter.
        package static let mostMoments = 4096
        /// So many readings of the clock before its own visit's may bear on a reading.
        static let bearingPairs = 3 * ClockHistory.patience

        /// Readings that rested, as they were dated, on more than is at hand. They stay as they are, since less evidence makes
        /// no better time; but for those that were dated when the hub itself had the time wrong, until they got an instant.
        ///
        /// - Parameter moment: the oldest of the hub's that is at hand, where there were earlier ones: what was told of its clock
        ///   before then is forgotten, and does not come back.
        package func outlived(_ hub: HubTimeline, since moment: HubTime? = nil) -> [Kept] {
            func isForgotten(_ time: HubTime) -> Bool {
                moment.map { !time.synchronised && hub.isBefore(time, $0) } ?? false
            }
            var count = 0
            if hasEarlierPairs {
                let near = pairs.dropFirst(Self.bearingPairs)
                count = readings.firstIndex { $0.pair.map(near.contains) ?? false } ?? readings.count
            }
            if hasEarlierVisits, let first = visits.first {
                count = max(count, readings.firstIndex { hub.isBefore(first, $0.heard) } ?? readings.count)
            }
            return readings.enumerated().filter { place, kept in
                isForgotten(kept.heard) || kept.pair.map { isForgotten($0.hub) } ?? false
                    || place < count && (hub.wasRight(at: kept.heard) || kept.isDatedAnew && kept.dated.at != nil)
            }.map(\.element)
        }
    }

    /// Remembers what the hub's clocks show. Of these the newest stay.
    package func note(_ moment: Moment) throws(Fault) {
        try mending { () throws(Fault) in
            _ = try database.transaction(fleeting: true) { () throws(Fault) in try database.note(moment) }
        }
    }

    /// Oldest first.
    package func moments() throws(Fault) -> [Moment] {
        try mending { () throws(Fault) in try database.moments() }
    }

    /// A visit of the device has ended in which it gave all it had; the last few of these stay.
    package func note(endOfVisit end: HubTime, of device: String) throws(Fault) {
        try mending { () throws(Fault) in
            _ = try database.transaction(fleeting: true) { () throws(Fault) in
                try database.note(endOfVisit: end, of: device)
            }
        }
    }

    package func chronicle(of device: String, readings: Int) throws(Fault) -> Chronicle {
        try mending { () throws(Fault) in try database.chronicle(of: device, readings: readings) }
    }

    /// Writes down later and better conclusions. What a clinic has already waits for it again, to be amended there; also for one
    /// that is out of the settings for a while.
    package func redate(_ conclusions: [(reading: Int64, dated: Dated)]) throws(Fault) {
        try mending { () throws(Fault) in
            try database.transaction { () throws(Fault) in
                for (reading, dated) in conclusions {
                    try database.write(dated, of: reading)
                    try database.query(
                        """
                        INSERT OR IGNORE INTO outbox (reading, destination)
                        SELECT reading, destination FROM receipt WHERE reading = ? AND state = 'accepted'
                        """, .integer(reading))
                }
            }
        }
    }
}

extension Database {
    func note(_ moment: Journal.Moment) throws(Fault) {
        let id = try integer("SELECT ifnull(max(id), 0) + 1 FROM moment") ?? 1
        let row = [.integer(id)] + moment.data
        try query("INSERT INTO moment VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row + [.integer(fnv1a(row[...]))])
        try query("DELETE FROM moment WHERE id <= ?", Datum(Int(id) - Journal.Chronicle.mostMoments))
    }

    func moments() throws(Fault) -> [Journal.Moment] {
        try query("SELECT * FROM moment ORDER BY id").compactMap(Journal.Moment.init)
    }

    func note(endOfVisit end: HubTime, of identity: String) throws(Fault) {
        guard let device = try integer("SELECT id FROM device WHERE identity = ?", .text(identity)) else { return }
        let id = try integer("SELECT ifnull(max(id), 0) + 1 FROM visit") ?? 1
        let row = [.integer(id), .integer(device)] + end.data
        try query("INSERT INTO visit VALUES (?, ?, ?, ?, ?, ?, ?)", row + [.integer(fnv1a(row[...]))])
        try query(
            """
            DELETE FROM visit WHERE device = ?1 AND id NOT IN (
                SELECT id FROM visit WHERE device = ?1 ORDER BY id DESC LIMIT ?2)
            """, .integer(device), Datum(Journal.Chronicle.mostVisits))
    }

    func chronicle(of identity: String, readings: Int) throws(Fault) -> Journal.Chronicle {
        let visits = try query(
            "SELECT v.* FROM visit v JOIN device d ON d.id = v.device WHERE d.identity = ? ORDER BY v.id",
            .text(identity))
        // Which they are is in an index; whole rows are fetched, and sorted, of these alone. Some of them may be damaged.
        let kept = try query(
            """
            SELECT \(Kept.columns) FROM reading r \(Kept.joins)
            WHERE r.id IN (\(Self.newest)) AND r.standing <> 2 ORDER BY r.id DESC LIMIT ?
            """, .text(identity), Datum(4 * readings), Datum(readings))
        let pairs = try pairRows(of: identity, limit: Journal.Chronicle.mostPairs)
        // Damaged ones are none, and hide none.
        return Journal.Chronicle(
            pairs: pairs.reversed().compactMap(ClockPair.init), visits: visits.compactMap(HubTime.init(visit:)),
            readings: kept.reversed().compactMap(Kept.init),
            bound: try bound(identity), hasEarlierPairs: pairs.count >= Journal.Chronicle.mostPairs,
            hasEarlierVisits: visits.count >= Journal.Chronicle.mostVisits)
    }

    private func bound(_ identity: String) throws(Fault) -> Instant? {
        let begins = try query("SELECT since FROM binding WHERE device = ?", .text(identity)).map { $0[0].integer }
        return begins.contains(nil) ? nil : begins.compactMap(\.self).min().map(Instant.init(milliseconds:))
    }

    /// The numbers of a device's newest readings, by its identity and how many.
    static let newest = """
        SELECT id FROM reading WHERE device = (SELECT id FROM device WHERE identity = ?) ORDER BY id DESC LIMIT ?
        """

    func reading(_ id: Int64) throws(Fault) -> Kept? {
        try query("SELECT \(Kept.columns) FROM reading r \(Kept.joins) WHERE r.id = ?", .integer(id)).first
            .flatMap(Kept.init)
    }

    func write(_ dated: Dated, of reading: Int64) throws(Fault) {
        let row: [Datum] = [
            .integer(reading), Datum(dated.at?.milliseconds), .integer(dated.error.inNanoseconds),
            .text(dated.basis.rawValue), Datum(dated.earliest?.milliseconds), Datum(dated.latest?.milliseconds),
        ]
        try query("INSERT OR REPLACE INTO dating VALUES (?, ?, ?, ?, ?, ?, ?)", row + [.integer(fnv1a(row[...]))])
    }
}

extension Journal.Moment {
    /// id, then the hub's clocks, error, source and seal
    init?(_ row: [Datum]) {
        guard row.count == 8, row[7] == .integer(fnv1a(row.dropLast())), let hub = HubTime(row[1...4]) else {
            return nil
        }
        self.init(
            hub: hub, error: row[5].integer.map { .nanoseconds($0) },
            source: row[6].text.flatMap(HubTimeline.Anchor.Source.init(rawValue:)))
    }

    fileprivate var data: [Datum] {
        hub.data + [error.map { .integer($0.inNanoseconds) } ?? .null, Datum(source?.rawValue)]
    }
}

extension HubTime {
    /// A row of the table `visit`; nil when it is not what was written.
    init?(visit row: [Datum]) {
        guard row.count == 7, row[6] == .integer(fnv1a(row.dropLast())) else { return nil }
        self.init(row[2...5])
    }
}

extension Dated {
    /// A row of the table `dating`; nil where there is none, or not what was written.
    init?(dating: ArraySlice<Datum>) {
        let row = Array(dating)
        guard row.count == 7, row[0].integer != nil, row[6] == .integer(fnv1a(row.dropLast())),
            let error = row[2].integer, let basis = row[3].text.flatMap(Basis.init(rawValue:))
        else { return nil }
        self.init(
            at: row[1].integer.map(Instant.init(milliseconds:)), error: .nanoseconds(error), basis: basis,
            earliest: row[4].integer.map(Instant.init(milliseconds:)),
            latest: row[5].integer.map(Instant.init(milliseconds:)))
    }
}
