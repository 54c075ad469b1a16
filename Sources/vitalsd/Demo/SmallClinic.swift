import Clinic
import Core
import Host

/// The demonstration's clinic: an HTTP server on the loopback that takes FHIR transactions, creates what it does not have
/// and says of the rest that it has it already. It can be made to go away.
@Hub final class SmallClinic {
    /// While true, every connection is cut before the answer; the first request is stored all the same.
    var isAway = false
    private(set) var requests = 0
    private var hasLostAnswer = false
    /// By the condition under which it was created: the resource's id.
    private(set) var resources: [String: String] = [:]
    /// Observations that came again after an answer was lost.
    private(set) var repeats = 0
    private let listener: LoopbackListener

    init() throws(Fault) { listener = try LoopbackListener() }

    var url: String { "http://127.0.0.1:\(listener.port)/fhir" }

    func run() async {
        await withDiscardingTaskGroup { group in
            while let connection = try? await listener.accept() {
                group.addTask { try? await self.serve(connection) }
            }
        }
    }

    /// Requests on one connection, until it closes.
    private func serve(_ connection: ByteLine) async throws(Fault) {
        var waiting: [UInt8] = []
        while let body = try await request(on: connection, &waiting) {
            requests += 1
            if isAway {
                // The worst way to go: what came first is stored, and only the answer is lost.
                if !hasLostAnswer { _ = try respond(to: body) }
                hasLostAnswer = true
                return
            }
            let answer = try respond(to: body)
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\nContent-Length: \(answer.utf8.count)\r\n\r\n"
            try await connection.write(Array((head + answer).utf8))
        }
    }

    /// The body of the next request; nil at the end of the connection.
    private func request(on connection: ByteLine, _ waiting: inout [UInt8]) async throws(Fault) -> [UInt8]? {
        while true {
            if let head = String(decoding: waiting, as: UTF8.self).firstRange(of: "\r\n\r\n") {
                let text = String(decoding: waiting, as: UTF8.self)[..<head.lowerBound]
                let length = text.lowercased().split(separator: "\r\n").compactMap { line -> Int? in
                    line.hasPrefix("content-length:") ? Int(line.dropFirst(15).drop { $0 == " " }) : nil
                }.first
                let start = text.utf8.count + 4
                guard let length, length >= 0 else { return nil }
                if waiting.count >= start + length {
                    defer { waiting.removeFirst(start + length) }
                    return Array(waiting[start..<start + length])
                }
                if text.lowercased().contains("expect: 100-continue"), waiting.count == start {
                    try await connection.write(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8))
                }
            }
            guard case .bytes(let more) = try await connection.read(within: nil) else { return nil }
            waiting += more
        }
    }

    /// One entry of the answer for each of the request: 201 created, or 200 we have it.
    private func respond(to body: [UInt8]) throws(Fault) -> String {
        var json = JSONWriter()
        let entries = try TransactionRequest(body).entries
        json.object { json in
            json.member("resourceType", "Bundle")
            json.member("type", "transaction-response")
            json.array("entry") { json in
                for entry in entries {
                    let known = resources[entry.condition]
                    if known != nil, entry.type == "Observation" { repeats += 1 }
                    let id = known ?? "\(entry.type)/\(resources.count + 1)"
                    resources[entry.condition] = id
                    json.object { json in
                        json.object("response") { json in
                            json.member("status", known == nil ? "201 Created" : "200 OK")
                            json.member("location", id)
                        }
                    }
                }
            }
        }
        return json.text
    }
}
