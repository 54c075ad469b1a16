import Core

extension Driver {
    /// Nonin Onyx II 9560, WristOx2 3150, 4100 and OEM modules that are set to serial data format 8: four bytes a second,
    /// unasked, and never acknowledged.
    ///
    /// Source: Nonin 9560 OEM Specification and Technical Information (in mattjlewis/NoninPulseOx).
    package static let noninFormat8 = Driver(
        id: "nonin-format-8", manufacturer: "Nonin", model: "oximeter (serial format 8)",
        kind: .pulseOximeter, evidence: .specification, claims: [.talks(.noninFormat8Pair, frames: 2)],
        endpoints: [Endpoint(.frames(.noninFormat8), NoninFormat8.sample)],
        visit: .line { line, report async throws(Fault) in
            let oximeter = LiveOximeter(framing: .noninFormat8, framesPerSecond: 1, decode: NoninFormat8.sample)
            try await oximeter.watch(line, report)
        })
}

extension Framing {
    /// Only the first of the four bytes has bit 7.
    package static let noninFormat8 = Framing("format-8", LineSettings(9600), longest: 4) { bytes in
        .synchronised(bytes, size: 4, saturation: 2)
    }
}

extension Framing {
    /// Two seconds that agree, for a claim: what is reserved is 0, and the saturation has not jumped. Format 7 has no check
    /// value either; a row of its numbers can look like format 8, and would be read as somebody's saturation.
    fileprivate static let noninFormat8Pair = Framing("format-8", LineSettings(9600), longest: 8) { bytes in
        for at in [0, 4] {
            let rest = bytes.extracting(min(at, bytes.count)..<bytes.count)
            switch Cut.synchronised(rest, size: 4, saturation: 2) {
            case .frame(4) where rest[3] & 0x56 == 0: continue
            case .frame: return .noise(at + 4)
            case .noise(let count): return .noise(at + count)
            case .filler, .more: return .more
            }
        }
        return max(bytes[2], bytes[6]) - min(bytes[2], bytes[6]) <= 4 ? .frame(8) : .noise(4)
    }
}

package enum NoninFormat8 {
    /// One second.
    ///
    ///          7  6         5             4           3                   2         1    0
    ///     0    1  sensor    out of track  no perf.    marginal perf.      artifact  HR8  HR7
    ///     1    0  HR6 … HR0
    ///     2    0  SpO2
    ///     3    0  reserved  SmartPoint    reserved    finger off          reserved       low battery
    ///
    /// Pulse 511 and saturation 127 mean that there is none. For ten seconds after the finger has left the device goes on
    /// sending the last numbers, with "finger off" set. Byte 0 bit 6 may be anything on the 9560; on other models it
    /// says that no sensor is plugged in, so it means that only beside a missing saturation.
    @inline(__always) package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        let status = try field.u8()
        guard status & 0x80 != 0 else { throw .invalid(at: 0, expected: .flagByte) }
        let pulse = UInt16(status & 3) << 7 | UInt16(try field.sevenBits())
        let saturation = try field.sevenBits(), more = try field.sevenBits()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 4) }

        var values = Values(), remarks = Remarks()
        values.append(Value(.oxygenSaturation, nonin(saturation: saturation), .percent))
        values.append(Value(.pulseOximeterRate, nonin(pulse: pulse), .perMinute))
        if status & 0x40 != 0, saturation == 127 { remarks.insert(.sensorDisconnected) }
        if status & 0x20 != 0 { remarks.insert(.inadequateSignal) }
        if status & 0x18 != 0 { remarks.insert(.lowPerfusion) }
        if status & 0x04 != 0 { remarks.insert(.artifact) }
        if more & 0x20 != 0 { remarks.insert(.smartPoint) }
        if more & 0x08 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if more & 0x01 != 0 { remarks.insert(.lowBattery) }
        return Reading(consume values, taken: .now, remarks: remarks)
    }
}

/// Nonin's way to say a saturation in seven bits.
func nonin(saturation: UInt8) -> Outcome {
    saturation == 127 ? .absent(.unknown) : .amount(Amount(Int32(saturation)))
}

/// Nonin's way to say a pulse in nine bits.
func nonin(pulse: UInt16) -> Outcome {
    pulse == 511 ? .absent(.unknown) : .amount(Amount(Int32(pulse)))
}

extension ByteReader {
    /// A byte of a stream that marks only its first byte with bit 7.
    mutating func sevenBits() throws(Malformed) -> UInt8 {
        let at = offset, byte = try u8()
        guard byte & 0x80 == 0 else { throw .invalid(at: at, expected: .dataByte) }
        return byte
    }
}

extension Cut {
    /// A frame of `size` bytes, of which only the first has bit 7, with a saturation that is 0 to 100, or 127 for none.
    static func synchronised(_ bytes: Span<UInt8>, size: Int, saturation: Int) -> Cut {
        guard bytes.count > 0 else { return .more }
        guard bytes[0] & 0x80 != 0 else { return .noise(1) }
        for at in 1..<max(1, min(size, bytes.count)) where bytes[at] & 0x80 != 0 { return .noise(at) }
        guard bytes.count >= size else { return .more }
        return bytes[saturation] <= 100 || bytes[saturation] == 127 ? .frame(size) : .noise(size)
    }
}
