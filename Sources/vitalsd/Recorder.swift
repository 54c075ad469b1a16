import Bluetooth
import Core
import Devices
import Host

/// A technician who waits for a device's next visit, to have it as a capture.
@Hub final class Recorder {
    /// What names the device in a `Sighting`, or the path of its line.
    private let device: String
    private let bell: Bell
    private var result: Capture?

    init(of device: String) throws(Fault) {
        self.device = device
        bell = try Bell()
    }

    func awaits(_ sighting: Sighting) -> Bool {
        if case .line(let line) = sighting.way, line.path == device { return result == nil }
        return result == nil && sighting.identity == device
    }

    func take(_ capture: Capture) {
        result = capture
        bell.ring()
    }

    /// The capture; nil when `due` passes before the visit is over.
    func capture(before due: ContinuousClock.Instant) async -> Capture? {
        while result == nil {
            guard await bell.rung(before: due) else { return nil }
        }
        return result
    }
}

extension Gateway {
    /// The next visit of a device, masked so that it may be given away: see `Mask`. `device` is what a `Sighting` names it
    /// by (`bluetooth:00:09:1F:80:00:22`) or the path of a line. `wait` is asked every now and then whether to wait on; nil
    /// where it says no.
    func record(_ device: String, while wait: () async -> Bool) async throws(Fault) -> Capture? {
        let recorder = try Recorder(of: device)
        recorders.append(recorder)
        defer { recorders.removeAll { $0 === recorder } }
        // Whoever rests has been told to come now.
        acceptList.wake(device)
        while await wait() {
            if let capture = await recorder.capture(before: .now + .seconds(5)) { return capture }
        }
        return nil
    }

    /// A recording, where somebody waits for one.
    func recording(of sighting: Sighting) -> Recording? {
        recorders.contains { $0.awaits(sighting) } ? Recording() : nil
    }

    /// The visit is over: whoever waits gets it.
    func finish(_ recording: Recording?, of driver: Driver, _ sighting: Sighting) {
        guard let recording else { return }
        let capture = recording.capture(of: driver, sighting, source: "recorded by vitalsd \(version), masked")
        for recorder in recorders where recorder.awaits(sighting) { recorder.take(capture) }
    }
}
