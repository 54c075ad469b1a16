import Clinic
import Core
import Host
import Journal

// MARK: the way to the clinic

extension Checkup {
    mutating func checkWay() async {
        let recipients = configuration.recipients
        // As the daemon's own user, whose the state directory is: it may not read all that root may.
        let owner = (try? FileOwner.assumed(of: configuration.stateDirectory)) ?? nil
        defer { owner?.leave() }
        for recipient in recipients {
            await checkWay(to: recipient, called: recipients.count > 1 ? Text(same: recipient.name) : nil)
        }
    }

    /// One request tells all the steps, with the daemon's own settings and less patience.
    private mutating func checkWay(to recipient: Recipient, called name: Text?) async {
        var settings = recipient.settings
        settings.connectTimeout = .seconds(4)
        settings.timeout = .seconds(4)
        let probe: Clinic.Probe, expiries: [Clinic.Expiry]
        do throws(Fault) {
            let clinic = try Clinic(settings, executor: loop)
            probe = await clinic.probe()
            // Whether a file is good is what the probe has found out, with OpenSSL; one that only we cannot read is in the log.
            expiries = (try? await clinic.expiries(at: HubClock.now().wall)) ?? []
        } catch {
            return find(Finding(.access, name, .fault, Trouble(error), Text(same: error.detail)))
        }
        if level(of: .network) == nil { checkNetwork(probe) }
        let host = recipient.url.split(separator: "/").dropFirst().first.map(String.init) ?? ""
        let fault = probe.fault.map(Trouble.init), culprit = probe.fault.map(Self.part)
        for part in [Finding.Part.name, .connection, .encryption, .access, .clinic] {
            guard let fault, let culprit else {
                find(.ok(part, name, evidence(of: part, probe, host, recipient)))
                continue
            }
            if part == culprit {
                find(Finding(part, name, .fault, fault, Text(same: fault.detail)))
            } else if isBefore(part, culprit), Self.isDone(part, in: probe) {
                find(.ok(part, name, evidence(of: part, probe, host, recipient)))
            } else {
                find(
                    Finding(
                        part: part, subject: name, level: .unknown,
                        evidence: Text(en: "not asked", da: "ikke spurgt")))
            }
        }
        blameTheClock(probe)
        // One that has ended is the fault above.
        for expiry in expiries where expiry.end > HubClock.now().wall {
            find(Finding(.access, name, .warning, Trouble(expiry.notice), .moment(expiry.end)))
        }
    }

    private mutating func checkNetwork(_ probe: Clinic.Probe) {
        let cards = HubNetwork.cards ?? []
        switch probe.fault {
        case .network(.noName), .network(.noRoute), .network(.timedOut):
            if cards.isEmpty {
                return find(Finding(.network, Trouble(.noNetwork), Text(en: "no address", da: "ingen adresse")))
            }
        default: break
        }
        let names = Text(same: cards.joined(separator: ", "))
        find(.ok(.network, nil, cards.isEmpty ? Text(en: "only this machine", da: "kun denne maskine") : names))
    }

    /// A certificate cannot be judged by a hub that does not know the time.
    private mutating func blameTheClock(_ probe: Clinic.Probe) {
        guard case .clinic(.untrusted(let why)) = probe.fault, why == .notYetValid || why == .expired else { return }
        let isUnset = level(of: .clock) == .fault
        guard isUnset || why == .notYetValid && level(of: .clock) == .warning else { return }
        if !isUnset {
            change(.clock) { clock in
                clock.level = .fault
                clock.cause = .fault(.clockUnset)
            }
        }
        change(.encryption) { finding in
            finding = .unknown(
                .encryption, Text(en: "cannot be judged without the time", da: "kan ikke bedømmes uden klokkeslæt"))
        }
    }

    private func evidence(
        of part: Finding.Part, _ probe: Clinic.Probe, _ host: String, _ recipient: Recipient
    ) -> Text {
        func after(_ step: Clinic.Probe.Step) -> Text {
            guard let time = probe.done[step] else { return Text(same: "") }
            let milliseconds = Int(time / .milliseconds(1))
            return Text(en: "after ", da: "efter ") + "\(milliseconds) ms"
        }
        return switch part {
        case .name: Text(same: host)
        case .connection: Text(en: "there ", da: "oprettet ") + after(.connection)
        case .encryption:
            recipient.url.hasPrefix("http://")
                ? Text(en: "none on this machine", da: "ingen på denne maskine")
                : Text(en: "trusted, ", da: "godkendt ") + after(.encryption)
        case .access: Text(en: "the hub is let in", da: "hubben får adgang")
        case .clinic: Text(en: "an empty delivery was answered ", da: "en tom levering blev besvaret ") + after(.answer)
        default: Text(same: "")
        }
    }

