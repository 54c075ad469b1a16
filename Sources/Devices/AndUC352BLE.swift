import Core

extension Driver {
    /// A&D UC-352BLE, weight scale, with the standard service (0x181D), or as older firmware has it with one of A&D's own in its
    /// place. The conversation is the family's: see `AndBLE`.
    ///
    /// Sources: public drivers for the model (obniz/obniz, openScale); Weight Scale Service 1.0; for the older firmware
    /// weliem/LivecareBluetoothSDK `AD_SCALE_UC_352BLE` and public file 22514661649.
    package static let andUC352BLE = Driver(
        id: "and-uc352ble", manufacturer: "A&D", model: "UC-352BLE", kind: .scale, evidence: .specification,
        claims: [.advertised(name: "A&D_UC-352BLE", service: nil)],
        endpoints: [
            Endpoint(.characteristic(0x2A9D), WeightScale.measurement),
            Endpoint(.characteristic(AndUC352BLE.older), AndUC352BLE.weighing),
        ],
        visit: .gatt { peer, report async throws(Fault) in
            try await AndBLE.visit(
                peer, report, 0x2A9D, WeightScale.measurement, older: (AndUC352BLE.older, AndUC352BLE.weighing))
        }, pairing: .buttonBeneath)
}

package enum AndUC352BLE {
    static let older = BluetoothUUID(full: 0x23434101_1FE4_1EFF_80CB_00FF78297D8B)

    /// A weighing, as older firmware sends it.
    ///
    ///     flags  weight  [date time]
    ///     u8     u16 LE  7 bytes          flags: bit 0 pounds instead of kilograms, 1 the stamp
    ///            0.1
    package static func weighing(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1111_1100)
        let weight = Amount(Int32(try field.u16()), exponent: -1)
        let taken = flags & 2 != 0 ? try field.dateTime(&remarks) : .now
        field.remarkTrailing(in: &remarks)
        return Reading([Value(.bodyWeight, weight, .mass(flags & 1 != 0))], taken: taken, remarks: remarks)
    }
}
