import Core

extension Driver {
    /// Nonin Onyx II 9560 and WristOx2 3150 set to serial data format 13: one frame for each spot check.
    ///
    /// What could not be sent at once is stored, twenty spot checks at least, and sent oldest first in the next
    /// connection. Nothing is acknowledged: what has been sent is gone from the device, so each frame is reported without
    /// delay. Only the answer to one question is waited for, two seconds at most: the clock, which alone can date what
    /// was stored. The device hears questions in the first five seconds of a connection. Its clock need not be right, it
    /// must only run on, so one that shows a date is never set; a new battery leaves none, and then it is.
    ///
    /// Source: Nonin 9560 OEM Specification and Technical Information (in mattjlewis/NoninPulseOx).
    package static let noninFormat13 = Driver(
        id: "nonin-format-13", manufacturer: "Nonin", model: "oximeter (serial format 13)", kind: .pulseOximeter,
        evidence: .specification, claims: [.talks(.noninFormat13, frames: 1)],
        endpoints: [Endpoint(.frames(.noninFormat13), NoninFormat13.spotCheck)],
        visit: .line { line, report async throws(Fault) in try await NoninFormat13.visit(line, report) })
}

extension Framing {
    /// A spot check, or the answer to the question for the time.
    package static let noninFormat13 = Framing("format-13", LineSettings(9600), longest: 72, cut: NoninFormat13.cut)
}

