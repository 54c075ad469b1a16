import Core
import Glibc
import Host
import Journal

/// Who did what with the kit: written down before it is done, and what came of it after.
@Hub struct AuditTrail {
    let journal: Journal
    let agent: Journal.AuditEvent.Agent

    /// Does it, between the two. `work` gets the number under which it stands. What cannot be written down for want of
    /// room is done all the same, and the log has it: a full disk must not keep a kit from being wiped.
    func tell<Result>(
        _ action: String, of device: String = "", successor: String = "",
        _ work: (Int64?) async throws(Fault) -> Result
    ) async throws(Fault) -> Result {
        let event = Journal.AuditEvent(
            recorded: HubClock.now().wall, agent: agent, action: action, device: device, successor: successor)
        var number: Int64?
        do throws(Fault) { number = try await journal.record(event) } catch { log(error, about: "audit: \(action)") }
        do throws(Fault) {
            let result = try await work(number)
            await conclude(number, Journal.AuditEvent.done)
            return result
        } catch {
            await conclude(number, error.code.rawValue)
            throw error
        }
    }

    /// Writes down what somebody tried without us, and what stood in the way.
    func note(_ action: String, _ obstacle: Fault.Code) async {
        let event = Journal.AuditEvent(
            recorded: HubClock.now().wall, agent: agent, action: action, outcome: obstacle.rawValue)
        do throws(Fault) { _ = try await journal.record(event) } catch { log(error, about: "audit: \(action)") }
    }

    private func conclude(_ number: Int64?, _ outcome: String) async {
        guard let number else { return }
        do throws(Fault) { try await journal.conclude(number, outcome) } catch { log(error, about: "audit") }
    }
}

extension Journal.AuditEvent.Agent {
    /// Whoever runs this program.
    static var own: Self { Self(user: getuid(), sudoer: login(getenv("SUDO_USER").map { String(cString: $0) })) }

    /// A name as useradd(8) takes it; nil for anything else, which is not to be printed.
    static func login(_ name: String?) -> String? {
        guard let name, 1...32 ~= name.utf8.count else { return nil }
        let isPlain = name.utf8.allSatisfy { byte in
            UnicodeScalar(byte).properties.isAlphabetic && byte < 0x80 || 0x30...0x39 ~= byte
                || [0x2D, 0x2E, 0x5F].contains(byte)
        }
        return isPlain ? name : nil
    }
}

extension Command {
    static let audit = Command(
        verb: "audit", arguments: "[--json] [--lang da|en] [--configuration FILE]",
        summary: "who did what with this kit, and when",
        explanation: """
            One line for each act of a technician, the oldest first: when, who (the user as the kernel knows it, and whom
            sudo names), what (scan, pair, bind, unbind, swap, wipe, enrol, record, retry, assign), with which device, and
            what came of it: done, the code of what stood in its way (see `explain`), or begun, where the power went
            before the end. No reading is in it, and no person whom readings are about. The last thousand are kept.

            It outlives `unbind`. After `wipe --everything` only the wiping itself is left.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        try arguments.end()
        let events = try reading(configuration(at: path, language), language) { journal throws(Fault) in
            try journal.audit()
        }
        guard !wantsJSON else {
            for event in events { printLine(event.json) }
            return
        }
        for line in columns(events.map { ActText.row($0).map { $0[language] } }) { printHanging(line, by: 4) }
    }
}

extension Journal.AuditEvent {
    fileprivate var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("recorded", text(recorded))
            json.member("user", Int(agent.user))
            json.optional("sudoer", agent.sudoer)
            json.member("action", action)
            json.optional("device", device.isEmpty ? nil : addressed(device))
            json.optional("successor", successor.isEmpty ? nil : addressed(successor))
            json.member("outcome", outcome)
        }
        return json.text
    }
}

/// A device's address as it is typed; of one without, what else names it.
func addressed(_ identity: String) -> String {
    let prefix = "bluetooth:"
    return identity.hasPrefix(prefix) ? String(identity.dropFirst(prefix.count)) : identity
}
