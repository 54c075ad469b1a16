import Clinic
import Core
import FHIR
import Host
import Journal

/// Pending → deliver → settle, one request in flight, for as long as the daemon runs.
///
/// A transaction is all or nothing, and every resource in it is created only where the clinic does not have it: after a
/// lost answer the same readings are sent again and nothing doubles.
@Hub final class Courier {
    /// Where readings go, and who says that they come from here.
    struct Destination {
        var name: String
        var clinic: Clinic
        var gateway: PersonalHealthGateway
        var options: FHIR.Destination
    }

    /// The journal's name for the one destination there is so far.
    nonisolated static let clinic = "clinic"

    private let journal: Journal
    private var destination: Destination
    private let bell: Bell
    /// When it is tried again, and how much goes at once.
    private var policy = DeliveryPolicy()
    /// Refused alone, while nothing else has been taken since: the fault may be in what all share.
    private var suspects: [(kept: Kept, fault: Fault)] = []
    private let backlog: Backlog
    private let heartbeat: Heartbeat
    /// What the clinic has said and the journal does not know yet.
    private var answered: [Journal.Receipt] = []
    /// Whether nobody reads the journal before the bell rings.
    private var isResting = false
    private(set) var fault: Fault?
    private(set) var delivered = 0
    /// The clinic's own clock, and the hub's when it was asked and when the answer was there.
    var onDate: (Instant, HubTime, HubTime) async -> Void = { _, _, _ in }

    /// A reading as it is known by now.
    var correct: (Kept) -> Kept = { $0 }

    init(_ journal: Journal, _ destination: Destination, _ heartbeat: Heartbeat) throws(Fault) {
        self.journal = journal
        self.destination = destination
        self.heartbeat = heartbeat
        backlog = Backlog(journal, for: destination.name)
        bell = try Bell()
    }

    /// Something was kept.
    func wake() {
        backlog.tellNews()
        if isResting { bell.ring() }
    }

    /// A person has changed what waits: nothing is sent that was read before.
    func reconsider() {
        backlog.forget()
        // A hub that has learnt the time need not wait any longer.
        if fault == .hub(.clockUnset) { policy.forgive(); bell.ring() }
        wake()
    }

    /// New settings: whatever stood in the way may be gone.
    func redirect(to destination: Destination) {
        self.destination = destination
        policy.reset()
        suspects = []
        bell.ring()
    }

    func run() async {
        while true {
            do throws(Refusal) {
                try await deliverNext()
            } catch {
                // Whatever was read ahead may have changed by then.
                backlog.forget()
                await pause(after: error)
            }
        }
    }

    /// The oldest readings that are still to go, as many as fit into a bundle.
    private func deliverNext() async throws(Refusal) {
        if HubClock.now().wall < earliestCredible { throw Refusal(.resend, .hub(.clockUnset)) }
        try destination.clinic.checkFiles()
        guard suspects.isEmpty else { return try await deliverBesideSuspects() }
        if backlog.ahead.isEmpty { try await readOn() } else { try await backlog.readLive() }
        if heartbeat.isDue, heartbeat.isPressing || !backlog.isLive { await heartbeat.tell(destination, onDate) }
        let candidates = backlog.next
        guard let first = candidates.first else { return await rest() }
        let batch = candidates.prefix(min(policy.most, Bundle.fitting(candidates, to: destination.options)))
        if batch.isEmpty {
            backlog.remove([first])
            return try await withhold(first)
        }
        backlog.remove(batch)
        // While the clinic reads, its last answer is written down, and what comes next is read.
        async let settled = settleAnswered(fleeting: true)
        async let more = backlog.readFurther()
        var refusal: Refusal?
        do { try await deliver(batch) } catch { refusal = error }
        let results = await (settled, more)
        if let refusal { throw refusal }
        try results.0.get()
        try results.1.get()
    }

    /// What was refused alone stays behind until anything else was taken.
    private func deliverBesideSuspects() async throws(Refusal) {
        try await settleAnswered().get()
        let batch = try await backlog.oldest(policy.isDoubtful ? 1000 : policy.most + suspects.count).filter { kept in
            !suspects.contains { $0.kept.id == kept.id }
        }
        guard let first = batch.first else { return await rest() }
        if policy.isDoubtful, let probe = probe(of: batch) { return try await deliver([probe]) }
        let count = min(policy.most, Bundle.fitting(batch, to: destination.options))
        if count == 0 { return try await withhold(first) }
        try await deliver(batch.prefix(count))
    }

    /// What is not for this clinic stays in the journal and stands in nobody's way.
    private func withhold(_ kept: Kept) async throws(Refusal) {
        let why = kept.withholding(from: destination.options).map { "\($0)" } ?? "too many values for a bundle"
        answered.append(receipt(kept, .withheld(why)))
        try await settleAnswered().get()
    }

    /// Reads what comes next, while nothing is in flight. Behind the last one it begins again with the oldest that wait:
    /// those that are new, or to be tried again.
    private func readOn() async throws(Refusal) {
        if backlog.hasBegun {
            try await backlog.readFurther().get()
            if !backlog.ahead.isEmpty { return }
        }
        // What is answered must not be read again; and nothing more comes that would make the answers last.
        try await settleAnswered().get()
        backlog.forget()
        try await backlog.readFurther().get()
    }

