import Core
import Host
import Journal

/// What the command line changes in the journal. A running daemon does it itself, because the journal is its own;
/// without one the command does it.
enum Act: Equatable {
    case bind(String, user: Int?, Subject, Agreement, withMemory: Bool = false)
    case unbind(String, user: Int?)
    case swap(String, for: String, withMemory: Bool = false)
    /// One device, or everything.
    case wipe(String?, undelivered: Bool)
    case retry([Int64])
    case assign([Int64], Subject)
    /// It is over already, and only to be written down: what stood in its way, if anything did.
    case enrolled(Fault.Code?)

    /// What a binding says of when to measure.
    enum Agreement: Equatable {
        /// As it was with the same person.
        case asBefore
        case none
        case agreed(Schedule)
    }

    /// One packet of the control socket: words with tabs between.
    var notation: String {
        switch self {
        case .bind(let device, let user, let subject, let agreement, let withMemory):
            "bind\t\(device)\t\(slot(user))\t\(agreement.notation)\t\(Act.notation(withMemory: withMemory))\t"
                + subject.notation
        case .assign(let ids, let subject):
            "assign\t" + ids.map(String.init).joined(separator: ",") + "\t\(subject.notation)"
        case .unbind(let device, let user): "unbind\t\(device)\t\(slot(user))"
        case .swap(let old, let new, let withMemory): "swap\t\(old)\t\(new)\t\(Act.notation(withMemory: withMemory))"
        case .wipe(let device, let undelivered):
            "wipe\t\(device ?? "")\t\(undelivered ? "undelivered" : "")"
        case .retry(let ids): "retry\t" + ids.map(String.init).joined(separator: "\t")
        case .enrolled(let obstacle): "enrolled\t\(obstacle?.rawValue ?? "")"
        }
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        let words = notation.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        // No slot is every slot, so what is no number must not be taken for none.
        let user = words.count > 2 ? Int(words[2]) : nil, isSlot = words.count > 2 && (words[2].isEmpty || user != nil)
        switch (words.first, words.count) {
        case ("bind", 6...) where isSlot:
            guard let subject = Subject(notation: words[5...]), let agreement = Agreement(notation: words[3]),
                let withMemory = Act.withMemory(notation: words[4])
            else { return nil }
            self = .bind(words[1], user: user, subject, agreement, withMemory: withMemory)
        case ("assign", 3...):
            let ids = words[1].split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
            guard let subject = Subject(notation: words[2...]), !ids.contains(nil) else { return nil }
            self = .assign(ids.compactMap { $0 }, subject)
        case ("unbind", 3) where isSlot: self = .unbind(words[1], user: user)
        case ("swap", 4):
            guard let withMemory = Act.withMemory(notation: words[3]) else { return nil }
            self = .swap(words[1], for: words[2], withMemory: withMemory)
        case ("wipe", 3): self = .wipe(words[1].isEmpty ? nil : words[1], undelivered: words[2] == "undelivered")
        case ("enrolled", 2) where words[1].isEmpty: self = .enrolled(nil)
        case ("enrolled", 2):
            guard let obstacle = Fault.Code(rawValue: words[1]) else { return nil }
            self = .enrolled(obstacle)
        case ("retry", 2...):
            let ids = words.dropFirst().compactMap { Int64($0) }
            guard ids.count == words.count - 1 else { return nil }
            self = .retry(ids)
        default: return nil
        }
    }

    /// As it is typed, and as it stands in the audit trail.
    var verb: String {
        switch self {
        case .bind: "bind"
        case .unbind: "unbind"
        case .swap: "swap"
        case .wipe: "wipe"
        case .retry: "retry"
        case .assign: "assign"
        case .enrolled: "enrol"
        }
    }

    /// The device that it is about; empty where it is about none or all.
    var device: String {
        switch self {
        case .bind(let device, _, _, _, _), .unbind(let device, _), .swap(let device, _, _): device
        case .wipe(let device, _): device ?? ""
        case .retry, .assign, .enrolled: ""
        }
    }

    /// The device that takes its place.
    var successor: String { if case .swap(_, let new, _) = self { new } else { "" } }

    /// Does it in the daemon, whose radio and courier follow, and says what was done.
    @Hub func perform(
        on gateway: Gateway, by agent: Journal.AuditEvent.Agent
    ) async throws(Fault) -> Outcome {
        let done = try await told(to: AuditTrail(journal: gateway.journal, agent: agent)) { number throws(Fault) in
            // Of what is paired or takes another's place the address is nobody else's: it is wireless.
            if case .bind = self, let fault = gateway.hearing.twins(of: device) { throw fault }
            return switch self {
            case .wipe(let device, let undelivered):
                Outcome(try await gateway.wipe(device, undelivered: undelivered, audit: number))
            case .swap(let old, let new, let withMemory):
                try await Act.once(old, new, gateway.journal) { () throws(Fault) in
                    try await gateway.swap(old, for: new, withMemory: withMemory)
                }
            default: try await perform(on: gateway.journal, gateway.configuration, number)
            }
        }
        switch self {
        case .bind(let device, _, _, _, _):
            gateway.acceptList.wake(device)
            try await gateway.acceptList.reload()
        case .unbind: try await gateway.acceptList.reload()
        case .swap, .wipe, .retry, .assign, .enrolled: break
        }
        gateway.couriers.reconsider()
        return done
    }

