import Core
import Host
import Journal

/// How the command line asks the running daemon: a socket in the state directory, which only its owner may open. One
/// packet is a question, one is the answer, in JSON.
@Hub final class Control {
    static func path(_ configuration: Configuration) -> String { configuration.stateDirectory + "/control" }

    /// What an answer begins with that is none.
    nonisolated static let refusal = "error: "

    private let listener: SocketListener
    private let gateway: Gateway

    init(_ gateway: Gateway) throws(Fault) {
        self.gateway = gateway
        listener = try SocketListener(Control.path(gateway.configuration))
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            do throws(Fault) {
                while let caller = try await listener.accept() {
                    group.addTask { await self.answer(caller) }
                }
            } catch {
                log(error)
            }
        }
    }

    func close() { listener.close() }

    private func answer(_ caller: SocketBearer) async {
        do throws(Fault) {
            guard let question = try await caller.receive(within: .seconds(5)) else { return }
            let text = String(decoding: question, as: UTF8.self)
            try await caller.send(Array((text == "status" ? status : await act(text)).utf8))
        } catch {
            // Whoever asked has gone; nobody is left to tell.
        }
        caller.hangUp()
    }

    private func act(_ text: String) async -> String {
        guard let act = Act(notation: text) else { return Control.refusal + "not understood" }
        do throws(Fault) {
            let done = try await act.perform(on: gateway.journal)
            gateway.courier.wake()
            return done
        } catch {
            return "\(Control.refusal)\(error)"
        }
    }

    private var status: String {
        var json = JSONWriter()
        json.object { json in
            json.member("version", version)
            json.member("synchronised", HubClock.now().synchronised)
            json.array("visits") { json in for visit in gateway.roster.visits { json.string(visit) } }
            json.member("delivered", gateway.courier.delivered)
            if let fault = gateway.courier.fault { json.member("fault", fault.description) } else { json.null("fault") }
        }
        return json.text
    }

    /// What a running daemon says, or nil where none runs.
    static func ask(_ question: String, _ configuration: Configuration) async -> String? {
        do throws(Fault) {
            let link = try SocketBearer.connect(to: path(configuration))
            try await link.send(Array(question.utf8))
            return try await link.receive(within: .seconds(2)).map { String(decoding: $0, as: UTF8.self) }
        } catch {
            return nil
        }
    }
}
