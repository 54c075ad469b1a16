import Core

extension Driver {
    /// Contec CMS50D+, and CMS50E and CMS50F of the same time, with the old protocol: 60 packets a second over their own
    /// USB-serial cable, unasked. Its memory is fetched once in a visit, when nobody's finger is in; see `fetch`.
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
                framing: .contecCMS50DPlus, framesPerSecond: 60, decode: ContecCMS50DPlus.live,
                whenUnworn: { line, report async throws(Fault) in try await ContecCMS50DPlus.fetch(line, report) })
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
        let sample = try FiveByteSample(bytes)
        var remarks = Remarks()
        if sample.status & 0x10 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if sample.more & 0x20 != 0 { remarks.insert(.signalAnalysisOngoing) }
        if sample.more & 0x10 != 0 { remarks.insert(.sensorMalfunctioning) }
        return Reading(values(sample.saturation, sample.pulse), taken: .now, remarks: remarks)
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
