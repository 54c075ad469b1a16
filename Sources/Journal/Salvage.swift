import Core

/// Copies what can be read of a damaged journal into a new one, page by page, without trusting the tree between them.
///
/// Every picture of a page is read, the file's own first and those in its log after it, so that a row which moved
/// between pages is found although one of them is lost. In doubt a reading waits once more rather than not at all: the
/// clinic recognises a repeat by the reading's identity.
struct Salvage {
    private let database: Database
    private var devices: [Int64: [KnownDevice]] = [:]
    private var copies: [Int64: KnownDevice] = [:]
    private var unsound: [ReadingRow] = []
    /// Codes of slots, and the entries of the index of bindings, which look the same.
    private var codes: [[Datum]] = []
    /// Numbers that two readings have: one that seemed to be gone, and one kept before anybody knew.
    private var doubled: Set<Int64> = []
    private var readings = 0, doubtful = 0

    /// Everything, in one transaction.
    static func run(_ path: String, into database: Database) throws(Fault) -> Salvage {
        var salvage = Salvage(database)
        try database.transaction { () throws(Fault) in
            try salvage.read(path)
            try salvage.placeDevices()
            try salvage.placeUnsound()
            try salvage.placeCodes()
            try salvage.reconcile()
        }
        return salvage
    }

    private init(_ database: Database) { self.database = database }

    private mutating func read(_ path: String) throws(Fault) {
        let size = Schema.pageSize
        let file = isThere(path) ? try File(path) : nil, log = try WriteAheadLog(path + "-wal", pageSize: size)
        let pages = log.pages
        let newest = Dictionary(pages.map { ($0.page, $0.offset) }) { _, later in later }
        func fromFile(_ number: Int) -> [UInt8] {
            guard let file, number > 0, number <= file.size / size + 1 else { return [] }
            let bytes = file.bytes(at: (number - 1) * size, count: size)
            // A file that was cut off within a page still has the cells that lie before the cut; few do.
            return bytes + [UInt8](repeating: 0, count: size - bytes.count)
        }
        func overflow(_ number: Int) -> [UInt8] { newest[number].map(log.page(at:)) ?? fromFile(number) }
        for number in 0..<((file?.size ?? 0) + size - 1) / size {
            try read(fromFile(number + 1), number + 1, isNewest: newest[number + 1] == nil, overflow)
        }
        for (number, offset) in pages {
            try read(log.page(at: offset), number, isNewest: newest[number] == offset, overflow)
        }
    }

    private mutating func read(
        _ page: [UInt8], _ number: Int, isNewest: Bool, _ overflow: @escaping (Int) -> [UInt8]
    ) throws(Fault) {
        let cells = Cells(of: page, number: number, overflow: overflow)
        for row in cells.rows { try place(row, isNewest: isNewest) }
        guard !cells.isWhole, page.contains(where: { $0 != 0 }) else { return }
        for reading in cells.scattered { try placeSound(reading) }
    }

    /// Rows are told apart by their columns: no two tables or indexes of the schema have the same.
    private mutating func place(_ row: Cells.Row, isNewest: Bool) throws(Fault) {
        let record = row.record
        guard let id = row.id else { return try place(keyed: record, isNewest: isNewest) }
        let columns = [.integer(id)] + record.dropFirst()
        guard record.first == .null else { return }
        switch record.count {
        case ReadingRow.count:
            guard let reading = ReadingRow(columns) else { return }
            if reading.isSound { try placeSound(reading) } else { unsound.append(reading) }
        case 1 + KnownDevice.columns:
            if let device = KnownDevice(Array(record.dropFirst())) { devices[id, default: []].append(device) }
        case 7 where HubTime(visit: columns) != nil: try insert("visit", columns)
        case 8 where Journal.Moment(columns) != nil: try insert("moment", columns)
        // What may be taken back, and must not come back: only from the newest picture of its page. A binding has five columns
        // where it is older than the two of its schedule, and seven where it is older than its date.
        case 5 where isNewest: try insert("binding", columns + [.null, .null, .null])
        case 7 where isNewest && columns[1].text != nil && columns[4].text != nil:
            try insert("binding", columns + [.null])
        case 8 where isNewest && columns[1].text != nil && columns[4].text != nil: try insert("binding", columns)
        case 3 where isNewest: try insert("destination", columns)
        // What was wiped must not come back.
        case 8 where isNewest: if Journal.AuditEvent(columns) != nil { try insert("audit", columns) }
        case 9: if ClockPair(columns) != nil { try insert("pair", columns) }
        default: break
        }
    }

    /// Rows of trees without row numbers: tables by key, and indexes, which hold second copies.
    private mutating func place(keyed record: [Datum], isNewest: Bool) throws(Fault) {
        switch record.count {
        case 2 where record[0].integer != nil: try insert("outbox", record)
        case 2 where record[1].text != nil && isNewest: try insert("meta", record)
        case 3 where record[0].text != nil && isNewest: codes.append(record)
        case 5 where isNewest: if Journal.Wireless(record) != nil { try insert("wireless", record) }
        case 4:
            let rest = [Datum](repeating: .null, count: 6)
            if let id = record[3].integer, let copy = KnownDevice(record.prefix(3) + rest) { copies[id] = copy }
        case 6: try insert("receipt", record)
        case 7: try insert("dead_letter", record)
        default: break
        }
    }

    private mutating func placeSound(_ reading: ReadingRow) throws(Fault) {
        var reading = reading
        let known = try database.integer("SELECT id FROM reading WHERE fingerprint = ?", .blob(reading.fingerprint))
        // Another picture of what was given a new number.
        if let known, known != reading.id { return }
        if known == nil, try database.integer("SELECT 1 FROM reading WHERE id = ?", .integer(reading.id)) != nil {
            doubled.insert(reading.id)
            reading.id = try database.integer("SELECT max(id) + 1 FROM reading") ?? 1
            reading.seal = reading.computedSeal
        }
        // The only column that no seal covers: because it follows from the others.
        reading.standing = reading.computedStanding
        try database.insert(reading, replacing: true)
    }