    /// Whether a step was taken at all: a file that cannot be read stops the hub before the first.
    private static func isDone(_ part: Finding.Part, in probe: Clinic.Probe) -> Bool {
        switch (part, probe.fault) {
        case (.access, _): probe.done[.answer] != nil
        case (.encryption, _): probe.done[.encryption] != nil || probe.done[.answer] != nil
        case (.name, .network): true
        default: !probe.done.isEmpty
        }
    }

    private func isBefore(_ part: Finding.Part, _ other: Finding.Part) -> Bool {
        let order = Finding.Part.allCases
        return (order.firstIndex(of: part) ?? 0) < (order.firstIndex(of: other) ?? 0)
    }

    /// Which step a fault stops.
    private static func part(of fault: Fault) -> Finding.Part {
        switch fault {
        case .network(.noName): .name
        case .network(.noRoute), .network(.refused), .network(.timedOut), .network(.interrupted): .connection
        case .clinic(.untrusted): .encryption
        case .clinic(.rejectsUs), .clinic(.ourCertificateExpired): .access
        case .hub: .access
        case .clinic, .device, .pairing: .clinic
        }
    }

    // MARK: what waits

    mutating func checkQueue() {
        guard let summary = try? journal?.summary() else { return }
        let order: [Journal.State] = [.pending, .refused, .unassigned, .undecoded, .withheld, .damaged, .accepted]
        report(order.map { Diagnosis.QueueEntry(state: $0.rawValue, count: summary.counts[$0] ?? 0) })
        let pending = summary.counts[.pending] ?? 0, refused = summary.counts[.refused] ?? 0
        let oldest = summary.oldestPending.map { Text(en: ", since ", da: ", siden ") + .moment($0) } ?? Text(same: "")
        let waiting = Text.readings(pending) + Text(en: " waiting", da: " venter") + oldest
        if (summary.counts[.unassigned] ?? 0) > 0 {
            find(Finding(.pairing, nil, .warning, Trouble(.unassigned), .readings(summary.counts[.unassigned] ?? 0)))
        }
        if (summary.counts[.undecoded] ?? 0) > 0 {
            find(Finding(.queue, nil, .warning, Trouble(.undecoded), .readings(summary.counts[.undecoded] ?? 0)))
        }
        if refused > 0 {
            find(
                Finding(
                    .queue, nil, .fault, Trouble(.clinic(.refusedReading(status: 422, issue: ""))),
                    .readings(refused) + Text(en: " refused", da: " afvist")))
        }
        guard pending > 0 else {
            if refused == 0 { find(.ok(.queue, nil, Text(en: "nothing waits", da: "intet venter"))) }
            return
        }
        let wayIsFree = !diagnosis.findings.contains { ($0.part == .access || $0.part == .clinic) && $0.level != .ok }
        switch account?.courierTrouble {
        case let trouble? where wayIsFree && isLasting(trouble.cause):
            find(Finding(.queue, nil, .fault, trouble, waiting))
        case .some where wayIsFree:
            find(.ok(.queue, nil, waiting + Text(en: "; sent at the next try", da: "; sendes ved næste forsøg")))
        case nil where wayIsFree && account?.resumes != nil:
            let due = account?.resumes.map(Text.moment) ?? Text(same: "")
            let why = Text(en: ", so that not all hubs send at once", da: ", så ikke alle hubs sender på én gang")
            find(.ok(.queue, nil, waiting + Text(en: "; the next are sent ", da: "; de næste sendes ") + due + why))
        case nil where wayIsFree && account != nil && isOld(summary.oldestPending):
            find(Finding(.queue, nil, .warning, Trouble(.waiting), waiting))
        default: find(.ok(.queue, nil, waiting))
        }
    }

    /// Whether the daemon may see what this look could not: a file that it may not read, a reading that is refused.
    private func isLasting(_ cause: Cause) -> Bool {
        switch cause {
        case .fault(.refusedReading), .fault(.badAnswer), .fault(.tooLarge), .fault(.ambiguous): true
        default: cause.layer == .hub
        }
    }

    private func isOld(_ oldest: Instant?) -> Bool {
        guard let oldest else { return false }
        return HubClock.now().wall.milliseconds - oldest.milliseconds > 3_600_000
    }
}
