import Bluetooth
import Core
import Devices
import Testing

/// Every conversation that there is a capture of is recorded while it is played: what comes out must play again, and say
/// nobody's address, name, serial number or code.
@Suite struct RecordingTests {
    @Test(arguments: CaptureFile.all)
    func aRecordedVisitPlaysAndNamesNobody(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver })
        let recorded = await record(driver, file.capture)
        let capture: Capture
        do throws(Capture.Mistake) {
            capture = try Capture(recorded.description)
        } catch {
            Issue.record("\(error)")
            return
        }
        let mistakes = await Replay.mistakes(of: driver, over: capture)
        #expect(mistakes.isEmpty, "\(mistakes)\n\(recorded)")
        #expect(readings(capture) == file.readings)
        // Whose it is shows as before.
        if case .advertisement = capture.sighting.way {
            #expect(drivers.soleClaimant(of: capture.sighting)?.id == driver.id)
        }
        for secret in secrets(of: driver, file.capture) {
            for line in capture.lines {
                if case .sent(let bytes) = line { #expect(!contains(bytes, secret), "\(line)") }
                if case .heard(let bytes) = line { #expect(!contains(bytes, secret), "\(line)") }
            }
            #expect(!contains(Array(recorded.description.utf8), secret), "\(String(decoding: secret, as: UTF8.self))")
        }
    }

    /// What a serial number is told in need not be known: wherever it is said again, it is found.
    @Test func whatIsSaidAgainIsFound() async throws {
        let driver = try #require(drivers.first { $0.id == "and-ua651ble" })
        let capture = try Capture(
            """
            # device: x
            # display: --
            # source: specification
            adv 00:09:1F:80:00:22 name "A&D_UA-651BLE_8A11Z" services 1810
            @ 0001 2800 1018
            @ 0002 2803 20 0300 352a
            @ 0003 2A35
            @ 0004 2902 0000
            @ 0005 2803 02 0600 252a
            @ 0006 2A25
            > 0a 0600
            < 0b 5058313233343536
            = information serial "PX123456"
            > 12 0400 0200
            < 13
            < 1b 0300 5058313233343536 00091f800022 2200801f0900 38413131 5a
            """)
        let text = await record(driver, capture).description
        #expect(text.contains("adv 00:09:1F:00:00:00 name \"A&D_UA-651BLE_00000\" services 1810"))
        #expect(text.contains("< 0b 3030303030303030"))
        #expect(text.contains("= information serial \"00000000\""))
        #expect(text.contains("< 1b 0300 303030303030303000091f0000000000001f0900"))
        #expect(!text.contains("384131315a"))
    }

    @Test func whatAVisitEndsWithIsPartOfIt() async throws {
        let driver = try #require(drivers.first { $0.id == "and-ua651ble" })
        let file = try #require(CaptureFile.all.first { $0.driver == "and-ua651ble" })
        var capture = file.capture
        capture.lines = [.silence]
        let recorded = await record(driver, capture)
        #expect(recorded.lines.last == .fault("device: the device stopped answering"))
        #expect(await Replay.mistakes(of: driver, over: recorded) == [])
    }

    private func record(_ driver: Driver, _ capture: Capture) async -> Capture {
        let replay = Replay(capture), recording = Recording(), report = recording.tap(replay as any Report)
        do throws(Fault) {
            switch driver.visit {
            case .gatt(let visit):
                let client = GATTClient(
                    recording.tap(replay as any Bearer), upgrade: { () throws(Fault) in },
                    time: { report.localTime?.currentTimeBytes })
                defer { recording.table = client.table }
                try await visit(client, report)
            case .line(let visit): try await visit(recording.tap(replay as any Line), report)
            case .advertisement(let visit):
                guard case .advertisement(let seen) = capture.sighting.way else { break }
                try await visit(seen, report)
            case .none: break
            }
        } catch {
            recording.end(with: error)
        }
        return recording.capture(of: driver, capture.sighting, source: "a test in vitalsd/vitalsd")
    }

    private func readings(_ capture: Capture) -> [Reading] {
        capture.lines.compactMap { if case .reported(let reading) = $0 { reading } else { nil } }
    }

    /// What of a capture names a device or a person, found in another way than the mask finds it.
    private func secrets(of driver: Driver, _ capture: Capture) -> [[UInt8]] {
        var secrets: [[UInt8]] = []
        if case .advertisement(let seen) = capture.sighting.way {
            let octets = seen.address.octets
            secrets.append(Array(octets.joined(separator: ":").utf8))
            if let tail = bytes(hex: octets.joined()) {
                secrets.append(tail)
                secrets.append(tail.reversed())
            }
        }
        for case .information(let text) in capture.lines {
            for word in ["serial \"", "system "] where text.contains(word) {
                let rest = text.split(separator: word, maxSplits: 1).last ?? ""
                let value = String(rest.prefix { $0 != "\"" && $0 != " " })
                guard value.utf8.count >= 4, value.contains(where: { !"0-. ".contains($0) }) else { continue }
                secrets.append(Array(value.utf8))
                if word == "system ", let bytes = bytes(hex: value) {
                    secrets.append(bytes)
                    secrets.append(bytes.reversed())
                }
            }
        }
        return secrets
    }

    private func contains(_ bytes: [UInt8], _ secret: [UInt8]) -> Bool {
        bytes.count >= secret.count
            && (0...bytes.count - secret.count).contains { bytes[$0..<$0 + secret.count].elementsEqual(secret) }
    }
}
