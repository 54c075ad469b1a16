import Core

// The devices that were met, and what was seen of their clocks.

extension Database {
    /// The device's row, made or brought up to date where the device has said more about itself since.
    func id(of device: KnownDevice) throws(Fault) -> Int64 {
        let columns = "identity, driver, kind, manufacturer, model, serial, firmware, hardware, system"
        let found = try query("SELECT id, \(columns) FROM device WHERE identity = ?", .text(device.identity)).first
        guard let found, let id = found[0].integer else {
            try query("INSERT INTO device (\(columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", device.data)
            return try integer("SELECT id FROM device WHERE identity = ?", .text(device.identity)) ?? 0
        }
        // What is not said again is not forgotten.
        let merged = zip(device.data, found.dropFirst()).map { new, old in new.isNull ? old : new }
        if merged != Array(found.dropFirst()) {
            let values = columns.split(separator: ", ").map { "\($0) = ?" }.joined(separator: ", ")
            try query("UPDATE device SET \(values) WHERE id = ?", merged + [.integer(id)])
        }
        return id
    }

    func devices() throws(Fault) -> [KnownDevice] {
        try query(
            """
            SELECT identity, driver, kind, manufacturer, model, serial, firmware, hardware, system
            FROM device ORDER BY id
            """
        ).compactMap(KnownDevice.init)
    }

    /// The pair's row. The readings of one visit share the one that was seen in it.
    func id(of pair: ClockPair, device: Int64) throws(Fault) -> Int64 {
        // In a visit a clock is read, set and read again at most.
        let last = try query(
            "SELECT \(ClockPair.columns) FROM pair p WHERE device = ? ORDER BY id DESC LIMIT 4", .integer(device))
        for row in last { if let id = row[0].integer, row == pair.row(id, of: device) { return id } }
        let id = try integer("SELECT ifnull(max(id), 0) + 1 FROM pair") ?? 1
        try query("INSERT INTO pair VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", pair.row(id, of: device))
        // Looking for pairs that no reading rests on takes a look at every reading: not at every visit.
        if id % 64 == 0 { try forgetPairs() }
        return id
    }

    /// A device's clock history, newest first.
    func pairs(of identity: String, limit: Int) throws(Fault) -> [ClockPair] {
        try pairRows(of: identity, limit: limit).compactMap(ClockPair.init)
    }

    /// The same, damaged ones too.
    func pairRows(of identity: String, limit: Int) throws(Fault) -> [[Datum]] {
        try query(
            """
            SELECT \(ClockPair.columns)
            FROM pair p JOIN device d ON d.id = p.device WHERE d.identity = ? ORDER BY p.id DESC LIMIT ?
            """, .text(identity), Datum(limit))
    }

    /// Of the pairs on which no reading rests, each device's last 64 stay. A reading that may be dated anew rests on the one of
    /// its own visit and on those around it.
    private func forgetPairs() throws(Fault) {
        try query(
            """
            DELETE FROM pair WHERE id NOT IN (SELECT pair FROM reading WHERE pair IS NOT NULL) AND id IN (
                SELECT id FROM (
                    SELECT id, row_number() OVER (PARTITION BY device ORDER BY id DESC) AS place FROM (
                        SELECT id, device, max(id IN (
                            SELECT pair FROM (
                                SELECT pair, row_number() OVER (PARTITION BY device ORDER BY id DESC) AS place FROM reading)
                            WHERE place <= \(Journal.Chronicle.mostReadings) AND pair IS NOT NULL)) OVER (
                                PARTITION BY device ORDER BY id
                                ROWS BETWEEN 3 PRECEDING AND \(Journal.Chronicle.bearingPairs) FOLLOWING) AS bears
                        FROM pair)
                    WHERE bears = 0)
                WHERE place > 64)
            """)
    }
}
