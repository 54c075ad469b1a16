import Core

extension Driver {
    /// Wellue (Viatom) O2Ring as it was before the O2Ring S, which speaks another protocol and lacks this service.
    ///
    /// It says nothing unasked, and is asked once a second what it measures. What it stored overnight stays on it:
    /// files in its memory, of which no public bytes are known.
    ///
    /// Sources: home-health-hub/viatom-o2ring-ble, which compares five others; ecostech/viatom-ble.
    package static let wellueO2Ring = Driver(
        id: "wellue-o2ring", manufacturer: "Wellue", model: "O2Ring", kind: .pulseOximeter, evidence: .specification,
        claims: [.advertised(name: "O2Ring", service: nil)],
        endpoints: [Endpoint(.frames(.wellueO2Ring), WellueO2Ring.sample)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            let line = try await GATTLine(peer, to: WellueO2Ring.toDevice, from: WellueO2Ring.fromDevice)
            var frames = Frames(.wellueO2Ring), hasToldBattery = false
            defer { report.tellGaps(of: &frames) }
            try await peer.poll(report) { () async throws(Fault) in
                let answer = try await line.ask(WellueO2Ring.request(0x1B), &frames) { _ in true }
                guard let answer else { return nil }
                let sample = decoded(answer, by: WellueO2Ring.sample)
                let battery = sample.values.filter { $0.quantity == .batteryCharge && $0.amount != nil }
                if !hasToldBattery, !battery.isEmpty {
                    hasToldBattery = true
                    try await report(Reading(Values(battery), taken: .now, bytes: answer))
                }
                return OximetrySample(sample)
            }
        }, tellsOnce: true)
}

extension Framing {
    /// `55 status ~status block length data… crc`: block and length u16 LE, CRC-8 (07) of all before it.
    package static let wellueO2Ring = Framing("o2ring", longest: 8 + 512) { bytes in
        guard bytes.count > 0 else { return .more }
        guard bytes[0] == 0x55 else { return .noise(1) }
        guard bytes.count > 2 else { return .more }
        guard bytes[1] == ~bytes[2] else { return .noise(1) }
        guard bytes.count > 6 else { return .more }
        let size = 8 + Int(bytes[5]) + Int(bytes[6]) << 8
        guard size <= 520 else { return .noise(1) }
        guard bytes.count >= size else { return .more }
        let frame = bytes.array(0, size)
        return CheckSum.crc8(frame.dropLast()) == frame[size - 1] ? .frame(size) : .noise(1)
    }
}

package enum WellueO2Ring {
    static let toDevice = BluetoothUUID(full: 0x8B00ACE7_EB0B_49B0_BBE9_9AEE0A26E1A3)
    static let fromDevice = BluetoothUUID(full: 0x0734594A_A8E7_4B1A_A6B1_CD5243059A57)

    /// `AA command ~command block length crc`, without data.
    static func request(_ command: UInt8) -> [UInt8] {
        let bytes = [0xAA, command, ~command, 0, 0, 0, 0]
        return bytes + [CheckSum.crc8(bytes)]
    }

    /// The answer to 1B, what it measures now.
    ///
    ///     55  00  FF  0000  length  SpO2  pulse   battery  charging  perfusion  worn  …  waveform  crc
    ///                       u16 LE  u8    u16 LE  u8 %     u8        u8, ?      u8       u16 LE, …
    ///
    /// Saturation 0 is a ring that still searches, 255 one without a finger. The scale of its perfusion is not public,
    /// so that stays undecoded.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        let mark = try field.u8(), status = try field.u8()
        guard mark == 0x55 else { throw .header(at: 0, got: mark, expected: 0x55) }
        guard status == 0 else { throw .invalid(at: 1, expected: .knownType) }
        try field.skip(3)
        let length = Int(try field.u16())
        guard bytes.count == 8 + length else { throw .length(got: bytes.count, expected: 8 + length) }
        let crc = CheckSum.crc8(bytes.array(0, bytes.count - 1)), sent = bytes[bytes.count - 1]
        guard sent == crc else {
            throw .checksum(at: bytes.count - 1, got: UInt16(sent), expected: UInt16(crc))
        }
        let saturation = try field.u8(), pulse = try field.u16(), battery = try field.u8()
        try field.skip(2)
        if try field.u8() != 1 { remarks.insert(.sensorUnconnectedToUser) }
        return Reading(
            [
                Value(
                    .oxygenSaturation, saturation == 255 ? .absent(.unknown) : zeroIsNone(Int32(saturation)), .percent),
                Value(.pulseOximeterRate, pulse >= 0xFF ? .absent(.unknown) : zeroIsNone(Int32(pulse)), .perMinute),
                Value(.batteryCharge, battery <= 100 ? .amount(Amount(Int32(battery))) : .absent(.error), .percent),
            ], taken: .now, remarks: remarks)
    }
}
