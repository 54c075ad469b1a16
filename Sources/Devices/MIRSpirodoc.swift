import Core

extension Driver {
    /// MIR Spirodoc and Spirobank II with classic Bluetooth. It waits to be called, and gives its last forced breath out.
    ///
    /// That test has no stamp and no number, and is given again in every visit until there is a newer one. Its numbers and
    /// its curves to the last point are what tells it from another, so its place in the memory, 0 for the last, serves as
    /// its number. How to read the tests before it is not public; a test is never begun from here, and the settings, which
    /// hold the clock, are read and never written.
    ///
    /// Sources: Francesco-Zaio/app-android, `MIRSpirodoc46`; the name from public file 9372113565.
    package static let mirSpirodoc = Driver(
        id: "mir-spirodoc", manufacturer: "MIR", model: "Spirodoc, Spirobank II", kind: .spirometer,
        evidence: .specification,
        claims: [.serialPort(name: "Spirodoc", .acceptor), .serialPort(name: "Spirobank", .acceptor)],
        endpoints: [Endpoint(.frames(.mirLastTest), MIRSpirodoc.lastTest)],
        visit: .line { line, report async throws(Fault) in try await MIRSpirodoc.visit(line, report) },
        // The settings hold name, birth and number of whoever blows; of them only the clock is left.
        disguise: Disguise { heard, question in
            question == [0xA2] ? heard : heard.indices.map { 104..<116 ~= $0 && question == [0xC5] ? heard[$0] : 0 }
        })
}

/// The conversation:
///
///     00   begin            32 bytes
///     C5   settings         718 bytes: 96 battery; 104 day, 110 hour … each u16 BE
///     A2   the last test    its length in 3 bytes, and so on: see `lastTest`
package enum MIRSpirodoc {
    fileprivate static func visit(_ line: any Line, _ report: any Report) async throws(Fault) {
        var waiting: [UInt8] = []
        // It does not hear what is said in the first half second.
        if case .bytes(let early) = try await line.read(within: .milliseconds(500)) { waiting = early }
        waiting = []
        try await line.write([0x00])
        _ = try await take(32, from: line, &waiting)
        let asked = ContinuousClock.now
        try await line.write([0xC5])
        let settings = try await take(718, from: line, &waiting)
        if let now = clock(settings) {
            try await report.clock(.clock(now), error: .milliseconds(500) + (ContinuousClock.now - asked) / 2)
        }
        try await line.write([0xA2])
        var frames = Frames(.mirLastTest)
        defer { report.tellGaps(of: &frames) }
        frames.append(waiting)
        guard let frame = try await line.next(&frames, within: .seconds(5)) else { throw .device(.silent) }
        // A memory without a test gives one of nothing.
        guard frame.dropFirst(3 + 14).prefix(2).contains(where: { $0 != 0 }) else { return }
        var reading = decoded(frame, by: lastTest)
        reading.sequence = 0
        try await report(reading)
    }

    private static func take(
        _ count: Int, from line: any Line, _ waiting: inout [UInt8]
    ) async throws(Fault) -> [UInt8] {
        while waiting.count < count {
            guard case .bytes(let more) = try await line.read(within: .seconds(5)) else { throw .device(.silent) }
            waiting += more
        }
        defer { waiting.removeFirst(count) }
        return Array(waiting.prefix(count))
    }

    /// Day, month, year, hour, minute and second, each u16 BE.
    private static func clock(_ settings: [UInt8]) -> LocalTime? {
        let parts = stride(from: 104, to: 116, by: 2).map { Int(settings[$0]) << 8 | Int(settings[$0 + 1]) }
        return LocalTime(parts[2], parts[1], parts[0], parts[3], parts[4], parts[5])
    }

    /// The last forced breath out. Numbers are u16 BE; places count from behind the length.
    ///
    ///     length   temperature  …  FVC  FEV1  PEF   …  FEF25-75  FET  …  FEV1 %  …  points of three curves  curves  sum
    ///     3 bytes  0               14   16    18       22        24      32         112 116 118             120
    ///     of all                   cL   cL    cL/s     cL/s      cs      0.1 %
    ///
    /// The sum, u16 BE, is over the length and all else but place 0, as the maker's own program does it. The curves'
    /// scale (places 2 and 4) is not public; they stay with the raw bytes.
    package static func lastTest(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count >= 3 else { throw .truncated(at: 0, need: 3, have: bytes.count) }
        let size = length(bytes)
        guard bytes.count == size else { throw .length(got: bytes.count, expected: size) }
        guard size >= 125 else { throw .truncated(at: size, need: 125 - size, have: 0) }
        let sum = sum(bytes), sent = UInt16(bytes[size - 2]) << 8 | UInt16(bytes[size - 1])
        guard sent == sum else { throw .checksum(at: size - 2, got: sent, expected: sum) }
        func number(_ place: Int) -> Int32 { Int32(bytes[3 + place]) << 8 | Int32(bytes[4 + place]) }
        var remarks: Remarks = [.fromStorage]
        if size > 125 { remarks.insert(.partlyDecoded) }
        // A forced breath out that took no time was none.
        let isNone = number(14) == 0 || number(24) == 0
        var values = Values()
        for (quantity, place, exponent, unit) in [
            (.forcedVitalCapacity, 14, -2, .litre), (.forcedVolume1s, 16, -2, .litre),
            (.peakExpiratoryFlow, 18, -2, .litrePerSecond), (.forcedFlow25To75, 22, -2, .litrePerSecond),
            (.forcedExpiratoryTime, 24, -2, .second), (.ratioFEV1FVC, 32, -1, .percent),
        ] as [(Quantity, Int, Int8, Unit)] {
            let outcome: Outcome =
                isNone ? .absent(.notPerformed) : .amount(Amount(number(place), exponent: exponent))
            values.append(Value(quantity, outcome, unit))
        }
        return Reading(values, taken: .unknown, remarks: remarks)
    }

    fileprivate static func length(_ bytes: Span<UInt8>) -> Int {
        Int(bytes[0]) << 16 | Int(bytes[1]) << 8 | Int(bytes[2])
    }

    fileprivate static func sum(_ bytes: Span<UInt8>) -> UInt16 {
        var sum: UInt16 = 0
        for at in 0..<bytes.count - 2 where at != 3 { sum &+= UInt16(bytes[at]) }
        return sum
    }
}

extension Framing {
    /// Three bytes of length, and so many bytes in all.
    package static let mirLastTest = Framing("mir-last-test", longest: 16_384) { bytes in
        guard bytes.count > 0 else { return .more }
        guard bytes[0] == 0 else { return .noise(1) }
        guard bytes.count >= 3 else { return .more }
        let size = MIRSpirodoc.length(bytes)
        guard 125...16_384 ~= size else { return .noise(1) }
        guard bytes.count >= size else { return .more }
        let whole = bytes.extracting(0..<size)
        let sent = UInt16(whole[size - 2]) << 8 | UInt16(whole[size - 1])
        return MIRSpirodoc.sum(whole) == sent ? .frame(size) : .noise(1)
    }
}
