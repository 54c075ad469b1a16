import Core

/// The collecting side of ISO/IEEE 11073-20601 over a byte stream: what the standard calls a manager.
///
///     agent                       hub
///     association request    →
///                            ←    accepted, or accepted and tell me your configuration
///     [configuration report  →
///                            ←    accepted]
///                            ←    who are you, and what does your clock show?
///     attributes             →
///     report                 →
///                            ←    its answer, once all of it is kept: the agent forgets with it
///     release request        →
///                            ←    its response
///
/// The clock is read and never set. An agent without one has a counter, which each of its events shows as well. Reports of
/// stored data in segments (a PM-store) are not asked for. No device that vitalsd reaches carries this over a serial line;
/// those that exist want the Health Device Profile or USB's class of their own.
///
/// Sources: ISO/IEEE 11073-20601; signove/antidote, whose published messages are the tests, and whose agents are visited by
/// `make antidote`.
package struct PHDSession {
    private let line: any Line, report: any Report
    private var frames = Frames(.phd)
    private var configuration: PHDConfiguration?
    private var held: [[UInt8]] = []
    /// What its clock was told to have shown: nothing dates a stamp of another kind.
    private var clock: RawTime?

    package static func visit(_ line: any Line, _ report: any Report) async throws(Fault) {
        var session = PHDSession(line: line, report: report)
        try await session.run()
    }

    private init(line: any Line, report: any Report) { (self.line, self.report) = (line, report) }

    private mutating func run() async throws(Fault) {
        defer { report.tellGaps(of: &frames) }
        while let frame = try await next(within: .seconds(60)) {
            guard try await take(frame) else { return }
        }
        // Silent for a minute: it is told that nobody waits any longer.
        try? await line.write(PHDAnswer.releaseRequest)
    }

    private mutating func next(within time: Duration) async throws(Fault) -> [UInt8]? {
        if !held.isEmpty { return held.removeFirst() }
        return try await line.next(&frames, within: time)
    }

    /// False once the conversation is over.
    private mutating func take(_ frame: [UInt8]) async throws(Fault) -> Bool {
        let message: PHDMessage
        do throws(Malformed) {
            message = try PHDMessage(frame.span)
        } catch {
            // A damaged report must not be lost; without its invoke id it cannot be answered, and comes again.
            if frame.first == 0xE7 { try await report(.undecoded(frame)) }
            return true
        }
        switch message {
        case .associationRequest(let request): try await associate(request)
        case .event(let event): try await answer(event, frame)
        case .releaseRequest:
            try await line.write(PHDAnswer.releaseResponse)
            return false
        case .abort: return false
        case .attributes, .other: break
        }
        return true
    }

    private mutating func associate(_ request: PHDAssociation) async throws(Fault) {
        configuration = PHDConfiguration.standard[request.configuration]
        var information = DeviceInformation()
        information.systemID = request.systemID
        try await report.information(information)
        try await line.write(PHDAnswer.associated(knowing: configuration != nil))
        if configuration != nil { try await getAttributes() }
    }

    private mutating func answer(_ event: PHDEvent, _ frame: [UInt8]) async throws(Fault) {
        if event.type == PHDEvent.configuration {
            let announced = event.information
            configuration = try? PHDConfiguration(announced.span)
            // What cannot be read is accepted all the same: its reports are kept as they come.
            if event.isConfirmed { try await line.write(PHDAnswer.configured(event)) }
            return try await getAttributes()
        }
        let readings = try? PHDScanReport.readings(of: event, configuration ?? PHDConfiguration(metrics: [:]))
        if var readings, !readings.isEmpty {
            if clock == nil, event.time != .unknown, readings.contains(where: { $0.taken.isAlike(event.time) }) {
                try await tell(clock: event.time, error: .milliseconds(500))
            }
            for index in readings.indices {
                if readings[index].isCounted, let clock, !readings[index].taken.isAlike(clock) {
                    readings[index].taken = .unknown
                    readings[index].remarks.insert(.partlyDecoded)
                }
                readings[index].bytes = frame
                // The same bytes are kept with each of them; its place in the report tells them apart.
                if readings.count > 1 { readings[index].sequence = index }
                try await report(readings[index])
            }
        } else {
            try await report(.undecoded(frame))
        }
        if event.isConfirmed { try await line.write(PHDAnswer.kept(event)) }
    }

    /// Asks who the agent is and what its clock shows. What it tells before that is answered is held, unanswered, three
    /// seconds at most: without its clock its stamps could not be corrected.
    private mutating func getAttributes() async throws(Fault) {
        let asked = ContinuousClock.now
        try await line.write(PHDAnswer.getAttributes)
        for _ in 0..<8 {
            guard let frame = try await line.next(&frames, within: .seconds(3)) else { return }
            let message = try? PHDMessage(frame.span)
            guard case .attributes(let attributes) = message else {
                held.append(frame)
                continue
            }
            return try await tell(attributes, error: (ContinuousClock.now - asked) / 2)
        }
    }

    private mutating func tell(_ attributes: [PHDAttribute], error: Duration) async throws(Fault) {
        var information = DeviceInformation(), clocks: [RawTime] = []
        for attribute in attributes {
            var field = ByteReader(attribute.value.span)
            switch attribute.id {
            case PHDConfiguration.Attribute.model:
                information.manufacturer = (try? field.octets()).flatMap(text)
                information.model = (try? field.octets()).flatMap(text)
            case PHDConfiguration.Attribute.systemID:
                if let octets = try? field.octets(), octets.count == 8 {
                    information.systemID = octets.reduce(0) { $0 << 8 | UInt64($1) }
                }
            case PHDConfiguration.Attribute.production: production(&field, &information)
            case PHDConfiguration.Attribute.clock:
                var remarks = Remarks()
                if let now = try? field.absoluteTime(&remarks) { clocks.insert(now, at: 0) }
            case PHDConfiguration.Attribute.relativeClock: if let now = try? field.relativeTime() { clocks.append(now) }
            case PHDConfiguration.Attribute.fineClock: if let now = try? field.fineRelativeTime() { clocks.append(now) }
            default: break
            }
        }
        if clock == nil, let shown = clocks.first(where: \.isRunning) {
            try await tell(clock: shown, error: error)
        }
        try await report.information(information)
    }

    private mutating func tell(clock shown: RawTime, error: Duration) async throws(Fault) {
        clock = shown
        try await report.clock(shown, error: error)
    }

    /// `count u16  length u16  count × (kind u16  component u16  octets)`: 1 serial number, 3 hardware, 5 firmware.
    private func production(_ field: inout ByteReader, _ information: inout DeviceInformation) {
        guard let count = try? field.u16BE(), (try? field.skip(2)) != nil else { return }
        for _ in 0..<count {
            guard let kind = try? field.u16BE(), (try? field.skip(2)) != nil, let octets = try? field.octets() else {
                return
            }
            switch kind {
            case 1: information.serial = text(octets)
            case 3: information.hardware = text(octets)
            case 5: information.firmware = text(octets)
            default: break
            }
        }
    }

    private func text(_ octets: [UInt8]) -> String? {
        let printable = octets.filter { 0x20...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }
        let words = String(decoding: printable, as: UTF8.self).split(separator: " ")
        return words.isEmpty ? nil : words.joined(separator: " ")
    }
}

