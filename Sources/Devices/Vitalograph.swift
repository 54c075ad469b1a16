import Core

/// What Vitalograph's 4000 family speaks: text between STX and ETX, and behind it a check byte.
///
///     02  from  id       text …  03  xor
///         u8    2 chars                    of all before it
///
/// Pushed, unasked, after each blow: `TD`, the test data. `06` takes it; `15` asks for it once more. `PD` says that the
/// device switches off. What else there is (a remote mode, clearing, resetting) belongs to its maker's programs.
///
/// There is no public way to read the device's clock in this mode, so a stamp cannot be corrected: such a reading is
/// known to be older than its arrival, and no more is claimed.
///
/// Sources: silverbullet-dk/opentele-client-android (F); eViaHealthSystem/eviahealth-app, signatps/cardio-rehab-mobile
/// (G, which agree but for one name); Vingtoft/epital (D).
package enum Vitalograph {
    fileprivate static let start: UInt8 = 0x02, end: UInt8 = 0x03
    fileprivate static let longest = 128
    private static let shortest = 6
    private static let take: [UInt8] = [0x06], again: [UInt8] = [0x15]

    /// One conversation, whoever carries it. Each blow is kept before it is taken.
    static func visit(_ line: any Line, _ report: any Report) async throws(Fault) {
        var frames = Frames(.vitalograph), noise = 0, isKnown = false
        defer { report.tellGaps(of: &frames) }
        // A person blows three times, with a rest between.
        while case .bytes(let bytes) = try await line.read(within: .seconds(120)) {
            frames.append(bytes)
            while let frame = frames.next() {
                if frame[2...3].elementsEqual("PD".utf8) { return }
                guard frame[2...3].elementsEqual("TD".utf8) else { continue }
                if !isKnown, let information = information(frame) { try await report.information(information) }
                isKnown = true
                try await report(decoded(frame, by: testData))
                try await line.write(take)
            }
            // A frame's worth was damaged on its way, and nothing more of it is coming.
            if frames.noise - noise >= shortest, frames.unfinished == 0 { try await line.write(again) }
            noise = frames.noise
        }
    }

    /// Test data, by the letter of the device that sends them. Each place is three digits, but for those with a count.
    ///
    ///     F  Lung Monitor           G  Lung Monitor BT Smart    C  asma-1        D  copd-6
    ///      4 serial number (10)      4 serial number (10)        4 serial (10)
    ///     14 FEV1                   14 PEF, L/min               14 FEV1
    ///     17 FEV6                   17 FEV0.75                  17 PEF, L/min
    ///     20 FEV1/FEV6              20 FEV1
    ///     23 FEF25-75               23 FEV6
    ///                               26 FEV1/FEV6
    ///                               29 FEF25-75                               29 FEV1
    ///     26 best FEV1              32 best FEV1, 35 best PEF
    ///     29 percent of it          38, 41 percent of them
    ///     32 three limits           44 three limits
    ///     41 date, 47 time          53 date, 59 time                          both (6): yymmdd, hhmmss
    ///     53 quality (1)            65 quality (1)                            0 good, 1 failed
    ///     54 software               66 software
    ///
    /// Litres and litres a second are in hundredths. The best FEV1, the percentages and the limits are what somebody set
    /// for the person; they stay with the raw bytes. Of the asma-1 and the copd-6 the rest is not public, their stamps
    /// included.
    package static func testData(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        let frame = try proven(bytes)
        guard let layout = layouts[frame[1]] else { throw .invalid(at: 1, expected: .knownType) }
        var values = Values(), remarks = Remarks()
        for field in layout.fields {
            let number = try digits(frame, field.at, 3)
            // A best of nought is one that was never set.
            if field.quantity == .personalBestPeakFlow, number == 0 { continue }
            values.append(Value(field.quantity, Amount(Int32(number), exponent: field.exponent), field.unit))
        }
        guard let rest = layout.rest else {
            remarks.insert(.partlyDecoded)
            return Reading(values, taken: .unknown, remarks: remarks)
        }
        guard frame.count == rest.size else { throw .length(got: frame.count, expected: rest.size) }
        switch frame[rest.quality] {
        case UInt8(ascii: "0"): break
        case UInt8(ascii: "1"): remarks.insert(.questionable)
        default: remarks.insert(.partlyDecoded)
        }
        return Reading(values, taken: try stamp(frame, rest.date, &remarks), remarks: remarks)
    }

    /// The frame without STX, and all of its check proven.
    private static func proven(_ bytes: Span<UInt8>) throws(Malformed) -> [UInt8] {
        guard bytes.count > 0 else { throw .truncated(at: 0, need: 1, have: 0) }
        guard bytes[0] == start else { throw .header(at: 0, got: bytes[0], expected: start) }
        guard bytes.count >= shortest else { throw .truncated(at: 0, need: shortest, have: bytes.count) }
        let frame = bytes.array(0, bytes.count), check = bytes.count - 1
        guard frame.contains(end) else { throw .truncated(at: bytes.count, need: 2, have: 0) }
        guard frame[check - 1] == end else { throw .invalid(at: check - 1, expected: .endOfFrame) }
        let sum = CheckSum.xor(frame.dropLast())
        guard frame[check] == sum else { throw .checksum(at: check, got: UInt16(frame[check]), expected: UInt16(sum)) }
        guard frame[2...3].elementsEqual("TD".utf8) else { throw .invalid(at: 2, expected: .knownType) }
        return frame
    }

    private static func digits(_ frame: [UInt8], _ at: Int, _ count: Int) throws(Malformed) -> Int {
        guard at + count <= frame.count else { throw .truncated(at: at, need: count, have: max(0, frame.count - at)) }
        var number = 0
        for byte in frame[at..<at + count] {
            guard UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte else { throw .invalid(at: at, expected: .decimal) }
            number = number * 10 + Int(byte - UInt8(ascii: "0"))
        }
        return number
    }

    private static func stamp(_ frame: [UInt8], _ at: Int, _ remarks: inout Remarks) throws(Malformed) -> RawTime {
        var parts: [Int] = []
        for index in 0..<6 { parts.append(try digits(frame, at + 2 * index, 2)) }
        guard parts[1] != 0, parts[2] != 0 else { return .unknown }
        if let time = LocalTime(2000 + parts[0], parts[1], parts[2], parts[3], parts[4], parts[5]) {
            return .clock(time)
        }
        remarks.insert(.invalidTime)
        return .unknown
    }

    /// Serial number and software, where the layout is known.
    private static func information(_ frame: [UInt8]) -> DeviceInformation? {
        guard let layout = layouts[frame[1]], frame.count >= 16 else { return nil }
        func text(_ range: Range<Int>) -> String {
            String(decoding: frame[range].filter { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }, as: UTF8.self)
        }
        var information = DeviceInformation()
        (information.manufacturer, information.model) = ("Vitalograph", layout.model)
        if layout.hasSerial { information.serial = text(4..<14) }
        if let rest = layout.rest, frame.count == rest.size {
            information.firmware = text(rest.size - 5..<rest.size - 2)
        }
        return information
    }

    private struct Layout: Sendable {
        var model: String
        var fields: [(quantity: Quantity, at: Int, exponent: Int8, unit: Unit)]
        var hasSerial = true
        /// Where the stamp and the quality are, and how long it all is; nil where that is not public.
        var rest: (date: Int, quality: Int, size: Int)?
    }

    private static let layouts: [UInt8: Layout] = [
        UInt8(ascii: "F"): Layout(
            model: "Lung Monitor",
            fields: [
                (.forcedVolume1s, 14, -2, .litre), (.forcedVolume6s, 17, -2, .litre), (.ratioFEV1FEV6, 20, -2, .one),
                (.forcedFlow25To75, 23, -2, .litrePerSecond),
            ], rest: (41, 53, 59)),
        UInt8(ascii: "G"): Layout(
            model: "Lung Monitor BT Smart",
            fields: [
                (.peakExpiratoryFlow, 14, 0, .litrePerMinute), (.forcedVolume750ms, 17, -2, .litre),
                (.forcedVolume1s, 20, -2, .litre), (.forcedVolume6s, 23, -2, .litre), (.ratioFEV1FEV6, 26, -2, .one),
                (.forcedFlow25To75, 29, -2, .litrePerSecond), (.personalBestPeakFlow, 35, 0, .litrePerMinute),
            ], rest: (53, 65, 71)),
        UInt8(ascii: "C"): Layout(
            model: "asma-1",
            fields: [(.forcedVolume1s, 14, -2, .litre), (.peakExpiratoryFlow, 17, 0, .litrePerMinute)]),
        UInt8(ascii: "D"): Layout(
            model: "copd-6", fields: [(.forcedVolume1s, 29, -2, .litre)], hasSerial: false),
    ]
}

extension Disguise {
    /// The serial number; of the copd-6, of which it is not known where that is, what stands in its place.
    static let vitalograph = Disguise.frames(.vitalograph) { frame in
        guard frame.count >= 16 else { return }
        frame.anonymise(4..<14)
        frame[frame.count - 1] = CheckSum.xor(frame.dropLast())
    }
}

extension Framing {
    /// STX to the check byte behind ETX.
    package static let vitalograph = Framing("vitalograph", longest: Vitalograph.longest) { bytes in
        guard bytes.count > 0 else { return .more }
        guard bytes[0] == Vitalograph.start else { return .noise(1) }
        for at in 1..<min(bytes.count, Vitalograph.longest) {
            if bytes[at] == Vitalograph.end, at >= 4 {
                guard at + 1 < bytes.count else { return .more }
                return CheckSum.xor(bytes.array(0, at + 1)) == bytes[at + 1] ? .frame(at + 2) : .noise(1)
            }
            guard 0x20...0x7E ~= bytes[at] else { return .noise(at) }
        }
        return bytes.count < Vitalograph.longest ? .more : .noise(1)
    }
}
