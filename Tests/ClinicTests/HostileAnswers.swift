import Core
import FHIR
import Testing

@testable import Clinic

/// Answers with status 200 that no honest server gives. None may be taken for a receipt, and none may end the daemon.
@Suite struct HostileAnswers {
    private static let entry = #"{"response":{"status":"201 Created","location":"Observation/1"}}"#

    private static func response(_ entries: String) -> String {
        #"{"resourceType":"Bundle","type":"transaction-response","entry":[\#(entries)]}"#
    }

    private func answer(_ body: String, status: Int = 200, type: String = "application/fhir+json") -> Response {
        Response(status: status, headers: ["content-type": type], body: Array(body.utf8))
    }

    @Test func theHonestAnswerIsTaken() throws {
        let answer = try answer(Self.response(Self.entry + "," + Self.entry)).answer(to: 2, by: JSONReader())
        #expect(
            answer.entries == [
                .init(status: 201, location: "Observation/1"), .init(status: 201, location: "Observation/1"),
            ])
    }

    @Test func locationsMayBeAbsentOrAbsolute() throws {
        let entries = [
            #"{"response":{"status":"200"}}"#,
            #"{"response":{"status":"201 Created","location":"https://x/Observation/9"}}"#,
            #"{"response":{"status":"200 OK","location":7}}"#,
        ]
        let answer = try answer(Self.response(entries.joined(separator: ","))).answer(to: 3, by: JSONReader())
        #expect(answer.entries.map(\.location) == [nil, "https://x/Observation/9", nil])
    }

    @Test(arguments: [
        "", " ", "null", "7", "\"text\"", "[]", "{}", "{", "{}{}", "<html/>", "\u{0}", "{\"entry\":[]}\u{0}",
        #"{"resourceType":"Bundle","type":"searchset","entry":[]}"#,
        #"{"resourceType":"OperationOutcome","issue":[]}"#,
        #"{"resourceType":"Bundle","type":"transaction-response"}"#,
        #"{"resourceType":"Bundle","type":"transaction-response","entry":{}}"#,
        #"{"resourceType":"Bundle","type":"transaction-response","entry":"[]"}"#,
        #"{"resourceType":["Bundle"],"type":{"x":1},"entry":[1]}"#,
        response(""), response(entry + "," + entry), response("7"), response("null"), response("[]"),
        response("\"{}\""),
        response("{}"), response(#"{"response":7}"#), response(#"{"response":{"status":201}}"#),
        response(#"{"response":{"status":"2010"}}"#), response(#"{"response":{"status":"OK"}}"#),
        response(#"{"response":{"status":"412 Precondition Failed"}}"#), response(#"{"response":{"status":""}}"#),
        response(#"{"response":{"status":["201"]}}"#), response(#"{"response":{"status":"99999999999999999999"}}"#),
        String(repeating: "[", count: 1_000_000), String(repeating: #"{"a":"#, count: 500_000),
        response(String(repeating: "[", count: 1999) + String(repeating: "]", count: 1999)),
    ])
    func isABadAnswer(body: String) throws {
        let refusal = #expect(throws: Refusal.self) { try answer(body).answer(to: 1, by: JSONReader()) }
        guard case .clinic(.badAnswer) = refusal?.fault else { Issue.record("\(body.prefix(80))"); return }
        #expect(refusal?.action == .resendOnce)
    }

    @Test func aMillionEntriesAreNotLookedAt() throws {
        let many = Array(repeating: Self.entry, count: 50_000).joined(separator: ",")
        #expect(throws: Refusal.self) { try answer(Self.response(many)).answer(to: 1, by: JSONReader()) }
    }

    @Test func invalidUTF8IsNoTrouble() throws {
        var response = answer(Self.response(#"{"response":{"status":"201","location":"?"}}"#))
        response.body = response.body.map { $0 == UInt8(ascii: "?") ? 0xFF : $0 }
        #expect(try response.answer(to: 1, by: JSONReader()).entries.first?.location == "\u{FFFD}")
    }

    @Test func aPageIsNotTheClinic() throws {
        let refusal = #expect(throws: Refusal.self) {
            try answer("<html>", type: "text/html; charset=utf-8").answer(to: 1, by: JSONReader())
        }
        #expect(refusal?.fault == .clinic(.notOurClinic))
    }

    @Test(arguments: [
        "", "{}", "[]", "null", "{", #"{"resourceType":"OperationOutcome"}"#,
        #"{"resourceType":"OperationOutcome","issue":7}"#,
        #"{"resourceType":"OperationOutcome","issue":[7,null,[],"x",{"severity":[],"code":{},"expression":"x","location":[7]}]}"#,
        String(repeating: "[", count: 1_000_000),
    ])
    func outcomesThatSayNothing(body: String) {
        let refusal = #expect(throws: Refusal.self) { try answer(body, status: 422).answer(to: 1, by: JSONReader()) }
        #expect(refusal?.fault == .clinic(.refusedReading(status: 422, issue: "unknown")))
        #expect(refusal?.outcome.entries == [])
    }

    @Test func outcomesThatSaySomething() throws {
        let long = String(repeating: "ø", count: 5000)
        let body = #"""
            {"resourceType":"OperationOutcome","issue":[
            {"severity":"warning","code":"informational","expression":["Bundle.entry[0]"]},
            {"severity":"error","code":"invariant","details":{"text":"refused"},"diagnostics":"\#(long)",
             "expression":["Bundle.entry[2].resource"],"location":["/f:Bundle/f:entry[5]"]}]}
            """#
        let refusal = try #require(
            #expect(throws: Refusal.self) { try answer(body, status: 400).answer(to: 1, by: JSONReader()) })
        #expect(refusal.fault == .clinic(.refusedReading(status: 400, issue: "invariant")))
        #expect(refusal.outcome.entries == [2, 4])
        #expect(refusal.outcome.issues[1].text.hasPrefix("refused: øø"))
        #expect(refusal.outcome.issues[1].text.utf8.count <= 1026)
        #expect(!refusal.fault.description.contains("ø"))
    }

    @Test func overTheWire() async throws {
        let receiver = try Receiver(plain: true)
        let clinic = try Clinic(.init(url: "http://127.0.0.1:\(receiver.port)/"), executor: Worker())
        for (fault, why) in [
            (#"{"mode":"garbage","bytes":10485760}"#, "it is longer than 4194304 bytes"),
            (#"{"mode":"garbage","bytes":100000}"#, "it is no JSON"),
            (#"{"mode":"garbage","body":"[","repeat":2000000}"#, "it is no JSON"),
            (#"{"mode":"garbage","body":"{}"}"#, "it is no transaction-response"),
        ] {
            try receiver.fault(fault)
            let refusal = await #expect(throws: Refusal.self) { try await clinic.deliver("{}", entries: 1) }
            #expect(refusal?.fault == .clinic(.badAnswer(why)))
        }
        try receiver.fault(#"{"mode":"garbage","body":"<html></html>","type":"text/html"}"#)
        let refusal = await #expect(throws: Refusal.self) { try await clinic.deliver("{}", entries: 1) }
        #expect(refusal?.fault == .clinic(.notOurClinic))
    }
}