    /// A row whose columns break the schema is no row.
    private func insert(_ table: String, _ columns: [Datum]) throws(Fault) {
        let places = Array(repeating: "?", count: columns.count).joined(separator: ", ")
        do throws(Fault) {
            try database.query("INSERT OR REPLACE INTO \(table) VALUES (\(places))", columns)
        } catch .hub(.system) {}
    }

    /// Where a device's row and its copy disagree, the fingerprints of its readings say which is right.
    private func placeDevices() throws(Fault) {
        for id in Set(devices.keys).union(copies.keys).sorted() {
            let candidates = (copies[id].map { [$0] } ?? []) + (devices[id] ?? [])
            let rows = try database.query(
                "SELECT \(ReadingRow.columns) FROM reading WHERE device = ? AND length(bytes) > 0 LIMIT 1", .integer(id)
            )
            let proof = rows.first.flatMap(ReadingRow.init)
            let proven = candidates.last { device in
                guard let proof, let reading = proof.reading else { return true }
                return Fingerprint(device: device.identity, reading: reading, arrival: proof.heard).bytes
                    == proof.fingerprint
            }
            if let device = proven ?? candidates.last { try insert("device", [.integer(id)] + device.data) }
        }
        // Readings of a device that is lost altogether cannot be sent: of whose device would they speak?
        try database.query(
            """
            INSERT INTO device (id, identity, driver, kind)
            SELECT DISTINCT device, 'lost:' || device, 'unknown', 'unknown' FROM reading
            WHERE device NOT IN (SELECT id FROM device)
            """)
        try database.query(
            "UPDATE reading SET standing = 2 WHERE device IN (SELECT id FROM device WHERE kind = 'unknown')")
    }

    /// Rows that are not what was written: set aside, for a person to look at, or for the device to send again.
    private func placeUnsound() throws(Fault) {
        for var reading in unsound {
            let known = try database.integer("SELECT 1 FROM reading WHERE fingerprint = ?", .blob(reading.fingerprint))
            let taken = try database.integer("SELECT 1 FROM reading WHERE id = ?", .integer(reading.id)) != nil
            guard known == nil else { continue }
            if taken || !(1..<1 << 40 ~= reading.id) {
                reading.id = try database.integer("SELECT ifnull(max(id), 0) + 1 FROM reading") ?? 1
            }
            if try database.integer("SELECT 1 FROM device WHERE id = ?", .integer(reading.device)) == nil {
                try database.query(
                    "INSERT INTO device (id, identity, driver, kind) VALUES (?1, 'lost:' || ?1, 'unknown', 'unknown')",
                    .integer(reading.device))
            }
            reading.pair = nil
            reading.standing = .damaged
            try insert("reading", reading.data)
        }
    }

    /// What is left of the codes without one entry for each binding: device, slot, and where a code would be, its number.
    /// Of two for one slot the greater remains: where the binding is lost, its number is likely the smaller.
    private mutating func placeCodes() throws(Fault) {
        for entry in try database.query("SELECT device, ifnull(user, -1), id FROM binding") {
            if let index = codes.firstIndex(of: entry) { codes.remove(at: index) }
        }
        for code in codes.sorted(by: { $0[2].integer ?? 0 < $1[2].integer ?? 0 }) {
            if let slot = code[1].integer, slot >= 0 { try insert("consent", code) }
        }
    }

    /// Makes the tables agree.
    private mutating func reconcile() throws(Fault) {
        let unpaired = try database.query(
            "SELECT \(ReadingRow.columns) FROM reading WHERE pair IS NOT NULL AND pair NOT IN (SELECT id FROM pair)")
        for var reading in unpaired.compactMap(ReadingRow.init) {
            reading.pair = nil
            reading.seal = reading.computedSeal
            try database.insert(reading, replacing: true)
        }
        // An answer is not to be told whose it was: both wait once more.
        for id in doubled { try database.query("DELETE FROM receipt WHERE reading = ?", .integer(id)) }
        for statement in [
            "DELETE FROM pair WHERE device NOT IN (SELECT id FROM device)",
            "DELETE FROM visit WHERE device NOT IN (SELECT id FROM device)",
            "DELETE FROM outbox WHERE reading NOT IN (SELECT id FROM reading WHERE standing = 0)",
            "DELETE FROM outbox WHERE destination NOT IN (SELECT id FROM destination)",
            "DELETE FROM receipt WHERE reading NOT IN (SELECT id FROM reading)",
            "DELETE FROM receipt WHERE destination NOT IN (SELECT id FROM destination)",
            "DELETE FROM dead_letter WHERE (reading, destination) NOT IN (SELECT reading, destination FROM receipt)",
            "DELETE FROM outbox WHERE (reading, destination) IN "
                + "(SELECT reading, destination FROM receipt WHERE state = 'accepted')",
            "DELETE FROM receipt WHERE (reading, destination) IN (SELECT reading, destination FROM outbox)",
        ] { try database.query(statement) }
        readings = Int(try database.integer("SELECT count(*) FROM reading") ?? 0)
        doubtful = Int(try database.integer("SELECT count(*) FROM reading WHERE standing = 2") ?? 0)
    }
}

extension Salvage: CustomStringConvertible {
    var description: String {
        "\(readings) readings were saved" + (doubtful > 0 ? ", \(doubtful) of them set aside as unreadable" : "")
    }
}
