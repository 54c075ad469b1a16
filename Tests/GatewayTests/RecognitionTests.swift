import Core
import Devices
import Host
import Journal
import TestLoop
import Testing

@testable import vitalsd

/// Lines on which something talks that is no device we know: a bad cable, another speed, an unknown model.
@Suite struct RecognitionTests {
    @Test func aLineThatTalksGibberishIsReportedWhileItIsListenedTo() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            // The oximeter's, where nobody is asked: a round of listening ends with a second of silence.
            let way = try #require(lineSettings(of: drivers).first { $0.settings == LineSettings(9600) })
            let port = try SerialPort(device.path, way.settings)
            var faults: [Fault] = []
            let recognition = Recognition(of: port, ways: [(way.settings, [])], pause: .milliseconds(20)) {
                faults.append($0)
            }
            async let claim = recognition.claim()
            // Less than any device says.
            try await device.write([0, 0])
            await loop.sleep(for: .milliseconds(1500))
            #expect(faults.isEmpty)
            for _ in 0..<2000 where faults.count < 3 {
                try await device.write(noise)
                await loop.sleep(for: .milliseconds(10))
            }
            #expect(faults.count >= 3 && faults.allSatisfy { $0 == .device(.unrecognised) })
            // The cable is another now. What is left of the noise is heard with it.
            for _ in 0..<8 {
                try await device.write(spotCheck)
                await loop.sleep(for: .milliseconds(50))
            }
            #expect(try await claim.0.id == "nonin-format-13")
        }
    }

    @Test func diagnosisNamesTheCable() async throws {
        let place = TemporaryDirectory(), folder = place.path
        try await onLoop {
            let path = place("line"), device = try PseudoTerminal(named: path)
            var configuration = Configuration()
            configuration.stateDirectory = folder
            configuration.radio = .none
            configuration.serialLines = [SerialLine(path: path)]
            let journal = try Journal(
                path: configuration.journalPath, bound: configuration.bound, destinations: ["clinic"], executor: loop)
            let gateway = try await Gateway(configuration, journal: journal, destinations: [])
            keepAlive(gateway)
            _ = Task(executorPreference: loop) { await gateway.hearLines() }
            for _ in 0..<2000 where gateway.hearing.lines[path]?.trouble == nil {
                try await device.write(noise)
                await loop.sleep(for: .milliseconds(10))
            }
            var checkup = Checkup(folder, tellsAll: true)
            checkup.account = Account(notation: Account(of: gateway).notation)
            checkup.checkCables()
            let cables = checkup.diagnosis.findings.filter { $0.part == .cable }
            #expect(cables.map(\.level) == [.fault])
            #expect(cables.map(\.cause) == [Trouble(.device(.unrecognised)).cause])
            device.hangUp()
        }
    }
}

/// What nobody says.
private let noise = [UInt8](repeating: 0xFF, count: 500)

/// Nonin's serial data format 13.
private let spotCheck: [UInt8] = {
    let data: [UInt8] = [0x20, 0x26, 0x11, 0x20, 0x08, 0, 0, 0, 0x02, 0, 0, 70, 0, 97]
    return [0, 2, 0, 0x0D, 0, 14] + data + [data.reduce(0, &+), 3]
}()
