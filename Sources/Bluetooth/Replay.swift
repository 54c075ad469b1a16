import Core

/// Both ends of a capture: the device that says its lines, and the hub that must hear each reading in its place.
///
/// Strict: what the driver sends must be the next `>` line, what it reports the next `=` line.
package final class Replay: Bearer, Line, Report {
    private var lines: ArraySlice<Capture.Line>
    private var server: AttributeServer
    private var answers: [[UInt8]] = []
    /// Where the driver left the capture; empty when it did as written.
    package private(set) var mistakes: [String] = []
    /// What the driver reported.
    package private(set) var readings: [Reading] = []
    private var time: LocalTime?
    /// `# consent: 1 1234, 2 4321`: slots, each with its code.
    package let consents: [Consent]
    package let wantsStream = false

    package init(_ capture: Capture) {
        lines = capture.lines[...]
        let mtu = capture.headers["mtu"].flatMap { Int($0) }
        server = AttributeServer(capture.attributes, mtu: mtu ?? ATT.defaultMTU)
        time = capture.headers["hub"].flatMap { LocalTime($0) }
        consents = (capture.headers["consent"] ?? "").split(separator: ",").compactMap { slot in
            let words = slot.split(separator: " ")
            guard words.count == 2, let user = UInt8(words[0]), let code = UInt16(words[1]) else { return nil }
            return Consent(user: user, code: code)
        }
    }

    /// Runs the driver's visit over the capture and gives its mistakes.
    package static func mistakes(of driver: Driver, over capture: Capture) async -> [String] {
        await played(by: driver, capture).mistakes
    }

    /// Runs the driver's visit over the capture.
    package static func played(by driver: Driver, _ capture: Capture) async -> Replay {
        let replay = Replay(capture)
        do throws(Fault) {
            switch driver.visit {
            case .gatt(let visit):
                // What the device wants of the link's security it gets, and the time, where the hub has it.
                let client = GATTClient(
                    replay, upgrade: { () throws(Fault) in }, time: { replay.localTime?.currentTimeBytes })
                try await visit(client, replay)
            case .line(let visit): try await visit(replay, replay)
            case .advertisement(let visit):
                guard case .advertisement(let seen) = capture.sighting.way else {
                    replay.mistakes.append("there is no advertisement")
                    return replay
                }
                try await visit(seen, replay)
            case .none: replay.mistakes.append("there is no visit")
            }
        } catch {
            let said = "\(error.layer): \(error.sentence)"
            if replay.lines.first == .fault(said) {
                replay.lines.removeFirst()
            } else {
                replay.mistakes.append("fault: \(error)")
            }
        }
        if let rest = replay.lines.first { replay.mistakes.append("ended before \(rest)") }
        return replay
    }

    // MARK: The device

    package func send(_ pdu: [UInt8]) async throws(Fault) {
        if server.isAsked(pdu) {
            if let response = server.answer(pdu).response { answers.append(response) }
        } else {
            follow(.sent(pdu))
        }
    }

    package func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        if !answers.isEmpty { return answers.removeFirst() }
        switch try await read(within: time) {
        case .bytes(let pdu): return pdu
        case .silence: throw .device(.silent)
        case .hungUp: return nil
        }
    }

    package func write(_ bytes: [UInt8]) async throws(Fault) { follow(.sent(bytes)) }

    package func read(within time: Duration?) async throws(Fault) -> Arrival {
        switch lines.first {
        case .heard(let bytes):
            lines.removeFirst()
            return .bytes(bytes)
        case .silence:
            lines.removeFirst()
            return .silence
        case nil, .fault, .lost: return .hungUp
        case .some(let line):
            mistakes.append("waited for the device before \(line)")
            return .hungUp
        }
    }

    // MARK: The hub

    /// As the capture's next line has it, where that says that the hub looks.
    package var localTime: LocalTime? {
        if case .time(let seen) = lines.first {
            lines.removeFirst()
            time = seen
        }
        return time
    }

    package func callAsFunction(_ reading: Reading) async throws(Fault) {
        readings.append(reading)
        var said = reading
        said.bytes = []
        follow(.reported(said))
    }

    package func lost(gaps: Int, bytes: Int) { follow(.lost(gaps: gaps, bytes: bytes)) }

    package func clock(_ device: RawTime, error: Duration) async throws(Fault) { follow(.clock(device)) }

    package func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault) { follow(.clockSet(written)) }

    package func information(_ information: DeviceInformation) async throws(Fault) {
        follow(.information(information.description))
    }

    private func follow(_ line: Capture.Line) {
        if lines.first == line {
            lines.removeFirst()
        } else {
            mistakes.append("\(line) instead of \(lines.first.map { "\($0)" } ?? "the end")")
        }
    }
}

extension AttributeServer {
    /// Whether the attribute table answers a request, and not the conversation: the discovery, and the wish to be told of
    /// changes of the table itself.
    package func isAsked(_ pdu: [UInt8]) -> Bool {
        switch pdu.first.flatMap(ATT.Opcode.init) {
        case .exchangeMTURequest, .findInformationRequest, .findByTypeValueRequest, .readByTypeRequest,
            .readByGroupTypeRequest:
            true
        case .writeRequest:
            AttributeTable(attributes)[ATT.serviceChanged]?.descriptor(ATT.clientConfiguration) == pdu.u16(at: 1)
        default: false
        }
    }
}
