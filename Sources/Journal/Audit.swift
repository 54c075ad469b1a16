import Core

// What technicians did with the kit: who, when, what, to which device. No reading is in it, and no person it is about.

extension Journal {
    /// One act upon the kit.
    package struct AuditEvent: Equatable, Sendable {
        /// Whose hand it was: the user as the kernel knows him, and behind sudo whom that names.
        package struct Agent: Equatable, Sendable {
            package var user: UInt32
            /// What the command said; it proves nothing.
            package var sudoer: String?

            package init(user: UInt32, sudoer: String? = nil) {
                self.user = user
                self.sudoer = sudoer
            }
        }

        package var recorded: Instant
        package var agent: Agent
        /// The verb, as it was typed.
        package var action: String
        /// See `Sighting.identity`; empty where it was about none, or about one that was wiped since.
        package var device: String
        /// The device that took its place.
        package var successor: String
        /// `done`, the code of what stood in its way, or `begun` where nobody knows.
        package var outcome: String

        package init(
            recorded: Instant, agent: Agent, action: String, device: String = "", successor: String = "",
            outcome: String = AuditEvent.begun
        ) {
            self.recorded = recorded
            self.agent = agent
            self.action = action
            self.device = device
            self.successor = successor
            self.outcome = outcome
        }

        package static let begun = "begun", done = "done"
    }

    /// Writes down that something is about to be done; answers its number. Of so many before it the oldest are forgotten.
    package func record(_ event: AuditEvent) throws(Fault) -> Int64 {
        try mending { () throws(Fault) in try database.record(event) }
    }

    /// Writes down what came of it.
    package func conclude(_ number: Int64, _ outcome: String) throws(Fault) {
        try mending { () throws(Fault) in
            _ = try database.transaction { () throws(Fault) in
                try database.query("UPDATE audit SET outcome = ? WHERE id = ?", .text(outcome), .integer(number))
            }
        }
    }

    /// What was done, oldest first.
    package func audit() throws(Fault) -> [AuditEvent] { try mending { () throws(Fault) in try database.audit() } }
}

extension Database {
    /// A kit's life has some tens of acts; somebody's loop must not fill the disk.
    private static let most = 1000

    func record(_ event: Journal.AuditEvent) throws(Fault) -> Int64 {
        try transaction { () throws(Fault) in
            let columns = "recorded, user, sudoer, action, device, successor, outcome"
            try query("INSERT INTO audit (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?)", event.data)
            guard let number = try integer("SELECT last_insert_rowid()") else {
                throw .hub(.journalDamaged("what was added is not there"))
            }
            try query("DELETE FROM audit WHERE id <= ?", .integer(number - Int64(Self.most)))
            return number
        }
    }

    func audit() throws(Fault) -> [Journal.AuditEvent] {
        try query(
            "SELECT id, recorded, user, sudoer, action, device, successor, outcome FROM audit ORDER BY id"
        ).compactMap(Journal.AuditEvent.init)
    }

    /// Nothing but the act of wiping itself stays of a kit; of a device, that something was done to one.
    func wipeAudit(of device: String?, excepting number: Int64?) throws(Fault) {
        if let device {
            try query("UPDATE audit SET device = '' WHERE device = ?", .text(device))
            try query("UPDATE audit SET successor = '' WHERE successor = ?", .text(device))
        } else {
            try query("DELETE FROM audit WHERE id IS NOT ?", number.map { .integer($0) } ?? .null)
        }
    }
}

extension Journal.AuditEvent {
    /// id, recorded, user, sudoer, action, device, successor, outcome; nil when it is not what was written.
    init?(_ row: [Datum]) {
        guard row.count == 8, row[0].integer != nil, let recorded = row[1].integer,
            let user = row[2].integer.flatMap(UInt32.init(exactly:)), let action = row[4].text,
            let device = row[5].text, let successor = row[6].text, let outcome = row[7].text
        else { return nil }
        self.init(
            recorded: Instant(milliseconds: recorded), agent: Agent(user: user, sudoer: row[3].text), action: action,
            device: device, successor: successor, outcome: outcome)
    }

    fileprivate var data: [Datum] {
        [
            .integer(recorded.milliseconds), .integer(Int64(agent.user)), Datum(agent.sudoer), .text(action),
            .text(device), .text(successor), .text(outcome),
        ]
    }
}