    /// Sends a batch; where the content is refused, halves it until the guilty reading stands alone.
    private func deliver(_ batch: ArraySlice<Kept>) async throws(Refusal) {
        // Enough is known: no need to ask for every one of them.
        if policy.isDoubtful, batch.count > 1 { return }
        let bundle: Bundle
        do {
            bundle = try await destination.clinic.bundle(
                of: batch.map(correct), from: destination.gateway, to: destination.options, offset: HubClock.offset)
        } catch {
            throw Refusal(.resend, .clinic(.badAnswer("a bundle cannot be made: \(error)")))
        }
        do throws(Refusal) {
            let asked = HubClock.now(), answer = try await destination.clinic.deliver(bundle), heard = HubClock.now()
            policy.taken(batch.count, in: heard.uptime - asked.uptime)
            taken(batch, bundle, answer)
            if let date = answer.date { await onDate(date, asked, heard) }
        } catch {
            if error.action == .halve { policy.tooLarge(batch.count) }
            guard policy.isAboutContent(error) else { throw error }
            guard batch.count > 1 else { return try suspect(batch[batch.startIndex], error) }
            let middle = batch.startIndex + batch.count / 2
            try await deliver(batch[..<middle])
            try await deliver(batch[middle...])
        }
    }

    private func taken(_ batch: ArraySlice<Kept>, _ bundle: Bundle, _ answer: Answer) {
        for (index, kept) in batch.enumerated() {
            let location = bundle.locations(ofReading: index, in: answer).first
            answered.append(receipt(kept, .accepted(location: location)))
        }
        for suspect in suspects {
            answered.append(receipt(suspect.kept, .refused(suspect.fault)))
            log(suspect.fault, about: "reading \(suspect.kept.id), set aside")
        }
        suspects = []
        delivered += batch.count
        cleared()
        Systemd.log(.info, "clinic: \(batch.count) delivered")
    }

    private func receipt(_ kept: Kept, _ verdict: Journal.Receipt.Verdict) -> Journal.Receipt {
        Journal.Receipt(reading: kept.id, verdict, at: HubClock.now().wall, told: kept.dated)
    }

    /// Writes the answers down. Those that cannot be written yet are not forgotten.
    private func settleAnswered(fleeting: Bool = false) async -> Result<Void, Refusal> {
        guard !answered.isEmpty else { return .success(()) }
        let receipts = answered
        answered = []
        do throws(Fault) {
            try await journal.settle(receipts, for: destination.name, fleeting: fleeting)
            return .success(())
        } catch {
            answered = receipts + answered
            return .failure(Refusal(.resend, error))
        }
    }

    /// A reading refused alone is set aside once anything else is taken. After five in a row and three probes, it is
    /// not the readings.
    private func suspect(_ kept: Kept, _ refusal: Refusal) throws(Refusal) {
        suspects.append((kept, refusal.fault))
        guard policy.refusedOne() else { return }
        suspects = []
        throw Refusal(.pause, refusal.fault)
    }

    /// A reading that tells whether the clinic takes any: of another device, if there is one. By chance, so that no
    /// row of bad readings stands in the way of the good ones for ever.
    private func probe(of pending: [Kept]) -> Kept? {
        let fitting = pending.filter { Bundle.fitting([$0], to: destination.options) == 1 }
        let others = fitting.filter { kept in
            !suspects.contains { $0.kept.device.identity == kept.device.identity }
        }
        return others.randomElement() ?? fitting.randomElement()
    }

    /// Nothing to send: waits for the next reading. A suspect that stood alone is tried again after a while.
    private func rest() async {
        if backlog.hasNews { return }
        isResting = true
        defer { isResting = false }
        if suspects.isEmpty {
            cleared()
            _ = await bell.rung(before: heartbeat.due)
        } else {
            if fault != suspects[0].fault {
                for suspect in suspects { log(suspect.fault, about: "reading \(suspect.kept.id)") }
            }
            fault = suspects[0].fault
            let due = ContinuousClock.now + .seconds(900)
            while await !bell.rung(before: min(due, heartbeat.due ?? due)) {
                guard due > .now else {
                    suspects = []
                    return policy.forgive()
                }
                await heartbeat.tell(destination, onDate)
            }
        }
    }

    /// What `systemctl status` shows. Where systemd does not listen, nothing depends on it.
    private func tellStatus(_ text: String) { try? Systemd.notify(.status(text)) }

    private func cleared() {
        if fault != nil {
            Systemd.log(.notice, "clinic: takes readings again")
            tellStatus("running")
        }
        fault = nil
        policy.forgive()
    }

    /// Waits as long as the policy says. A new reading never shortens it; a reload ends it.
    private func pause(after refusal: Refusal) async {
        if fault != refusal.fault {
            log(refusal.fault)
            tellStatus(refusal.fault.description)
        }
        fault = refusal.fault
        let due = ContinuousClock.now + policy.failed(refusal, chance: .random(in: 0...1))
        while policy.failures > 0, await bell.rung(before: due) {}
    }
}
