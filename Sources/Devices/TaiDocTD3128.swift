import Core

extension Driver {
    /// TaiDoc TD-3128 and FORA P30 Plus, P20: upper-arm blood pressure with up to four users. See `TaiDoc`.
    ///
    /// Sources: advmeds-service/advmeds-bluetooth-lib; weliem/LivecareBluetoothSDK `ForaBPP20`; notes on
    /// FORA's own program (public file 55992134670).
    package static let taiDocTD3128 = Driver(
        id: "taidoc-td3128", manufacturer: "TaiDoc", model: "TD-3128", kind: .bloodPressure, evidence: .specification,
        claims: [
            .advertised(name: "TAIDOC TD3128", service: nil), .advertised(name: "FORA P30", service: nil),
            .advertised(name: "FORA P20", service: nil),
        ],
        endpoints: [Endpoint(.bytes("taidoc-blood-pressure"), TaiDoc.bloodPressure)],
        visit: .gatt { peer, report async throws(Fault) in
            try await TaiDoc.visit(peer, report, users: 1...4, TaiDoc.bloodPressure)
        }, disguise: .taiDoc)
}

extension TaiDoc {
    /// A record, as its two answers.
    ///
    ///     51 25  date  minute  hour  A5 sum    51 26  systolic  ?   diastolic  pulse  A5 sum
    ///            u16   u8      u8                     u8        u8  u8         u8
    ///
    /// Of the byte behind the systolic pressure one source says that it is its high byte, another that it is the mean.
    /// The two cannot be mistaken for each other: no mean is 1, and no systolic pressure is beyond 511. Above the
    /// minute, bit 7 says that it is a blood pressure (models that measure glucose, too, clear it), bit 6 an irregular
    /// pulse.
    package static func bloodPressure(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var remarks: Remarks = [.fromStorage]
        let record = try record(bytes, &remarks), result = record.result
        if record.minuteBits & 1 != 0 { remarks.insert(.irregularPulse) }
        if record.hourBits != 0 { remarks.insert(.partlyDecoded) }
        let high = Int32(result[1]) == 1 ? 256 : 0 as Int32
        var values: Values = [
            Value(.systolic, zeroIsNone(high + Int32(result[0])), .millimetreOfMercury),
            Value(.diastolic, zeroIsNone(Int32(result[2])), .millimetreOfMercury),
        ]
        if result[1] > 1 { values.append(Value(.meanPressure, Amount(Int32(result[1])), .millimetreOfMercury)) }
        values.append(Value(.pulseRate, zeroIsNone(Int32(result[3])), .perMinute))
        return Reading(values, taken: record.taken, remarks: remarks)
    }
}
