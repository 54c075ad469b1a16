import Core
import FHIR

/// An HTTP answer as it came.
package struct Response {
    var status: Int
    /// By lower-case name.
    var headers: [String: String]
    package var body: [UInt8]

    package init(status: Int, headers: [String: String], body: [UInt8]) {
        (self.status, self.headers, self.body) = (status, headers, body)
    }

    /// Bytes of an answer that are kept with what it refuses.
    private static let keptAnswer = 16 << 10

    private var date: Instant? { headers["date"].flatMap { Instant(httpDate: $0) } }

    /// The answer to a transaction of so many entries.
    package func answer(to entries: Int, by reader: JSONReader) throws(Refusal) -> Answer {
        guard status == 200 else {
            let retryAfter = headers["retry-after"].flatMap { FHIR.retryAfter($0, date: date) }
            var refusal = verdict(status: status, outcome: outcome(by: reader), retryAfter: retryAfter, date: date)
            refusal.answer = String(decoding: body.prefix(Self.keptAnswer), as: UTF8.self)
            throw refusal
        }
        // A hotel's or a neighbour's network shows its own page where the clinic should be.
        if headers["content-type"]?.lowercased().hasPrefix("text/html") == true {
            throw Refusal(.pause, .clinic(.notOurClinic), status: status)
        }
        let answers: [Answer.Entry]
        do {
            answers = try JSONDocument(body, by: reader).entries()
        } catch {
            throw Refusal(.resendOnce, error, status: status, date: date)
        }
        guard answers.count == entries else { throw bad("it has not one entry for each of ours") }
        guard answers.allSatisfy({ $0.status == 200 || $0.status == 201 }) else { throw bad("an entry was not taken") }
        return Answer(entries: answers, date: date)
    }

    /// Why a transaction without entries was not taken; nil where it was, or was refused for being empty.
    package func refusal(ofNothing reader: JSONReader) -> Fault? {
        if headers["content-type"]?.lowercased().hasPrefix("text/html") == true { return .clinic(.notOurClinic) }
        let outcome = outcome(by: reader)
        switch status {
        case 200, 201: return (try? JSONDocument(body, by: reader)) != nil ? nil : .clinic(.badAnswer("it is no JSON"))
        case 400, 422: return outcome.issues.isEmpty ? .clinic(.wrongAddress(status: status)) : nil
        default:
            let retryAfter = headers["retry-after"].flatMap { FHIR.retryAfter($0, date: date) }
            return verdict(status: status, outcome: outcome, retryAfter: retryAfter, date: date).fault
        }
    }

    private func bad(_ why: String) -> Refusal {
        Refusal(.resendOnce, .clinic(.badAnswer(why)), status: status, date: date)
    }

    /// Empty where the server says nothing, or nothing that can be read: the status alone has to do.
    func outcome(by reader: JSONReader?) -> OperationOutcome {
        guard let reader else { return OperationOutcome(issues: []) }
        let issues = try? JSONDocument(body, by: reader).issues()
        return OperationOutcome(issues: issues ?? [])
    }
}
