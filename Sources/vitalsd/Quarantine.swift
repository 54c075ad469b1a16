import Clinic
import Core
import FHIR
import Host
import Journal

/// Readings that were refused alone: suspected, held for a while, or told apart from a clinic that takes nothing.
struct Quarantine {
    /// A reading, and with which words it was refused.
    struct Suspect {
        var kept: Kept
        var refusal: Refusal
        var letter: Journal.DeadLetter
        var first: ContinuousClock.Instant
    }
    /// Refused alone, while nothing else has been taken since: the fault may be in what all share.
    private(set) var suspects: [Suspect] = []
    /// The one of them that is tried once more: if that is taken, it was the clinic.
    private var released: Int64?
    /// What the clinic may take yet, although it takes others: a server's error, or a lock. Since when.
    private var since: [Int64: ContinuousClock.Instant] = [:]
    /// What was held for as long as there was hope.
    private var wasHeld: Set<Int64> = []
    /// Of what is held the ones whose turn it is once more.
    private var retried: Set<Int64> = []

    /// What is not to be sent for the time being.
    var held: Set<Int64> { Set(since.keys).subtracting(retried).union(suspects.map(\.kept.id)) }

    var isHolding: Bool { !since.isEmpty }

    /// One suspect may go once more, the one that has waited longest. All of them would be a load for a clinic that fails.
    mutating func retryOne() {
        guard !suspects.isEmpty else { return }
        released = suspects.removeFirst().kept.id
    }

    /// Each of what is held may go once more.
    mutating func retryHeld() { retried = Set(since.keys) }

    /// Whether all of these are tried once more, so that a refusal is nothing new.
    func areRetried(_ readings: [Kept]) -> Bool { readings.allSatisfy { since[$0.id] != nil } }

    /// Suspects the one reading of a shipment. Answers whether it was suspected before, and is held on: then nothing new is
    /// known.
    mutating func suspect(_ shipment: Shipment, _ refusal: Refusal) -> Bool {
        guard let kept = shipment.readings.first else { return true }
        let letter = Journal.DeadLetter(
            status: refusal.status ?? 0, request: shipment.parcel.compressed, answer: refusal.answer)
        retried.remove(kept.id)
        if let first = since[kept.id] {
            if ContinuousClock.now - first < DeliveryPolicy.patience(with: refusal) { return true }
            // Its time is up: it goes with the next ones that are taken.
            since[kept.id] = nil
            wasHeld.insert(kept.id)
        }
        suspects.append(Suspect(kept: kept, refusal: refusal, letter: letter, first: .now))
        defer { released = nil }
        return kept.id == released
    }

    /// Something else was taken: it is the readings that are at fault. Answers those for which there is no hope; the others
    /// are held.
    mutating func convict(excepting taken: [Int64]) -> [Suspect] {
        for reading in taken { since[reading] = nil }
        if let released, taken.contains(released) {
            acquit()
            return []
        }
        var convicts: [Suspect] = []
        for suspect in suspects where !taken.contains(suspect.kept.id) {
            if DeliveryPolicy.patience(with: suspect.refusal) == .zero || wasHeld.contains(suspect.kept.id) {
                wasHeld.remove(suspect.kept.id)
                convicts.append(suspect)
            } else {
                since[suspect.kept.id] = suspect.first
            }
        }
        suspects = []
        return convicts
    }

    /// It was not the readings: all go again.
    mutating func acquit() {
        suspects = []
        released = nil
    }

    /// A reading that tells whether the clinic takes any: of another device, if there is one. By chance, so that no
    /// row of bad readings stands in the way of the good ones for ever.
    func probe(of pending: [Kept], to options: FHIR.Destination) -> Kept? {
        let fitting = pending.filter { Bundle.fitting([$0], to: options) == 1 }
        let others = fitting.filter { kept in
            !suspects.contains { $0.kept.device.identity == kept.device.identity }
        }
        return others.randomElement() ?? fitting.randomElement()
    }
}

extension Courier {
    /// A condition matches more than one resource (412). Answers whether all that the reading says is at the clinic: then it
    /// is delivered, if in more than one copy. Throws where what matches is a device, a person, or anything at all: then every
    /// reading would fare the same.
    func isThereAlready(_ shipment: Shipment) async throws(Refusal) -> Bool {
        guard let kept = shipment.readings.first else { return false }
        let clinic = destination.clinic
        if try await clinic.matches("Observation", Parcel.nobodysCondition) > 0 {
            throw Refusal(.pause, .clinic(.badAnswer("it ignores identifier= in a search")), status: 412)
        }
        var count = 0
        for (owner, resource) in zip(shipment.parcel.entries, try shipment.parcel.resources()) {
            let found = try await clinic.matches(resource.type, resource.condition)
            if owner == .shared {
                // A time stamp that is there twice is one of them that the reading rests on.
                guard found > 1, resource.type != "Observation" else { continue }
                throw Refusal(.pause, .clinic(.ambiguous(resource.type)), status: 412)
            }
            if found == 0 { return false }
            count += 1
        }
        guard count > 0 else { return false }
        log(.clinic(.ambiguous("Observation")), about: "reading \(kept.id), delivered")
        accept(kept)
        return true
    }

    /// Tells the clinic of devices that have changed since it came to know them. What it says to that concerns no reading.
    func tellOfDevices(in readings: [Kept]) async {
        let byDevice = Dictionary(grouping: readings) { $0.device.identity }
        let updates = [DeviceUpdate(of: destination.gateway)] + byDevice.values.compactMap { DeviceUpdate(of: $0) }
        for update in updates {
            let key = "device \(name) \(update.path)"
            do throws(Fault) {
                if known[key] == nil { known[key] = try await journal.value(for: key) }
                if known[key] == update.state { continue }
                // What nothing was known of has just been created, or was there before.
                if known[key] != nil {
                    do throws(Refusal) {
                        try await destination.clinic.update(update)
                    } catch {
                        log(error.fault, about: "what has changed of a device")
                        // No answer: once more with the next readings.
                        if error.leavesUnknown { continue }
                    }
                }
                known[key] = update.state
                try await journal.set(key, to: update.state)
            } catch {
                log(error)
            }
        }
    }
}
