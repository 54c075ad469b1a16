import Clinic
import Core
import FHIR
import Host
import Journal

/// When the next sign of life goes to a clinic, and what is in it.
///
/// It is nobody's reading, so it comes last: it goes where nothing live waits, is not tried again before its next turn, and
/// what becomes of it changes nothing for the readings.
@Hub final class Heartbeat {
    private let journal: Journal, contacts: Contacts
    private let destination: String
    /// Nil where the clinic wants none.
    private var interval: Duration?
    private(set) var due: ContinuousClock.Instant?
    /// How far the hub's clock was ahead of the clinic's.
    private var ahead: Duration?
    /// What stood in the way of the last one.
    private(set) var fault: Fault?
    /// When the clinic last took one.
    private(set) var taken: Instant?
    /// How the radio is.
    var radio: () -> SignOfLife.Radio = { .working }

    init(_ journal: Journal, _ contacts: Contacts, for destination: String, every interval: Duration?) {
        self.journal = journal
        self.contacts = contacts
        self.destination = destination
        self.interval = interval
        // Soon, for the technician who waits for it; not at once, for a street that has its power back.
        due = interval.map { .now + min($0, .seconds(60)) * Double.random(in: 0...1) }
    }

    /// New settings.
    func set(every interval: Duration?) {
        guard interval != self.interval else { return }
        self.interval = interval
        plan()
    }

    /// Lets one turn go by.
    func pass() { plan() }

    var isDue: Bool { due.map { $0 <= .now } ?? false }
    /// A whole turn late: what is live lets it pass.
    var isPressing: Bool { due.map { $0 + (interval ?? .zero) <= .now } ?? false }

    /// No two hubs keep step, and none is later than the clinic was told.
    private func plan() { due = interval.map { .now + $0 * Double.random(in: 0.75...1) } }

    /// The clinic's own clock, and the hub's when it was asked and when the answer was there.
    func hear(clinic date: Instant, from asked: HubTime, to heard: HubTime) {
        // The header shows whole seconds.
        ahead = (asked.wall - date) + (heard.wall - asked.wall) / 2 - .milliseconds(500)
    }

    /// Tells it, between two bundles of readings. It is never worth a pause: what waits is tried all the same. Whether the clinic
    /// took it; one that wants none hears none.
    @discardableResult
    func tell(
        _ destination: Courier.Destination, _ onDate: (Instant, HubTime, HubTime) async -> Void
    ) async -> Bool {
        guard interval != nil else { return false }
        do throws(Fault) {
            let life = try await next(destination)
            let parcel = try Parcel(
                Bundle(life, from: destination.gateway, to: destination.options, offset: HubClock.offset))
            let asked = HubClock.now()
            do throws(Refusal) {
                let answer = try await destination.clinic.deliver(parcel), heard = HubClock.now()
                isTaken()
                if let date = answer.date { await onDate(date, asked, heard) }
                return true
            } catch {
                // A clinic that takes nothing tells the time as well.
                if let date = error.date { await onDate(date, asked, HubClock.now()) }
                throw error.fault
            }
        } catch {
            failed(error)
            return false
        }
    }

    /// What is to be told now, of those whom the clinic knows; the next one is planned.
    private func next(_ clinic: Courier.Destination) async throws(Fault) -> SignOfLife {
        plan()
        await contacts.flush()
        let now = contacts.now()
        if now.wall >= earliestCredible { try await journal.agreeOpen(at: now.wall) }
        let listening = contacts.listening(at: now), queue = try await journal.queue(for: destination)
        // What is on a cable and bound to nobody is this home's patient's.
        let lives = try await journal.lives().filter { life in
            life.isOfHome(at: now) && clinic.knows(life.binding.map(\.subject) ?? clinic.patient)
        }
        return SignOfLife(
            at: now.wall, interval: interval ?? .zero, radio: radio(), listening: listening,
            isSynchronised: HubClock.now().synchronised, ahead: ahead, waiting: queue.waiting,
            oldest: queue.oldest?.instant(at: now), quarantined: queue.quarantined, unassigned: queue.unassigned,
            devices: lives.map { $0.sign(at: now, listening: contacts.listening(to: $0.identity, at: now)) })
    }

    private func isTaken() {
        if fault != nil { Systemd.log(.notice, "clinic: takes signs of life again") }
        fault = nil
        taken = contacts.now().wall
    }

    /// The same again and again is said once. A clinic that asks for patience gets it.
    private func failed(_ fault: Fault) {
        if case .clinic(.busy(_, let wish?)) = fault, let due { self.due = max(due, .now + wish) }
        if self.fault != fault { log(fault, about: "sign of life") }
        self.fault = fault
    }
}
