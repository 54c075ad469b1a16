import Clinic
import Core
import FHIR
import Host
import Journal

/// Pending → pack → journal → deliver → settle, one request in flight, for as long as the daemon runs.
///
/// A transaction is all or nothing, and every resource in it is created only where the clinic does not have it: after a
/// lost answer the same bytes are sent again and nothing doubles.
@Hub final class Courier {
    /// Where readings go, and who says that they come from here.
    struct Destination {
        var name: String
        var clinic: Clinic
        var gateway: PersonalHealthGateway
        var options: FHIR.Destination
        /// Whom the hub calls its patient, and whom this clinic does. Where the clinic has a name of its own, it knows nobody
        /// else.
        var patient: Subject?, ownName: Subject?
        /// How often it hears that the hub lives; nil for never.
        var heartbeat: Duration?
        /// By what every delay is multiplied.
        var scale = 1.0

        /// Where and about whom it is told, without saying so: what was addressed otherwise is not to be sent again.
        var address: String {
            var hash = SHA256()
            hash.update(Array("\(clinic.url)\n\(ownName.map { "\($0)" } ?? "")".utf8))
            return hex(hash.digest())
        }

        /// Whether this clinic has a name for somebody.
        func knows(_ person: Subject?) -> Bool { ownName == nil || person == patient }
    }

    let journal: Journal
    private(set) var destination: Destination
    let bell: Bell
    /// When it is tried again, and how much goes at once.
    var policy = DeliveryPolicy()
    /// What was refused alone.
    var quarantine = Quarantine()
    let backlog: Backlog
    let heartbeat: Heartbeat
    /// Sent, and perhaps taken: nothing else goes before it is answered.
    var uncertain: Shipment?
    /// How readings were told that were in it and go in parts since: the clinic may have them so, and then keeps them so.
    var toldFirst: [Int64: Dated] = [:]
    /// Whether that gets lost again and again, or is forbidden, although the clinic is well: then the fault is in it.
    var blamesBundle = false
    /// Whether the journal was asked, since the start and since new settings, what there is for whom the clinic knows.
    private var isPrepared = false
    /// Whether it was said that there are readings of somebody whom the clinic does not know.
    private var hasWithheld = false
    /// How often something was wiped: what was read before then may be somebody's no more.
    private(set) var withdrawals = 0
    /// How often there were new settings: what the clinic of before says counts for nothing.
    private(set) var redirects = 0
    /// What the clinic has said and the journal does not know yet.
    var answered: [Journal.Receipt] = []
    /// Whether nobody reads the journal before the bell rings.
    var isResting = false
    private(set) var isRetired = false
    /// Whether anything was kept since the last request was begun.
    private(set) var hasKept = false
    /// Whether a pause may end at the next ring.
    var isReleased = false
    /// When a suspect, or what is held, is tried once more; nil where nothing of the kind waits.
    var probation: ContinuousClock.Instant?
    /// When what has waited comes to its turn: until then only what somebody has just measured goes.
    var turn: ContinuousClock.Instant?
    /// What the clinic knows of the devices; nil before it was asked of the journal.
    var known: [String: String] = [:]
    /// What it gave no answer to of that, when it is told again, and how long it was waited for last.
    var untold: [String: (due: ContinuousClock.Instant, delay: Duration)] = [:]
    var fault: Fault?
    /// Searches that failed in a row.
    var lostSearches = 0
    var delivered = 0
    /// The clinic's own clock, and the hub's when it was asked and when the answer was there.
    var onDate: (Instant, HubTime, HubTime) async -> Void = { _, _, _ in }

    /// Readings that have come a step nearer to their receipts, for those who watch.
    var onStep: ([Int64], ReadingScene.Step) -> Void = { _, _ in }

    /// A reading as it is known by now.
    var correct: (Kept) -> Kept = { $0 }

    init(_ journal: Journal, _ destination: Destination, _ heartbeat: Heartbeat) throws(Fault) {
        self.journal = journal
        self.destination = destination
        self.heartbeat = heartbeat
        policy.scale = destination.scale
        backlog = Backlog(journal, for: destination.name)
        bell = try Bell()
    }

    var name: String { destination.name }

    /// Something was kept.
    func wake() {
        hasKept = true
        backlog.tellNews()
        if isResting { bell.ring() }
    }

    /// A person has changed what waits: nothing is sent that was read before. What was `withdrawn` is not sent again either.
    func reconsider(withdrawn: Bool = false) {
        backlog.forget()
        if withdrawn {
            withdrawals += 1
            noteFirst(uncertain)
            (uncertain, quarantine) = (nil, Quarantine())
            policy.forgetRefused()
        }
        // A hub that has learnt the time need not wait any longer.
        if fault == .hub(.clockUnset) { release() }
        wake()
    }

    /// New settings: whatever stood in the way may be gone.
    func redirect(to destination: Destination) {
        self.destination = destination
        redirects += 1
        (isPrepared, hasWithheld, untold) = (false, false, [:])
        heartbeat.set(every: destination.heartbeat)
        policy = DeliveryPolicy(scale: destination.scale)
        quarantine = Quarantine()
        release()
    }

    /// Nothing goes there any more.
    func retire() {
        isRetired = true
        release()
    }

    private func release() {
        policy.forgive()
        turn = nil
        isReleased = true
        bell.ring()
    }

    func run() async {
        var isStart = true
        while !isRetired {
            hasKept = false
            let settings = redirects
            do throws(Refusal) {
                if !isPrepared {
                    try await prepare(isStart)
                    isStart = false
                }
                try await deliverNext()
            } catch {
                // Whatever was read ahead may have changed by then.
                backlog.forget()
                if redirects == settings, !isRetired { await pause(after: error) }
            }
        }
    }

