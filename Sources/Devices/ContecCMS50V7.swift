import Core

extension Driver {
    /// Contec CMS50EW, CMS50FW and CMS50IW over classic Bluetooth, and what else of the family speaks protocol V7.0 on a cable:
    /// stored recordings first, then what it measures now.
    ///
    /// On a cable they say nothing unasked, and have no USB identity of their own: to ask every line would be to miss what
    /// another device says once. There a technician says which line is theirs.
    ///
    /// Sources: Contec, communication protocol of pulse oximeter V7.0 (in albertcbraun/CMS50FW, with the name);
    /// tobac/cms50ew (what a stored length counts).
    package static let contecCMS50V7 = Driver(
        id: "contec-cms50-v7", manufacturer: "Contec", model: "CMS50E/F/I, CMS50EW/FW/IW", kind: .pulseOximeter,
        evidence: .specification,
        claims: [
            .serialPort(name: "SpO202", .acceptor),
            .assigned(.contecV7, hello: ContecV7.Conversation.command([0xA2])),
        ],
        endpoints: [Endpoint(.frames(.contecV7), ContecV7.sample)],
        visit: .line { line, report async throws(Fault) in
            var conversation = ContecV7.Conversation(line: line)
            defer { report.tellGaps(of: &conversation.frames) }
            try await conversation.begin()
            try await conversation.fetch(report)
            if let now = report.localTime, try await conversation.setClock(now) {
                try await report.clockWasSet(to: now)
            }
            try await conversation.watch(report)
        })
}

extension Framing {
    /// The type byte says how long a packet is; it alone has no bit 7. The second holds bits 7 of those behind it, the lowest
    /// for the first.
    package static let contecV7 = Framing("contec-v7", LineSettings(115_200), longest: 9) { bytes in
        guard bytes.count > 0 else { return .more }
        guard let size = ContecV7.sizes[bytes[0]] else { return .noise(1) }
        for at in 1..<max(1, min(size, bytes.count)) where bytes[at] & 0x80 == 0 { return .noise(at) }
        return bytes.count < size ? .more : .frame(size)
    }
}

/// The protocol, packets unpacked:
///
///     7D A2   stop the live stream                      0C
///     7D AD   how many users?                           10  users
///     7D A3   how many recordings?   user               0A  user recordings
///     7D A4   how long?              user recording     08  user recording length (u32 LE, bytes)
///     7D A5   begun when?            user recording     07  user recording 20 YY month day; 12  … hour minute second
///     7D A6   give it                user recording     0F  3 × (SpO2 pulse), or 09  SpO2 pulse perfusion (u16 LE), each second
///     7D B2   date  20 YY month day weekday             0B  command reason (0 done, 5 not supported)
///     7D B1   time  hour minute second                  0B
///     7D A1   the live stream                           01  sixty times a second
///     7D AF   somebody listens       every five seconds at least
///
/// 7D AE, which deletes a recording, is never sent.
package enum ContecV7 {
    static let sizes: [UInt8: Int] = [
        0x01: 9, 0x04: 9, 0x05: 9, 0x07: 8, 0x08: 8, 0x09: 6, 0x0A: 4, 0x0B: 4, 0x0C: 2, 0x0D: 3, 0x0E: 3, 0x0F: 8,
        0x10: 3, 0x11: 9, 0x12: 8, 0x15: 8,
    ]

    /// The bytes behind the second, each with its own bit 7.
    static func unpacked(_ packet: [UInt8]) -> [UInt8] {
        guard packet.count > 2 else { return [] }
        return packet.dropFirst(2).enumerated().map { index, byte in byte & 0x7F | (packet[1] >> UInt8(index)) << 7 }
    }

    /// A sixtieth of a second: `01`, and unpacked
    ///
    ///     7            6     5         4          3 … 0     7          6 … 0     4            3 … 0   pulse  SpO2  perfusion
    ///     finger out   beep  low SpO2  searching  strength  searching  waveform  no perfus.   bar     u8     u8    u16 LE
    ///
    /// Pulse 0 or 255, saturation 0 or 127 and perfusion FFFF mean that there is none; it counts 0.01 %.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count > 0 else { throw .truncated(at: 0, need: 1, have: 0) }
        guard bytes[0] == 0x01 else { throw .header(at: 0, got: bytes[0], expected: 0x01) }
        guard bytes.count == 9 else { throw .length(got: bytes.count, expected: 9) }
        for at in 1..<9 where bytes[at] & 0x80 == 0 { throw .invalid(at: at, expected: .flagByte) }
        let data = unpacked(bytes.array(0, 9))
        var values = values(saturation: data[4], pulse: data[3]), remarks = Remarks()
        if data[2] & 0x10 == 0 {
            let index = Int32(data[5]) | Int32(data[6]) << 8
            let outcome = index == 0xFFFF ? Outcome.absent(.unknown) : zeroIsNone(index, exponent: -2)
            values.append(Value(.perfusionIndex, outcome, .percent))
        }
        if data[0] & 0x80 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if data[0] & 0x10 != 0 || data[1] & 0x80 != 0 { remarks.insert(.signalAnalysisOngoing) }
        return Reading(values, taken: .now, remarks: remarks)
    }

    fileprivate static func values(saturation: UInt8, pulse: UInt8) -> Values {
        func outcome(_ number: UInt8, none: UInt8) -> Outcome {
            number == none ? .absent(.unknown) : zeroIsNone(Int32(number))
        }
        return [
            Value(.oxygenSaturation, outcome(saturation, none: 127), .percent),
            Value(.pulseOximeterRate, outcome(pulse, none: 255), .perMinute),
        ]
    }
}

extension ContecV7 {
    struct Conversation {
        private let line: any Line
        fileprivate var frames = Frames(.contecV7)

