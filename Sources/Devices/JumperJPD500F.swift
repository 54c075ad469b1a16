import Core

extension Driver {
    /// Jumper JPD-500F, a fingertip oximeter that notifies of a waveform and, about once a second, of its numbers. No
    /// bond.
    ///
    /// Sources: obniz/obniz `PLS_01BT` (the same board under another name); weliem/LivecareBluetoothSDK `JumperSPO2`.
    package static let jumperJPD500F = Driver(
        id: "jumper-jpd500f", manufacturer: "Jumper", model: "JPD-500F", kind: .pulseOximeter,
        evidence: .specification, claims: [.advertised(name: "My Oximeter", service: nil)],
        endpoints: [Endpoint(.characteristic(JumperJPD500F.oximetry), JumperJPD500F.sample)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            try await peer.subscribe(JumperJPD500F.oximetry)
            try await peer.watch(report) { update async throws(Fault) in
                guard update.characteristic == JumperJPD500F.oximetry, update.value.first == 0x81 else { return nil }
                return OximetrySample(decoded(update.value, by: JumperJPD500F.sample))
            }
        }, tellsOnce: true)
}

package enum JumperJPD500F {
    package static let oximetry = BluetoothUUID(full: 0xCDEACB81_5235_4C07_8846_93A37EE6B86D)

    /// One second: `81 pulse SpO2 perfusion`, the last in 0.1 %. Pulse 255 and saturation 127 mean that there is none.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        let first = try field.u8()
        guard first == 0x81 else { throw .header(at: 0, got: first, expected: 0x81) }
        let pulse = try field.u8(), saturation = try field.u8(), perfusion = try field.u8()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 4) }
        let isNone = saturation == 127 || saturation == 0
        return Reading(
            [
                Value(.oxygenSaturation, isNone ? .absent(.unknown) : .amount(Amount(Int32(saturation))), .percent),
                Value(
                    .pulseOximeterRate, pulse == 255 || pulse == 0 ? .absent(.unknown) : .amount(Amount(Int32(pulse))),
                    .perMinute),
                Value(.perfusionIndex, zeroIsNone(Int32(perfusion), exponent: -1), .percent),
            ], taken: .now)
    }
}
