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
        /// Whether nothing was sent for a while since: what is taken then says nothing of the clinic as it was.
        var hasWaited = false
    }

    /// What a refusal alone comes to.
    enum Suspicion {
        /// Nothing was known of it.
        case new
        /// It was suspected before, and is held on.
        case known
        /// Others were taken since it was refused the last time: it is at fault.
        case proven(Suspect)
    }

    /// Refused alone, while nothing else has been taken since: the fault may be in what all share.
    private(set) var suspects: [Suspect] = []
    /// The one of them that is tried once more: if that is taken, it was the clinic.
    private var released: Int64?
    /// Refused when everything was, until something is taken.
    private var acquitted: [Suspect] = []
    /// Refused, and a while later others were taken: each goes once more.
    private var accused: Set<Int64> = []
    /// What the clinic may take yet, although it takes others: a server's error, or a lock. Since when.
    private var since: [Int64: ContinuousClock.Instant] = [:]
    /// Of what is held the readings that are refused for their device or person, which the clinic has more than once; by device.
    private var shared: [Int64: String] = [:]
    /// For how long there is hope of those: a lesser refusal that comes between takes none of it.
    private var hope: [Int64: Duration] = [:]
    /// What was held for as long as there was hope.
    private var wasHeld: Set<Int64> = []
    /// Of what is held the ones whose turn it is once more.
    private var retried: Set<Int64> = []

    /// What is not to be sent for the time being.
    var held: Set<Int64> { Set(since.keys).subtracting(retried).union(suspects.map(\.kept.id)) }

    var isHolding: Bool { !since.isEmpty }

    /// Why the last of them is held; nil where none is.
    var grudge: Fault? { isHolding ? lastGrudge : nil }
    private var lastGrudge: Fault?
    /// Held since this was last asked.
    private var newlyHeld: [Suspect] = []

    mutating func takeNewlyHeld() -> [Suspect] {
        defer { newlyHeld = [] }
        return newlyHeld
    }

    /// One suspect may go once more, the one that has waited longest. All of them would be a load for a clinic that fails.
    mutating func retryOne() {
        guard !suspects.isEmpty else { return }
        released = suspects.removeFirst().kept.id
    }

    /// Each of what is held may go once more; of those that their device stands in the way of, the first one of each.
    mutating func retryHeld() {
        var asked: Set<String> = []
        retried = Set(
            since.keys.sorted().filter { reading in shared[reading].map { asked.insert($0).inserted } ?? true })
    }

    /// Whether all of these are tried once more, so that a refusal is nothing new.
    func areRetried(_ readings: [Kept]) -> Bool {
        readings.allSatisfy { since[$0.id] != nil || accused.contains($0.id) }
    }

    /// It is not to be sent any more, whether it was taken or is for nobody here.
    mutating func forget(_ reading: Int64) {
        (since[reading], shared[reading], hope[reading]) = (nil, nil, nil)
        accused.remove(reading)
        wasHeld.remove(reading)
    }

    /// It was taken, and with it what stood in the way of others of its device: they go too.
    private mutating func take(_ reading: Int64) {
        let device = shared[reading]
        forget(reading)
        for (other, its) in shared where its == device { forget(other) }
    }

    /// Nothing is sent for a while.
    mutating func wait() { for index in suspects.indices { suspects[index].hasWaited = true } }

    /// Suspects the one reading of a shipment.
    mutating func suspect(_ shipment: Shipment, _ refusal: Refusal) -> Suspicion {
        guard let kept = shipment.readings.first else { return .known }
        let letter = Journal.DeadLetter(
            status: refusal.status ?? 0, request: shipment.parcel.compressed, answer: refusal.answer)
        let suspect = Suspect(kept: kept, refusal: refusal, letter: letter, first: .now)
        retried.remove(kept.id)
        if accused.remove(kept.id) != nil { return condemns(suspect) ? .proven(suspect) : .known }
        if let first = since[kept.id] {
            note(suspect)
            if ContinuousClock.now - first < hope[kept.id] ?? .zero { return .known }
            // Its time is up: it goes with the next ones that are taken.
            forget(kept.id)
            wasHeld.insert(kept.id)
        }
        let isKnown = kept.id == released
        released = nil
        // What is new is tried before those that have been.
        suspects.insert(suspect, at: isKnown ? suspects.endIndex : 0)
        return isKnown ? .known : .new
    }

    /// Whether there is no hope for one that is at fault; else it is held.
    private mutating func condemns(_ suspect: Suspect) -> Bool {
        let hadHope = wasHeld.remove(suspect.kept.id) != nil
        if hadHope || DeliveryPolicy.patience(with: suspect.refusal) == .zero { return true }
        since[suspect.kept.id] = suspect.first
        newlyHeld.append(suspect)
        note(suspect)
        return false
    }

    /// Why it is held, and for how long.
    private mutating func note(_ suspect: Suspect) {
        let reading = suspect.kept.id
        hope[reading] = max(hope[reading] ?? .zero, DeliveryPolicy.patience(with: suspect.refusal))
        if case .clinic(.ambiguous) = suspect.refusal.fault { shared[reading] = suspect.kept.device.identity }
        lastGrudge = suspect.refusal.fault
    }

    /// Something else was taken: it is the readings that are at fault. Answers those for which there is no hope; the others
    /// are held. Those that were refused a while before are asked for once more: the clinic may be another by now.
    mutating func convict(excepting taken: [Int64]) -> [Suspect] {
        let isClinic = released.map(taken.contains) ?? false, doubtful = acquitted + suspects.filter(\.hasWaited)
        // Of the one that was tried in the name of all it is known that it was the clinic.
        if !isClinic { accused.formUnion(doubtful.map(\.kept.id)) }
        for reading in taken { take(reading) }
        var convicts: [Suspect] = []
        for suspect in suspects where !isClinic && !suspect.hasWaited && !taken.contains(suspect.kept.id) {
            if condemns(suspect) { convicts.append(suspect) }
        }
        (suspects, acquitted, released) = ([], [], nil)
        return convicts
    }

    /// It was not the readings: all go again.
    mutating func acquit() {
        acquitted += suspects
        suspects = []
        released = nil
    }

    /// A reading that tells whether the clinic takes any: of another device, if there is one. By chance, so that no
    /// row of bad readings stands in the way of the good ones for ever.
    func probe(of pending: [Kept], to options: FHIR.Destination) -> Kept? {
        let fitting = pending.filter { Bundle.fitting([$0], to: options) == 1 }
        let others = fitting.filter { kept in
            !(suspects + acquitted).contains { $0.kept.device.identity == kept.device.identity }
        }
        return others.randomElement() ?? fitting.randomElement()
    }
}

