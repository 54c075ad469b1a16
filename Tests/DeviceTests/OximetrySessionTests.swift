import Bluetooth
import Core
import Devices
import Testing

/// Sequences of seconds by hand, and what they must come to.
@Suite struct OximetrySessionTests {
    private static let off = OximetrySample(saturation: nil, pulse: nil, isWorn: false)

    private func second(_ saturation: Int?, _ pulse: Int? = 70, _ remarks: Remarks = []) -> OximetrySample {
        OximetrySample(saturation: saturation, pulse: pulse, remarks: remarks)
    }

    /// Each reading with the number of the second (from 1) after which it came; behind the last second the end.
    private func run(_ samples: [OximetrySample], silence: Int = 0) -> [(second: Int, reading: String)] {
        var session = OximetrySession(), told: [(Int, String)] = []
        for (index, sample) in samples.enumerated() {
            told += session.add(sample).map { (index + 1, $0.description) }
        }
        told += session.end(silence: silence).map { (samples.count + 1, $0.description) }
        return told
    }

    private func off(_ count: Int) -> [OximetrySample] { Array(repeating: Self.off, count: count) }
    private func steady(_ saturation: Int, _ count: Int, pulse: Int = 70) -> [OximetrySample] {
        Array(repeating: second(saturation, pulse), count: count)
    }
    /// Never the same twice.
    private func restless(_ count: Int) -> [OximetrySample] { (0..<count).map { second($0 % 2 == 0 ? 94 : 95) } }

    // MARK: Spot

    @Test func nothingIsWornNothingIsTold() {
        #expect(run(off(100)).isEmpty)
        #expect(run([]).isEmpty)
    }

    @Test func theFirstSmartPointWithBothNumbersIsTheSpotReading() {
        let point: Remarks = [.smartPoint]
        let told = run(
            [second(nil, nil), second(96), second(nil, nil, point), second(97, nil, point), second(97, 71, point)]
                + Array(repeating: second(98, 80, point), count: 100) + off(20))
        #expect(told.count == 1)
        #expect(told.first?.second == 5)
        #expect(told.first?.reading == "spo2 97 % spot pulse-oximeter-rate 71 /min spot now #smart-point")
    }

    @Test func withoutSmartPointFiveSteadySecondsAfterAMinuteAreTheSpotReading() {
        let told = run(steady(93, 40) + restless(30) + steady(96, 20) + off(20))
        // Restless up to the 70th second; 96 from the 71st on, unchanged for five at the 75th.
        #expect(told.map(\.second) == [75])
        #expect(told.first?.reading == "spo2 96 % spot pulse-oximeter-rate 70 /min spot now")
    }

    @Test func aSteadyWearIsReadAtItsSixtiethSecond() {
        #expect(run(steady(97, 61)).map(\.second) == [60])
    }

    @Test func aFingerThatLeavesBeforeAMinuteGivesTheLastSteadyFiveSeconds() {
        let told = run(steady(92, 6) + restless(10) + steady(95, 8, pulse: 66) + [second(94)] + off(10))
        // The 95s are seconds 17 to 24, their last five begin after the 19th; it is told after the 35th.
        #expect(told.map(\.second) == [35])
        // The restless 95 before and the 95s are one run; nothing but its last five seconds matters.
        #expect(told.first?.reading == "spo2 95 % spot pulse-oximeter-rate 66 /min spot now lasting 16")
    }

    @Test func anUnsteadyWearOfTenSecondsGivesItsLastSecond() {
        let told = run(restless(10) + off(10))
        #expect(told.map(\.second) == [20])
        #expect(told.first?.reading == "spo2 95 % spot pulse-oximeter-rate 70 /min spot now lasting 11 #unstable")
        #expect(run(restless(9) + off(10)).isEmpty)
    }

    @Test func aFingerThatSlipsOutForLessThanTenSecondsIsTheSameWear() {
        #expect(run(steady(97, 60) + off(9) + steady(96, 70) + off(10)).count == 1)
        #expect(run(steady(97, 60) + off(10) + steady(96, 70) + off(10)).map(\.second) == [60, 130])
    }

    @Test func theEndOfTheVisitEndsTheWear() {
        let told = run(steady(97, 20), silence: 10)
        #expect(told.map(\.second) == [21])
        #expect(told.first?.reading == "spo2 97 % spot pulse-oximeter-rate 70 /min spot now lasting 15")
    }

    @Test func artifactIsNeitherSteadyNorMeasured() {
        let bad = Array(repeating: second(97, 70, [.artifact]), count: 70)
        #expect(run(bad + off(10)).isEmpty)
        #expect(run(Array(repeating: second(97, 70, [.inadequateSignal]), count: 70) + off(10)).isEmpty)
        #expect(run(bad + steady(96, 5) + off(10)).map(\.second) == [75])
    }

    @Test func numbersThatStayAfterTheFingerHasLeftAreNotWorn() {
        let stale = OximetrySample(saturation: 97, pulse: 70, isWorn: false)
        #expect(run(Array(repeating: stale, count: 100)).isEmpty)
        let told = run(restless(12) + Array(repeating: stale, count: 10))
        #expect(told.first?.reading.contains("#unstable") == true)
    }