    /// Does it, and writes it down. What failed before it came here is done with.
    @Hub private func told(
        to trail: AuditTrail, _ work: (Int64?) async throws(Fault) -> Outcome
    ) async throws(Fault) -> Outcome {
        guard case .enrolled(let obstacle?) = self else {
            return try await trail.tell(verb, of: device, successor: successor, work)
        }
        await trail.note(verb, obstacle)
        return Outcome("not enrolled")
    }

    /// Does it where no daemon runs.
    @Hub private func perform(
        on journal: Journal, _ configuration: Configuration, _ number: Int64?
    ) async throws(Fault) -> Outcome {
        switch self {
        case .bind(let device, let user, let subject, let agreement, let withMemory):
            var binding = Journal.Binding(device: device, user: user, subject: subject)
            // What is on a cable was this person's already, where it was bound to nobody.
            let isBound = try await journal.bindings().contains { $0.device == device }
            if isBound || configuration.presumedSubject(of: device) != subject {
                binding.since = HubTimeline(try await journal.moments()).now
            }
            if case .agreed(let schedule) = agreement {
                let now = HubClock.now().wall
                binding.schedule = schedule
                binding.agreed = now >= earliestCredible ? now : nil
            }
            try await journal.bind(binding, keepsSchedule: agreement == .asBefore, withMemory: withMemory)
            return Outcome("bound")
        case .unbind(let device, let user):
            try await journal.unbind(device, user: user)
            return Outcome("unbound")
        case .swap(let old, let new, let withMemory):
            let now = HubTimeline(try await journal.moments()).now
            return try await Act.once(old, new, journal) { () throws(Fault) in
                try await journal.swap(old, for: new, since: now, withMemory: withMemory)
            }
        case .wipe(let device, let undelivered):
            return Outcome(try await journal.wipe(device, undelivered: undelivered, audit: number))
        case .retry(let ids):
            return Outcome("retried", [.init(name: "readings", number: try await journal.retry(ids))])
        case .assign(let ids, let subject):
            return Outcome("assigned", [.init(name: "readings", number: try await journal.assign(ids, to: subject))])
        case .enrolled: return Outcome("enrolled")
        }
    }

    /// Swaps. That the old device is bound to nobody is no fault where it is because of just this.
    @Hub private static func once(
        _ old: String, _ new: String, _ journal: Journal, _ swap: () async throws(Fault) -> Void
    ) async throws(Fault) -> Outcome {
        do throws(Fault) {
            try await swap()
        } catch {
            let isDone = try await journal.audit().contains { event in
                (event.action, event.device, event.successor, event.outcome)
                    == ("swap", old, new, Journal.AuditEvent.done)
            }
            guard error == .pairing(.notBound), isDone,
                try await journal.bindings().contains(where: { $0.device == new })
            else { throw error }
        }
        return Outcome("swapped")
    }

    /// Asks the daemon to do it, or does it where none runs; prints what was done.
    @Hub func carryOut(
        with configuration: Configuration, wantsJSON: Bool, in language: Language
    ) async throws(Exit) {
        let outcome = try await outcome(with: configuration, wantsJSON: wantsJSON, in: language)
        guard wantsJSON else { return printLine(outcome.text[language]) }
        var json = JSONWriter()
        json.object { write(outcome, into: &$0) }
        printLine(json.text)
    }

    /// The same without a word, but for what stands in its way.
    @Hub func outcome(
        with configuration: Configuration, wantsJSON: Bool, in language: Language
    ) async throws(Exit) -> Outcome {
        let answer: String?
        do throws(Fault) {
            // As long as for a conversation: a visit that is to end first may wait for the disk.
            answer = try await Control.ask(notation, configuration, within: Control.patience)
        } catch {
            if wantsJSON { printLine(Refused(error).json) }
            throw complain(error, in: language)
        }
        if let answer {
            if let outcome = Outcome(notation: answer), !answer.hasPrefix(Control.refusal) { return outcome }
            let stranger = Fault.hub(.badConfiguration("the daemon is of another version"))
            let refused = Refused(notation: answer) ?? Refused(stranger)
            if wantsJSON { printLine(refused.json) }
            printError("vitalsd: \(refused.told(in: language))")
            throw .unavailable
        }
        do throws(Fault) {
            try Files.makeDirectory(configuration.stateDirectory)
            // A journal of root's own would keep the service from starting.
            let owner = try FileOwner.assumed(of: configuration.stateDirectory)
            defer { owner?.leave() }
            let journal = try Journal(
                path: configuration.journalPath, bound: configuration.bound,
                destinations: configuration.recipients.map(\.name),
                executor: loop)
            return try await told(to: AuditTrail(journal: journal, agent: .own)) { number throws(Fault) in
                try await perform(on: journal, configuration, number)
            }
        } catch {
            if wantsJSON { printLine(Refused(error).json) }
            throw complain(error, in: language)
        }
    }
}

extension Act.Outcome {
    fileprivate init(_ wiped: Journal.Wiped) {
        self.init(
            "wiped",
            [
                Count(name: "readings", number: wiped.readings), Count(name: "devices", number: wiped.devices),
                Count(name: "bindings", number: wiped.bindings),
            ])
    }
}

private func slot(_ user: Int?) -> String { user.map(String.init) ?? "" }
