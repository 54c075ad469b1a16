import Core

/// A visit as it is held: what is said both ways, what is reported, and what it ends with. Makes a capture that is to be
/// given away, so nobody can be found by it: see `Mask`.
package final class Recording {
    enum Event {
        case line(Capture.Line)
        case information(DeviceInformation)
    }
    private(set) var events: [Event] = []
    /// The device's attribute table, as far as it is known when the conversation is over.
    package var table: AttributeTable?
    private var consents: [Consent] = []
    private var room: Int

    /// `limit` is the most that is kept of what is said, in bytes: a sensor that is worn talks for hours.
    package init(limit: Int = 1 << 20) { room = limit }

    package func tap(_ bearer: any Bearer) -> any Bearer { TappedBearer(bearer, self) }
    package func tap(_ line: any Line) -> any Line { TappedLine(line, self) }
    package func tap(_ report: any Report) -> any Report {
        consents = report.consents
        return TappedReport(report, self)
    }

    /// The hub looks at its clock.
    package func look(at time: LocalTime?) -> LocalTime? {
        if let time { add(.time(time), size: 8) }
        return time
    }

    /// What the visit ends with. A fault of the hub itself is nothing that the device said.
    package func end(with fault: Fault) {
        switch fault {
        case .device, .pairing: add(.fault("\(fault.layer): \(fault.sentence)"))
        case .hub, .network, .clinic: break
        }
    }

    /// The visit so far as a capture, masked. `source` says who recorded it.
    package func capture(of driver: Driver, _ sighting: Sighting, source: String) -> Capture {
        let mask = Mask(of: driver, sighting, table, consents, events)
        var headers = ["device": "\(driver.manufacturer) \(driver.model)", "display": "not noted", "source": source]
        headers["driver"] = driver.id
        if room <= 0 { headers["cut"] = "the rest was too long" }
        if !consents.isEmpty { headers["consent"] = consents.map { "\($0.user) 0" }.joined(separator: ", ") }
        var lines: [Capture.Line] = []
        if let table {
            let (conversation, mtu) = withoutTheAsked(of: table)
            if let mtu { headers["mtu"] = String(mtu) }
            lines = mask.masked(conversation)
        } else {
            lines = mask.masked(events)
        }
        for case .time(let time) in lines where headers["hub"] == nil { headers["hub"] = time.description }
        return Capture(
            headers: headers, sighting: mask.masked(sighting), attributes: table?.attributes ?? [], lines: lines)
    }

    /// The conversation without what the attribute table answers by itself, and the MTU that the device offered.
    private func withoutTheAsked(of table: AttributeTable) -> ([Event], mtu: Int?) {
        let server = AttributeServer(table.attributes)
        var isAsking = false, mtu: Int?
        let rest = events.filter { event in
            switch event {
            case .line(.sent(let pdu)) where server.isAsked(pdu):
                isAsking = true
                return false
            case .line(.heard(let pdu)) where isAsking && pdu.first.flatMap(ATT.Opcode.init)?.isResponse == true:
                isAsking = false
                if pdu.first == ATT.Opcode.exchangeMTUResponse.rawValue { mtu = pdu.u16(at: 1).map { Int($0) } }
                return false
            default: return true
            }
        }
        return (rest, mtu)
    }

    fileprivate func add(_ line: Capture.Line, size: Int = 0) {
        guard room > 0 else { return }
        room -= size
        events.append(.line(line))
    }

    fileprivate func add(_ information: DeviceInformation) { events.append(.information(information)) }

    /// Bytes of a line, whose pieces mean nothing: short ones are put together.
    fileprivate func hear(_ bytes: [UInt8]) {
        if case .line(.heard(let before)) = events.last, before.count + bytes.count <= 32, room > 0 {
            room -= bytes.count
            events[events.count - 1] = .line(.heard(before + bytes))
        } else {
            add(.heard(bytes), size: bytes.count)
        }
    }
}

private final class TappedBearer: Bearer {
    private let bearer: any Bearer, recording: Recording

    init(_ bearer: any Bearer, _ recording: Recording) {
        self.bearer = bearer
        self.recording = recording
    }

    func send(_ pdu: [UInt8]) async throws(Fault) {
        recording.add(.sent(pdu), size: pdu.count)
        try await bearer.send(pdu)
    }

    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        do throws(Fault) {
            let pdu = try await bearer.receive(within: time)
            if let pdu, !pdu.isEmpty { recording.add(.heard(pdu), size: pdu.count) }
            return pdu
        } catch {
            if error == .device(.silent) { recording.add(.silence) }
            throw error
        }
    }
}

private final class TappedLine: Line {
    private let line: any Line, recording: Recording

    init(_ line: any Line, _ recording: Recording) {
        self.line = line
        self.recording = recording
    }

    func write(_ bytes: [UInt8]) async throws(Fault) {
        recording.add(.sent(bytes), size: bytes.count)
        try await line.write(bytes)
    }

    func read(within time: Duration?) async throws(Fault) -> Arrival {
        let arrival = try await line.read(within: time)
        switch arrival {
        case .bytes(let bytes) where !bytes.isEmpty: recording.hear(bytes)
        case .silence: recording.add(.silence)
        case .bytes, .hungUp: break
        }
        return arrival
    }
}

private final class TappedReport: Report {
    private let report: any Report, recording: Recording

    init(_ report: any Report, _ recording: Recording) {
        self.report = report
        self.recording = recording
    }

    func callAsFunction(_ reading: Reading) async throws(Fault) {
        var said = reading
        said.bytes = []
        recording.add(.reported(said))
        try await report(reading)
    }

    func clock(_ device: RawTime, error: Duration) async throws(Fault) {
        recording.add(.clock(device))
        try await report.clock(device, error: error)
    }

    func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault) {
        recording.add(.clockSet(written))
        try await report.clockWasSet(to: written, error: error)
    }

    func gaveAll() async throws(Fault) { try await report.gaveAll() }

    func lost(gaps: Int, bytes: Int) {
        recording.add(.lost(gaps: gaps, bytes: bytes))
        report.lost(gaps: gaps, bytes: bytes)
    }

    func information(_ information: DeviceInformation) async throws(Fault) {
        recording.add(information)
        try await report.information(information)
    }

    var localTime: LocalTime? { recording.look(at: report.localTime) }
    var consents: [Consent] { report.consents }
    var wantsStream: Bool { report.wantsStream }
}
