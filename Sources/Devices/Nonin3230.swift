import Core

extension Driver {
    /// Nonin 3230 and 3231, the fingertip oximeters with Bluetooth LE.
    ///
    /// They measure once a second while a finger is in. The first second that the device itself marks with SmartPoint
    /// is the spot check; once that is kept it is told that the measurement is complete, so that it may power off.
    ///
    /// The device wants a bond. As it is delivered (security mode 2) it makes a new one only within two minutes of the
    /// battery going in, which is the technician's to do; the driver never writes the security mode, never deletes
    /// bonds. Some firmware offers the standard service, too, which knows no SmartPoint; it is left alone.
    ///
    /// Sources: three independent public decoders (calebmgshort/Nonin3230Oximeter, and two read by their text).
    package static let nonin3230 = Driver(
        id: "nonin-3230", manufacturer: "Nonin", model: "3230", kind: .pulseOximeter, evidence: .specification,
        claims: [.advertised(name: "Nonin3230", service: nil), .advertised(name: "Nonin3231", service: nil)],
        endpoints: [Endpoint(.characteristic(Nonin3230.oximetry), Nonin3230.sample)],
        visit: .gatt { peer, report async throws(Fault) in
            try await Nonin3230.visit(peer, report) { readings async throws(Fault) in
                guard readings.contains(where: { $0.remarks.contains(.smartPoint) }) else { return }
                try await peer.writeIfAllowed(Nonin3230.measurementComplete, to: Nonin3230.controlPoint)
            }
        }, pairing: .freshBatteries, tellsOnce: true)
}

package enum Nonin3230 {
    package static let oximetry = BluetoothUUID(full: 0x0AAD7EA0_0D60_11E2_8E3C_0002A5D5C51B)
    static let controlPoint = BluetoothUUID(full: 0x1447AF80_0D60_11E2_88B6_0002A5D5C51B)
    /// The operation, and "NMI".
    static let measurementComplete: [UInt8] = [0x62, 0x4E, 0x4D, 0x49]

    /// The conversation; `kept` runs once readings are on disk.
    static func visit(
        _ peer: any Peer, _ report: any Report,
        kept: ([Reading]) async throws(Fault) -> Void = { (_: [Reading]) async throws(Fault) in }
    ) async throws(Fault) {
        try await peer.introduce(to: report)
        try await peer.subscribe(oximetry)
        try await peer.watch(
            report,
            sample: { update async throws(Fault) in
                guard update.characteristic == oximetry else { return nil }
                return OximetrySample(decoded(update.value, by: sample))
            }, kept: kept)
    }

    /// One second.
    ///
    ///     length  status  battery   pulse amplitude index  counter  SpO2  pulse
    ///     0A      u8      u8 0.1 V  u16 BE, 0.01 %         u16 BE   u8    u16 BE
    ///
    /// Status: bit 0 display in step, 1 weak signal, 2 SmartPoint, 3 searching, 4 finger placed correctly, 5 low
    /// battery, 6 link encrypted. SpO2 127 and pulse 511 mean that there is none. Voltage and counter have no quantity.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        let length = try field.u8()
        guard length == 10 else { throw .header(at: 0, got: length, expected: 10) }
        let status = try field.u8()
        try field.skip(1)
        let perfusion = Amount(Int32(try field.u16BE()), exponent: -2)
        try field.skip(2)
        let saturation = try field.u8(), pulse = try field.u16BE()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 10) }
        if status & 0x02 != 0 { remarks.insert(.poorSignal) }
        if status & 0x04 != 0 { remarks.insert(.smartPoint) }
        if status & 0x08 != 0 { remarks.insert(.signalAnalysisOngoing) }
        if status & 0x10 == 0 { remarks.insert(.sensorDisplaced) }
        if status & 0x20 != 0 { remarks.insert(.lowBattery) }
        if status & 0x80 != 0 { remarks.insert(.partlyDecoded) }
        return Reading(
            [
                Value(.oxygenSaturation, nonin(saturation: saturation), .percent),
                Value(.pulseOximeterRate, nonin(pulse: pulse), .perMinute),
                Value(.perfusionIndex, perfusion, .percent),
            ], taken: .now, remarks: remarks)
    }
}
