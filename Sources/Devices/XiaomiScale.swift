import Core

extension Driver {
    /// Xiaomi Mi Smart Scale 2 and Mi Body Composition Scale 2, which say each weighing in their advertisements. No
    /// medical devices, and every reading says so.
    ///
    /// A weighing is told again and again until the next one; its stamp tells the repeats apart from a new one. Nobody
    /// connects, so nobody knows what the scale's clock shows now: a weighing is older than its arrival, no more.
    ///
    /// Sources: theengs/decoder, test_ble.cpp; Bluetooth-Devices/xiaomi-ble, test_parser.py.
    package static let xiaomiScale = Driver(
        id: "xiaomi-scale", manufacturer: "Xiaomi", model: "Mi Scale 2", kind: .scale, evidence: .captured,
        claims: [
            .advertised(name: "MI SCALE2", service: nil), .advertised(name: "MI_SCALE", service: nil),
            .advertised(name: "MIBCS", service: nil), .advertised(name: "MIBFS", service: nil),
        ],
        endpoints: [
            Endpoint(.bytes("xiaomi-181d"), XiaomiScale.weight),
            Endpoint(.bytes("xiaomi-181b"), XiaomiScale.composition),
        ],
        visit: .advertisement { advertisement, report async throws(Fault) in
            for (service, decode) in [(0x181D, XiaomiScale.weight), (0x181B, XiaomiScale.composition)]
                as [(UInt16, Decode)]
            {
                guard let data = advertisement.serviceData[BluetoothUUID(service)] else { continue }
                // Still settling, or stepped off: nothing is measured, or it was told before.
                guard XiaomiScale.isSettled(data, service) else { continue }
                try await report(decoded(data, by: decode))
            }
        })
}

package enum XiaomiScale {
    /// Service data of 181D.
    ///
    ///     flags  weight  date time
    ///     u8     u16 LE  7 bytes
    ///
    /// Flags: bit 0 pounds, 4 jin, 5 settled, 7 stepped off. Weight counts 0.005 kg, or 0.01 lb, or 0.01 jin, of which
    /// two are a kilogram.
    package static func weight(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 10 else { throw .length(got: bytes.count, expected: 10) }
        var field = ByteReader(bytes), remarks: Remarks = [.notMedicalDevice]
        let flags = try field.u8(), weight = try field.u16()
        let taken = try field.dateTime(&remarks)
        return Reading(
            [weighed(weight, isPounds: flags & 1 != 0, isSettled: flags & 0x20 != 0)], taken: taken, remarks: remarks)
    }

    /// Service data of 181B.
    ///
    ///     unit  flags  date time  impedance  weight
    ///     u8    u8     7 bytes    u16 LE     u16 LE
    ///
    /// Unit: bit 0 pounds, 4 jin. Flags: bit 1 the impedance was measured, 5 settled, 7 stepped off.
    package static func composition(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 13 else { throw .length(got: bytes.count, expected: 13) }
        var field = ByteReader(bytes), remarks: Remarks = [.notMedicalDevice]
        let unit = try field.u8(), flags = try field.u8()
        let taken = try field.dateTime(&remarks)
        let impedance = Int32(try field.u16()), weight = try field.u16()
        return Reading(
            [
                weighed(weight, isPounds: unit & 1 != 0, isSettled: flags & 0x20 != 0),
                Value(.bodyImpedance, flags & 2 != 0 ? ohms(impedance) : .absent(.notPerformed), .ohm),
            ], taken: taken, remarks: remarks)
    }

    /// FFFF, and whatever else is more than a body has, is the scale's way to say that it failed.
    private static func ohms(_ count: Int32) -> Outcome { count < 3000 ? zeroIsNone(count) : .absent(.error) }

    static func isSettled(_ data: [UInt8], _ service: UInt16) -> Bool {
        let at = service == 0x181D ? 0 : 1
        return data.count > at && data[at] & 0xA0 == 0x20
    }

    private static func weighed(_ count: UInt16, isPounds: Bool, isSettled: Bool) -> Value {
        guard isSettled else { return Value(.bodyWeight, absent: .unknown, isPounds ? .pound : .kilogram) }
        return isPounds
            ? Value(.bodyWeight, Amount(Int32(count), exponent: -2), .pound)
            : Value(.bodyWeight, Amount(Int32(count) * 5, exponent: -3), .kilogram)
    }
}
