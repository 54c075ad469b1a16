import Clinic
import Core
import FHIR
import Host
import Journal

// Packing, journaling and sending, and what an answer means.

extension Courier {
    /// Packs a batch, journals it and sends it.
    func deliver(_ batch: ArraySlice<Kept>) async throws(Refusal) {
        let shipment = try await pack(batch.map(correct))
        // What was wiped meanwhile is told to nobody.
        guard try await consign(shipment) else { return backlog.forget() }
        try await send(shipment)
    }

    private func pack(_ readings: [Kept]) async throws(Refusal) -> Shipment {
        let destination = destination, before = withdrawals
        let parcel = try await destination.clinic.parcel(
            of: readings, from: destination.gateway, to: destination.options, offset: HubClock.offset)
        return Shipment(readings: readings, parcel: parcel, address: destination.address, withdrawals: before)
    }

    /// Whether it is still to go to where, and about whom, it was packed for.
    private func isWanted(_ shipment: Shipment) -> Bool {
        !isRetired && shipment.withdrawals == withdrawals && shipment.address == destination.address
    }

    /// The clinic may have them as they were told there, and then keeps them so.
    func noteFirst(_ shipment: Shipment?) {
        for kept in shipment?.readings ?? [] where !kept.amends && toldFirst[kept.id] == nil {
            toldFirst[kept.id] = kept.dated
        }
    }

    /// The very same bytes. Those that do not get through in one piece are sent in several, which tell the same.
    func deliverAgain(_ shipment: Shipment) async throws(Refusal) {
        guard shipment.readings.count > policy.most, policy.isTooSlow else { return try await send(shipment) }
        // Those whose part has not come to its turn when something is wiped are told anew.
        noteFirst(shipment)
        let pieces = max(1, policy.most)
        for start in stride(from: 0, to: shipment.readings.count, by: pieces) where isWanted(shipment) {
            do throws(Refusal) {
                try await repeatPart(shipment.readings[start...].prefix(pieces))
            } catch {
                if !isWanted(shipment) { throw error }
                // Where the rest cannot be packed now, all is told once more: the conditions keep it from doubling.
                uncertain = (try? await pack(Array(shipment.readings[start...]))) ?? shipment
                uncertain?.isRepeat = true
                throw error
            }
        }
    }

    /// A part of what was sent before, as it was told then. The journal keeps the whole until every part is answered.
    private func repeatPart(_ readings: ArraySlice<Kept>) async throws(Refusal) {
        var part = try await pack(Array(readings))
        part.isRepeat = true
        try await send(part)
    }

    /// Into the journal, with the answers that are not there yet: from here on a repeat is the same, whatever happens.
    private func consign(_ shipment: Shipment) async throws(Refusal) -> Bool {
        let receipts = answered
        answered = []
        do throws(Fault) {
            return try await journal.consign(shipment.consignment, settling: receipts, for: name)
        } catch {
            answered = receipts + answered
            throw Refusal(.resend, error)
        }
    }

    /// Sends; where the content is refused, looks for the guilty reading: alone the ones that the clinic names, and then
    /// in halves.
    func send(_ shipment: Shipment) async throws(Refusal) {
        guard isWanted(shipment) else {
            noteFirst(uncertain)
            uncertain = nil
            return backlog.forget()
        }
        uncertain = shipment
        uncertain?.isRepeat = true
        let asked = HubClock.now(), before = withdrawals, settings = redirects
        do throws(Refusal) {
            onStep(shipment.readings.map(\.id), .sent)
            let answer = try await destination.clinic.deliver(shipment.parcel), heard = HubClock.now()
            uncertain = nil
            // What was wiped meanwhile is nobody's any more, and what remains is told once more.
            guard withdrawals == before else { return }
            // After a long outage readings are sign of life enough for once: a whole street has them to tell.
            if policy.isLongAway { heartbeat.pass() }
            policy.taken(shipment.readings.count, in: heard.uptime - asked.uptime)
            taken(shipment, answer)
            if let date = answer.date { await onDate(date, asked, heard) }
            await tellOfDevices(in: shipment.readings)
        } catch let refusal {
            var error = refusal
            // As what may pass, or be a reading's fault, is treated: halves tell the same.
            let isForbidden = await isForbidden(shipment, error)
            let isBlamed = isForbidden || blamesBundle && shipment.isRepeat && error.leavesUnknown
            if isBlamed { error.action = .resendThenSplit }
            if isForbidden { error.fault = .clinic(.refusedReading(status: 403, issue: error.outcome.code)) }
            // A clinic that takes nothing tells the time as well.
            if let date = error.date { await onDate(date, asked, HubClock.now()) }
            if withdrawals != before {
                uncertain = nil
                throw Refusal(.resend, error.fault, status: error.status)
            }
            if redirects != settings {
                if !error.leavesUnknown, !shipment.isRepeat { uncertain = nil }
                throw error
            }
            if error.action == .halve { policy.tooLarge(shipment.readings.count) }
            if !error.leavesUnknown, !shipment.isRepeat { uncertain = nil }
            guard isBlamed || policy.isAboutContent(error) || isRetried(shipment, error) else { throw error }
            uncertain = nil
            if shipment.isRepeat || error.leavesUnknown { noteFirst(shipment) }
            guard shipment.readings.count > 1 else { return try await suspect(shipment, error) }
            for part in parts(of: shipment, error) where isWanted(shipment) && redirects == settings {
                // Enough is known: no need to ask for every one of them.
                if policy.isDoubtful, !quarantine.suspects.isEmpty, part.count > 1 { continue }
                if shipment.isRepeat { try await repeatPart(part) } else { try await deliver(part) }
            }
        }
    }

