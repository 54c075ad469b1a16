import Bluetooth
import Core
import Devices
import Host
import Journal

/// What a technician does with a kit while the daemon runs: look who is near, pair, and give it back.
extension Gateway {
    /// Tells everybody who is near, for so long. `tell` answers whether to go on; `waiting` hears every ten seconds how much
    /// of the time is left.
    func scan(
        for time: Duration, waiting: (Duration) async -> Void = { _ in }, _ tell: (Advertisement) async -> Bool
    ) async throws(Fault) {
        guard let central else { throw .hub(.noRadio) }
        if let radioFault { throw radioFault }
        let scan = try Scan(), due = ContinuousClock.now + time
        var turn = ContinuousClock.now + .seconds(10)
        scans.append(scan)
        central.discover(for: time)
        defer {
            scans.removeAll { $0 === scan }
            if scans.isEmpty { central.discover(for: .zero) }
        }
        while .now < due {
            let heard = await scan.next(before: min(due, turn))
            if let heard { guard await tell(heard) else { return } }
            if .now >= turn, .now < due {
                turn = .now + .seconds(10)
                await waiting(due - .now)
            }
        }
    }

    /// What a technician says when pairing.
    struct PairingOrder {
        /// The address that `scan` has shown, which may be a private one.
        var address: BluetoothAddress
        var user: Int?
        var subject: Subject
        var consent: Consent?
        var capability: Management.IOCapability
        /// The driver's id, where the technician names the model.
        var model: String?
        /// Whether what the device remembers from before is this person's too.
        var withMemory = false
    }

    /// Pairs with a device that is near, and binds it; an old bond with it is replaced. `say` tells how far it is; `guide`
    /// says what is to be done with the device and answers once that is done; `ask` puts the device's questions.
    /// The passkey or PIN is kept with the binding, for the next time that nobody is there to type it.
    /// Throws `pairing(.notInPairingMode)` when it is not heard within a minute: most are heard in that mode alone.
    func pair(
        _ order: PairingOrder, say: (PairingStep) async -> Void, guide: (PairingMode) async -> Bool,
        ask: @Hub (PairingQuestion) async -> PairingAnswer
    ) async throws(Fault) {
        guard let central else { throw .hub(.noRadio) }
        pairings += 1
        defer { pairings -= 1 }
        let known = acceptList["bluetooth:\(order.address)"].sighting
        var isGuided = false
        // Some can only be heard once somebody has pressed their button.
        if let mode = drivers.first(where: { $0.id == order.model })?.pairing ?? known.flatMap(pairingMode) {
            isGuided = true
            guard await guide(mode) else { throw .pairing(.notInPairingMode) }
        }
        await say(.looking(order.address.description))
        var found: Advertisement?
        try await scan(for: .seconds(60)) { left in
            await say(.waiting(Int(left.components.seconds)))
        } _: { advertisement in
            guard advertisement.address == order.address else { return true }
            found = advertisement
            return drivers.soleClaimant(of: Sighting(.advertisement(advertisement))) == nil
        }
        guard var sighting = found else { throw .pairing(.notInPairingMode) }
        if !isGuided, let mode = pairingMode(of: sighting) {
            guard await guide(mode) else { throw .pairing(.notInPairingMode) }
        }
        await say(.near(model: drivers.soleClaimant(of: Sighting(.advertisement(sighting)))?.model))
        let code = PairingCode(
            kept: try await journal.pairingCode(of: Sighting(.advertisement(sighting)).identity), for: order)
        let bond = try await central.pair(
            sighting.device, as: code.capability, within: .seconds(60)
        ) { question in await code.answer(question, asking: ask) }
        // The device behind a private address is known by its identity from now on.
        sighting.address = bond.device.address
        sighting.kind = bond.device.kind
        sighting.signal = nil
        let identity = Sighting(.advertisement(sighting)).identity, seen = sighting
        try await acceptList.remember(identity) { known in
            known = Journal.Wireless(device: identity, sighting: seen, bond: bond.bytes)
        }
        if let given = code.given { try await journal.remember(pairingCode: given, of: identity) }
        if let consent = order.consent { try await journal.remember(consent, of: identity) }
        let binding = Journal.Binding(device: identity, user: order.user, subject: order.subject, since: dating.instant)
        try await journal.bind(binding, keepsSchedule: true, withMemory: order.withMemory)
        acceptList.wake(identity)
        try await acceptList.reload()
        await say(.bound(bond.device.address.description))
    }

