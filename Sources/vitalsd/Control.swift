import Bluetooth
import Core
import Devices
import Glibc
import Host
import Journal

/// How the command line asks the running daemon: a socket in the state directory, which only its owner may open.
///
/// One packet is a question. `status`, `losses`, and what changes the journal, is answered with one packet; `scan`, `pair` and
/// `record` with several, each a word, a tab and the rest: `heard`, `say`, `ask` (which wants a packet back), `wait`, `line`
/// (of a capture), and `done` or a `Refused`. `watch` is answered with a `SceneEntry` a packet, without end. Before a
/// question may stand `by`, and whom sudo names to whoever asks, for the audit trail.
@Hub final class Control {
    static func path(_ configuration: Configuration) -> String { configuration.stateDirectory + "/control" }

    /// What an answer begins with that is none.
    nonisolated static let refusal = "error: "
    /// The largest packet, in bytes.
    nonisolated static let longest = 1 << 16
    /// How long the daemon may take to do what it is asked.
    nonisolated static let patience = Duration.seconds(180)

    typealias Agent = Journal.AuditEvent.Agent

    private let listener: SocketListener
    private let gateway: Gateway

    init(_ gateway: Gateway) throws(Fault) {
        self.gateway = gateway
        listener = try SocketListener(Control.path(gateway.configuration), longest: Control.longest)
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            var said: Fault?
            while true {
                do throws(Fault) {
                    guard let caller = try await listener.accept() else { return }
                    said = nil
                    group.addTask { await self.answer(caller) }
                } catch {
                    // Out of descriptors or of memory: whoever calls waits until there are some.
                    if error != said { log(error) }
                    said = error
                    await loop.sleep(for: .seconds(1))
                }
            }
        }
    }

    func close() { listener.close() }

    private func answer(_ caller: SocketBearer) async {
        do throws(Fault) {
            // The directory lets in nobody else; should it ever be opened, the daemon still does not.
            let user = try caller.peer.user
            guard user == 0 || user == geteuid() else { return caller.hangUp() }
            guard let question = try await caller.receive(within: .seconds(5)) else { return }
            var words = String(decoding: question, as: UTF8.self)
                .split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
            var agent = Agent(user: user)
            if words[0] == "by", words.count > 2 {
                agent.sudoer = Agent.login(words[1])
                words.removeFirst(2)
            }
            try await answer(words, of: agent, caller)
        } catch {
            // Whoever asked has gone; nobody is left to tell.
        }
        caller.hangUp()
    }

    private func answer(_ words: [String], of agent: Agent, _ caller: SocketBearer) async throws(Fault) {
        let trail = AuditTrail(journal: gateway.journal, agent: agent), answer: String
        do throws(Fault) {
            switch words[0] {
            case "status": answer = status
            case "losses": answer = Hearing.notation(of: gateway.hearing.losses)
            case "diagnosis": answer = Account(of: gateway).notation
            case "scan":
                answer = try await trail.tell("scan") { _ throws(Fault) in try await scan(words, caller) }
            case "pair": answer = try await pair(words, caller, trail)
            case "record":
                answer = try await trail.tell("record", of: words.count > 1 ? words[1] : "") { _ throws(Fault) in
                    try await record(words, caller)
                }
            case "watch": return try await gateway.show(to: caller)
            default:
                guard let act = Act(notation: words.joined(separator: "\t")) else {
                    throw .hub(.badConfiguration("not understood"))
                }
                answer = try await act.perform(on: gateway, by: agent).notation
            }
        } catch {
            answer = Refused(error).notation
        }
        try await caller.send(Array(answer.utf8))
    }

    private func scan(_ words: [String], _ caller: SocketBearer) async throws(Fault) -> String {
        let seconds = words.count > 1 ? Int(words[1]) ?? 10 : 10
        try await gateway.scan(for: .seconds(seconds)) { advertisement in
            await send("heard\t\(heard(advertisement).notation)", to: caller)
        }
        return "done\t"
    }

    private func pair(_ words: [String], _ caller: SocketBearer, _ trail: AuditTrail) async throws(Fault) -> String {
        guard let order = Gateway.PairingOrder(words) else { throw .hub(.badConfiguration("not understood")) }
        try await trail.tell("pair", of: "bluetooth:\(order.address)") { _ throws(Fault) in
            try await gateway.pair(order) { step in
                _ = await send("say\t\(step.notation)", to: caller)
            } guide: { mode in
                await self.ask("ready \(mode.rawValue)", caller, within: .seconds(170)) == .yes
            } ask: { question in
                await self.ask(question.kind.notation, caller, within: .seconds(60))
            }
        }
        return "done\t"
    }

    private func ask(
        _ question: String, _ caller: SocketBearer, within time: Duration
    ) async -> PairingAnswer {
        guard await send("ask\t\(question)", to: caller) else { return .no }
        let packet = try? await caller.receive(within: time)
        return packet.map { PairingAnswer(notation: String(decoding: $0, as: UTF8.self)) } ?? .no
    }

    private func record(_ words: [String], _ caller: SocketBearer) async throws(Fault) -> String {
        guard words.count == 3, let seconds = Int(words[2]) else { throw .hub(.badConfiguration("not understood")) }
        let due = ContinuousClock.now + .seconds(seconds)
        let capture = try await gateway.record(words[1]) {
            guard ContinuousClock.now < due else { return false }
            return await send("wait\t", to: caller)
        }
        guard let capture else { throw .device(.silent) }
        for line in capture.description.split(separator: "\n") { _ = await send("line\t\(line)", to: caller) }
        return "done\t"
    }

    /// False where nobody listens any more.
    private func send(_ text: String, to caller: SocketBearer) async -> Bool {
        do throws(Fault) {
            try await caller.send(Array(text.utf8))
            return true
        } catch {
            return false
        }
    }

    private func heard(_ advertisement: Advertisement) -> Heard {
        let sighting = Sighting(.advertisement(advertisement)), driver = drivers.soleClaimant(of: sighting)
        let isBound = gateway.acceptList.isBound(sighting.identity)
        var json = JSONWriter()
        json.object { json in
            json.member("address", advertisement.address.description)
            json.member("kind", advertisement.kind.description)
            json.member("name", advertisement.name)
            if let signal = advertisement.signal { json.member("signal", signal) } else { json.null("signal") }
            if let driver { json.member("driver", driver.id) } else { json.null("driver") }
            if let driver { json.member("model", driver.model) } else { json.null("model") }
            json.member("bound", isBound)
        }
        return Heard(
            json: json.text, text: ActText.near(advertisement, model: driver?.model, isBound: isBound))
    }

    private func write(_ fault: Fault?, into json: inout JSONWriter) {
        if let fault { json.member("fault", fault.description) } else { json.null("fault") }
    }

    private var status: String {
        var json = JSONWriter()
        json.object { json in
            json.member("version", version)
            json.member("synchronised", HubClock.now().synchronised)
            json.array("visits") { json in for visit in gateway.roster.visits { json.string(visit) } }
            if let fault = gateway.radioFault { json.member("radio", fault.description) } else { json.null("radio") }
            if let counters = gateway.central?.counters {
                json.object("radioRemedies") { json in
                    for rung in RadioHealth.Rung.allCases { json.member("\(rung)", counters[rung]) }
                }
            }
            json.member("endedLinks", EndedLinks.count)
            json.member("delivered", gateway.couriers.delivered)
            write(gateway.couriers.fault, into: &json)
            json.object("clinics") { json in
                for courier in gateway.couriers.all {
                    json.object(courier.name) { json in
                        json.member("delivered", courier.delivered)
                        write(courier.fault, into: &json)
                        if let resumes = courier.resumes {
                            json.member("resumes", text(resumes))
                        } else {
                            json.null("resumes")
                        }
                        json.object("signOfLife") { json in
                            if let taken = courier.heartbeat.taken {
                                json.member("taken", text(taken))
                            } else {
                                json.null("taken")
                            }
                            write(courier.heartbeat.fault, into: &json)
                        }
                    }
                }
            }
        }
        return json.text
    }

    /// A question of this command's, with whom sudo names.
    private static func packet(_ question: String) -> [UInt8] {
        Array("by\t\(Agent.own.sudoer ?? "")\t\(question)".utf8)
    }

    /// Whether a daemon runs, however long it may take to answer.
    static func isThere(_ configuration: Configuration) -> Bool {
        (try? SocketBearer.connect(to: path(configuration), longest: longest)) != nil
    }

    /// What a running daemon answers, or nil where none runs. Throws `hub(.daemonSlow)` where one was asked and has not
    /// answered: it may be doing it, or have done it. An answer that is too long for a packet is no silence.
    static func ask(
        _ question: String, _ configuration: Configuration, within time: Duration = .seconds(5)
    ) async throws(Fault) -> String? {
        guard let link = try? SocketBearer.connect(to: path(configuration), longest: longest) else { return nil }
        do throws(Fault) {
            try await link.send(packet(question))
            if let answer = try await link.receive(within: time) { return String(decoding: answer, as: UTF8.self) }
        } catch {
            if case .device(.malformed) = error { throw .hub(.system("recv \(path(configuration))", EMSGSIZE)) }
        }
        throw .hub(.daemonSlow)
    }

    /// A conversation with the running daemon, to its end. `hear` gets each packet's word and the rest, and returns what is to
    /// be sent back, if anything.
    static func converse(
        _ question: String, _ configuration: Configuration, wantsJSON: Bool = false, language: Language = .english,
        hear: (String, String) -> String?
    ) async throws(Exit) {
        // Unless it says something else: that it fell silent, or ended.
        var refused = Refused(.hub(.daemonSlow))
        do throws(Fault) {
            let link = try SocketBearer.connect(to: path(configuration), longest: longest)
            try await link.send(packet(question))
            while let packet = try await link.receive(within: patience) {
                let text = String(decoding: packet, as: UTF8.self)
                if let said = Refused(notation: text) {
                    refused = said
                    break
                }
                let words = text.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
                if words[0] == "done" { return }
                let reply = hear(String(words[0]), words.count > 1 ? String(words[1]) : "")
                if let reply { try await link.send(Array(reply.utf8)) }
            }
        } catch {}
        if wantsJSON { printLine(refused.json) }
        printError("vitalsd: \(refused.told(in: language))")
        throw .unavailable
    }
}