    /// What was on its way when the last run ended, of which nobody knows whether it arrived; and what was not for this clinic
    /// before, and is now.
    private func prepare(_ isStart: Bool) async throws(Refusal) {
        let destination = destination
        isPrepared = true
        do throws(Fault) {
            let last = try await journal.address(of: name)
            // Addressed to somebody else it is not the same any more, and its readings wait as any others do.
            if let last, last != destination.address {
                noteFirst(uncertain)
                uncertain = nil
            }
            if last != destination.address { try await journal.readdress(name, to: destination.address) }
            if isStart {
                uncertain = try await journal.consignment(for: name).flatMap { consignment, readings in
                    let addressed = readings.map(correct).map(addressed)
                    guard addressed.allSatisfy({ $0.subject != nil }) else { return nil }
                    return Shipment(consignment, addressed, to: destination.address, withdrawals: withdrawals)
                }
            }
            let person = destination.ownName == nil ? nil : destination.patient
            guard destination.ownName == nil || person != nil else { return }
            let count = try await journal.reoffer(withheldFor: Journal.stranger, to: name, about: person)
            if count > 0 { backlog.forget() }
        } catch {
            isPrepared = false
            throw Refusal(.resend, error)
        }
    }

    /// The oldest readings that are still to go, as many as fit into a bundle.
    private func deliverNext() async throws(Refusal) {
        if HubClock.now().wall < earliestCredible { throw Refusal(.resend, .hub(.clockUnset)) }
        try destination.clinic.checkFiles()
        if uncertain != nil {
            // A clinic that is away takes no sign of life either.
            if policy.suspectsBundle { blamesBundle = await isWell() }
            // That takes its time: there may be new settings, or a wipe.
            guard isPrepared, let uncertain else { return }
            try await deliverAgain(uncertain)
            return blamesBundle = false
        }
        blamesBundle = false
        guard quarantine.suspects.isEmpty else { return try await deliverBesideSuspects() }
        backlog.held = quarantine.held
        if backlog.ahead.isEmpty { try await readOn() } else { try await backlog.readLive() }
        try await easeOff()
        if isRetired { return }
        if heartbeat.isDue, heartbeat.isPressing || !backlog.isLive { await heartbeat.tell(destination, onDate) }
        // All that takes its time: what goes to a clinic that is new is seen to first.
        guard isPrepared else { return }
        if policy.blamesClinic, !backlog.ahead.isEmpty, !backlog.isLive, Bool.random() {
            if let probe = try await anyOther() { try await deliver([probe]) }
            return
        }
        let candidates = backlog.next.map(addressed)
        guard let first = candidates.first else { return try await rest() }
        let batch = candidates.prefix(min(policy.most, Bundle.fitting(candidates, to: destination.options)))
        if batch.isEmpty {
            backlog.remove([first])
            return try await withhold(first)
        }
        backlog.remove(batch)
        // While the clinic reads, what comes next is read.
        async let more = backlog.readFurther()
        var refusal: Refusal?
        do { try await deliver(batch) } catch { refusal = error }
        let read = await more
        if let refusal { throw refusal }
        try read.get()
        let apart = ContinuousClock.now + policy.gap * destination.scale
        turn = max(turn ?? apart, apart)
    }

    /// Where everything is refused, one that is not the oldest may be taken all the same.
    private func anyOther() async throws(Refusal) -> Kept? {
        quarantine.probe(of: try await backlog.oldest(1000).map(addressed), to: destination.options)
    }

    /// What was refused alone stays behind until anything else was taken.
    private func deliverBesideSuspects() async throws(Refusal) {
        try await settleAnswered().get()
        backlog.held = quarantine.held
        let batch = try await backlog.oldest(policy.isDoubtful ? 1000 : policy.most).map(addressed)
        guard let first = batch.first else { return try await rest() }
        if policy.isDoubtful, let probe = quarantine.probe(of: batch, to: destination.options) {
            return try await deliver([probe])
        }
        let count = min(policy.most, Bundle.fitting(batch, to: destination.options))
        if count == 0 { return try await withhold(first) }
        try await deliver(batch.prefix(count))
    }

    /// The reading in the clinic's own name for the patient; about nobody, where it has none.
    private func addressed(_ kept: Kept) -> Kept {
        guard let ownName = destination.ownName else { return kept }
        var kept = kept
        kept.subject = destination.knows(kept.subject) ? ownName : nil
        return kept
    }

    /// What is not for this clinic stays in the journal and stands in nobody's way.
    private func withhold(_ kept: Kept) async throws(Refusal) {
        let why =
            switch kept.withholding(from: destination.options) {
            // Nobody's readings do not wait: it is somebody whom this clinic does not know.
            case .unassigned?: Journal.stranger
            case let reason?: "\(reason)"
            case nil: "too many values for a bundle"
            }
        if why == Journal.stranger, !hasWithheld {
            hasWithheld = true
            Systemd.log(
                .notice, "\(layer): whom it has no name for is not told there; it hears of [Patient] alone")
        }
        answered.append(receipt(kept, .withheld(why)))
        quarantine.forget(kept.id)
        try await settleAnswered().get()
    }

    /// Reads what comes next, while nothing is in flight. Behind the last one it begins again with the oldest that wait:
    /// those that are new, or to be tried again.
    private func readOn() async throws(Refusal) {
        if backlog.hasBegun {
            try await backlog.readFurther().get()
            if !backlog.ahead.isEmpty { return }
        }
        // What is answered must not be read again.
        try await settleAnswered().get()
        backlog.forget()
        try await backlog.readFurther(fromBeginning: true).get()
    }
}