    private func pairingMode(of sighting: Advertisement) -> PairingMode? {
        drivers.soleClaimant(of: Sighting(.advertisement(sighting)))?.pairing
    }

    /// What opens a device while it is paired: as it was kept with the binding, or as somebody says it now.
    @Hub private final class PairingCode {
        private let kept: PairingAnswer?
        let capability: Management.IOCapability
        /// What was said now, in the notation of `PairingAnswer`.
        private(set) var given: String?

        /// Where somebody can type, what is kept counts for nothing: many a device shows other digits each time.
        init(kept: String?, for order: PairingOrder) {
            let isAlone = order.capability == .noInputNoOutput
            self.kept = isAlone ? kept.map { PairingAnswer(notation: $0) } : nil
            capability = isAlone && kept != nil ? .keyboardOnly : order.capability
        }

        func answer(
            _ question: PairingQuestion, asking: @Hub (PairingQuestion) async -> PairingAnswer
        ) async -> PairingAnswer {
            switch (question.kind, kept) {
            case (.passkey, .passkey?), (.pin, .pin?): return kept ?? .no
            default: break
            }
            let answer = await asking(question)
            switch answer {
            case .passkey(let digits): given = "passkey \(digits)"
            case .pin(let text): given = "pin \(text)"
            default: break
            }
            return answer
        }
    }

    /// Lets a device take another's place.
    func swap(_ old: String, for new: String, withMemory: Bool) async throws(Fault) {
        try await forgetting(old) { () throws(Fault) in
            try await journal.swap(old, for: new, since: dating.instant, withMemory: withMemory)
        }
        acceptList.wake(new)
    }

    /// Forgets a device, or all of them, here and in the kernel; `audit` is the act's number in the trail.
    func wipe(_ device: String?, undelivered: Bool, audit: Int64?) async throws(Fault) -> Journal.Wiped {
        try await forgetting(device) { () throws(Fault) in
            do throws(Fault) {
                let wiped = try await intake.wiping { () throws(Fault) in
                    let count = intake.unwritten(of: device)
                    guard undelivered || count == 0 else { throw .hub(.undelivered(count)) }
                    let wiped = try await journal.wipe(device, undelivered: undelivered, audit: audit)
                    roster.forget(device)
                    return wiped
                }
                couriers.reconsider(withdrawn: true)
                return wiped
            } catch {
                // Nothing was touched; whatever else failed of it, its readings may be gone.
                if case .hub(.undelivered) = error { throw error }
                couriers.reconsider(withdrawn: true)
                throw error
            }
        }
    }

    /// What the journal has forgotten is not known here and in the kernel either.
    private func forgetting<Result>(
        _ device: String?, _ change: () async throws(Fault) -> Result
    ) async throws(Fault) -> Result {
        let bonds = acceptList.bonds.filter { device == nil || device == "bluetooth:\($0.device.address)" }
        // Whoever is being visited would leave traces behind that end.
        await roster.hangUp(on: device)
        contacts.forgettings += 1
        defer { contacts.forgettings -= 1 }
        let result = try await change()
        acceptList.forget(device)
        contacts.forget(device)
        scene.forget(device)
        try await acceptList.reload()
        // It is done; what the kernel does not forget now it gets no more keys for.
        for bond in bonds {
            do throws(Fault) {
                try await central?.forget(bond.device)
            } catch {
                log(error, about: "bluetooth:\(bond.device.address)")
            }
        }
        return result
    }
}
