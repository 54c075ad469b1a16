import Core

// What is known of a device beside its readings: when it was heard, what it should have measured, and what has come.

extension Journal {
    /// When a device was last heard, measuring or not.
    package struct Contact: Equatable, Sendable {
        package var device: String
        package var heard: HubTime
        /// Whether its last visit came to a good end, so that nothing is left in it.
        package var isRead: Bool
        /// Percent, as the device last said; nil where it never has.
        package var battery: Int?
        /// Whether it last said that its battery was low.
        package var isLow: Bool

        package init(
            device: String, heard: HubTime, isRead: Bool = false, battery: Int? = nil, isLow: Bool = false
        ) {
            self.device = device
            self.heard = heard
            self.isRead = isRead
            self.battery = battery
            self.isLow = isLow
        }
    }

    /// One binding, or a device on a cable, which is this home's without one; and what has come of it.
    package struct Life: Equatable, Sendable {
        package var identity: String
        package var binding: Binding?
        /// What the device has said of itself; nil where it never was visited.
        package var device: KnownDevice?
        /// Nil where it never was heard.
        package var contact: Contact?
        /// When somebody last measured with it: as well as that is known, and at the latest when it was heard.
        package var measured: Instant?
        /// When the hub last kept what it could not decode, or what no longer reads: it may have been anything.
        package var undecoded: HubTime?

        package init(
            _ identity: String, _ binding: Binding?, device: KnownDevice?, contact: Contact?, measured: Instant?,
            undecoded: HubTime? = nil
        ) {
            self.identity = identity
            self.binding = binding
            self.device = device
            self.contact = contact
            self.measured = measured
            self.undecoded = undecoded
        }
    }

    /// What waits for a clinic, and what stays behind.
    package struct Queue: Equatable, Sendable {
        package var waiting: Int
        /// When the hub heard the oldest that waits.
        package var oldest: HubTime?
        /// Refused, and waiting for a person.
        package var quarantined: Int
        /// Nobody has said whom they are about.
        package var unassigned: Int
    }

    /// Writes contacts down, in the place of what was known. A power cut may take the last of them.
    package func note(_ contacts: [Contact]) throws(Fault) {
        try mending { () throws(Fault) in try database.note(contacts) }
    }
    package func contacts() throws(Fault) -> [Contact] {
        try mending { () throws(Fault) in try database.contacts() }
    }
    package func lives() throws(Fault) -> [Life] { try mending { () throws(Fault) in try database.lives() } }
    package func queue(for destination: String) throws(Fault) -> Queue {
        try mending { () throws(Fault) in try database.queue(for: destination) }
    }
    /// A schedule that was agreed while nobody knew the time counts from now on.
    package func agreeOpen(at now: Instant) throws(Fault) {
        try mending { () throws(Fault) in try database.agreeOpen(at: now) }
    }
}

extension Database {
    func note(_ contacts: [Journal.Contact]) throws(Fault) {
        try transaction(fleeting: true) { () throws(Fault) in
            for contact in contacts {
                try query(
                    "INSERT OR REPLACE INTO contact VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    [.text(contact.device)] + contact.heard.data
                        + [Datum(contact.isRead), Datum(contact.battery), Datum(contact.isLow)])
            }
        }
    }

    func contacts() throws(Fault) -> [Journal.Contact] {
        try query("SELECT device, boot, uptime, wall, synchronised, read, battery, low FROM contact").compactMap {
            row in
            guard let device = row[0].text, let heard = HubTime(row[1...4]) else { return nil }
            let battery = row[6].integer.flatMap { 0...100 ~= $0 ? Int($0) : nil }
            return Journal.Contact(
                device: device, heard: heard, isRead: row[5].integer == 1, battery: battery,
                isLow: row[7].integer == 1)
        }
    }

    func lives() throws(Fault) -> [Journal.Life] {
        let contacts = try contacts(), devices = try devices(), bindings = try bindings()
        let bound = Set(bindings.map(\.device))
        let cables = devices.map(\.identity).filter { !$0.hasPrefix("bluetooth:") && !bound.contains($0) }
        return try (bindings.map { ($0.device, $0) } + cables.map { ($0, nil) }).map {
            identity, binding throws(Fault) in
            try Journal.Life(
                identity, binding, device: devices.first { $0.identity == identity },
                contact: contacts.first { $0.device == identity }, measured: measured(by: identity, binding?.subject),
                undecoded: undecoded(of: identity, binding?.subject))
        }
    }

