import Core
import FHIR
import Host
import Journal

/// One courier for each destination. None waits for another: one that is down holds up nobody.
@Hub final class Couriers {
    private(set) var all: [Courier] = []
    private let journal: Journal, contacts: Contacts
    /// Rung when the destinations have changed.
    private let bell: Bell
    private var running: Set<ObjectIdentifier> = []
    /// The clinic's own clock, and the hub's when it was asked and when the answer was there. Only the first destination's
    /// counts: two clinics may disagree.
    var onDate: (Instant, HubTime, HubTime) async -> Void = { _, _, _ in }
    /// Readings that have come a step nearer to their receipts, for those who watch.
    var onStep: ([Int64], ReadingScene.Step) -> Void = { _, _ in }
    /// A reading as it is known by now.
    var correct: (Kept) -> Kept = { $0 }
    /// How the radio is.
    var radio: () -> SignOfLife.Radio = { .working }

    init(_ journal: Journal, _ contacts: Contacts, _ destinations: [Courier.Destination]) throws(Fault) {
        self.journal = journal
        self.contacts = contacts
        bell = try Bell()
        for destination in destinations { all.append(try courier(to: destination)) }
    }

    private func courier(to destination: Courier.Destination) throws(Fault) -> Courier {
        let heartbeat = Heartbeat(journal, contacts, for: destination.name, every: destination.heartbeat)
        heartbeat.radio = { [weak self] in self?.radio() ?? .working }
        let courier = try Courier(journal, destination, heartbeat)
        courier.onStep = { [weak self] readings, step in self?.onStep(readings, step) }
        courier.correct = { [weak self] kept in self?.correct(kept) ?? kept }
        courier.onDate = { [weak self, weak courier] date, asked, heard in
            courier?.heartbeat.hear(clinic: date, from: asked, to: heard)
            guard let self, courier === self.all.first else { return }
            await self.onDate(date, asked, heard)
        }
        return courier
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            while true {
                for courier in all where running.insert(ObjectIdentifier(courier)).inserted {
                    group.addTask { await self.run(courier) }
                }
                _ = await bell.rung()
            }
        }
    }

    private func run(_ courier: Courier) async {
        await courier.run()
        // The next one may come to lie where this one was.
        running.remove(ObjectIdentifier(courier))
    }

    /// New settings. A destination that is named no more gets nothing more; one that is new begins at once.
    func redirect(to destinations: [Courier.Destination]) async throws(Fault) {
        try await journal.join(destinations.map(\.name))
        // Made first, because it may fail: then all goes on as it was.
        var remaining: [Courier] = []
        for destination in destinations {
            let known = all.first { $0.name == destination.name }
            if let known { remaining.append(known) } else { remaining.append(try courier(to: destination)) }
        }
        for (courier, destination) in zip(remaining, destinations) where all.contains(where: { $0 === courier }) {
            courier.redirect(to: destination)
        }
        for courier in all where !remaining.contains(where: { $0 === courier }) { courier.retire() }
        all = remaining
        bell.ring()
    }

    /// Something was kept.
    func wake() { for courier in all { courier.wake() } }

    /// What waits has changed; what was `withdrawn` must not be sent once more either.
    func reconsider(withdrawn: Bool = false) { for courier in all { courier.reconsider(withdrawn: withdrawn) } }

    /// What stands in the way, at the first destination where anything does.
    var fault: Fault? { all.compactMap(\.fault).first }
    /// That, or why a reading is held while others are taken.
    var trouble: Fault? { fault ?? all.compactMap(\.quarantine.grudge).first }
    /// When the last backlog goes on that waits for its turn; nil where none does.
    var resumes: Instant? { all.compactMap(\.resumes).max() }
    /// How many readings were delivered since the start.
    var delivered: Int { all.reduce(0) { $0 + $1.delivered } }
}