/// What the hub says.
enum PHDAnswer {
    static let releaseRequest: [UInt8] = [0xE4, 0x00, 0x00, 0x02, 0x00, 0x00]
    static let releaseResponse: [UInt8] = [0xE5, 0x00, 0x00, 0x02, 0x00, 0x00]
    /// All attributes of the device itself (object 0).
    static let getAttributes: [UInt8] = [
        0xE7, 0x00, 0x00, 0x0E, 0x00, 0x0C, 0x00, 0x01, 0x01, 0x03, 0x00, 0x06, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    ]

    /// Accepted (0), or accepted though its configuration must be told (3).
    static func associated(knowing isKnown: Bool) -> [UInt8] {
        [0xE3, 0x00, 0x00, 0x2C, 0x00, isKnown ? 0 : 3, 0x50, 0x79, 0x00, 0x26]
            // Protocol version 1, MDER, nomenclature version 1, no functional units, a manager.
            + [0x80, 0, 0, 0, 0x80, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0]
            + [0x00, 0x08] + Array("vitalsd".utf8) + [0]
            // No configuration of its own, no data to give, no options.
            + [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    }

    static func configured(_ event: PHDEvent) -> [UInt8] {
        // Its id, and 0: accepted.
        response(event, Array(event.information.prefix(2)) + [0, 0])
    }

    static func kept(_ event: PHDEvent) -> [UInt8] { response(event, []) }

    private static func response(_ event: PHDEvent, _ information: [UInt8]) -> [UInt8] {
        func u16(_ number: UInt16) -> [UInt8] { [UInt8(number >> 8), UInt8(truncatingIfNeeded: number)] }
        func counted(_ bytes: [UInt8]) -> [UInt8] { u16(UInt16(truncatingIfNeeded: bytes.count)) + bytes }
        let result = u16(event.handle) + [0, 0, 0, 0] + u16(event.type) + counted(information)
        return [0xE7, 0x00] + counted(counted(u16(event.invoke) + [0x02, 0x01] + counted(result)))
    }
}

extension RawTime {
    /// An agent without a clock may answer the question all the same: with a counter at 0, as antidote's do.
    fileprivate var isRunning: Bool { if case .ticks(0, _) = self { false } else { self != .unknown } }

    /// Whether both are of one clock, or of counters that count alike.
    fileprivate func isAlike(_ other: RawTime) -> Bool {
        switch (self, other) {
        case (.ticks(_, let mine), .ticks(_, let theirs)): mine == theirs
        case (.clock, .clock): true
        default: false
        }
    }
}