    /// When a device last sent what could not be decoded, or what no longer reads. Of such a thing nobody can say which slot
    /// it came from, so it may be anybody's whose device it is.
    private func undecoded(of identity: String, _ subject: Subject?) throws(Fault) -> HubTime? {
        let own = subject == nil ? "" : "AND (r.subject IS NULL OR r.system IS ? AND r.subject IS ?)"
        return try query(
            """
            SELECT boot, uptime, wall, synchronised FROM reading r
            WHERE r.device = (SELECT id FROM device WHERE identity = ?) AND r.standing <> 0 \(own)
            ORDER BY r.id DESC LIMIT 1
            """, [.text(identity)] + (subject == nil ? [] : subject.data)
        ).first.flatMap { HubTime($0) }
    }

    /// When somebody last measured with a device; where it is somebody's, that person, whoever had it before.
    ///
    /// A device may give what it has in any order, so that the newest is among as many as a memory holds. Where those are all
    /// another person's, or nobody's measurement, it is among what came before them. Only the latest are decoded, a few at
    /// a time: mostly the first is one.
    private func measured(by identity: String, _ subject: Subject?) throws(Fault) -> Instant? {
        let memory = 1024
        let own = subject == nil ? "" : "AND r.system IS ? AND r.subject IS ?"
        for limit in [memory, -1] {
            var seen = 0, few = 16
            while true {
                let found = try query(
                    """
                    SELECT coalesce(t.at, r.at, t.latest, r.wall) AS moment, r.content
                    FROM reading r LEFT JOIN dating t ON t.reading = r.id
                    WHERE r.id IN (\(Self.newest)) AND r.standing = 0 AND NOT \(Self.isNobodys) \(own)
                    ORDER BY moment DESC, r.id DESC LIMIT ? OFFSET ?
                    """,
                    [.text(identity), Datum(limit)] + (subject == nil ? [] : subject.data) + [Datum(few), Datum(seen)])
                for row in found where row[1].text.flatMap({ Reading(notation: $0) })?.isMeasurement == true {
                    return row[0].integer.map(Instant.init(milliseconds:))
                }
                guard found.count == few else { break }
                seen += few
                few = min(4 * few, 4096)
            }
        }
        return nil
    }

    /// Whether a reading `r` is nobody's measurement, as far as its notation shows without being decoded: a battery's, or what
    /// its device calls a test, invalid or unfinished. Of these a device may send one every second.
    private static let isNobodys = """
        (\(isBatteryAlone) OR r.content GLOB '*#demonstration*' OR r.content GLOB '*#test-data*'
        OR r.content GLOB '*#measurement-*' OR r.content || ' ' GLOB '*#invalid *')
        """

    /// Whether a reading `r` says how full a battery is and nothing else, as most visits begin.
    static let isBatteryAlone =
        "(r.content GLOB 'battery * % now*' AND r.content NOT GLOB 'battery * % * now*')"

    func queue(for destination: String) throws(Fault) -> Journal.Queue {
        let waits = "FROM outbox WHERE destination = (SELECT id FROM destination WHERE name = ?)"
        let waiting = try integer("SELECT count(*) \(waits)", .text(destination)) ?? 0
        let oldest = try query(
            """
            SELECT boot, uptime, wall, synchronised FROM reading WHERE id = (SELECT min(reading) \(waits))
            """, .text(destination)
        ).first.flatMap { HubTime($0) }
        let refused = try integer(
            """
            SELECT count(*) FROM receipt WHERE state = 'refused'
            AND destination = (SELECT id FROM destination WHERE name = ?)
            """, .text(destination))
        // A battery has no slot, and nobody can ever be named for it.
        let unassigned = try integer(
            """
            SELECT count(*) FROM reading r WHERE r.subject IS NULL AND r.standing = 0 AND NOT \(Self.isBatteryAlone)
            """)
        return Journal.Queue(
            waiting: Int(waiting), oldest: oldest, quarantined: Int(refused ?? 0), unassigned: Int(unassigned ?? 0))
    }
}
