import Core

extension Driver {
    /// TaiDoc TD-2555 and FORA W600, TNG scale. See `TaiDoc`.
    ///
    /// Sources: a program of FORA's that reads the family (public file 15473981648);
    /// advmeds-service/advmeds-bluetooth-lib (its decoder of the TD-25 family); weliem/LivecareBluetoothSDK
    /// `ForaScale`.
    package static let taiDocTD2555 = Driver(
        id: "taidoc-td2555", manufacturer: "TaiDoc", model: "TD-2555", kind: .scale, evidence: .specification,
        claims: [
            .advertised(name: "TAIDOC TD2555", service: nil), .advertised(name: "FORA W600", service: nil),
            .advertised(name: "TNG SCALE", service: nil),
        ],
        endpoints: [Endpoint(.frames(.taiDocScale), TaiDoc.weighing)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.discover()
            var meter = try await TaiDoc.Meter(peer, .taiDocScale)
            defer { report.tellGaps(of: &meter.frames) }
            try await meter.introduce(to: report)
            try await meter.fetchWeighings(report)
            try await meter.end(report)
        }, disguise: .taiDoc)
}

extension TaiDoc.Meter {
    /// Reports every weighing, oldest first.
    fileprivate mutating func fetchWeighings(_ report: any Report) async throws(Fault) {
        guard let answer = try await ask(TaiDoc.request(0x2B, 1)) else { throw .device(.silent) }
        let count = UInt16(answer[2]) | UInt16(answer[3]) << 8
        var undated = UndatedRecords()
        for index in (0..<min(count, 2000)).reversed() {
            let request = [0x51, 0x71, 0x02, UInt8(truncatingIfNeeded: index), UInt8(index >> 8), 0xA3]
            guard let weighing = try await ask(request + [CheckSum.sum(request)]) else { throw .device(.silent) }
            try await report(undated.numbered(decoded(weighing, by: TaiDoc.weighing)))
        }
    }
}

extension Framing {
    /// The meters' frames, and the record of a scale (71), whose third byte counts its data.
    package static let taiDocScale = Framing("taidoc-scale", longest: 5 + 255) { bytes in
        guard bytes.count > 2, bytes[0] == 0x51, bytes[1] == 0x71 else { return .taiDoc(bytes, size: 8) }
        return .taiDoc(bytes, size: 5 + Int(bytes[2]))
    }
}

extension TaiDoc {
    /// The answer to 71.
    ///
    ///     51  71  length  ?  year month day hour minute  user  sex  height  …  age  …  weight  …  BMI     …    A5  sum
    ///     0   1   2       3  4    5     6   7   8        9     10   11         14      16         20
    ///                                                          u8 cm                   u16 BE     u16 BE
    ///                                                                                  0.1 kg     0.1
    ///
    /// Of fat, muscle, bone and water (24 to 30 of the longer form) no public source says whether they are percent or
    /// kilograms; they stay undecoded.
    package static func weighing(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count > 2 else { throw .truncated(at: 0, need: 3, have: bytes.count) }
        for (at, mark) in [UInt8(0x51), 0x71].enumerated() where bytes[at] != mark {
            throw .header(at: at, got: bytes[at], expected: mark)
        }
        let size = 5 + Int(bytes[2])
        guard bytes.count == size else { throw .length(got: bytes.count, expected: size) }
        let sum = CheckSum.sum(bytes.array(0, size - 1))
        guard bytes[size - 1] == sum else {
            throw .checksum(at: size - 1, got: UInt16(bytes[size - 1]), expected: UInt16(sum))
        }
        guard size >= 32 else { throw .truncated(at: size, need: 32 - size, have: 0) }
        var remarks: Remarks = [.fromStorage]
        func number(at place: Int) -> Int32 { Int32(bytes[place]) << 8 | Int32(bytes[place + 1]) }
        var values: Values = [
            Value(.bodyWeight, zeroIsNone(number(at: 16), exponent: -1), .kilogram),
            Value(.bodyHeight, zeroIsNone(Int32(bytes[11])), .centimetre),
        ]
        if number(at: 20) != 0 {
            values.append(Value(.bodyMassIndex, Amount(number(at: 20), exponent: -1), .kilogramPerSquareMetre))
        }
        if bytes.array(22, size - 24).contains(where: { $0 != 0 }) { remarks.insert(.partlyDecoded) }
        let time = LocalTime(
            2000 + Int(bytes[4]), Int(bytes[5]), Int(bytes[6]), Int(bytes[7]), Int(bytes[8]), 0)
        if time == nil, bytes[5] != 0 { remarks.insert(.invalidTime) }
        return Reading(
            values, taken: time.map { .clock($0) } ?? .unknown, user: Int(bytes[9]), remarks: remarks)
    }
}
