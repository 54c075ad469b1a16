import Bluetooth
import Core
import Devices
import Testing

/// The conversations of the standard profiles where they do not go well. Where they do, the captures have them.
@Suite struct RecordAccessTests {
    // MARK: What is said

    /// Published bytes: racp-001, -005 (StanfordSpezi/SpeziDevices, SpeziOmronTests.swift), and those of the
    /// specification.
    @Test func requests() {
        #expect(hex(RecordAccess.report(.all)) == "0101")
        #expect(hex(RecordAccess.count(.all)) == "0401")
        #expect(hex(RecordAccess.report(.from(0x1234))) == "0103013412")
        #expect(hex(RecordAccess.abort) == "0300")
    }

    private func answer(_ hex: String) throws -> RecordAccess.Answer {
        let value = try #require(bytes(hex: hex))
        return try RecordAccess.answer(value.span)
    }

    /// racp-003 and -007 of the same tests.
    @Test func answers() throws {
        #expect(try answer("06000101") == .response(to: 1, .success))
        #expect(try answer("0500ffff") == .count(65_535))
        #expect(try answer("06000106") == .response(to: 1, .noRecords))
        #expect(try answer("060001ee") == .response(to: 1, .notCompleted))
        #expect(throws: Malformed.truncated(at: 3, need: 1, have: 0)) { try answer("060001") }
        #expect(throws: Malformed.reserved(at: 1, bits: 1)) { try answer("06010101") }
        #expect(throws: Malformed.invalid(at: 0, expected: .knownType)) { try answer("0700") }
    }

    // MARK: A meter in trouble

    /// A capture of the tests, the meter or scale in it going on with other lines behind the first that is `last`.
    private func mistakes(
        _ id: String, _ name: String, after last: Int, _ lines: String, headers: [String: String] = [:]
    ) async throws -> [String] {
        let file = try #require(CaptureFile.all.first { $0.driver == id && $0.name == name })
        let driver = try #require(drivers.first { $0.id == id })
        let other = try Capture("# device: x\n# display: x\n# source: x\ntty x\n" + lines)
        var capture = file.capture
        capture.lines = capture.lines.prefix(last) + other.lines
        capture.headers.merge(headers) { $1 }
        return await Replay.mistakes(of: driver, over: capture)
    }

    /// A record is kept, then nothing more comes: the meter is told to stop, and the visit says why it ended.
    @Test func silenceAmidTheRecords() async throws {
        let record = "< 1b 0300 03 1000 e807 01 1e 05 3b 00 5301 46b0 18"
        let kept = "= glucose-plasma 70 mg/dL at 2024-01-30T11:38:00 sequence 16 #finger-sample"
        let mistakes = try await mistakes(
            "sig-glp", "one-stored.capture", after: 11, "\(record)\n\(kept)\n~\n> 12 0900 0300\n< 13")
        #expect(mistakes == ["fault: \(Fault.device(.silent))"])
    }

    /// A measurement whose context is outstanding when the link breaks stays with the meter, which keeps all it has.
    @Test func whatIsNotWholeStaysThere() async throws {
        let record = "< 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 18"
        let mistakes = try await mistakes("sig-glp", "one-stored.capture", after: 11, record)
        // It has gone, so the request to stop reaches nobody.
        #expect(mistakes == ["sent([18, 9, 0, 3, 0]) instead of the end", "fault: \(Fault.device(.hungUp))"])
    }

    @Test(arguments: [
        ("02", Fault.device(.lacking("a report of its records by 2A52"))),
        ("04", .device(.lacking("a report of its records by 2A52"))), ("08", .device(.refused(8))),
    ])
    func refusals(result: String, fault: Fault) async throws {
        let mistakes = try await mistakes(
            "sig-glp", "one-stored.capture", after: 11, "< 1d 0900 06 00 01 \(result)\n> 1e")
        #expect(mistakes == ["fault: \(fault)"])
    }

