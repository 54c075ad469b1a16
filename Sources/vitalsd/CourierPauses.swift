import Core
import FHIR
import Host

// When nothing is sent: because there is nothing, or because nothing gets through.

extension Courier {
    /// Nothing to send: waits for the next reading. A suspect that stood alone is tried again after a while.
    func rest() async throws(Refusal) {
        try await settleAnswered().get()
        if backlog.hasNews { return }
        isResting = true
        defer { isResting = false }
        Memory.giveBack()
        let suspects = quarantine.suspects
        quarantine.wait()
        if suspects.isEmpty {
            cleared()
            guard quarantine.isHolding else {
                probation = nil
                return _ = await bell.rung(before: heartbeat.due)
            }
        } else if !suspects.contains(where: { $0.refusal.fault == fault }) {
            for suspect in suspects { log(suspect.refusal.fault, about: "reading \(suspect.kept.id)") }
            fault = suspects[0].refusal.fault
        }
        // However often somebody measures meanwhile.
        let due = probation ?? .now + .seconds(900) * destination.scale
        probation = due
        if await rung(before: due) { return }
        probation = nil
        if suspects.isEmpty { quarantine.retryHeld() } else { quarantine.retryOne() }
        backlog.forget()
    }

    /// Waits for the bell and tells meanwhile that the hub lives; false when `due` passes first.
    private func rung(before due: ContinuousClock.Instant) async -> Bool {
        while await !bell.rung(before: min(due, heartbeat.due ?? due)) {
            guard due > .now else { return false }
            await heartbeat.tell(destination, onDate)
        }
        return true
    }

    /// Between two bundles of a backlog, where the clinic asked for fewer requests, or where its turn has not come. What was
    /// just measured does not wait.
    func easeOff() async throws(Refusal) {
        while let turn, turn > .now, !backlog.ahead.isEmpty, !backlog.isLive {
            try await settleAnswered().get()
            if !backlog.hasNews {
                isResting = true
                _ = await rung(before: turn)
                isResting = false
            }
            try await backlog.readLive()
        }
    }

    /// Whether the clinic takes something else: a sign of life; or, where it wants none, nothing at all.
    func isWell() async -> Bool {
        if destination.heartbeat == nil { return await destination.clinic.probe().fault == nil }
        return await heartbeat.tell(destination, onDate)
    }

    /// When a backlog goes on that waits for its turn.
    var resumes: Instant? {
        guard let turn, turn > .now, !backlog.ahead.isEmpty else { return nil }
        return HubClock.now().wall + (turn - .now)
    }

    /// What `systemctl status` shows. Where systemd does not listen, nothing depends on it.
    private func tellStatus(_ text: String) { try? Systemd.notify(.status(text)) }

    /// The layer's word in the log, with the destination's name where there are several.
    var layer: String { name == Recipient.clinic ? "clinic" : "clinic \(name)" }

    func cleared() {
        if fault != nil {
            Systemd.log(.notice, "\(layer): takes readings again")
            tellStatus("running")
        }
        fault = nil
        policy.forgive()
    }

    /// Waits as long as the policy says. A reload ends it, and what somebody measures now, where nobody knows whether the way is
    /// open again.
    func pause(after refusal: Refusal) async {
        if fault != refusal.fault {
            log(refusal.fault, about: name == Recipient.clinic ? nil : name)
            tellStatus(refusal.fault.description)
        }
        fault = refusal.fault
        quarantine.wait()
        isReleased = false
        let begin = ContinuousClock.now, due = begin + policy.failed(refusal, chance: .random(in: 0...1))
        let live = policy.shortestPause(after: refusal).map { min(due, begin + $0) } ?? due
        isResting = true
        Memory.giveBack()
        while !isReleased, await bell.rung(before: hasKept ? live : due) {}
        isResting = false
        // One that has come to nothing since, of what was measured, does not move what waits for its turn.
        // Where the clinic is blamed, what is measured is refused too, and the rest must come to be asked.
        let isComing = policy.blamesClinic && (turn ?? begin) > begin
        if !isReleased, policy.isLongAway, !isComing { turn = due }
    }
}