package enum NoninFormat13 {
    private static let head: [UInt8] = [0x00, 0x02, 0x00, 0x0D], answer: [UInt8] = [0x02, 0xF2, 0x06]
    private static let askForTime: [UInt8] = [0x02, 0x72, 0x00, 0x03]
    private static let end: UInt8 = 0x03

    /// A spot check, or the device's clock as it answers when asked (a reading without values).
    ///
    ///     00 02 00 0D  length   century year month day hour minute second 1/100  status  pulse  –   SpO2  sum  03
    ///                  u16 BE   BCD each                                         u16 BE  u16 BE u8  u8    u8
    ///     02 F2 06              year month day hour minute second  03            binary; the year counts from 2000
    ///
    /// The length counts from century to SpO2, 14 or more, and the sum is over the same. Status: 0200 SmartPoint, 0100
    /// no measurement, 0010 from memory, 0001 low battery. Pulse 511 and saturation 127 mean that there is none.
    @inline(__always) package static func spotCheck(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        if bytes.count > 0, bytes[0] == answer[0] { return try clock(&field) }
        for (at, expected) in head.enumerated() {
            let got = try field.u8()
            guard got == expected else { throw .header(at: at, got: got, expected: expected) }
        }
        let length = Int(try field.u16BE())
        guard length >= 14 else { throw .invalid(at: 4, expected: .wholeFrame) }
        try field.need(length + 2)
        guard field.remaining == length + 2 else { throw .length(got: bytes.count, expected: length + 8) }
        let sum = sum(bytes, 6..<6 + length), check = bytes[6 + length]
        guard check == sum else { throw .checksum(at: 6 + length, got: UInt16(check), expected: UInt16(sum)) }
        guard bytes[7 + length] == end else { throw .invalid(at: 7 + length, expected: .endOfFrame) }

        var values = Values(), remarks = Remarks()
        let taken = stamp(bytes, &remarks)
        try field.skip(8)
        let status = try field.u16BE(), pulse = try field.u16BE() & 0x1FF
        try field.skip(1)
        let saturation = try field.u8() & 0x7F, isMissing = status & 0x0100 != 0
        values.append(
            Value(
                .oxygenSaturation, isMissing ? .absent(.notPerformed) : nonin(saturation: saturation), .percent, .spot))
        values.append(
            Value(.pulseOximeterRate, isMissing ? .absent(.notPerformed) : nonin(pulse: pulse), .perMinute, .spot))
        if status & 0x0200 != 0 { remarks.insert(.smartPoint) }
        if status & 0x0010 != 0 { remarks.insert(.fromStorage) }
        if status & 0x0001 != 0 { remarks.insert(.lowBattery) }
        if length > 14 { remarks.insert(.partlyDecoded) }
        return Reading(consume values, taken: taken, remarks: remarks)
    }

    static func cut(_ bytes: Span<UInt8>) -> Cut {
        guard bytes.count > 0 else { return .more }
        let isAnswer = bytes[0] == answer[0], begin = isAnswer ? answer : head
        for at in 0..<min(begin.count, bytes.count) where bytes[at] != begin[at] { return .noise(1) }
        guard bytes.count >= 6 else { return .more }
        if isAnswer { return bytes.count < 10 ? .more : bytes[9] == end ? .frame(10) : .noise(1) }
        let length = Int(bytes[4]) << 8 | Int(bytes[5])
        guard 14...64 ~= length else { return .noise(1) }
        guard bytes.count >= length + 8 else { return .more }
        let isWhole = bytes[6 + length] == sum(bytes, 6..<6 + length) && bytes[7 + length] == end
        return isWhole ? .frame(length + 8) : .noise(1)
    }

    fileprivate static func visit(_ line: any Line, _ report: any Report) async throws(Fault) {
        var frames = Frames(.noninFormat13), held: [Reading] = []
        defer { report.tellGaps(of: &frames) }
        var isAsking = true, isOver = false, noise = 0, questions = 1
        var fault: Fault?
        var asked = ContinuousClock.now
        let begun = asked
        // A line that cannot be written to may still hold what the device has already forgotten.
        try? await line.write(askForTime)
        while !isOver {
            var arrival = Arrival.hungUp
            do throws(Fault) {
                arrival = try await line.read(within: isAsking ? .seconds(2) : .seconds(10))
            } catch {
                fault = error
            }
            switch arrival {
            case .bytes(let bytes):
                frames.append(bytes)
                while let frame = frames.next() {
                    noise = frames.noise
                    let reading = decoded(frame, by: spotCheck)
                    if frame.first == head[0] {
                        held.append(reading)
                    } else if questions > 0 {
                        questions -= 1
                        try await report.clock(reading.taken, error: (ContinuousClock.now - asked) / 2)
                        // What it has stored without a date cannot be dated anyhow; what comes can.
                        if isAsking, reading.taken == .unknown, let now = report.localTime, 2000...2099 ~= now.year {
                            try? await line.write(setting(now))
                            try await report.clockWasSet(to: now)
                            (asked, questions) = (ContinuousClock.now, 1)
                            try? await line.write(askForTime)
                        }
                        isAsking = false
                    }
                }
                if ContinuousClock.now - begun > .seconds(2) { isAsking = false }
                if frames.noise - noise > 4096 { (fault, isOver) = (.device(.unrecognised), true) }
            case .silence: (isOver, isAsking) = (!isAsking, false)
            case .hungUp: (isOver, isAsking) = (true, false)
            }
            guard !isAsking else { continue }
            try await report.each(held)
            held = []
        }
        if let fault { throw fault }
    }

    /// `02 72 06 year month day hour minute second 03`, binary; the year counts from 2000. There is no answer.
    private static func setting(_ time: LocalTime) -> [UInt8] {
        let fields = [time.year - 2000, time.month, time.day, time.hour, time.minute, time.second]
        return [0x02, 0x72, 0x06] + fields.map { UInt8(truncatingIfNeeded: $0) } + [end]
    }

    private static func sum(_ bytes: Span<UInt8>, _ range: Range<Int>) -> UInt8 {
        range.reduce(0) { $0 &+ bytes[$1] }
    }

    /// A date of which the device is not sure is no stamp, but no reason to lose the reading.
    private static func stamp(_ bytes: Span<UInt8>, _ remarks: inout Remarks) -> RawTime {
        var field = ByteReader(bytes.extracting(6..<14))
        do throws(Malformed) {
            let year = try field.bcd() * 100 + field.bcd(), month = try field.bcd(), day = try field.bcd()
            let hour = try field.bcd(), minute = try field.bcd(), second = try field.bcd()
            let hundredths = try field.bcd()
            if let time = LocalTime(
                year, month, day, hour, minute, second, microsecond: hundredths * 10_000,
                // The layout has the place, but the device leaves it 0.
                decimals: hundredths == 0 ? 0 : 2)
            {
                return .clock(time)
            }
        } catch {}
        remarks.insert(.invalidTime)
        return .unknown
    }

    private static func clock(_ field: inout ByteReader) throws(Malformed) -> Reading {
        for (at, expected) in answer.enumerated() {
            let got = try field.u8()
            guard got == expected else { throw .header(at: at, got: got, expected: expected) }
        }
        let year = 2000 + Int(try field.u8()), month = Int(try field.u8()), day = Int(try field.u8())
        let hour = Int(try field.u8()), minute = Int(try field.u8()), second = Int(try field.u8())
        guard try field.u8() == end else { throw .invalid(at: 9, expected: .endOfFrame) }
        guard field.isAtEnd else { throw .length(got: 10 + field.remaining, expected: 10) }
        guard let time = LocalTime(year, month, day, hour, minute, second) else {
            return Reading(Values(), taken: .unknown, remarks: [.invalidTime])
        }
        return Reading(Values(), taken: .clock(time))
    }
}
