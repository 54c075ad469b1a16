import Core

/// The readings on disk: keep, pending, settle.
///
/// What `keep` has answered for survives the death of the daemon and a power cut. All of SQLite and its fsync run on
/// the one thread behind the given executor; opening runs where `init` is called.
///
///     Entry ─ keep ─▶ reading ─▶ outbox ─ pending ─▶ (the clinic) ─ settle ─▶ receipt
package actor Journal {
    private let executor: any SerialExecutor
    private(set) var database: Database
    /// Holds the lock on the directory.
    let opening: Opening
    private let bound: Bound
    private var repairs: [Fault] = []
    /// Whether the whole file has been looked through.
    private var isExamined = false
    /// The hub's uptime when readings were last forgotten for their age.
    private var lastForgot: Duration?

    /// The newest version of a journal that this vitalsd knows, and makes of an older one.
    package static var version: Int { Schema.version }

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Opens the journal at `path`, or makes it; its directory belongs to one daemon. A damaged journal is set aside and
    /// what can be read of it is carried over: see `takeRepairs`.
    ///
    /// Looking through all of a file takes 20 ms for each MB. A daemon that is wanted at once looks `later`, and calls
    /// `conclude` with what an `Examination` has found.
    ///
    /// Throws `hub`: `journalInUse` while another daemon has it, `journalNewer` for a file of a later vitalsd, which
    /// stays as it is, and `diskFull`, `diskFailing` or `noPermission`.
    package init(
        path: String, bound: Bound, destinations: [String], executor: any SerialExecutor, examined later: Later? = nil
    ) throws(Fault) {
        opening = try Opening(path, for: destinations)
        database = try opening.database(glanced: later != nil)
        self.bound = bound
        self.executor = executor
        if later == nil { try Self.use(database) }
        isExamined = later == nil
    }

    /// Says that the file is looked through after the opening.
    package enum Later: Sendable { case later }

    private static func use(_ database: Database) throws(Fault) {
        try database.requeue()
        try Schema.letCheckpoint(database)
    }

    /// Ends what began with an opening that looks through the file `later`. What was found damaged is mended while
    /// whoever calls waits: nothing has been written over it since.
    package func conclude(_ damage: String?) throws(Fault) {
        if isExamined { return }
        if let damage { return try mend(damage) }
        try Self.use(database)
        isExamined = true
    }

    /// Sets the damaged file aside and goes on with what can be read of it; or with the file as it is, where it was the
    /// disk that stumbled.
    private func mend(_ damage: String) throws(Fault) {
        if try opening.lastingDamage(atAGlance: false) != nil {
            try opening.replace(damage)
        } else {
            repairs.append(.hub(.diskFailing("\(damage); read again, the journal is whole")))
        }
        database.abandon()
        database = try opening.connect()
        try Self.use(database)
        isExamined = true
    }

    /// Does it again on a mended journal where damage comes to light only now.
    func mending<Result>(_ work: () throws(Fault) -> Result) throws(Fault) -> Result {
        do throws(Fault) {
            return try work()
        } catch .hub(.journalDamaged(let why)) {
            try mend(why)
            return try work()
        }
    }

    /// Ends an orderly run: the log goes into the file, and another daemon may open the journal. Whatever is asked
    /// afterwards throws.
    package func close() {
        database.close()
        opening.unlock()
    }

    /// New settings: makes these the destinations from now on.
    package func join(_ destinations: [String]) throws(Fault) {
        opening.destinations = destinations
        try database.join(destinations)
    }

    // MARK: Keep, pending, settle

    /// Keeps readings in one transaction, and returns once they are on disk: only then may a device forget them. Either
    /// all are kept or none. Answers in the order of the entries.
    ///
    /// A reading is judged for plausibility here, and remarked upon where the journal knows more than the driver:
    /// `timelineRepeat` when the device has given the same time to other values of a quantity, `possibleRepeat` when an
    /// undated and unnumbered record equals the one before it. One without a person or without a value is kept, but not
    /// queued. A binding says whom it is about; the entry's own subject counts where there is none. One that was
    /// taken before the device was bound is nobody's.
    ///
    /// Throws `hub`: `diskFull`, or `journalFull` when everything in the journal is undelivered. It can be called again.
    /// `atTheEnd` of the daemon the bound gives way by a little: what waits then would be lost.
    package func keep(_ entries: [Entry], atTheEnd: Bool = false) throws(Fault) -> [Keeping] {
        var bound = bound
        if atTheEnd { bound.bytes += 128 << 10 }
        let keepings = try mending { () throws(Fault) in try database.keep(entries, within: bound) }
        if let heard = entries.last?.heard, heard.synchronised { forgetAged(heard) }
        return keepings
    }

    /// At most so many readings that wait for the destination, oldest first; only those kept after the one numbered
    /// `first`.
    package func pending(for destination: String, after first: Int64 = .min, limit: Int) throws(Fault) -> [Kept] {
        try mending { () throws(Fault) in
            try database.pending(for: destination, after: first, limit: limit) { repairs.append($0) }
        }
    }

    /// How many readings wait for the destination.
    package func waiting(for destination: String) throws(Fault) -> Int {
        try mending { () throws(Fault) in try database.waiting(for: destination) }
    }

    /// The number of the newest reading that waits for the destination; nil where none does.
    package func newest(for destination: String) throws(Fault) -> Int64? {
        try mending { () throws(Fault) in try database.newest(for: destination) }
    }

    /// Writes down a destination's answers, all or none. What is refused goes into quarantine until `retry`.
    ///
    /// A `fleeting` answer outlives the daemon's death, but until something else is kept or settled a power cut may take
    /// it, together with the fact that it no longer waits: then the reading is sent once more, and the clinic has it
    /// already.
    package func settle(_ receipts: [Receipt], for destination: String, fleeting: Bool = false) throws(Fault) {
        try mending { () throws(Fault) in try database.settle(receipts, for: destination, fleeting: fleeting) }
    }

    /// Lets refused readings wait once more; answers how many answers were taken back.
    @discardableResult
    package func retry(_ readings: [Int64]) throws(Fault) -> Int {
        try mending { () throws(Fault) in try database.retry(readings) }
    }

    /// Says whom readings are about that are nobody's so far; answers how many were assigned.
    package func assign(_ readings: [Int64], to subject: Subject) throws(Fault) -> Int {
        try mending { () throws(Fault) in try database.assign(readings, to: subject) }
    }

    // MARK: Devices

    /// Remembers what a device says of itself. A power cut may take it; the entries of the visit carry it too.
    package func note(_ device: KnownDevice) throws(Fault) {
        try mending { () throws(Fault) in
            _ = try database.transaction(fleeting: true) { () throws(Fault) in try database.id(of: device) }
        }
    }

    /// Adds to a device's clock history, of which the last 64 stay, and what readings rest on. As lasting as `note(_:)`.
    package func note(_ pair: ClockPair, of device: KnownDevice) throws(Fault) {
        try mending { () throws(Fault) in
            _ = try database.transaction(fleeting: true) { () throws(Fault) in
                try database.id(of: pair, device: try database.id(of: device))
            }
        }
    }

    /// A device's clock beside the hub's, newest first.
    package func pairs(of device: String, limit: Int) throws(Fault) -> [ClockPair] {
        try mending { () throws(Fault) in try database.pairs(of: device, limit: limit) }
    }

    package func devices() throws(Fault) -> [KnownDevice] {
        try mending { () throws(Fault) in try database.devices() }
    }

    /// The daemon trapped while it was visiting these devices.
    package func count(deathsDuring devices: [String]) throws(Fault) {
        try mending { () throws(Fault) in try database.count(deathsDuring: devices) }
    }

    /// A visit of the device came to its end; also what lets a device in again that was set aside.
    package func clear(deathsDuring device: String) throws(Fault) {
        try mending { () throws(Fault) in try database.clear(deathsDuring: device) }
    }

    /// Devices during whose last three visits the daemon trapped each time.
    package func setAside() throws(Fault) -> [String] {
        try mending { () throws(Fault) in try database.setAside() }
    }

    // MARK: Persons and values

    /// Binds a device, or one user slot of it, to a person; the last word counts. It is moved from the log into the file
    /// at once: so no damage to the log can bring back whom the device was bound to before. Where it `keepsSchedule`, what
    /// was agreed with the same person stays. So does, in any case, from when on it is that person's, unless all that it
    /// remembers is theirs (`withMemory`).
    package func bind(
        _ binding: Binding, keepsSchedule: Bool = false, withMemory: Bool = false
    ) throws(Fault) {
        try database.bind(binding, keepsSchedule: keepsSchedule, withMemory: withMemory)
        try checkpoint()
    }
    package func unbind(_ device: String, user: Int?) throws(Fault) {
        try database.unbind(device, user: user)
        try checkpoint()
    }
    /// Binds a device to whom another was bound to, in the same slots, and forgets the other's keys and codes; its readings
    /// stay. It is theirs from `since` on, or since it was bound to them already, or with all that it remembers
    /// (`withMemory`). Throws `pairing(.notBound)` where the other was nobody's, and `pairing(.boundElsewhere)` where the new
    /// one is somebody else's.
    package func swap(
        _ old: String, for new: String, since: Instant? = nil, withMemory: Bool = false
    ) throws(Fault) {
        try database.swap(old, for: new, since: since, withMemory: withMemory)
        try checkpoint()
    }
    private func checkpoint() throws(Fault) { if isExamined { try database.query("PRAGMA wal_checkpoint(PASSIVE)") } }
    package func bindings() throws(Fault) -> [Binding] {
        try mending { () throws(Fault) in try database.bindings() }
    }

    /// Whom a reading of this device and user slot is about; nil while nobody has said.
    package func subject(for device: String, user: Int?) throws(Fault) -> Subject? {
        try mending { () throws(Fault) in try database.binding(for: device, user: user)?.subject }
    }

    /// A value under a name of the caller's, such as the hub's id. It lasts at the latest when a reading does.
    package func value(for key: String) throws(Fault) -> String? {
        try mending { () throws(Fault) in try database.value(for: key) }
    }
    package func set(_ key: String, to value: String) throws(Fault) {
        try mending { () throws(Fault) in try database.set(key, to: value) }
    }

    // MARK: Looking

    package func summary() throws(Fault) -> Summary {
        try mending { () throws(Fault) in try database.summary() }
    }

    /// The newest readings; of one state, or of all.
    package func rows(_ state: State? = nil, limit: Int) throws(Fault) -> [Row] {
        try mending { () throws(Fault) in try database.rows(state, limit: limit) }
    }

    /// What was found damaged since this was last asked, and what became of it: for the log.
    package func takeRepairs() -> [Fault] {
        defer { repairs = [] }
        return opening.takeRepairs() + repairs
    }

    /// Once an hour, in steps. A failure here is none of the entry's, which is safe; the next hour tries again.
    private func forgetAged(_ now: HubTime) {
        if let lastForgot, now.uptime - lastForgot < .seconds(3600), now.uptime >= lastForgot { return }
        lastForgot = now.uptime
        let oldest = now.wall + (.zero - bound.age)
        func step() throws(Fault) -> Int { try database.forgetDelivered(heardBefore: oldest) }
        while let gone = try? database.transaction(step), gone > 0 {}
    }
}
