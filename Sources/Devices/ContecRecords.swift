import Core

/// What Contec's oximeters with Bluetooth LE speak, and Beurer's PO60, which Contec makes: service FF12, commands to
/// FF01, answers from FF02.
///
/// Only the first byte of a packet has bit 7; the last is the sum of all before it, without its bit 7.
///
///     82              version      F2  hardware C B A  software C B A         least significant part first
///     89              clock        F9  year month day hour minute second  milliseconds, 2 × 7 bits, low first
///     83 …  the same  set clock    F3  00 done
///     90 05           how many     E0  05  in all, 2 × 7 bits  unread, the same: it never counts down
///     99 00           first ten    E9  … up to ten records, whatever notifications they are cut into
///     99 01           next ten
///     99 02           these ten once more
///     99 7E           done, keep
///
/// 99 7F, done and delete, is never sent: the journal knows what it has, and the device overwrites by itself.
/// The device hangs up when it hears nothing for a second.
///
/// Source: Beurer, PO60 data transmission protocol, 410-0041-MIMA rev01 (in wha-digital/innovasive_flutter_beurer_ble).
package enum ContecRecords {
    static let commands: BluetoothUUID = 0xFF01, answers: BluetoothUUID = 0xFF02

    /// The whole memory, group by group; each record is kept before the next group is asked for.
    static func visit(_ peer: any Peer, _ report: any Report) async throws(Fault) {
        try await peer.discover()
        if let information = try await peer.deviceInformation() { try await report.information(information) }
        let line = try await GATTLine(peer, to: commands, from: answers)
        var frames = Frames(.contecRecords)
        defer { report.tellGaps(of: &frames) }
        try await tellClock(line, &frames, to: report)
        let stored = try await line.ask(packet(0x90, 0x05), &frames, isAnswer: { $0.starts(with: [0xE0, 0x05]) })
        guard let stored else { throw .device(.silent) }
        if stored[2] != 0 || stored[3] != 0 { try await fetch(line, &frames, report) }
        guard let now = report.localTime else { return }
        let isSet = try await line.ask(setClock(now), &frames) { $0.first == 0xF3 }
        if isSet == nil { throw .device(.silent) }
        try await report.clockWasSet(to: now)
        try await unlessGone { () throws(Fault) in try await tellClock(line, &frames, to: report) }
    }

    private static func tellClock(
        _ line: GATTLine, _ frames: inout Frames, to report: any Report
    ) async throws(Fault) {
        let asked = ContinuousClock.now
        guard let answer = try await line.ask(packet(0x89), &frames, isAnswer: { $0.first == 0xF9 }),
            let clock = try? clock(answer.span)
        else { return }
        try await report.clock(clock.taken, error: (ContinuousClock.now - asked) / 2)
    }

    private static func fetch(_ line: GATTLine, _ frames: inout Frames, _ report: any Report) async throws(Fault) {
        var request: UInt8 = 0x00, repeats = 0, undated = UndatedRecords()
        // 14 bits of records, ten a group: no honest device has more groups.
        for _ in 0..<1640 {
            try await line.write(packet(0x99, request))
            var told: Set<UInt8> = [], last: UInt8?, group = undated
            while told.count <= last ?? 9, let frame = try await line.next(&frames, within: .milliseconds(800)) {
                guard frame.first == 0xE9, frame[1] & 0x0F < 10 else { continue }
                try await report(group.numbered(stored(frame)))
                told.insert(frame[1] & 0x0F)
                if frame[1] & 0x40 != 0 { last = frame[1] & 0x0F }
            }
            // Where one was damaged on its way, the group is told once more; what is kept already will be recognised.
            let isWhole = told.count > last ?? 9
            if isWhole { undated = group }
            if isWhole, last != nil { return try await line.write(packet(0x99, 0x7E)) }
            repeats = isWhole ? 0 : repeats + 1
            guard repeats < 3 else { throw .device(.silent) }
            request = isWhole ? 0x01 : 0x02
        }
    }

    /// A record without its frame. Its number is its place, and the last of all says that it is: both change as soon as another
    /// is taken, and with them the check. They are no part of the measurement, which would else be another every time.
    package static func stored(_ frame: [UInt8]) -> Reading {
        var reading = decoded(frame, by: record)
        if !reading.remarks.contains(.undecoded) { reading.bytes = Array(frame[2..<23]) }
        return reading
    }

    static func packet(_ bytes: UInt8...) -> [UInt8] { bytes + [CheckSum.sum(bytes) & 0x7F] }

    static func setClock(_ time: LocalTime) -> [UInt8] {
        let bytes =
            [0x83]
            + [time.year % 100, time.month, time.day, time.hour, time.minute, time.second, 0, 0]
            .map { UInt8(truncatingIfNeeded: $0) & 0x7F }
        return bytes + [CheckSum.sum(bytes) & 0x7F]
    }
}

