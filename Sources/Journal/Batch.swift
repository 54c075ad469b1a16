import Core

/// What one transaction that keeps readings need not ask twice: a burst is of few devices and fewer persons.
struct Batch {
    private let database: Database
    private var devices: [KnownDevice: Int64] = [:]
    private var systems: [Int64: UInt64?] = [:]
    private var pairs: [Int64: (pair: ClockPair, id: Int64)] = [:]
    private var bindings: [Slot: Journal.Binding?] = [:], bound: [String: Bool] = [:]
    private var destinations: [Int64]?
    private var last: Int64?

    private struct Slot: Hashable {
        var device: String, user: Int?
    }

    init(_ database: Database) { self.database = database }

    /// The device's row, made or brought up to date.
    mutating func id(of device: KnownDevice) throws(Fault) -> Int64 {
        if let id = devices[device] { return id }
        let id = try database.id(of: device)
        devices[device] = id
        // It may have said more of itself than an entry before.
        systems[id] = nil
        return id
    }

    /// What the device said of itself in this visit or, where it did not say, in an earlier one.
    mutating func systemID(of device: Int64) throws(Fault) -> UInt64? {
        if let system = systems[device] { return system }
        let system = try database.integer("SELECT system FROM device WHERE id = ?", .integer(device))
            .map(UInt64.init(bitPattern:))
        systems[device] = .some(system)
        return system
    }

    /// The pair's row; nil for no pair.
    mutating func id(of pair: ClockPair?, device: Int64) throws(Fault) -> Int64? {
        guard let pair else { return nil }
        if let last = pairs[device], last.pair == pair { return last.id }
        let id = try database.id(of: pair, device: device)
        pairs[device] = (pair, id)
        return id
    }

    /// Whom an entry is about: a binding says it, asked in the transaction that keeps the reading, or the entry itself. What
    /// was taken before the device was bound is nobody's, not even of whom the entry would name: somebody else may have
    /// used it until then. What may be of before or of after is the person's. Nor is what came while two devices bore the
    /// identity that is bound, unless both are the same person's anyway.
    mutating func subject(of entry: Journal.Entry) throws(Fault) -> Subject? {
        if try isNobodys(entry) { return nil }
        if let binding = try binding(of: entry) { return binding.subject }
        // Where its slots are people's by name, whose another is nobody has said.
        return try isBound(entry.device.identity) ? nil : entry.subject
    }

    /// Whether an entry was certainly taken before the device was this person's, or may be of another device.
    mutating func isNobodys(_ entry: Journal.Entry) throws(Fault) -> Bool {
        guard let binding = try binding(of: entry) else { return false }
        if entry.hasTwin, binding.subject != entry.subject { return true }
        guard let since = binding.since, let latest = entry.latest else { return false }
        // Many a stamp shows no seconds.
        return latest + .seconds(60) < since
    }

    private mutating func binding(of entry: Journal.Entry) throws(Fault) -> Journal.Binding? {
        let slot = Slot(device: entry.device.identity, user: entry.reading.user)
        if let binding = bindings[slot] { return binding }
        let binding = try database.binding(for: slot.device, user: slot.user)
        bindings[slot] = .some(binding)
        return binding
    }

    /// Whether any slot of a device is bound to anybody.
    private mutating func isBound(_ device: String) throws(Fault) -> Bool {
        if let known = bound[device] { return known }
        let isBound = try database.integer("SELECT 1 FROM binding WHERE device = ? LIMIT 1", .text(device)) != nil
        bound[device] = isBound
        return isBound
    }

    /// A number that no reading has had: room is never made by removing the newest, and a wiping leaves its number.
    mutating func nextID() throws(Fault) -> Int64 {
        if last == nil { last = try database.lastReading() }
        let id = (last ?? 0) + 1
        last = id
        return id
    }

    /// Queues a reading that is new, which nobody can have answered for.
    mutating func enqueue(_ row: ReadingRow) throws(Fault) {
        guard row.standing == .sound, row.subject != nil else { return }
        if destinations == nil {
            destinations = try database.query("SELECT id FROM destination WHERE active = 1").compactMap {
                $0[0].integer
            }
        }
        for destination in destinations ?? [] {
            try database.query("INSERT INTO outbox VALUES (?, ?)", .integer(row.id), .integer(destination))
        }
    }
}
