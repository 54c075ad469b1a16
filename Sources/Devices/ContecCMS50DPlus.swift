import Core

extension Driver {
    /// Contec CMS50D+ with the old protocol: 60 packets a second over its own USB-serial cable, unasked.
    ///
    /// Its memory (command F5 F5) holds one recording without a date, which it keeps after a download. Fetched in every
    /// visit it would be reported again each time, and nothing could tell that it is the same; so it stays there, and
    /// nothing is ever written to the device.
    ///
    /// Source: atbrask/CMS50Dplus, with the bits as its own tests have them.
    package static let contecCMS50DPlus = Driver(
        id: "contec-cms50d-plus", manufacturer: "Contec", model: "CMS50D+", kind: .pulseOximeter,
        evidence: .specification, claims: [.talks(.contecCMS50DPlus, frames: 30)],
        endpoints: [
            Endpoint(.frames(.contecCMS50DPlus), ContecCMS50DPlus.live),
            Endpoint(.bytes("recorded"), ContecCMS50DPlus.recorded),
        ],
        visit: .line { line, report async throws(Fault) in
            let oximeter = LiveOximeter(
                framing: .contecCMS50DPlus, framesPerSecond: 60, decode: ContecCMS50DPlus.live)
            try await oximeter.watch(line, report)
        })
}

extension Framing {
    /// Only the first of the five bytes has bit 7.
    package static let contecCMS50DPlus = Framing("live", LineSettings(19200, parity: .odd), longest: 5) { bytes in
        .synchronised(bytes, size: 5, saturation: 4)
    }
}

package enum ContecCMS50DPlus {
    /// A sixtieth of a second.
    ///
    ///          7  6     5              4             3 … 0
    ///     0    1  beep  SpO2 dropping  finger out    signal strength
    ///     1    0  pulse waveform
    ///     2    0  PR7   searching      probe error   bar graph
    ///     3    0  PR6 … PR0
    ///     4    0  SpO2
    ///
    /// Saturation 0 or 127 and pulse 0 or 255 mean that there is none.
    package static func live(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        let status = try field.u8()
        guard status & 0x80 != 0 else { throw .invalid(at: 0, expected: .flagByte) }
        _ = try field.sevenBits()
        let more = try field.sevenBits()
        let pulse = (more & 0x40) << 1 | (try field.sevenBits()), saturation = try field.sevenBits()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 5) }
        var remarks = Remarks()
        if status & 0x10 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if more & 0x20 != 0 { remarks.insert(.signalAnalysisOngoing) }
        if more & 0x10 != 0 { remarks.insert(.sensorMalfunctioning) }
        return Reading(values(saturation, pulse), taken: .now, remarks: remarks)
    }

    /// A second of the recording in its memory.
    ///
    ///          7  6  5  4  3  2  1  0
    ///     0    1  1  1  1  0  0  0  PR7
    ///     1    1  PR6 … PR0
    ///     2    0  SpO2
    package static func recorded(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        let first = try field.u8()
        guard first & 0xFE == 0xF0 else { throw .header(at: 0, got: first, expected: 0xF0) }
        let second = try field.u8()
        guard second & 0x80 != 0 else { throw .invalid(at: 1, expected: .flagByte) }
        let saturation = try field.sevenBits()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 3) }
        return Reading(values(saturation, first << 7 | second & 0x7F), taken: .unknown, remarks: [.fromStorage])
    }

    private static func values(_ saturation: UInt8, _ pulse: UInt8) -> Values {
        func outcome(_ number: UInt8, isNone: Bool) -> Outcome {
            isNone ? .absent(.unknown) : .amount(Amount(Int32(number)))
        }
        var values = Values()
        values.append(
            Value(.oxygenSaturation, outcome(saturation, isNone: saturation == 0 || saturation == 127), .percent))
        values.append(Value(.pulseOximeterRate, outcome(pulse, isNone: pulse == 0 || pulse == 255), .perMinute))
        return values
    }
}
