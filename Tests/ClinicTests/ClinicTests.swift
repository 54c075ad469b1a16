import Core
import FHIR
import Glibc
import Testing

@testable import Clinic

/// A cuff's reading, for somebody that the server need not know.
private func reading(_ systolic: Int32 = 138) -> Kept {
    var information = DeviceInformation()
    information.manufacturer = "Example Medical"
    information.model = "BP-7"
    let device = KnownDevice(
        identity: "bluetooth:00:00:5E:00:53:B2", driver: "example", kind: .bloodPressure, information: information)
    let values: Values = [
        Value(.systolic, Amount(systolic), .millimetreOfMercury), Value(.diastolic, Amount(84), .millimetreOfMercury),
        Value(.pulseRate, Amount(710, exponent: -1), .perMinute),
    ]
    let heard = HubTime(
        boot: "b", uptime: .seconds(9), wall: Instant(milliseconds: 1_795_154_531_480), synchronised: true)
    let reading = Reading(values, taken: .now, bytes: [UInt8(truncatingIfNeeded: systolic)])
    return Kept(
        id: 1, fingerprint: Fingerprint(device: device.identity, reading: reading, arrival: heard), device: device,
        reading: reading, heard: heard, pair: nil, dated: reading.taken.dated(by: nil, heard: heard),
        subject: .reference("Patient/pt-4711"))
}

func bundle(_ systolic: Int32 = 138) throws -> Bundle {
    let gateway = PersonalHealthGateway(
        identifier: 0x0000_5EFF_FE00_5301, manufacturer: "Example", model: "hubd", version: "0.1.0", isRegulated: false,
        synchronisation: .ntp, accuracy: .seconds(1))
    return try Bundle(of: [reading(systolic)], from: gateway, to: Destination()) { _ in 60 }
}

extension Clinic {
    func deliver(_ bundle: Bundle) throws -> Answer { try deliver(Parcel(bundle)) }

    /// Anything as a body.
    func deliver(_ body: String, entries: Int) throws(Refusal) -> Answer {
        let body = Array(body.utf8)
        return try deliver(Parcel(body: body, compressed: body, entries: Array(repeating: .shared, count: entries)))
    }
}

private func settings(_ port: Int, host: String = "localhost") throws -> Clinic.Settings {
    Clinic.Settings(
        url: "https://\(host):\(port)/fhir", certificate: try Place.file("hub.pem"), key: try Place.file("hub.key"),
        authority: try Place.file("ca.pem"))
}

func clinic(_ receiver: Receiver, _ change: (inout Clinic.Settings) throws -> Void = { _ in }) throws -> Clinic {
    var settings = try settings(receiver.port)
    try change(&settings)
    return try Clinic(settings, executor: Worker())
}

/// The refusal of a delivery that must not succeed.
func refusal(_ clinic: Clinic, _ bundle: Bundle) async throws -> Refusal {
    do {
        _ = try await clinic.deliver(bundle)
    } catch let refusal as Refusal {
        return refusal
    }
    throw Trouble(what: "it was delivered")
}

