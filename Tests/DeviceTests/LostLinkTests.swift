import Bluetooth
import Core
import Devices
import Testing

/// Where a device of a capture hangs up, the link to it is lost instead.
@Suite struct LostLinkTests {
    @Test(arguments: CaptureFile.all)
    func whatCameBeforeIsReportedAndTheVisitDidNotEndWell(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver })
        let link = LostLink(file.capture)
        var fault: Fault?
        do throws(Fault) {
            switch driver.visit {
            case .gatt(let visit):
                let client = GATTClient(
                    link, upgrade: { () throws(Fault) in }, time: { link.localTime?.currentTimeBytes })
                try await visit(client, link)
            case .line(let visit): try await visit(link, link)
            case .advertisement, .none: return
            }
        } catch {
            fault = error
        }
        let told = file.capture.lines.count { if case .reported = $0 { true } else { false } }
        #expect(link.mistakes == [] && link.told == told)
        // Behind the last reading the clock is set, and a device that has gone by then is none the worse for it.
        #expect(!link.isLost || fault == .device(.hungUp) || link.setsClock)
    }
}

/// A capture whose end is the end of the link.
private final class LostLink: Bearer, Line, Report {
    private let replay: Replay
    private(set) var isLost = false
    private(set) var told = 0
    /// Since the last reading.
    private(set) var setsClock = false

    init(_ capture: Capture) { replay = Replay(capture) }

    var mistakes: [String] { replay.mistakes }

    private func lose() -> Fault {
        isLost = true
        return .device(.hungUp)
    }

    func send(_ pdu: [UInt8]) async throws(Fault) {
        if isLost { throw lose() }
        try await replay.send(pdu)
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        guard !isLost, let pdu = try await replay.receive(within: time) else { throw lose() }
        return pdu
    }
    func write(_ bytes: [UInt8]) async throws(Fault) {
        if isLost { throw lose() }
        try await replay.write(bytes)
    }
    func read(within time: Duration?) async throws(Fault) -> Arrival {
        guard !isLost, case let arrival = try await replay.read(within: time), arrival != .hungUp else { throw lose() }
        return arrival
    }

    func callAsFunction(_ reading: Reading) async throws(Fault) {
        told += 1
        setsClock = false
        try await replay(reading)
    }
    func clock(_ device: RawTime, error: Duration) async throws(Fault) { try await replay.clock(device, error: error) }
    func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault) {
        try await replay.clockWasSet(to: written, error: error)
    }
    func gaveAll() async throws(Fault) { try await replay.gaveAll() }
    func lost(gaps: Int, bytes: Int) { replay.lost(gaps: gaps, bytes: bytes) }
    func information(_ information: DeviceInformation) async throws(Fault) {
        try await replay.information(information)
    }
    var localTime: LocalTime? {
        setsClock = true
        return replay.localTime
    }
    var consents: [Consent] { replay.consents }
    var wantsStream: Bool { replay.wantsStream }
}
