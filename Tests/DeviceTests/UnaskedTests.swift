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