    /// What answers another question, or none that there is, is confirmed and passed over.
    @Test func otherAnswersAreWaitedOut() async throws {
        let mistakes = try await mistakes(
            "sig-glp", "no-records.capture", after: 11,
            "< 1d 0900 05 00 0300\n> 1e\n< 1d 0900 06 00 03 01\n> 1e\n< 1d 0900 06\n> 1e\n< 1d 0900 06 00 01 06\n> 1e")
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    /// It is told with its context once, and not before that without.
    @Test func aMeasurementThatIsSentTwiceWaitsForItsContext() async throws {
        let lines = """
            < 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 18
            < 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 18
            < 1b 0600 02 1000 03
            = glucose-plasma 70 mg/dL at 2024-01-30T11:38:00 sequence 16 #finger-sample #fasting
            < 1d 0900 06 00 01 01
            > 1e
            """
        let mistakes = try await mistakes("sig-glp", "no-records.capture", after: 11, lines)
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    /// The meter gives up between the two: it has both, and tells both in the next visit.
    @Test func aMeasurementWhoseContextIsRefusedStaysThere() async throws {
        let lines = """
            < 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 18
            < 1d 0900 06 00 01 08
            > 1e
            """
        let mistakes = try await mistakes("sig-glp", "no-records.capture", after: 11, lines)
        #expect(mistakes == ["fault: \(Fault.device(.refused(8)))"])
    }

    @Test func contextsWithoutTheirMeasurement() async throws {
        let lines = """
            < 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 18
            < 1b 0600 02 1100 03
            = undated sequence 17 #fasting
            < 1b 0300 13 1200 e807 01 1e 06 00 00 5301 46b0 18
            = glucose-plasma 70 mg/dL at 2024-01-30T11:38:00 sequence 16 #finger-sample
            < 1d 0900 06 00 01 01
            = glucose-plasma 70 mg/dL at 2024-01-30T11:39:00 sequence 18 #finger-sample
            > 1e
            """
        let mistakes = try await mistakes(
            "sig-glp", "no-records.capture", after: 11, lines)
        #expect(mistakes.isEmpty, "\(mistakes)")
    }

    @Test func controlSolutionTakesNoContext() async throws {
        let lines = """
            < 1b 0300 13 1000 e807 01 1e 05 3b 00 5301 46b0 1a
            < 1b 0600 01 1000 01 3cd0
            = glucose-control 70 mg/dL at 2024-01-30T11:38:00 sequence 16 #control-solution #finger-sample
            < 1d 0900 06 00 01 01
            > 1e
            """
        #expect(try await mistakes("sig-glp", "no-records.capture", after: 11, lines).isEmpty)
    }

    /// A meter that numbers its records from the newest on gives each another number as soon as somebody measures: they are the
    /// same all the same. Of all others the number counts.
    @Test(arguments: ["numbered-backwards.capture", "one-stored.capture"])
    func aNumberThatChangesIsNoneOfTheRecords(_ name: String) async throws {
        let file = try #require(CaptureFile.all.first { $0.driver == "sig-glp" && $0.name == name })
        let driver = try #require(drivers.first { $0.id == "sig-glp" })
        let isBackwards = name == "numbered-backwards.capture"
        var later = file.capture
        later.lines = later.lines.map { line in
            if case .reported(var reading) = line {
                reading.sequence = reading.sequence.map { $0 + 1 }
                return .reported(reading)
            }
            guard case .heard(var bytes) = line, bytes.first == 0x1B else { return line }
            // Measurements and contexts have their numbers at the same place.
            bytes[4] += 1
            return .heard(bytes)
        }
        let arrival = HubTime(boot: "b", uptime: .seconds(1), wall: Instant(milliseconds: 0), synchronised: true)
        var prints: [Set<Fingerprint>] = []
        for capture in [file.capture, later] {
            let told = await Replay.played(by: driver, capture).readings
            #expect(told.count == 3 && told.allSatisfy { ($0.sequence == nil) == isBackwards })
            prints.append(Set(told.map { Fingerprint(device: "x", reading: $0, arrival: arrival) }))
        }
        #expect(isBackwards ? prints[0] == prints[1] : prints[0].isDisjoint(with: prints[1]))
    }

    /// Nor where the meter disowned its clock: what they say, and how many said it before, tells such records apart.
    @Test func aNumberThatChangesIsNoneOfAnUndatedRecord() async throws {
        let name = "numbered-backwards.capture"
        let file = try #require(CaptureFile.all.first { $0.driver == "sig-glp" && $0.name == name })
        let driver = try #require(drivers.first { $0.id == "sig-glp" })
        let arrival = HubTime(boot: "b", uptime: .seconds(1), wall: Instant(milliseconds: 0), synchronised: true)
        var prints: [Set<Fingerprint>] = []
        for number in 0...1 as ClosedRange<UInt8> {
            var capture = file.capture
            capture.lines = capture.lines.map { line in
                if case .reported(var reading) = line {
                    (reading.taken, reading.sequence) = (.unknown, 0)
                    return .reported(reading)
                }
                guard case .heard(var bytes) = line, bytes.first == 0x1B else { return line }
                bytes[4] += number
                // The month of a measurement: none.
                if bytes[1] == 0x03 { bytes[8] = 0 }
                return .heard(bytes)
            }
            let told = await Replay.played(by: driver, capture).readings
            #expect(told.count == 3 && told.allSatisfy { $0.taken == .unknown })
            prints.append(Set(told.map { Fingerprint(device: "x", reading: $0, arrival: arrival) }))
        }
        #expect(prints[0].count == 3 && prints[0] == prints[1])
    }

    // MARK: Counting

    @Test(arguments: [("05 00 0300", "3"), ("06 00 04 02", "nil")])
    func counts(answer: String, count: String) async throws {
        let file = try #require(CaptureFile.all.first { $0.driver == "sig-glp" && $0.name == "no-records.capture" })
        var driver = try #require(drivers.first { $0.id == "sig-glp" }), capture = file.capture
        capture.lines = try Capture(
            "# device: x\n# display: x\n# source: x\ntty x\n> 12 0a00 0200\n< 13\n> 12 0900 0401\n< 13\n"
                + "< 1d 0900 \(answer)\n> 1e\n> 12 0c00 0\(count == "nil" ? 0 : 3)\n< 13"
        ).lines
        driver.visit = .gatt { peer, _ async throws(Fault) in
            try await peer.discover()
            try await peer.subscribe(0x2A52)
            let count = try await peer.count(.all) { _ async throws(Fault) in }
            // The answer, as bytes that the replay compares.
            try await peer.write([UInt8(count ?? 0)], to: 0x2A08)
        }
        #expect(await Replay.mistakes(of: driver, over: capture) == [])
    }

    // MARK: Consent

    /// One slot is denied, the other is read all the same, its weight once; and the technician hears of it.
    @Test func aDeniedSlotStopsNoOther() async throws {
        let lines = """
            > 12 1200 02 01 d204
            < 13
            < 1d 1200 20 02 05
            > 1e
            > 12 1200 02 02 e110
            < 13
            < 1d 1200 20 02 01
            > 1e
            < 1d 0300 06 b036 ea07 03 13 11 01 2f 02
            = weight 70.000 kg at 2026-03-19T17:01:47 user 2
            > 1e
            < 1d 0a00 0604 9600 ea07 03 13 11 01 2f 02 b036
            = fat 15.0 % at 2026-03-19T17:01:47 user 2
            > 1e
            ~
            ~
            > 12 1a00 ea07 03 13 11 02 1e 04 00 00
            < 13
            = clock set to 2026-03-19T17:02:30
            > 0a 1a00
            < 0b ea07 03 13 11 02 1f 04 00 00
            = clock at 2026-03-19T17:02:31.000
            """
        let mistakes = try await mistakes(
            "sig-wsp", "consent.capture", after: 9, lines, headers: ["consent": "1 1234, 2 4321"])
        #expect(mistakes == ["fault: \(Fault.pairing(.rejected))"])
    }

    /// Without a code nothing is asked: what the scale gives to everybody is read.
    @Test func withoutConsentNothingIsAsked() async throws {
        let mistakes = try await mistakes(
            "sig-wsp", "consent.capture", after: 7, "< 1d 0300 00 b036\n= weight 70.000 kg now\n> 1e\n~\n> 12 1a00 00",
            headers: ["consent": "", "hub": ""])
        #expect(mistakes.count == 1 && mistakes[0].hasPrefix("ended before sent("), "\(mistakes)")
    }
}