        init(line: any Line) { self.line = line }

        static func command(_ bytes: [UInt8]) -> [UInt8] {
            let all = bytes + [UInt8](repeating: 0, count: max(0, 7 - bytes.count))
            let high = all.enumerated().reduce(UInt8(0x80)) { high, byte in
                high | (byte.element >> 7) << UInt8(byte.offset)
            }
            return [0x7D, high] + all.map { $0 | 0x80 }
        }

        /// The answer, unpacked; nil where the device cannot. One that does not answer within a second has gone.
        private mutating func ask(_ bytes: [UInt8], for type: UInt8) async throws(Fault) -> [UInt8]? {
            try await line.write(Self.command(bytes))
            for _ in 0..<32 {
                guard let frame = try await line.next(&frames, within: .seconds(2)) else { break }
                let data = unpacked(frame)
                if frame[0] == type { return data }
                if frame[0] == 0x0B, data[0] == bytes[0] { return nil }
            }
            throw .device(.silent)
        }

        mutating func begin() async throws(Fault) { _ = try await ask([0xA2], for: 0x0C) }

        mutating func fetch(_ report: any Report) async throws(Fault) {
            let users = try await ask([0xAD], for: 0x10)?[0] ?? 1
            for user in 0..<min(users, 8) {
                let count = try await ask([0xA3, user], for: 0x0A)?[1] ?? 0
                for recording in 0..<count {
                    guard let length = try await ask([0xA4, user, recording], for: 0x08) else { continue }
                    let start = try await begun(user, recording)
                    let bytes = Int(length[2]) | Int(length[3]) << 8 | Int(length[4]) << 16 | Int(length[5]) << 24
                    try await fetch(user, recording, bytes, start, report)
                }
            }
        }

        private mutating func begun(_ user: UInt8, _ recording: UInt8) async throws(Fault) -> LocalTime? {
            // Once more where its second half is lost: without it the recording would be another.
            for _ in 0..<2 {
                guard let date = try await ask([0xA5, user, recording], for: 0x07) else { return nil }
                guard let next = try await line.next(&frames, within: .seconds(2)), next[0] == 0x12 else { continue }
                let time = unpacked(next), year = Int(date[2]) * 100 + Int(date[3])
                return LocalTime(year, Int(date[4]), Int(date[5]), Int(time[2]), Int(time[3]), Int(time[4]))
            }
            return nil
        }

        private mutating func fetch(
            _ user: UInt8, _ recording: UInt8, _ length: Int, _ start: LocalTime?, _ report: any Report
        ) async throws(Fault) {
            try await line.write(Self.command([0xA6, user, recording]))
            var samples: [OximetrySample] = [], size = 2
            // It says nothing behind the last; a week is more than any of them holds.
            while samples.count < 604_800, let frame = try await line.next(&frames, within: .seconds(2)) {
                let data = unpacked(frame)
                switch frame[0] {
                case 0x0F: for at in [0, 2, 4] { samples.append(sample(data[at], data[at + 1])) }
                case 0x09:
                    size = 4
                    samples.append(sample(data[0], data[1]))
                default: break
                }
            }
            // What is cut off stays in the device, and is whole the next time. One of which nothing comes is none.
            let told = length / size
            guard samples.isEmpty || samples.count >= told else { throw .device(.silent) }
            // The last packet is filled up.
            if told > 0, told < samples.count { samples.removeLast(samples.count - told) }
            let end = start.flatMap { LocalTime(seconds: $0.seconds + samples.count) }
            guard var reading = OximetryRecording.reading(samples, ended: end.map { .clock($0) } ?? .unknown) else {
                return
            }
            reading.user = Int(user)
            // Its place among the recordings is another as soon as one before it is deleted. Without a start only its content
            // tells which it is.
            if start == nil { reading.sequence = 0 }
            try await report(reading)
        }

        private func sample(_ saturation: UInt8, _ pulse: UInt8) -> OximetrySample {
            OximetrySample(
                Reading(values(saturation: saturation, pulse: pulse), taken: .unknown, bytes: [saturation, pulse]))
        }

        /// Whether the device says that it did both.
        mutating func setClock(_ now: LocalTime) async throws(Fault) -> Bool {
            // 1 January 1970 was a Thursday; here a Sunday is 0.
            let weekday = (now.seconds / 86_400 + 4) % 7
            let date = [now.year / 100, now.year % 100, now.month, now.day, weekday]
            let day = try await ask([0xB2] + date.map { UInt8(truncatingIfNeeded: $0) }, for: 0x0B)
            let time = [now.hour, now.minute, now.second]
            let hour = try await ask([0xB1] + time.map { UInt8(truncatingIfNeeded: $0) }, for: 0x0B)
            return day?.starts(with: [0xB2, 0]) == true && hour?.starts(with: [0xB1, 0]) == true
        }

        func watch(_ report: any Report) async throws(Fault) {
            try await line.write(Self.command([0xA1]))
            let oximeter = LiveOximeter(
                framing: .contecV7, framesPerSecond: 60, decode: ContecV7.sample, isSample: { $0.first == 0x01 })
            try await oximeter.watch(Attentive(line), report)
        }
    }

    /// Tells the device once a second of its stream that somebody listens.
    private final class Attentive: Line {
        private let line: any Line
        private var heard = 0

        init(_ line: any Line) { self.line = line }

        func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

        func read(within time: Duration?) async throws(Fault) -> Arrival {
            if heard >= 60 * 9 {
                heard = 0
                try await line.write(Conversation.command([0xAF]))
            }
            let arrival = try await line.read(within: time)
            if case .bytes(let bytes) = arrival { heard += bytes.count }
            return arrival
        }
    }
}