    @Test func aSpotReadingCarriesWhatTheDeviceSaid() {
        var session = OximetrySession()
        let sample = OximetrySample(
            saturation: 97, pulse: 71, perfusion: Amount("3.0"), remarks: [.smartPoint, .lowBattery], bytes: [1, 2])
        let reading = session.add(sample).first
        #expect(
            reading?.description
                == "spo2 97 % spot pulse-oximeter-rate 71 /min spot perfusion-index 3.0 % spot now #low-battery #smart-point"
        )
        #expect(reading?.bytes == [1, 2])
    }

    // MARK: Session

    @Test func fiveMinutesAreNoSession() {
        #expect(run(steady(97, 300) + off(10)).count == 1)
        #expect(run(steady(97, 301) + off(10)).count == 2)
    }

    @Test func aSessionOfLessThanAQuarterIsOnePiece() {
        // 100 s of 96, 200 s of 91, 60 s of 84, 40 s of 79: 400 s, average (9600+18200+5040+3160)/400 = 90.0
        let told = run(
            steady(96, 100, pulse: 60) + steady(91, 200, pulse: 70) + steady(84, 60, pulse: 80)
                + steady(79, 40, pulse: 91) + off(10))
        #expect(told.map(\.second) == [60, 410])
        // Pulse (6000+14000+4800+3640)/400 = 71.1
        #expect(
            told.last?.reading
                == "spo2 90.0 % average spo2 79 % minimum spo2 96 % maximum pulse-oximeter-rate 71.1 /min average "
                + "pulse-oximeter-rate 60 /min minimum pulse-oximeter-rate 91 /min maximum spo2 400 s observed "
                + "spo2 300 s below-95 spo2 300 s below-92 spo2 100 s below-90 spo2 100 s below-88 spo2 100 s below-85 "
                + "spo2 40 s below-80 now lasting 410")
    }

    @Test func aLongWearIsToldEveryQuarterOfAnHour() {
        // An hour and 100 seconds; nothing is left out and nothing counted twice.
        let told = run(steady(97, 3700) + off(10))
        #expect(told.map(\.second) == [60, 900, 1800, 2700, 3600, 3710])
        #expect(told.dropFirst().allSatisfy { $0.reading.hasSuffix("#session-part") })
        let observed = told.dropFirst().compactMap { told in
            Reading(notation: told.reading)?.values.first { $0.aspect == .observed }?.amount.map { Int($0.mantissa) }
        }
        #expect(observed == [900, 900, 900, 900, 100])
        #expect(told.last?.reading.contains("lasting 110") == true)
    }

    @Test func anAverageIsRoundedToOneDecimalHalvesUp() {
        // 19 × 97 and 381 × 96 of 400: 96.0475; 20 × 97 and 380 × 96: 96.05
        for (more, average) in [(19, "96.0"), (20, "96.1")] {
            let told = run(steady(97, more) + steady(96, 400 - more) + off(10))
            #expect(told.last?.reading.hasPrefix("spo2 \(average) % average") == true)
        }
    }

    @Test func gapsAndArtifactAreWornButNotObserved() {
        let told = run(
            steady(97, 200) + off(9) + Array(repeating: second(50, 70, [.artifact]), count: 50) + steady(97, 100),
            silence: 10)
        let reading = told.last?.reading ?? ""
        #expect(reading.contains("spo2 97 % minimum") && reading.contains("spo2 300 s observed"))
        #expect(reading.hasSuffix("lasting 369"))
    }

    /// One second of it is enough: nobody's session is mixed with a demonstration. The next quarter of an hour is another.
    @Test(arguments: [Remark.demonstration, .testData]) func aDemonstrationIsNobodysSession(_ remark: Remark) {
        let shown = second(97, 70, [remark])
        let told = run(steady(97, 100) + [shown] + steady(97, 1299) + off(10))
        #expect(told.map(\.second) == [60, 900, 1410])
        let readings = told.compactMap { Reading(notation: $0.reading) }
        #expect(readings.map(\.remarks.isTest) == [false, true, false])
        #expect(readings[1].remarks.contains(remark) && readings[1].values.contains { $0.aspect == .observed })
        let all = run(Array(repeating: shown, count: 400) + off(10)).compactMap { Reading(notation: $0.reading) }
        #expect(all.count == 2 && all.allSatisfy { $0.remarks.contains(remark) && !$0.isMeasurement })
    }

    @Test func theStreamIsKeptOnlyWhereItIsWanted() {
        for wanted in [false, true] {
            var session = OximetrySession(keepsStream: wanted), told: [Reading] = []
            for index in 0..<400 {
                told += session.add(OximetrySample(saturation: 97, pulse: 70, bytes: [UInt8(index & 0x7F)]))
            }
            told += session.end()
            #expect(told.last?.bytes.count == (wanted ? 400 : 0))
        }
    }
}

