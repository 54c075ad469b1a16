import Core

extension Driver {
    /// TaiDoc TD-1241, TD-1261, TD-1035 and FORA IR20, IR40, IR42: infrared thermometers. See `TaiDoc`.
    ///
    /// Sources: advmeds-service/advmeds-bluetooth-lib; weliem/LivecareBluetoothSDK `ForaThermometer`.
    package static let taiDocIR = Driver(
        id: "taidoc-ir", manufacturer: "TaiDoc", model: "IR thermometer", kind: .thermometer, evidence: .specification,
        claims: [
            .advertised(name: "TAIDOC TD1241", service: nil), .advertised(name: "TAIDOC TD1261", service: nil),
            .advertised(name: "TAIDOC TD1035", service: nil), .advertised(name: "FORA IR", service: nil),
        ],
        endpoints: [Endpoint(.bytes("taidoc-temperature"), TaiDoc.temperature)],
        visit: .gatt { peer, report async throws(Fault) in
            try await TaiDoc.visit(peer, report, TaiDoc.temperature)
        }, disguise: .taiDoc)
}

extension TaiDoc {
    /// A record, as its two answers.
    ///
    ///     51 25  date  minute  hour  A5 sum    51 26  temperature  ?    A5 sum
    ///            u16   u8      u8                     u16 LE       u16
    ///
    /// From 1000 on it counts hundredths of a degree Celsius, below that tenths: no living person is at 100 °C or at 10
    /// °C. What was measured (ear, forehead, an object) is not told in any way that is public. So it is a body
    /// temperature only while nothing speaks against it: where a spare bit of the stamp or the two unknown bytes are
    /// set, the value is given with the remark that not all is decoded.
    package static func temperature(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var remarks: Remarks = [.fromStorage]
        let record = try record(bytes, &remarks), result = record.result
        let count = Int32(result[0]) | Int32(result[1]) << 8
        if record.minuteBits != 0 || record.hourBits != 0 || result[2] != 0 || result[3] != 0 {
            remarks.insert(.partlyDecoded)
        }
        return Reading(
            [Value(.bodyTemperature, zeroIsNone(count, exponent: count >= 1000 ? -2 : -1), .celsius)],
            taken: record.taken, remarks: remarks)
    }
}