@Suite struct Delivering {
    @Test func createdThenMatchedOverOneConnection() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver), bundle = try bundle()
        let first = try await clinic.deliver(bundle), second = try await clinic.deliver(bundle)
        #expect(first.entries.map(\.status) == [201, 201, 201, 201])
        #expect(second.entries.map(\.status) == [200, 200, 200, 200])
        #expect(first.entries.map(\.location) == second.entries.map(\.location))
        #expect(
            bundle.entries.locations(ofReading: 0, in: first) == [
                "Observation/3/_history/1", "Observation/4/_history/1",
            ])
        #expect(first.date != nil)
        // One for the clinic, one for this question.
        #expect(try receiver.count("connections") == 2)
        #expect(try receiver.everything().contains(#""value":71.0,"#))
    }

    @Test func clearTextOnTheLoopback() async throws {
        let receiver = try Receiver(plain: true)
        let clinic = try Clinic(
            Clinic.Settings(url: "http://127.0.0.1:\(receiver.port)/fhir"), executor: Worker())
        #expect(try await clinic.deliver(bundle()).entries.count == 4)
    }

    /// The answer is lost after the server has stored everything: nothing may be stored again.
    @Test(arguments: ["lost", "half"]) func lostAnswers(mode: String) async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver), bundle = try bundle()
        try receiver.fault(#"{"mode":"\#(mode)"}"#)
        let refusal = try await refusal(clinic, bundle)
        #expect(refusal.fault == .network(.interrupted))
        #expect(refusal.action == .resend)
        #expect(refusal.status == nil)
        #expect(try await clinic.deliver(bundle).entries.allSatisfy { $0.status == 200 })
        #expect(try receiver.count("created") == 4)
    }

    @Test(arguments: ["cut-before", "cut-after"]) func connectionsThatAreCut(mode: String) async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver)
        try receiver.fault(#"{"mode":"\#(mode)"}"#)
        #expect(try await refusal(clinic, bundle()).fault == .network(.interrupted))
        #expect(try receiver.count("created") == 0)
        #expect(try await clinic.deliver(bundle()).entries.count == 4)
    }

    /// A server may close a connection that was kept for too long. libcurl sends the same bytes again on a new one where
    /// it sees in time that the old one has died; where it does not, the courier does. Either is as safe as any resend.
    @Test func aKeptConnectionMayHaveDied() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver), next = try bundle(139)
        _ = try await clinic.deliver(bundle())
        try receiver.fault(#"{"mode":"cut-before"}"#)
        let answer: Answer
        do {
            answer = try await clinic.deliver(next)
        } catch {
            let refusal = try #require(error as? Refusal)
            #expect(refusal.fault == .network(.interrupted) && refusal.action == .resend)
            answer = try await clinic.deliver(next)
        }
        #expect(answer.entries.map(\.status) == [200, 200, 201, 201])
        #expect(try receiver.count("transactions") == 3)
    }

    @Test func silenceEndsInTime() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver) { $0.timeout = .milliseconds(300) }
        try receiver.fault(#"{"mode":"hang"}"#)
        let refusal = try await refusal(clinic, bundle())
        #expect(refusal.fault == .network(.timedOut))
        #expect(refusal.action == .resend)
        // An answer that never ends is silence too.
        try receiver.fault(#"{"mode":"slow","delay":1}"#)
        #expect(try await ClinicTests.refusal(clinic, bundle()).fault == .network(.timedOut))
    }

    @Test func slowAnswersArrive() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver)
        try receiver.fault(#"{"mode":"slow","delay":0.0005}"#)
        #expect(try await clinic.deliver(bundle()).entries.count == 4)
    }
}

