import Core

// Whose the devices are, what was being visited when the daemon died, and single values.

extension Database {
    /// Binds a device, or one user slot of it, to a person. The last word counts; where it says nothing of a schedule, what
    /// was agreed with the same person stays, and so does from when on it is theirs.
    func bind(_ binding: Journal.Binding, keepsSchedule: Bool, withMemory: Bool) throws(Fault) {
        try transaction { () throws(Fault) in
            var new = binding
            let old = try bindings().first { $0.device == new.device && $0.user == new.user }
            if let old, old.subject == new.subject {
                if keepsSchedule { (new.schedule, new.agreed) = (old.schedule, old.agreed) }
                new.since = old.since
            }
            if withMemory { new.since = nil }
            try remove(new.device, new.user)
            try query(
                "INSERT INTO binding (\(Journal.Binding.columns)) VALUES (?, ?, ?, ?, ?, ?, ?)",
                [.text(new.device), Datum(new.user)] + Optional(new.subject).data
                    + [
                        Datum(new.schedule?.description), Datum(new.agreed?.milliseconds),
                        Datum(new.since?.milliseconds),
                    ])
        }
    }

    /// A schedule that was agreed while nobody knew the time counts from now on.
    func agreeOpen(at now: Instant) throws(Fault) {
        let open = "schedule IS NOT NULL AND agreed IS NULL"
        guard try integer("SELECT 1 FROM binding WHERE \(open) LIMIT 1") != nil else { return }
        try transaction { () throws(Fault) in
            try query("UPDATE binding SET agreed = ? WHERE \(open)", .integer(now.milliseconds))
        }
    }

    func unbind(_ device: String, user: Int?) throws(Fault) {
        try transaction { () throws(Fault) in try remove(device, user) }
    }

    func swap(_ old: String, for new: String, since: Instant?, withMemory: Bool) throws(Fault) {
        try transaction { () throws(Fault) in
            let all = try bindings(), subjects = all.filter { $0.device == old }.map(\.subject)
            guard !subjects.isEmpty else { throw .pairing(.notBound) }
            guard all.allSatisfy({ $0.device != new || subjects.contains($0.subject) }) else {
                throw .pairing(.boundElsewhere)
            }
            try query("DELETE FROM binding WHERE device = ?", .text(new))
            try query("UPDATE binding SET device = ?2 WHERE device = ?1", .text(old), .text(new))
            for moved in all where moved.device == old {
                // It may have been bound to the same person already, when it was paired: then it is theirs since then.
                let former = all.filter { $0.device == new && $0.subject == moved.subject }
                let known = former.first { $0.user == moved.user } ?? former.first
                let begin = withMemory ? nil : known == nil ? since : known?.since
                try query(
                    "UPDATE binding SET since = ? WHERE device = ? AND user IS ?", Datum(begin?.milliseconds),
                    .text(new), Datum(moved.user))
            }
            for table in ["wireless", "consent", "crumb", "contact"] {
                try query("DELETE FROM \(table) WHERE device = ?", .text(old))
            }
            try query("DELETE FROM meta WHERE key = 'pairing code ' || ?", .text(old))
        }
    }

    private func remove(_ device: String, _ user: Int?) throws(Fault) {
        try query("DELETE FROM binding WHERE device = ? AND user IS ?", .text(device), Datum(user))
    }

    func bindings() throws(Fault) -> [Journal.Binding] {
        try query("SELECT \(Journal.Binding.columns) FROM binding ORDER BY device, user")
            .compactMap(Journal.Binding.init)
    }

    /// Whose a reading with this slot is. Where any slot is bound by itself, an unbound slot is nobody's:
    /// better unassigned than somebody else's.
    func binding(for device: String, user: Int?) throws(Fault) -> Journal.Binding? {
        let bound = try query("SELECT \(Journal.Binding.columns) FROM binding WHERE device = ?", .text(device))
            .compactMap(Journal.Binding.init)
        if let own = bound.first(where: { $0.user == user }) { return own }
        return bound.count == 1 && bound[0].user == nil ? bound[0] : nil
    }

    /// Deaths in a row after which a device is set aside.
    private static let patience = 3

    /// Counts a death of the daemon during visits of these devices.
    func count(deathsDuring devices: [String]) throws(Fault) {
        if devices.isEmpty { return }
        try transaction { () throws(Fault) in
            for device in devices {
                try query(
                    """
                    INSERT INTO crumb (device, deaths) VALUES (?, 1)
                    ON CONFLICT (device) DO UPDATE SET deaths = deaths + 1
                    """, .text(device))
            }
        }
    }

    /// Forgets the deaths: only those in a row count.
    func clear(deathsDuring device: String) throws(Fault) {
        guard try integer("SELECT 1 FROM crumb WHERE device = ?", .text(device)) != nil else { return }
        try transaction { () throws(Fault) in try query("DELETE FROM crumb WHERE device = ?", .text(device)) }
    }

    func setAside() throws(Fault) -> [String] {
        try query("SELECT device FROM crumb WHERE deaths >= ? ORDER BY device", Datum(Self.patience))
            .compactMap(\.first?.text)
    }

    func value(for key: String) throws(Fault) -> String? {
        try query("SELECT value FROM meta WHERE key = ?", .text(key)).first?[0].text
    }

    func set(_ key: String, to value: String) throws(Fault) {
        try transaction(fleeting: true) { () throws(Fault) in
            try query("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", .text(key), .text(value))
        }
    }
}

extension Journal.Binding {
    fileprivate static let columns = "device, user, system, subject, schedule, agreed, since"

    /// A row of these. A schedule that does not read is none: whom readings are about must not hang on it.
    fileprivate init?(_ row: [Datum]) {
        guard let device = row[0].text, let subject = Subject(system: row[2], subject: row[3]) else { return nil }
        self.init(
            device: device, user: row[1].integer.map(Int.init), subject: subject,
            schedule: row[4].text.flatMap { try? Schedule($0) },
            agreed: row[5].integer.map(Instant.init(milliseconds:)),
            since: row[6].integer.map(Instant.init(milliseconds:)))
    }
}
