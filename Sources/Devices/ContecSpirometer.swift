import Core

extension Driver {
    /// Contec SP10BT, SP70B and SP80B: hand-held spirometers whose memory is read test by test, each with its curve.
    ///
    /// Nothing that a device sent is public, so nobody knows whether the last byte of a record is its check byte, as it is
    /// with the oximeters of the same maker: a record where it is not is kept as it came.
    ///
    /// Sources: tikhonp/contec-spirometer-ios-app (commands, layouts); the link is that of `ContecRecords`; the names are
    /// those of the models in Contec's own library.
    package static let contecSpirometer = Driver(
        id: "contec-sp10", manufacturer: "Contec", model: "SP10BT, SP70B, SP80B", kind: .spirometer,
        evidence: .specification,
        claims: [
            .advertised(name: "SP10", service: nil), .advertised(name: "SP70B", service: nil),
            .advertised(name: "SP80B", service: nil),
        ],
        endpoints: [Endpoint(.frames(.contecSpirometer), ContecSpirometer.test)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            try await ContecSpirometer.visit(
                GATTLine(peer, to: ContecRecords.commands, from: ContecRecords.answers), report)
        },
        disguise: .frames(.contecSpirometer) { packet in
            // Sex, age and height, in the test and in what is predicted from them.
            let telling = packet[0] == 0xE1 ? 11..<15 : packet[0] == 0xE4 ? 1..<22 : 0..<0
            for at in telling { packet[at] = 0 }
            if !telling.isEmpty { packet[packet.count - 1] = CheckSum.sum(packet.dropLast()) & 0x7F }
        })
}

/// The conversation, in the order of the maker's library:
///
///     80 00        are you there?      F0
///     82           version             F2
///     94           predicted values    E4       somebody's age and height in litres; no measurement, and not kept
///     90 10        how many?           E0  count, 2 × 7 bits, low first
///     91 00 01     the first test      E1
///     92 00        its curve           E2
///     91 01 01     the next test       E1
///     91 7E 01     done, keep
///     83 …         set clock           F3
///
/// 91 7F, done and delete, and 93, delete all, are never sent.
package enum ContecSpirometer {
    fileprivate static func visit(_ line: GATTLine, _ report: any Report) async throws(Fault) {
        var frames = Frames(.contecSpirometer)
        defer { report.tellGaps(of: &frames) }
        for (request, answer) in [
            ([0x80, 0x00], 0xF0), (ContecRecords.packet(0x82), 0xF2), (ContecRecords.packet(0x94), 0xE4),
        ]
            as [([UInt8], UInt8)]
        {
            if try await line.ask(request, &frames, isAnswer: { $0.first == answer }) == nil, answer == 0xF0 {
                throw .device(.silent)
            }
        }
        let stored = try await line.ask([0x90, 0x10], &frames) { $0.first == 0xE0 }
        guard let stored else { throw .device(.silent) }
        let count = Int(stored[1] & 0x7F) | Int(stored[2] & 0x7F) << 7
        for index in 0..<count {
            let request = ContecRecords.packet(0x91, index == 0 ? 0x00 : 0x01, 0x01)
            // Half a test is not told: with its curve, in the next visit, it would be another.
            guard let record = try await line.ask(request, &frames, isAnswer: { $0.first == 0xE1 }),
                let curve = try await line.ask(
                    ContecRecords.packet(0x92, 0x00), &frames, within: .seconds(5), isAnswer: { $0.first == 0xE2 })
            else { throw .device(.silent) }
            try await report(decoded(record + curve, by: test))
        }
        if count > 0 { try await line.write(ContecRecords.packet(0x91, 0x7E, 0x01)) }
        guard let now = report.localTime else { return }
        let isSet = try await line.ask(ContecRecords.setClock(now), &frames) { $0.first == 0xF3 }
        if isSet == nil { throw .device(.silent) }
        try await report.clockWasSet(to: now)
    }
}

extension Framing {
    /// The first byte says how long a packet is; a curve's fourth and fifth, how many points follow. Only the first has
    /// bit 7.
    package static let contecSpirometer = Framing("contec-spirometer", longest: 5 + 8 * 2048) { bytes in
        guard bytes.count > 0 else { return .more }
        let size: Int
        switch bytes[0] {
        case 0xE0: size = 10
        case 0xE1: size = ContecSpirometer.record
        case 0xE2:
            guard bytes.count >= 5 else { return .more }
            let points = Int(bytes[3] & 0x7F) | Int(bytes[4] & 0x7F) << 7
            guard points <= 2048 else { return .noise(1) }
            size = 5 + 8 * points
        case 0xE4: size = 23
        case 0xF0: size = 2
        case 0xF2: size = 8
        case 0xF3: size = 3
        default: return .noise(1)
        }
        guard bytes.count >= size else { return .more }
        for at in 1..<size where bytes[at] & 0x80 != 0 { return .noise(at) }
        return .frame(size)
    }
}

extension ContecSpirometer {
    fileprivate static let record = 44

