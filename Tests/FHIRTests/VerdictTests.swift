import Core
import FHIR
import Testing

@Suite struct VerdictTests {
    private static let nothing = OperationOutcome(issues: [])
    private static let missing = OperationOutcome(issues: [
        .init(severity: "error", code: "not-found", text: "Patient/pt-4711 is not known", expression: [])
    ])

    /// Table 4.2 of the contract.
    @Test(arguments: [
        (301, Refusal.Action.pause, Fault.Clinic.notOurClinic), (302, .pause, .notOurClinic),
        (307, .pause, .notOurClinic), (308, .pause, .notOurClinic),
        (400, .split, .refusedReading(status: 400, issue: "unknown")),
        (401, .pause, .rejectsUs(status: 401)), (403, .pause, .rejectsUs(status: 403)),
        (404, .pause, .wrongAddress(status: 404)), (405, .pause, .wrongAddress(status: 405)),
        (406, .pause, .wrongAddress(status: 406)), (410, .pause, .wrongAddress(status: 410)),
        (415, .pause, .wrongAddress(status: 415)), (501, .pause, .wrongAddress(status: 501)),
        (408, .resend, .busy(status: 408, retryAfter: nil)), (425, .resend, .busy(status: 425, retryAfter: nil)),
        (429, .resend, .busy(status: 429, retryAfter: nil)),
        (409, .resendThenSplit, .busy(status: 409, retryAfter: nil)),
        (412, .splitDuplicate, .refusedReading(status: 412, issue: "unknown")), (413, .halve, .tooLarge),
        (418, .split, .refusedReading(status: 418, issue: "unknown")),
        (422, .split, .refusedReading(status: 422, issue: "unknown")),
        (500, .resendThenSplit, .failing(status: 500)), (502, .resend, .failing(status: 502)),
        (503, .resend, .failing(status: 503)), (504, .resend, .failing(status: 504)),
        (507, .resend, .failing(status: 507)), (204, .resendOnce, .badAnswer("status 204")),
        (0, .resendOnce, .badAnswer("status 0")),
    ])
    func table(status: Int, action: Refusal.Action, fault: Fault.Clinic) {
        let refusal = verdict(status: status, outcome: Self.nothing)
        #expect(refusal.action == action)
        #expect(refusal.fault == .clinic(fault))
        #expect(refusal.status == status)
    }

    @Test(arguments: [404, 410]) func aMissingPatientIsAboutTheContent(status: Int) {
        let refusal = verdict(status: status, outcome: Self.missing)
        #expect(refusal.action == .split)
        #expect(refusal.fault == .clinic(.refusedReading(status: status, issue: "not-found")))
    }

    @Test(arguments: [429, 503]) func retryAfterIsPassedOn(status: Int) {
        let refusal = verdict(status: status, outcome: Self.nothing, retryAfter: .seconds(30))
        #expect(refusal.fault == .clinic(.busy(status: status, retryAfter: .seconds(30))))
    }

    @Test func entriesAreReadFromExpressions() {
        func issue(_ severity: String, _ paths: [String]) -> OperationOutcome.Issue {
            .init(severity: severity, code: "invalid", text: "", expression: paths)
        }
        let outcome = OperationOutcome(issues: [
            issue("warning", ["Bundle.entry[9]"]),
            issue("error", ["Bundle.entry[3].resource.status", "Bundle.entry[3]", "Bundle.entry[x]", "Bundle.entry["]),
            issue("fatal", ["/f:Bundle/f:entry[5]/f:resource", "Patient.name", "Bundle.entry[99999999999999999999]"]),
        ])
        #expect(outcome.entries == [3, 4])
        #expect(outcome.code == "invalid")
    }

    @Test func onlyAWordOfACodeReachesTheLog() {
        let outcome = OperationOutcome(issues: [
            .init(severity: "error", code: "Nancy Berggren 97 %", text: "", expression: [])
        ])
        #expect(outcome.code == "unknown")
    }

    @Test(
        arguments: [
            ("120", Duration.seconds(120)), ("0", .seconds(1)), ("-5", .seconds(1)), ("999999", .seconds(86_400)),
            ("Sun, 22 Nov 2026 06:01:30 GMT", .seconds(90)), ("Sun, 22 Nov 2026 05:00:00 GMT", .seconds(1)),
            ("Sun, 22 Nov 2066 05:00:00 GMT", .seconds(86_400)), ("soon", nil), ("", nil),
            ("99999999999999999999", nil),
            ("Sun, 22 Foo 2026 06:01:30 GMT", nil), ("Sun, 22 Nov 2026 06:61:30 GMT", nil),
        ] as [(String, Duration?)])
    func retryAfterHeader(text: String, wait: Duration?) {
        let date = Instant(httpDate: "Sun, 22 Nov 2026 06:00:00 GMT")
        #expect(retryAfter(text, date: date) == wait)
    }

    /// The example of RFC 9110; the number by date(1).
    @Test func httpDate() {
        #expect(Instant(httpDate: "Sun, 06 Nov 1994 08:49:37 GMT")?.milliseconds == 784_111_777_000)
    }
}

@Suite struct UncertaintyTests {
    /// What was never sent, or was answered for, may be packed anew; all else only repeated.
    @Test(arguments: [
        (Fault.network(.refused), false), (.network(.noName("x")), false), (.network(.noRoute), false),
        (.clinic(.untrusted(.expired)), false), (.hub(.certificateUnreadable("x")), false),
        (.network(.interrupted), true), (.network(.timedOut), true), (.clinic(.badAnswer("it is too long")), true),
    ])
    func withoutAnAnswer(fault: Fault, unknown: Bool) {
        #expect(Refusal(.resend, fault).leavesUnknown == unknown)
    }

    @Test(arguments: [
        (200, true), (204, true), (302, false), (400, false), (401, false), (404, false), (408, true), (409, false),
        (412, false), (413, false), (422, false), (429, false), (500, true), (502, true), (503, true), (504, true),
    ])
    func withAStatus(status: Int, unknown: Bool) {
        #expect(verdict(status: status, outcome: OperationOutcome(issues: [])).leavesUnknown == unknown)
    }
}
