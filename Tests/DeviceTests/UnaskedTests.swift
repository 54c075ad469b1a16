import Bluetooth
import Core
import Devices
import Testing

/// What a device sends of a characteristic that nobody subscribed to: it may remember an earlier hub's wish.
@Suite struct UnaskedTests {
    /// The capture, with more lines behind its last.
    private func mistakes(_ id: String, _ name: String, _ lines: String) async throws -> [String] {
        let file = try #require(CaptureFile.all.first { $0.driver == id && $0.name == name })
        let driver = try #require(drivers.first { $0.id == id })
        let other = try Capture("# device: x\n# display: x\n# source: x\ntty x\n" + lines)
        var capture = file.capture
        capture.lines += other.lines
        return await Replay.mistakes(of: driver, over: capture)
    }

    /// Handle 0042 is A&D's own characteristic. Confirmed it is gone from the device, so it is on disk by then.
    @Test func anIndicationIsKeptBeforeItIsConfirmed() async throws {
        #expect(
            try await mistakes("and-ua651ble", "one-stored.capture", "< 1d 4200 0102\n= undated #undecoded\n> 1e") == []
        )
        let unkept = try await mistakes("and-ua651ble", "one-stored.capture", "< 1d 4200 0102\n> 1e")
        #expect(unkept.first?.hasPrefix("reported(") == true, "\(unkept)")
    }

    @Test func aNotificationIsNotKept() async throws {
        #expect(try await mistakes("and-ua651ble", "one-stored.capture", "< 1b 4200 0102") == [])
    }
}

/// The stream in a pair of characteristics: a device that indicates may forget with each confirmation.
@Suite struct GATTLineTests {
    /// A PO60 as it would be if it indicated: every reading stands before the confirmation of what held it.
    @Test func whatAnIndicationHeldIsKeptBeforeItIsConfirmed() async throws {
        let file = try #require(CaptureFile.all.first { $0.driver == "beurer-po60" && $0.name == "two-stored.capture" })
        let driver = try #require(drivers.first { $0.id == file.driver })
        let capture = indicating(file.capture)
        #expect(capture.lines.contains(.sent([0x1E])))
        #expect(await Replay.mistakes(of: driver, over: capture) == [])
        // And the confirmation ahead of the reading is seen.
        var hasty = capture
        let at = try #require(
            hasty.lines.indices.first { index in
                if case .reported = hasty.lines[index] { hasty.lines[index + 1] == .sent([0x1E]) } else { false }
            })
        hasty.lines.swapAt(at, at + 1)
        #expect(await Replay.mistakes(of: driver, over: hasty) != [])
    }

    private func indicating(_ notifying: Capture) -> Capture {
        var capture = notifying, owes = false
        for index in capture.attributes.indices where capture.attributes[index].value.first == 0x10 {
            capture.attributes[index].value[0] = 0x20
        }
        capture.lines = notifying.lines.flatMap { line -> [Capture.Line] in
            switch line {
            case .heard(let pdu) where pdu.first == 0x1B:
                defer { owes = true }
                return (owes ? [.sent([0x1E])] : []) + [.heard([0x1D] + pdu.dropFirst())]
            case .sent(let pdu):
                defer { owes = false }
                // Subscribed for indications.
                let sent = pdu.first == 0x12 && pdu.suffix(2) == [1, 0] ? pdu.dropLast(2) + [2, 0] : pdu
                return (owes ? [.sent([0x1E])] : []) + [.sent(Array(sent))]
            default: return [line]
            }
        }
        return capture
    }
}
