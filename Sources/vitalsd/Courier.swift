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
    /// Failures in a row; a success or a reload ends the row.
    private var failures = 0
    /// Refused alone, while nothing else has been taken since: the fault may be in what all share.
    private var suspects: [(kept: Kept, fault: Fault)] = []
    /// How many readings a bundle may hold: halved by a clinic that says "too large".
    private var most = 64
    private let backlog: Backlog
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

    init(_ journal: Journal, _ destination: Destination) throws(Fault) {
        self.journal = journal
        self.destination = destination
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
        if fault == .hub(.clockUnset) { failures = 0; bell.ring() }
        wake()
    }

    /// New settings: whatever stood in the way may be gone.
    func redirect(to destination: Destination) {
        self.destination = destination
        failures = 0
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
        let candidates = backlog.next
        guard let first = candidates.first else { return await rest() }
        let batch = candidates.prefix(min(most, Bundle.fitting(candidates, to: destination.options)))
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
        let batch = try await backlog.oldest(isDoubtful ? 1000 : most + suspects.count).filter { kept in
            !suspects.contains { $0.kept.id == kept.id }
        }
        guard let first = batch.first else { return await rest() }
        if isDoubtful, let probe = probe(of: batch) { return try await deliver([probe]) }
        let count = Bundle.fitting(batch, to: destination.options)
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
        if isDoubtful, batch.count > 1 { return }
        let bundle: Bundle
        do {
            bundle = try await destination.clinic.bundle(
                of: batch.map(correct), from: destination.gateway, to: destination.options, offset: HubClock.offset)
        } catch {
            throw Refusal(.resend, .clinic(.badAnswer("a bundle cannot be made: \(error)")))
        }
        do throws(Refusal) {
            let asked = HubClock.now(), answer = try await destination.clinic.deliver(bundle), heard = HubClock.now()
            taken(batch, bundle, answer)
            if let date = answer.date { await onDate(date, asked, heard) }
        } catch {
            if error.action == .halve, batch.count > 1 { most = max(1, batch.count / 2) }
            guard isAboutContent(error) else { throw error }
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

    /// Whether the clinic refused what was said, not who said it or how: then one reading may be to blame.
    private func isAboutContent(_ refusal: Refusal) -> Bool {
        switch refusal.action {
        case .split, .splitDuplicate, .halve: true
        case .resendThenSplit: failures >= 5
        case .resend, .resendOnce, .pause: false
        }
    }

    /// A reading refused alone is set aside once anything else is taken. After five in a row and three probes, it is
    /// not the readings.
    private func suspect(_ kept: Kept, _ refusal: Refusal) throws(Refusal) {
        suspects.append((kept, refusal.fault))
        guard suspects.count >= 8 else { return }
        suspects = []
        throw Refusal(.pause, refusal.fault)
    }

    /// Whether so many were refused in a row that the fault may be in what all share.
    private var isDoubtful: Bool { suspects.count >= 5 }

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
            _ = await bell.rung()
        } else {
            if fault != suspects[0].fault {
                for suspect in suspects { log(suspect.fault, about: "reading \(suspect.kept.id)") }
            }
            fault = suspects[0].fault
            if await !bell.rung(before: .now + .seconds(900)) { suspects = [] }
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
        failures = 0
    }

    /// `min(15 min, 5 s · 2ⁿ)` times a random half to whole; or what the clinic asks for; or a quarter of an hour where
    /// only a technician can help. A new reading never shortens it; a reload ends it.
    private func pause(after refusal: Refusal) async {
        if fault != refusal.fault {
            log(refusal.fault)
            tellStatus(refusal.fault.description)
        }
        fault = refusal.fault
        failures += 1
        var delay = min(900, 5 * Double(1 << min(failures - 1, 8))) * Double.random(in: 0.5...1)
        if refusal.action == .pause || refusal.action == .resendOnce && failures > 1 { delay = 900 }
        if case .clinic(.busy(_, let wish?)) = refusal.fault { delay = min(86_400, max(1, wish / .seconds(1))) }
        let due = ContinuousClock.now + .seconds(delay)
        while failures > 0, await bell.rung(before: due) {}
    }
}