@Suite struct Refusals {
    @Test func theReadingIsNamed() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver), bundle = try bundle()
        let identifier = try #require(bundle.text.split(separator: "urn:uuid:").last?.prefix(36))
        try receiver.fault(#"{"mode":"poison","identifier":"\#(identifier)"}"#)
        let refusal = try await refusal(clinic, bundle)
        #expect(refusal.action == .split)
        #expect(refusal.fault == .clinic(.refusedReading(status: 422, issue: "invariant")))
        #expect(refusal.outcome.entries == [3])
        #expect(refusal.outcome.issues.first?.text == "this resource is refused")
    }

    @Test func statusAndHeadersAreRead() async throws {
        let receiver = try Receiver(), clinic = try clinic(receiver)
        for (fault, action, expected) in [
            (
                #""status":503,"retryAfter":"7""#, Refusal.Action.resend,
                Fault.Clinic.busy(status: 503, retryAfter: .seconds(7))
            ),
            (
                #""status":429,"retryAfter":"Sun, 22 Nov 2026 06:01:30 GMT","date":"Sun, 22 Nov 2026 06:00:00 GMT""#,
                .resend,
                .busy(status: 429, retryAfter: .seconds(90))
            ),
            (#""status":500"#, .resendThenSplit, .failing(status: 500)),
            (#""status":401"#, .pause, .rejectsUs(status: 401)), (#""status":413"#, .halve, .tooLarge),
            (
                #""status":412,"code":"multiple-matches""#, .splitDuplicate,
                .refusedReading(status: 412, issue: "multiple-matches")
            ),
            (
                #""status":404,"diagnostics":"Patient/pt-4711 is unknown","code":"not-found""#, .split,
                .refusedReading(status: 404, issue: "not-found")
            ),
            (#""status":404,"diagnostics":"no such page""#, .pause, .wrongAddress(status: 404)),
        ] as [(String, Refusal.Action, Fault.Clinic)] {
            try receiver.fault(#"{"mode":"status",\#(fault)}"#)
            let refusal = try await refusal(clinic, bundle())
            #expect(refusal.action == action, "\(fault)")
            #expect(refusal.fault == .clinic(expected), "\(fault)")
        }
        #expect(try receiver.count("created") == 0)
    }

    @Test func redirectsAreNotFollowed() async throws {
        let receiver = try Receiver(), other = try Receiver(), clinic = try clinic(receiver)
        for status in [301, 302, 307, 308] {
            try receiver.fault(
                #"{"mode":"redirect","status":\#(status),"location":"https://localhost:\#(other.port)/fhir"}"#)
            let refusal = try await refusal(clinic, bundle())
            #expect(refusal.fault == .clinic(.notOurClinic))
            #expect(refusal.action == .pause)
        }
        #expect(try other.count("transactions") == 0)
    }

    /// Nothing listens on port 1; `.invalid` is never a name.
    @Test func noWayThere() async throws {
        let refused = try await refusal(Clinic(settings(1), executor: Worker()), bundle())
        #expect(refused.fault == .network(.refused))
        let nameless = try await refusal(Clinic(settings(1, host: "clinic.invalid"), executor: Worker()), bundle())
        #expect(nameless.fault == .network(.noName("clinic.invalid")))
    }
}

@Suite struct Trust {
    @Test(arguments: [
        ("wrong-host", Fault.Distrust.otherHost), ("expired", .expired),
    ])
    func certificatesOfOthers(certificate: String, why: Fault.Distrust) async throws {
        let receiver = try Receiver(certificate: certificate)
        let refusal = try await refusal(clinic(receiver), bundle())
        #expect(refusal.fault == .clinic(.untrusted(why)))
        #expect(refusal.action == .pause)
        #expect(try receiver.count("transactions") == 0)
    }

    @Test func anAuthorityThatWeDoNotTrust() async throws {
        let receiver = try Receiver()
        let why = Fault.clinic(.untrusted(.strangeAuthority))
        let other = try Place.file("other-ca.pem")
        #expect(try await refusal(clinic(receiver) { $0.authority = other }, bundle()).fault == why)
        #expect(try await refusal(clinic(receiver) { $0.authority = nil }, bundle()).fault == why)
        #expect(try receiver.count("transactions") == 0)
    }

    @Test func aServerThatDoesNotTrustUs() async throws {
        let receiver = try Receiver()
        let stranger = try clinic(receiver) {
            $0.certificate = try Place.file("stranger.pem")
            $0.key = try Place.file("stranger.key")
        }
        #expect(try await refusal(stranger, bundle()).fault == .clinic(.rejectsUs(status: 0)))
        let nobody = try clinic(receiver) {
            $0.certificate = nil
            $0.key = nil
        }
        #expect(try await refusal(nobody, bundle()).fault == .clinic(.rejectsUs(status: 0)))
        #expect(try receiver.count("transactions") == 0)
    }

    /// They may come yet, so it is no reason not to begin.
    @Test func filesThatCannotBeRead() async throws {
        let receiver = try Receiver()
        for name in ["certificate", "key", "authority"] {
            var settings = try settings(receiver.port)
            switch name {
            case "certificate": settings.certificate = "/nowhere/\(name)"
            case "key": settings.key = "/nowhere/\(name)"
            default: settings.authority = "/nowhere/\(name)"
            }
            let clinic = try Clinic(settings, executor: Worker()),
                missing = Fault.hub(.certificateUnreadable("/nowhere/\(name)"))
            #expect(throws: Refusal(.resend, missing)) { try clinic.checkFiles() }
            #expect(try await refusal(clinic, bundle()) == Refusal(.resend, missing))
            #expect(try receiver.count("transactions") == 0)
        }
    }

    @Test func filesThatHoldSomethingElse() async throws {
        let receiver = try Receiver()
        let encrypted = try Place.file("encrypted.key"), other = try Place.file("stranger.key")
        let noCertificate = Place.receiver + "/receiver.py"
        for (path, change) in [
            (encrypted, { $0.key = encrypted }), (other, { $0.key = other }),
            (noCertificate, { $0.certificate = noCertificate }),
            (noCertificate, { $0.authority = noCertificate }),
        ] as [(String, (inout Clinic.Settings) -> Void)] {
            let refusal = try await refusal(clinic(receiver, change), bundle())
            #expect(refusal.fault == .hub(.certificateUnreadable(path)))
            #expect(refusal.action == .pause)
        }
    }

    @Test(arguments: [
        "http://clinic.example/fhir", "http://127.0.0.1.example/fhir", "http://localhost@clinic.example/",
        "ftp://localhost/",
        "https://", "", "https://user:secret@clinic.example/fhir", "https://clinic.example/a b", "localhost",
    ])
    func urlsThatAreRefused(url: String) {
        let fault = #expect(throws: Fault.self) {
            try Clinic(Clinic.Settings(url: url), executor: Worker())
        }
        guard case .hub(.badConfiguration(let why)) = fault else {
            Issue.record("\(String(describing: fault))"); return
        }
        #expect(!why.contains("secret"))
    }

    /// Only a loopback may speak without TLS.
    @Test(arguments: [
        "http://127.0.0.1:8080/fhir", "http://localhost/fhir", "http://[::1]:80/fhir", "https://clinic.example",
    ])
    func urlsThatAreTaken(url: String) throws {
        try Clinic.Settings(url: url).check()
    }
}
