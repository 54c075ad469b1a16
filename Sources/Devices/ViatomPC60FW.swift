import Core

extension Driver {
    /// Viatom (Creative) PC-60FW, also sold as Wellue and "OxySmart": a fingertip oximeter that talks, unasked, through
    /// Nordic's UART service, frames cut anywhere.
    ///
    /// Sources: sycophantic/pc60fw_pulseox, raw_data.txt (what a device sent); sza2/viatom_pc60fw.
    package static let viatomPC60FW = Driver(
        id: "viatom-pc60fw", manufacturer: "Viatom", model: "PC-60FW", kind: .pulseOximeter, evidence: .captured,
        claims: [.advertised(name: "PC-60F", service: nil), .advertised(name: "OxySmart", service: nil)],
        endpoints: [Endpoint(.frames(.viatomPC60FW), all: ViatomPC60FW.samples)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            let line = try await GATTLine(peer, to: ViatomPC60FW.toDevice, from: ViatomPC60FW.fromDevice)
            let oximeter = LiveOximeter(
                framing: .viatomPC60FW, framesPerSecond: 1, decode: ViatomPC60FW.sample,
                isSample: { ViatomPC60FW.isSample($0.span) })
            try await oximeter.watch(line, report)
        }, tellsOnce: true)
}

extension Framing {
    /// `AA 55 token length type data… crc`: the length counts type, data and the CRC-8 (Maxim) of all before it.
    package static let viatomPC60FW = Framing("pc-60fw", longest: 4 + 64) { bytes in
        for (at, mark) in [UInt8(0xAA), 0x55].enumerated() {
            guard at < bytes.count else { return .more }
            if bytes[at] != mark { return .noise(max(1, at)) }
        }
        guard bytes.count > 3 else { return .more }
        let size = 4 + Int(bytes[3])
        guard 6...68 ~= size else { return .noise(2) }
        guard bytes.count >= size else { return .more }
        let frame = bytes.array(0, size)
        return CheckSum.crc8Maxim(frame.dropLast()) == frame[size - 1] ? .frame(size) : .noise(2)
    }
}

package enum ViatomPC60FW {
    static let toDevice = BluetoothUUID(full: 0x6E400002_B5A3_F393_E0A9_E50E24DCCA9E)
    static let fromDevice = BluetoothUUID(full: 0x6E400003_B5A3_F393_E0A9_E50E24DCCA9E)

    static func isSample(_ frame: Span<UInt8>) -> Bool { frame.count > 4 && frame[2] == 0x0F && frame[4] == 0x01 }

    /// The sample in a frame; none in what else the device sends.
    package static func samples(_ bytes: Span<UInt8>) throws(Malformed) -> [Reading] {
        if case .frame(bytes.count) = Framing.viatomPC60FW.cut(bytes), !isSample(bytes) { return [] }
        return [try sample(bytes)]
    }

    /// One second.
    ///
    ///     AA 55  0F  08  01  SpO2  pulse   perfusion  status  ?   crc
    ///                        u8    u16 LE  u8, 0.1 %  u8      C0
    ///
    /// Saturation and pulse 0 mean that there is none, and so does perfusion 0, which the device sends until it knows.
    /// No public source says what the bits of status mean; a set one is remarked as not decoded. Token 0F, type 02 is
    /// the waveform, type 21 a state, token F0 the battery in thirds.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        for (at, mark) in [UInt8(0xAA), 0x55, 0x0F, 0x08, 0x01].enumerated() {
            let byte = try field.u8()
            guard byte == mark else { throw .header(at: at, got: byte, expected: mark) }
        }
        let saturation = try field.u8(), pulse = try field.u16(), perfusion = try field.u8()
        if try field.u8() != 0 { remarks.insert(.partlyDecoded) }
        try field.skip(1)
        let crc = try field.u8()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 12) }
        let expected = CheckSum.crc8Maxim(bytes.array(0, 11))
        guard crc == expected else { throw .checksum(at: 11, got: UInt16(crc), expected: UInt16(expected)) }
        return Reading(
            [
                Value(.oxygenSaturation, zeroIsNone(Int32(saturation)), .percent),
                Value(.pulseOximeterRate, zeroIsNone(Int32(pulse)), .perMinute),
                Value(.perfusionIndex, zeroIsNone(Int32(perfusion), exponent: -1), .percent),
            ], taken: .now, remarks: remarks)
    }
}

/// An amount, of which 0 says that there is none.
func zeroIsNone(_ number: Int32, exponent: Int8 = 0) -> Outcome {
    number == 0 ? .absent(.unknown) : .amount(Amount(number, exponent: exponent))
}