extension Framing {
    /// The first byte says how long a packet is.
    package static let contecRecords = Framing("contec-records", longest: 24) { bytes in
        guard bytes.count > 0 else { return .more }
        let size: Int
        switch bytes[0] {
        case 0xE0: size = 7
        case 0xE9: size = 24
        case 0xF2: size = 8
        case 0xF3: size = 3
        case 0xF9: size = 10
        default: return .noise(1)
        }
        for at in 1..<max(1, min(size, bytes.count)) where bytes[at] & 0x80 != 0 { return .noise(at) }
        guard bytes.count >= size else { return .more }
        let packet = bytes.array(0, size)
        return CheckSum.sum(packet.dropLast()) & 0x7F == packet[size - 1] ? .frame(size) : .noise(size)
    }
}

extension ContecRecords {
    /// The measurement in a packet, or what its clock shows; nothing in the other answers.
    package static func readings(_ bytes: Span<UInt8>) throws(Malformed) -> [Reading] {
        if bytes.count > 0, bytes[0] == 0xF9 { return [try clock(bytes)] }
        if bytes.count > 0, bytes[0] != 0xE9, case .frame(bytes.count) = Framing.contecRecords.cut(bytes) { return [] }
        return [try record(bytes)]
    }

    /// A measurement in its memory.
    ///
    ///     E9  number  start    end      more bits  stored    SpO2 max min avg  pulse max min avg  sum
    ///         u8      6 bytes  6 bytes  u8         2 × 7     3 bytes           3 bytes
    ///
    /// Number: 0 to 9 within its group, 0x40 on the last of all. More bits: 0x20, 0x10, 0x08 bit 7 of the three pulses,
    /// the low three above the 14 bits of the stored time, high first, in seconds. What "stored" says beyond start and
    /// end is not documented, so it stays undecoded. Saturation 0 or 127 and pulse 0 or 255 mean that there is none.
    package static func record(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        try check(bytes, header: 0xE9, size: 24)
        var field = ByteReader(bytes), remarks: Remarks = [.fromStorage]
        try field.skip(2)
        let start = try field.calendar(&remarks), end = try field.calendar(&remarks)
        let more = try field.u8()
        try field.skip(2)
        var values = Values()
        for aspect in [Aspect.maximum, .minimum, .mean] {
            let saturation = try field.u8()
            values.append(
                Value(
                    .oxygenSaturation, known(saturation, unless: saturation == 0 || saturation == 127), .percent, aspect
                ))
        }
        for (aspect, bit) in [(Aspect.maximum, UInt8(0x20)), (.minimum, 0x10), (.mean, 0x08)] {
            let pulse = try field.u8() | (more & bit != 0 ? 0x80 : 0)
            values.append(
                Value(.pulseOximeterRate, known(pulse, unless: pulse == 0 || pulse == 255), .perMinute, aspect))
        }
        var reading = Reading(values, taken: end, remarks: remarks)
        if case .clock(let start) = start, case .clock(let end) = end, end.seconds >= start.seconds {
            reading.duration = .seconds(end.seconds - start.seconds)
        }
        return reading
    }

    /// `F9 year month day hour minute second milliseconds sum`. The maker himself does not trust the milliseconds.
    package static func clock(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        try check(bytes, header: 0xF9, size: 10)
        var field = ByteReader(bytes), remarks = Remarks()
        try field.skip(1)
        let taken = try field.calendar(&remarks)
        return Reading([], taken: taken, remarks: remarks)
    }

    private static func check(_ bytes: Span<UInt8>, header: UInt8, size: Int) throws(Malformed) {
        guard bytes.count > 0 else { throw .truncated(at: 0, need: 1, have: 0) }
        guard bytes[0] == header else { throw .header(at: 0, got: bytes[0], expected: header) }
        guard bytes.count == size else { throw .length(got: bytes.count, expected: size) }
        let sum = CheckSum.sum(bytes.array(0, size - 1)) & 0x7F
        guard bytes[size - 1] == sum else {
            throw .checksum(at: size - 1, got: UInt16(bytes[size - 1]), expected: UInt16(sum))
        }
    }

    private static func known(_ number: UInt8, unless isNone: Bool) -> Outcome {
        isNone ? .absent(.unknown) : .amount(Amount(Int32(number)))
    }
}

extension ByteReader {
    /// Six bytes: year since 2000, month, day, hour, minute, second.
    mutating func calendar(_ remarks: inout Remarks) throws(Malformed) -> RawTime {
        try need(6)
        let year = 2000 + Int(try u8()), month = Int(try u8()), day = Int(try u8())
        let hour = Int(try u8()), minute = Int(try u8()), second = Int(try u8())
        guard month != 0, day != 0 else { return .unknown }
        guard let time = LocalTime(year, month, day, hour, minute, second) else {
            remarks.insert(.invalidTime)
            return .unknown
        }
        return .clock(time)
    }
}
