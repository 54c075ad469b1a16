import Core

extension Driver {
    /// AndesFit ADF-B22, a pocket spirometer that counts its new measurements and gives them when asked. It is put off with
    /// its last command only once they are kept.
    ///
    /// Source: weliem/LivecareBluetoothSDK, `SpirometerAndesFit`, which quotes two measurements that a device sent.
    package static let andesFitADFB22 = Driver(
        id: "andesfit-adf-b22", manufacturer: "AndesFit", model: "ADF-B22", kind: .spirometer, evidence: .captured,
        claims: [.advertised(name: "BLE-MSA", service: nil)],
        endpoints: [Endpoint(.characteristic(0xFF0A), all: AndesFitADFB22.blows)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            try await AndesFitADFB22.visit(GATTLine(peer, to: 0xFF0B, from: 0xFF0A), report)
        })
}

/// The conversation, in whole notifications:
///
///     55 06        are you ready?      AA 06 00   once somebody has blown; silence before that
///     55 01        how many?           AA 01  ?  count
///     55 02 n 00   the first n         DD  n × 8 bytes
///     55 03        off                 AA 03 00
package enum AndesFitADFB22 {
    fileprivate static func visit(_ line: GATTLine, _ report: any Report) async throws(Fault) {
        // Half a minute of asking twice a second; whoever blows later is visited again.
        for _ in 0..<60 {
            guard try await answer(line, [0x55, 0x06], [0xAA, 0x06, 0x00], within: .milliseconds(500)) != nil else {
                continue
            }
            guard let counted = try await answer(line, [0x55, 0x01], [0xAA, 0x01]), counted.count > 3 else {
                throw .device(.silent)
            }
            let count = Int(counted[3])
            if count > 0 {
                guard var blows = try await answer(line, [0x55, 0x02, counted[3], 0x00], [0xDD]) else {
                    throw .device(.silent)
                }
                var told = 0
                while told < count {
                    for start in stride(from: 1, through: blows.count - 8, by: 8) {
                        try await report(decoded(Array(blows.dropFirst(start).prefix(8)), by: blow))
                        told += 1
                    }
                    // A torn one is in the device alone, which is not put off then.
                    guard blows.count % 8 == 1 else {
                        throw .device(.malformed(.length(got: blows.count, expected: blows.count / 8 * 8 + 1)))
                    }
                    guard told < count else { break }
                    guard case .bytes(let more) = try await line.read(within: .seconds(2)), more.first == 0xDD,
                        more.count > 1
                    else { throw .device(.silent) }
                    blows = more
                }
            }
            return try await line.write([0x55, 0x03])
        }
    }

    /// The notification that answers; nil where none comes in time.
    private static func answer(
        _ line: GATTLine, _ request: [UInt8], _ head: [UInt8], within time: Duration = .seconds(3)
    ) async throws(Fault) -> [UInt8]? {
        try await line.write(request)
        for _ in 0..<8 {
            guard case .bytes(let bytes) = try await line.read(within: time) else { return nil }
            if bytes.starts(with: head) { return bytes }
        }
        return nil
    }

    /// The blows of a notification: `DD`, and eight bytes for each.
    package static func blows(_ bytes: Span<UInt8>) throws(Malformed) -> [Reading] {
        guard bytes.count > 0 else { throw .truncated(at: 0, need: 1, have: 0) }
        guard bytes[0] == 0xDD else { throw .header(at: 0, got: bytes[0], expected: 0xDD) }
        guard bytes.count % 8 == 1 else { throw .length(got: bytes.count, expected: bytes.count / 8 * 8 + 1) }
        var blows: [Reading] = []
        for start in stride(from: 1, to: bytes.count, by: 8) {
            blows.append(try blow(bytes.extracting(start..<start + 8)))
        }
        return blows
    }

    /// One blow.
    ///
    ///     seconds since 1970, on the device's own local clock   FEV1          PEF
    ///     u32 LE                                                u16 LE, cL    u16 LE, L/min
    package static func blow(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 8 else { throw .length(got: bytes.count, expected: 8) }
        var field = ByteReader(bytes), remarks: Remarks = [.fromStorage]
        let seconds = Int(try field.u32())
        let volume = Int32(try field.u16()), flow = Int32(try field.u16())
        let taken = seconds == 0 ? nil : LocalTime(seconds: seconds)
        if taken == nil, seconds != 0 { remarks.insert(.invalidTime) }
        return Reading(
            [
                Value(.forcedVolume1s, zeroIsNone(volume, exponent: -2), .litre),
                Value(.peakExpiratoryFlow, zeroIsNone(flow), .litrePerMinute),
            ], taken: taken.map { .clock($0) } ?? .unknown, remarks: remarks)
    }
}