    /// A test, and its curve behind it where the device gave it. Numbers are 2 × 7 bits, low first.
    ///
    ///      0  E1  ?  kind  number  year month day hour minute second  sex age height  standard  drug
    ///                u8    3       5                                  11  12  13      15        16
    ///     17  FVC  FEV0.5  FEV1  FEV1/FVC  FEV3  FEV6  PEF   FEF25  FEF50  FEF75  FEF25-75  PEFT  EVOL  check
    ///         cL   cL      cL    0.1 %     cL    cL    cL/s  cL/s   cL/s   cL/s   cL/s      ?     ?     43
    ///     44  the curve: see `curve`
    ///
    /// Kind 0 and 1 are forced breaths out; what the other kinds (2 VC, 3 MVV, 4 MV) put into these places is not public.
    /// Nought is a number that it does not have.
    package static func test(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count > 0 else { throw .truncated(at: 0, need: 1, have: 0) }
        guard bytes[0] == 0xE1 else { throw .header(at: 0, got: bytes[0], expected: 0xE1) }
        guard bytes.count >= record else { throw .truncated(at: 0, need: record, have: bytes.count) }
        let sum = CheckSum.sum(bytes.array(0, record - 1)) & 0x7F
        guard bytes[record - 1] == sum else {
            throw .checksum(at: record - 1, got: UInt16(bytes[record - 1]), expected: UInt16(sum))
        }
        guard bytes[2] <= 1 else { throw .invalid(at: 2, expected: .knownType) }
        let points = bytes.count > record ? try curve(bytes.extracting(record..<bytes.count)) : []
        func number(_ at: Int) -> Int32 { Int32(bytes[at] & 0x7F) | Int32(bytes[at + 1] & 0x7F) << 7 }
        var values = Values(), remarks: Remarks = [.fromStorage]
        for (quantity, at, exponent, unit) in [
            (.forcedVitalCapacity, 17, -2, .litre), (.forcedVolume500ms, 19, -2, .litre),
            (.forcedVolume1s, 21, -2, .litre), (.ratioFEV1FVC, 23, -1, .percent), (.forcedVolume3s, 25, -2, .litre),
            (.forcedVolume6s, 27, -2, .litre), (.peakExpiratoryFlow, 29, -2, .litrePerSecond),
            (.forcedFlow25, 31, -2, .litrePerSecond), (.forcedFlow50, 33, -2, .litrePerSecond),
            (.forcedFlow75, 35, -2, .litrePerSecond), (.forcedFlow25To75, 37, -2, .litrePerSecond),
        ] as [(Quantity, Int, Int8, Unit)] where number(at) != 0 {
            values.append(Value(quantity, Amount(number(at), exponent: exponent), unit))
        }
        if values.isEmpty { values.append(Value(.forcedVolume1s, absent: .notPerformed, .litre)) }
        if bytes[16] != 0 { remarks.insert(.afterBronchodilator) }
        let curves = curves(of: points)
        if number(39) != 0 || number(41) != 0 || curves.isEmpty && points.count > 1 { remarks.insert(.partlyDecoded) }
        var field = ByteReader(bytes.extracting(5..<11))
        let taken = try field.calendar(&remarks)
        var reading = Reading(values, taken: taken, sequence: Int(number(3)), remarks: remarks)
        reading.curves = curves
        return reading
    }

    /// Flow and volume against time, where the points are at equal distances from the beginning on. Others stay with the raw
    /// bytes: to draw them anew would be to invent.
    private static func curves(of points: [Point]) -> [Curve] {
        let times = points.map(\.time.mantissa)
        guard times.count > 1, times[1] > times[0], times[0] == 0 || times[0] == times[1] - times[0] else { return [] }
        let step = times[1] - times[0]
        guard zip(times, times.dropFirst()).allSatisfy({ $1 - $0 == step }) else { return [] }
        let period = Duration.microseconds(100) * Int(step)
        return [
            Curve(.flowAway, .litrePerSecond, every: period, exponent: -3, points.map(\.flow.mantissa)),
            Curve(.volumeAway, .litre, every: period, exponent: -3, points.map(\.volume.mantissa)),
        ].compactMap(\.self)
    }

    /// A point of the curve of volume and flow against time.
    package struct Point: Equatable, Sendable {
        /// Seconds in ten-thousandths, litres a second and litres in thousandths.
        package let time, flow, volume: Amount
    }

    /// The curve of a test.
    ///
    ///     E2  number  points  n × 8 bytes: bits 7 of the next seven, lowest first   time    flow    volume
    ///         2 × 7   2 × 7                                                         u24 LE  u16 LE  u16 LE
    package static func curve(_ bytes: Span<UInt8>) throws(Malformed) -> [Point] {
        guard bytes.count >= 5 else { throw .truncated(at: 0, need: 5, have: bytes.count) }
        guard bytes[0] == 0xE2 else { throw .header(at: 0, got: bytes[0], expected: 0xE2) }
        let count = Int(bytes[3] & 0x7F) | Int(bytes[4] & 0x7F) << 7
        guard bytes.count == 5 + 8 * count else { throw .length(got: bytes.count, expected: 5 + 8 * count) }
        return (0..<count).map { index in
            let start = 5 + 8 * index
            func byte(_ place: Int) -> Int32 {
                Int32(bytes[start + place] & 0x7F) | Int32(bytes[start] >> UInt8(place - 1) & 1) << 7
            }
            return Point(
                time: Amount(byte(1) | byte(2) << 8 | byte(3) << 16, exponent: -4),
                flow: Amount(byte(4) | byte(5) << 8, exponent: -3), volume: Amount(byte(6) | byte(7) << 8, exponent: -3)
            )
        }
    }
}
