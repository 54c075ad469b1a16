import Core
import FHIR
import Glibc
import Testing

@testable import Clinic

/// Who the hub is, beside its certificate.
@Suite struct CredentialsTests {
    private let receiver: Receiver
    init() throws { receiver = try Receiver() }

    private func secret(_ text: String, mode: mode_t = 0o600) throws -> String {
        let path = try Place.file("secret-\(UInt64.random(in: 0...UInt64.max))")
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
        defer { close(descriptor) }
        guard write(descriptor, text, text.utf8.count) == text.utf8.count, fchmod(descriptor, mode) == 0 else {
            throw Trouble(what: path)
        }
        return path
    }

    private func tokens(_ secret: String?, scope: String? = nil) throws -> Clinic {
        try clinic(receiver) {
            $0.credentials = .token(
                url: "https://localhost:\(receiver.port)/token", client: "hub 42", secretFile: secret, scope: scope)
        }
    }

    @Test func aTokenServesUntilItsEnd() async throws {
        try receiver.trust(#"{"client": "hub%2042", "secret": "s%26t", "scope": "a b"}"#)
        let clinic = try tokens(try secret("s&t\n"), scope: "a b")
        for systolic in [131, 132, 133] { _ = try await clinic.deliver(try bundle(Int32(systolic))) }
        #expect(try receiver.count("tokens") == 1)
        #expect(try receiver.count("transactions") == 3)
    }

    @Test func aTokenThatEndsIsAskedForAnew() async throws {
        try receiver.trust(#"{"client": "hub%2042", "secret": "s", "expires": 0}"#)
        let clinic = try tokens(try secret("s"))
        for systolic in [131, 132] { _ = try await clinic.deliver(try bundle(Int32(systolic))) }
        #expect(try receiver.count("tokens") == 2)
    }

    @Test func aTokenThatDiesEarlyCostsOneMoreRequestAndNothingTwice() async throws {
        try receiver.trust(#"{"client": "hub%2042", "secret": "s"}"#)
        let clinic = try tokens(try secret("s"))
        _ = try await clinic.deliver(try bundle(131))
        try receiver.forgetTokens()
        #expect(try await clinic.deliver(try bundle(132)).entries.allSatisfy { $0.status < 202 })
        #expect(try receiver.count("tokens") == 2)
    }

    @Test func aClientWithoutASecretShowsItsCertificate() async throws {
        try receiver.trust(#"{"client": "hub 42"}"#)
        _ = try await tokens(nil).deliver(try bundle())
        #expect(try receiver.count("tokens") == 1)
    }

    @Test func aClientThatIsNotKnownIsAFaultOfTheClinicsAndNothingIsSent() async throws {
        try receiver.trust(#"{"client": "hub%2042", "secret": "another"}"#)
        let refusal = try await refusal(try tokens(try secret("s")), try bundle())
        #expect(refusal.fault == .clinic(.rejectsUs(status: 401)))
        #expect(refusal.action == .pause)
        #expect(try receiver.count("transactions") == 0)
    }

    @Test func aNameAndAPassword() async throws {
        try receiver.trust(#"{"user": "hub", "password": "p:w"}"#)
        let file = try secret("p:w"), wrong = try secret("pw")
        let known = try clinic(receiver) { $0.credentials = .basic(user: "hub", passwordFile: file) }
        _ = try await known.deliver(try bundle())
        let stranger = try clinic(receiver) { $0.credentials = .basic(user: "hub", passwordFile: wrong) }
        #expect(try await refusal(stranger, try bundle()).fault == .clinic(.rejectsUs(status: 401)))
    }

    @Test func aSecretThatEverybodyCanReadIsNotUsed() async throws {
        let file = try secret("s", mode: 0o644)
        let exposed = try await refusal(try tokens(file), try bundle())
        #expect(exposed.fault == .hub(.secretExposed(file)))
        #expect(!exposed.fault.description.contains("s&t"))
        #expect(try receiver.count("requests") == 1, "only this question")
    }

    @Test func aSecretInClearTextOverANetworkIsRefused() throws {
        #expect(throws: Fault.hub(.badConfiguration("the clinic's URL must begin with https://"))) {
            try clinic(receiver) {
                $0.credentials = .token(url: "http://login.example/token", client: "c", secretFile: "/s", scope: nil)
            }
        }
    }

    @Test(arguments: [
        "", "{}", "[]", "7", #"{"access_token": "", "token_type": "Bearer"}"#,
        #"{"access_token": "a b", "token_type": "Bearer"}"#,
        #"{"access_token": "a\r\nX: y", "token_type": "Bearer"}"#, #"{"access_token": "a", "token_type": "mac"}"#,
        #"{"access_token": 7, "token_type": "Bearer"}"#, #"{"access_token": "a"}"#,
    ])
    func whatIsNoBearerTokenIsNotShown(body: String) {
        #expect(throws: Fault.self) {
            try Token(Response(status: 200, headers: [:], body: Array(body.utf8)), asked: .now)
        }
    }
}
