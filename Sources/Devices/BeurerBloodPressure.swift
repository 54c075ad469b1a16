import Core

extension Driver {
    /// Beurer BM77, upper-arm blood pressure for two users: the standard service, to the letter but for two bits of
    /// status that say whether the person had rested, and stay undecoded.
    ///
    /// Source: Beurer, BM77 data transmission protocol rev01 (in wha-digital/innovasive_flutter_beurer_ble).
    package static let beurerBM77 = Driver(
        id: "beurer-bm77", manufacturer: "Beurer", model: "BM77", kind: .bloodPressure, evidence: .captured,
        claims: [.advertised(name: "BM77", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A35), BloodPressure.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await BloodPressure.visit(peer, report, BloodPressure.measurement, pause: .seconds(1))
        })

    /// Beurer BM85 and its relatives BM48, BM59 and Elite 900, which turn some numbers of the standard measurement
    /// round. One that is asked for indications at once stays silent, so it is left alone for a second.
    ///
    /// Source: derdilla/blood-pressure-monitor-fl, measurements that a BM85 sent.
    package static let beurerBM85 = Driver(
        id: "beurer-bm85", manufacturer: "Beurer", model: "BM85", kind: .bloodPressure, evidence: .captured,
        claims: [
            .advertised(name: "BM85", service: nil), .advertised(name: "BM48", service: nil),
            .advertised(name: "BM59", service: nil), .advertised(name: "ELITE900", service: nil),
        ],
        endpoints: [Endpoint(.characteristic(0x2A35), BeurerBloodPressure.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await BloodPressure.visit(peer, report, BeurerBloodPressure.measurement, pause: .seconds(1))
        })
}

package enum BeurerBloodPressure {
    /// Blood Pressure Measurement (0x2A35) as the BM85 understands it.
    ///
    ///     flags  systolic  diastolic  mean    date time  pulse      user  status
    ///     56     SFLOAT    SFLOAT     SFLOAT  7 bytes    SFLOAT BE  u8    u16 BE
    ///
    /// Bit 6 of the flags, which is reserved, tells it from the standard's. A user is there without the flag for one,
    /// and pulse and status have their high byte first. Status bits from 6 on are the maker's own. Its clock's seconds
    /// are always 0.
    package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        guard try field.u8() == 0x56 else { return try BloodPressure.measurement(bytes) }
        guard bytes.count == 19 else { throw .length(got: bytes.count, expected: 19) }
        var plain = bytes.array(0, 19)
        plain[0] = 0x1E
        plain.swapAt(14, 15)
        plain.swapAt(17, 18)
        return try BloodPressure.measurement(plain.span)
    }
}