extension Courier {
    /// A condition matches more than one resource (412). Answers whether all that the reading says is at the clinic: then it
    /// is delivered, if in more than one copy. Throws where what matches is the hub, or anything at all, so that every reading
    /// would fare the same; and as what is to be held, where it is the reading's device or person, or where the clinic lets
    /// nobody search.
    func isThereAlready(_ shipment: Shipment) async throws(Refusal) -> Bool {
        guard let kept = shipment.readings.first else { return false }
        if try await count("Observation", Parcel.nobodysCondition) > 0 {
            throw Refusal(.pause, .clinic(.badAnswer("it ignores identifier= in a search")), status: 412)
        }
        var isThere = false, isHub = true
        for (owner, resource) in zip(shipment.parcel.entries, try shipment.parcel.resources()) {
            // What is better known since is not there because the reading is.
            if owner != .shared, kept.amends { return false }
            let found = try await count(resource.type, resource.condition)
            guard owner == .shared else {
                if found == 0 { return false }
                isThere = true
                continue
            }
            // The hub's own is the first of them.
            let concernsAll = resource.type == "Device" && isHub
            if concernsAll { isHub = false }
            // A time stamp that is there twice is one of them that the reading rests on.
            guard found > 1, resource.type != "Observation" else { continue }
            throw Refusal(concernsAll ? .pause : .splitDuplicate, .clinic(.ambiguous(resource.type)), status: 412)
        }
        guard isThere else { return false }
        log(.clinic(.ambiguous("Observation")), about: "reading \(kept.id), delivered")
        accept(kept)
        return true
    }

    private func count(_ type: String, _ condition: String) async throws(Refusal) -> Int {
        do throws(Refusal) {
            let found = try await destination.clinic.matches(type, condition)
            lostSearches = 0
            return found
        } catch {
            // Something fails that may be well in a while; but not for ever.
            lostSearches += 1
            guard let status = error.status else { throw error }
            let isAnswer = status < 500 && ![408, 425, 429].contains(status) || status == 501
            guard isAnswer || lostSearches > DeliveryPolicy.benefit else { throw error }
            // What is not told apart may be there as well as not: nobody can say but the clinic.
            throw Refusal(.splitDuplicate, .clinic(.ambiguous("resource")), status: 412)
        }
    }

    /// Tells the clinic of devices that have changed since it came to know them. What it says to that concerns no reading.
    func tellOfDevices(in readings: [Kept]) async {
        let byDevice = Dictionary(grouping: readings) { $0.device.identity }, before = withdrawals
        let updates = [DeviceUpdate(of: destination.gateway)] + byDevice.values.compactMap { DeviceUpdate(of: $0) }
        for update in updates {
            let key = "device \(name) \(update.path)"
            do throws(Fault) {
                if known[key] == nil { known[key] = try await journal.value(for: key) }
                let wait = untold[key]
                if known[key] == update.state || wait.map({ $0.due > .now }) ?? false { continue }
                let next = wait.map { min($0.delay * 2, .seconds(86_400)) } ?? .seconds(1800)
                // What nothing was known of has just been created, or was there before.
                if known[key] != nil {
                    do throws(Refusal) {
                        try await destination.clinic.update(update)
                    } catch {
                        log(error.fault, about: "what has changed of a device")
                        // No answer: once more with the next readings, and then more and more seldom.
                        if error.leavesUnknown, error.status != 501 {
                            untold[key] = (.now + (wait?.delay ?? .zero) * destination.scale, next)
                            continue
                        }
                    }
                }
                // It may have been wiped meanwhile.
                guard withdrawals == before else { return }
                untold[key] = nil
                known[key] = update.state
                try await journal.set(key, to: update.state)
            } catch {
                log(error)
            }
        }
    }
}