    /// Whether it is only this that is forbidden (403), and not everything that the hub says.
    private func isForbidden(_ shipment: Shipment, _ refusal: Refusal) async -> Bool {
        guard refusal.status == 403 else { return false }
        if !blamesBundle, !quarantine.areRetried(shipment.readings) { blamesBundle = await isWell() }
        return blamesBundle || quarantine.areRetried(shipment.readings)
    }

    /// Whether this has been refused before, and held: another refusal keeps nobody else waiting.
    private func isRetried(_ shipment: Shipment, _ refusal: Refusal) -> Bool {
        refusal.action == .resendThenSplit && quarantine.areRetried(shipment.readings)
    }

    /// What to try next of a refused bundle. A clinic that names the guilty one saves the search.
    private func parts(of shipment: Shipment, _ refusal: Refusal) -> [ArraySlice<Kept>] {
        let readings = shipment.readings, named = shipment.parcel.entries.readings(of: refusal.outcome.entries)
        if refusal.action != .halve, let guilty = named.first, named.count == 1 {
            let others = readings.indices.filter { $0 != guilty }.map { readings[$0] }
            return [readings[guilty...guilty], others[...]]
        }
        let middle = readings.count / 2
        return [readings[..<middle], readings[middle...]]
    }

    private func taken(_ shipment: Shipment, _ answer: Answer) {
        for (index, kept) in shipment.readings.enumerated() {
            let location = shipment.parcel.entries.locations(ofReading: index, in: answer).first
            answered.append(receipt(kept, .accepted(location: location)))
        }
        for suspect in quarantine.convict(excepting: shipment.readings.map(\.id)) { condemn(suspect) }
        for suspect in quarantine.takeNewlyHeld() {
            log(suspect.refusal.fault, about: "reading \(suspect.kept.id), held")
        }
        delivered += shipment.readings.count
        onStep(shipment.readings.map(\.id), .delivered)
        cleared()
        Systemd.log(.info, "\(layer): \(shipment.readings.count) delivered")
    }

    /// Set aside, with what was asked and answered.
    func condemn(_ suspect: Quarantine.Suspect) {
        var receipt = receipt(suspect.kept, .refused(suspect.refusal.fault))
        receipt.letter = suspect.letter
        answered.append(receipt)
        onStep([suspect.kept.id], .refused)
        log(suspect.refusal.fault, about: "reading \(suspect.kept.id), set aside")
    }

    func receipt(_ kept: Kept, _ verdict: Journal.Receipt.Verdict) -> Journal.Receipt {
        var told = kept.dated
        if !kept.amends, let first = toldFirst[kept.id] { told = first }
        if case .accepted = verdict { toldFirst[kept.id] = nil }
        return Journal.Receipt(reading: kept.id, verdict, at: HubClock.now().wall, told: told)
    }

    /// What it knew already and has again, as it says by a condition that more than one matches.
    func accept(_ kept: Kept) {
        answered.append(receipt(kept, .accepted(location: nil)))
        quarantine.forget(kept.id)
    }

    /// Writes the answers down. Those that cannot be written yet are not forgotten; those that a power cut takes are given
    /// once more, to what was journaled before it was sent.
    func settleAnswered() async -> Result<Void, Refusal> {
        guard !answered.isEmpty else { return .success(()) }
        let receipts = answered
        answered = []
        do throws(Fault) {
            try await journal.settle(receipts, for: name, fleeting: true)
            return .success(())
        } catch {
            answered = receipts + answered
            return .failure(Refusal(.resend, error))
        }
    }

    /// A reading refused alone is set aside once anything else is taken. After five in a row and three probes, it is
    /// not the readings.
    private func suspect(_ shipment: Shipment, _ refusal: Refusal) async throws(Refusal) {
        let before = withdrawals, settings = redirects
        var refusal = refusal
        do throws(Refusal) {
            if refusal.action == .splitDuplicate, try await isThereAlready(shipment) { return }
        } catch {
            guard error.action == .splitDuplicate, case .clinic(.ambiguous) = error.fault else { throw error }
            // The clinic can mend that, and the reading is whole.
            refusal.fault = error.fault
        }
        guard withdrawals == before, redirects == settings else { return }
        if !policy.blamesClinic {
            switch quarantine.suspect(shipment, refusal) {
            case .known: return
            case .proven(let suspect): return condemn(suspect)
            case .new: guard policy.refusedOne(refusal) else { return }
            }
            quarantine.acquit()
        }
        let isPassing = refusal.action == .resendThenSplit
        throw Refusal(isPassing ? .resend : .pause, refusal.fault, status: isPassing ? refusal.status : nil)
    }
}
