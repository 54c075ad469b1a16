import Core

extension Driver {
    /// TaiDoc TD-8255 and FORA's fingertip oximeter of the same board. See `TaiDoc`. It is asked once a second what it
    /// measures.
    ///
    /// Sources: advmeds-service/advmeds-bluetooth-lib; weliem/LivecareBluetoothSDK `TaiDocSpo2`, `ForaSpO2`.
    package static let taiDocTD8255 = Driver(
        id: "taidoc-td8255", manufacturer: "TaiDoc", model: "TD-8255", kind: .pulseOximeter, evidence: .specification,
        claims: [.advertised(name: "TAIDOC TD8255", service: nil), .advertised(name: "TNG SPO2", service: nil)],
        endpoints: [Endpoint(.frames(.taiDoc), TaiDoc.oximetry)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.discover()
            var meter = try await TaiDoc.Meter(peer)
            defer { report.tellGaps(of: &meter.frames) }
            try await meter.introduce(to: report)
            try await peer.poll(report) { () async throws(Fault) in
                let answer = try await meter.ask(TaiDoc.request(0x49))
                return answer.map { OximetrySample(decoded($0, by: TaiDoc.oximetry)) }
            }
        }, disguise: .taiDoc, tellsOnce: true)
}

extension TaiDoc {
    /// The answer to 49, what it measures now: `51 49 SpO2 ? ? pulse A5 sum`. Nought is a number that it does not have.
    package static func oximetry(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 8 else { throw .length(got: bytes.count, expected: 8) }
        for (at, mark) in [UInt8(0x51), 0x49].enumerated() where bytes[at] != mark {
            throw .header(at: at, got: bytes[at], expected: mark)
        }
        let sum = CheckSum.sum(bytes.array(0, 7))
        guard bytes[7] == sum else { throw .checksum(at: 7, got: UInt16(bytes[7]), expected: UInt16(sum)) }
        return Reading(
            [
                Value(.oxygenSaturation, zeroIsNone(Int32(bytes[2])), .percent),
                Value(.pulseOximeterRate, zeroIsNone(Int32(bytes[5])), .perMinute),
            ], taken: .now)
    }
}
