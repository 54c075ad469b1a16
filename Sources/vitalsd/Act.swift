import Core
import Host
import Journal

/// What the command line changes in the journal. A running daemon does it itself, because the journal is its own;
/// without one the command does it.
enum Act: Equatable {
    case bind(String, user: Int?, Subject, Agreement)
    case unbind(String, user: Int?)
    case swap(String, for: String)
    /// One device, or everything.
    case wipe(String?, undelivered: Bool)
    case retry([Int64])
    case assign([Int64], Subject)

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
        case .bind(let device, let user, let subject, let agreement):
            "bind\t\(device)\t\(slot(user))\t\(agreement.notation)\t\(subject.notation)"
        case .assign(let ids, let subject):
            "assign\t" + ids.map(String.init).joined(separator: ",") + "\t\(subject.notation)"
        case .unbind(let device, let user): "unbind\t\(device)\t\(slot(user))"
        case .swap(let old, let new): "swap\t\(old)\t\(new)"
        case .wipe(let device, let undelivered):
            "wipe\t\(device ?? "")\t\(undelivered ? "undelivered" : "")"
        case .retry(let ids): "retry\t" + ids.map(String.init).joined(separator: "\t")
        }
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        let words = notation.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        // No slot is every slot, so what is no number must not be taken for none.
        let user = words.count > 2 ? Int(words[2]) : nil, isSlot = words.count > 2 && (words[2].isEmpty || user != nil)
        switch (words.first, words.count) {
        case ("bind", 5...) where isSlot:
            guard let subject = Subject(notation: words[4...]), let agreement = Agreement(notation: words[3]) else {
                return nil
            }
            self = .bind(words[1], user: user, subject, agreement)
        case ("assign", 3...):
            let ids = words[1].split(separator: ",", omittingEmptySubsequences: false).map { Int64($0) }
            guard let subject = Subject(notation: words[2...]), !ids.contains(nil) else { return nil }
            self = .assign(ids.compactMap { $0 }, subject)
        case ("unbind", 3) where isSlot: self = .unbind(words[1], user: user)
        case ("swap", 3): self = .swap(words[1], for: words[2])
        case ("wipe", 3): self = .wipe(words[1].isEmpty ? nil : words[1], undelivered: words[2] == "undelivered")
        case ("retry", 2...):
            let ids = words.dropFirst().compactMap { Int64($0) }
            guard ids.count == words.count - 1 else { return nil }
            self = .retry(ids)
        default: return nil
        }
    }

    /// Does it in the daemon, whose radio and courier follow, and says in a few words what was done.
    @Hub func perform(on gateway: Gateway) async throws(Fault) -> String {
        let done: String
        switch self {
        case .wipe(let device, let undelivered):
            done = Act.words(try await gateway.wipe(device, undelivered: undelivered))
        case .swap(let old, let new):
            try await gateway.swap(old, for: new)
            done = "swapped"
        default: done = try await perform(on: gateway.journal)
        }
        switch self {
        case .bind(let device, _, _, _):
            gateway.acceptList.wake(device)
            try await gateway.acceptList.reload()
        case .unbind: try await gateway.acceptList.reload()
        case .swap, .wipe, .retry, .assign: break
        }
        if case .wipe = self {
            gateway.couriers.reconsider(withdrawn: true)
        } else {
            gateway.couriers.reconsider()
        }
        return done
    }

    /// Does it where no daemon runs.
    @Hub private func perform(on journal: Journal) async throws(Fault) -> String {
        switch self {
        case .bind(let device, let user, let subject, let agreement):
            var binding = Journal.Binding(device: device, user: user, subject: subject)
            if case .agreed(let schedule) = agreement {
                let now = HubClock.now().wall
                binding.schedule = schedule
                binding.agreed = now >= earliestCredible ? now : nil
            }
            try await journal.bind(binding, keepsSchedule: agreement == .asBefore)
            return "bound"
        case .unbind(let device, let user):
            try await journal.unbind(device, user: user)
            return "unbound"
        case .swap(let old, let new):
            try await journal.swap(old, for: new)
            return "swapped"
        case .wipe(let device, let undelivered):
            return Act.words(try await journal.wipe(device, undelivered: undelivered))
        case .retry(let ids):
            return "\(try await journal.retry(ids)) will be sent again"
        case .assign(let ids, let subject):
            return "\(try await journal.assign(ids, to: subject)) assigned"
        }
    }

    private static func words(_ wiped: Journal.Wiped) -> String {
        "wiped: \(wiped.readings) readings, \(wiped.devices) devices, \(wiped.bindings) bindings"
    }

    /// Asks the daemon to do it, or does it where none runs; prints what was done.
    @Hub func carryOut(with configuration: Configuration) async throws(Exit) {
        if let answer = await Control.ask(notation, configuration) {
            guard !answer.hasPrefix(Control.refusal) else {
                printError("vitalsd: \(answer.dropFirst(Control.refusal.count))")
                throw .unavailable
            }
            return printLine(answer)
        }
        do throws(Fault) {
            try Files.makeDirectory(configuration.stateDirectory)
            let journal = try Journal(
                path: configuration.journalPath, bound: configuration.bound,
                destinations: configuration.recipients.map(\.name),
                executor: loop)
            printLine(try await perform(on: journal))
        } catch {
            throw complain(error)
        }
    }
}

extension Act.Agreement {
    /// Nothing, `none`, or the schedule.
    var notation: String {
        switch self {
        case .asBefore: ""
        case .none: "none"
        case .agreed(let schedule): "\(schedule)"
        }
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        switch notation {
        case "": self = .asBefore
        case "none": self = .none
        default:
            guard let schedule = try? Schedule(notation) else { return nil }
            self = .agreed(schedule)
        }
    }
}

extension Subject {
    /// `Patient/4711`, or system and value with a tab between.
    var notation: String {
        switch self {
        case .reference(let reference): reference
        case .identifier(let system, let value): "\(system)\t\(value)"
        }
    }

    /// Reads what `notation` writes.
    init?(notation words: ArraySlice<String>) {
        switch (words.first, words.count) {
        case (let reference?, 1): self = .reference(reference)
        case (let system?, 2): self = .identifier(system: system, value: words[words.startIndex + 1])
        default: return nil
        }
    }
}

private func slot(_ user: Int?) -> String { user.map(String.init) ?? "" }