/// A line that fails in the middle of a wear.
private final class FailingLine: Line, Report {
    private var pieces: [[UInt8]]
    private(set) var reported: [Reading] = []
    let localTime: LocalTime? = nil, wantsStream = false

    init(_ pieces: [[UInt8]]) { self.pieces = pieces }
    func write(_ bytes: [UInt8]) async throws(Fault) { throw .hub(.portGone) }
    func read(within time: Duration?) async throws(Fault) -> Arrival {
        guard !pieces.isEmpty else { throw .hub(.portGone) }
        return .bytes(pieces.removeFirst())
    }
    func callAsFunction(_ reading: Reading) async throws(Fault) { reported.append(reading) }
    func clock(_ device: RawTime, error: Duration) async throws(Fault) {}
    func information(_ information: DeviceInformation) async throws(Fault) {}
}

@Suite struct LiveOximeterTests {
    private func visit(_ driver: Driver, _ line: FailingLine) async throws(Fault) {
        if case .line(let visit) = driver.visit { try await visit(line, line) }
    }

    @Test func whatWasWornIsReportedEvenWhenTheLineFails() async {
        let line = FailingLine(Array(repeating: [0x80, 72, 97, 0], count: 20))
        await #expect(throws: Fault.hub(.portGone)) { try await visit(.noninFormat8, line) }
        #expect(line.reported.map(\.description) == ["spo2 97 % spot pulse-oximeter-rate 72 /min spot now lasting 5"])
    }

    @Test func whatTheDeviceHasForgottenIsReportedEvenWhenTheLineFails() async throws {
        let frame = try #require(bytes(hex: "0002000d000e20130305142233000200004800614f03"))
        let line = FailingLine([frame])
        await #expect(throws: Fault.hub(.portGone)) { try await visit(.noninFormat13, line) }
        #expect(line.reported.count == 1 && line.reported.first?.bytes == frame)
    }

    @Test func anotherDeviceOnTheLineEndsTheVisit() async {
        let noise = Array(repeating: [UInt8](repeating: 0x55, count: 500), count: 20)
        for driver in [Driver.noninFormat8, .noninFormat13, .contecCMS50DPlus] {
            await #expect(throws: Fault.device(.unrecognised)) { try await visit(driver, FailingLine(noise)) }
        }
    }

    /// A bad contact costs a byte now and then, for hours: that is no other device.
    @Test func someNoiseBetweenFramesDoesNotEndTheVisit() async {
        let line = FailingLine(Array(repeating: [0x80, 72, 97, 0, 0x55], count: 6000))
        await #expect(throws: Fault.hub(.portGone)) { try await visit(.noninFormat8, line) }
        #expect(line.reported.count == 1 + 6000 / 900 + 1)
    }

    @Test func sixtyPacketsAreOneSecond() async {
        let packet: [UInt8] = [0x86, 60, 8, 72, 97]
        let fiftyNine = FailingLine([Array(repeatElement(packet, count: 10 * 60 - 1).joined())])
        await #expect(throws: Fault.hub(.portGone)) { try await visit(.contecCMS50DPlus, fiftyNine) }
        // Nine seconds: a steady five among them.
        #expect(fiftyNine.reported.map { $0.duration } == [.seconds(5)])
        let four = FailingLine([Array(repeatElement(packet, count: 5 * 60 - 1).joined())])
        await #expect(throws: Fault.hub(.portGone)) { try await visit(.contecCMS50DPlus, four) }
        #expect(four.reported.isEmpty)
    }
}

/// What is in an oximeter's memory.
@Suite struct OximetryRecordingTests {
    private func mistakes(_ id: String, _ name: String, _ change: ([Capture.Line]) -> [Capture.Line]) async throws
        -> [String]
    {
        let file = try #require(CaptureFile.all.first { $0.driver == id && $0.name == name })
        let driver = try #require(drivers.first { $0.id == id })
        var capture = file.capture
        capture.lines = change(capture.lines)
        return await Replay.mistakes(of: driver, over: capture)
    }

    /// A device that counts a recording and then gives nothing of it ends neither the daemon nor the visit.
    @Test func aRecordingOfNothingIsNone() async throws {
        let mistakes = try await mistakes("contec-cms50-v7", "stored-and-live.capture") { lines in
            lines.enumerated().filter { _, line in
                switch line {
                case .heard(let bytes): bytes.first != 0x0F
                case .reported(let reading): !reading.remarks.contains(.fromStorage)
                default: true
                }
            }.map(\.element)
        }
        #expect(mistakes == [])
    }

    /// Cut off in the middle it stays in the device: nothing is told of a part.
    @Test func aRecordingThatIsCutOffIsNotTold() async throws {
        let mistakes = try await mistakes("contec-cms50d-plus", "one-recorded.capture") { lines in
            let asked = lines.firstIndex(of: .sent([0xF5, 0xF5])) ?? 0
            return Array(lines[...(asked + 3)])
        }
        #expect(mistakes == ["sent([246, 246, 246]) instead of the end"])
    }
}
