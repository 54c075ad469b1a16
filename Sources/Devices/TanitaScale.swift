import Core

extension Driver {
    /// Tanita SC-330, DC-320, MC-780 and others with a serial line, which say each weighing in one line of text as it is
    /// made. So what the line is stamped with is also what the scale's clock shows, to the minute.
    ///
    /// Sources: public files 13161210378 (with a line that an SC-330 sent), 24640938469, 56363504913; the check value was
    /// found from that line.
    package static let tanitaScale = Driver(
        id: "tanita-scale", manufacturer: "Tanita", model: "SC-330, DC-320, MC-780", kind: .scale, evidence: .captured,
        claims: [.talks(.tanita, frames: 1)], endpoints: [Endpoint(.frames(.tanita), TanitaScale.weighing)],
        visit: .line { line, report async throws(Fault) in
            var frames = Frames(.tanita)
            defer { report.tellGaps(of: &frames) }
            while let frame = try await line.next(&frames, within: .seconds(10)) {
                let reading = decoded(frame, by: TanitaScale.weighing)
                if let information = TanitaScale.information(frame) { try await report.information(information) }
                if case .clock = reading.taken { try await report.clock(reading.taken, error: .seconds(60)) }
                try await report(reading)
            }
        }, disguise: .frames(.tanita, TanitaScale.disguise))
}

extension Framing {
    /// `{` to the two digits behind `CS,`. A `}` and the end of the line come behind, which no check proves.
    package static let tanita = Framing("tanita", LineSettings(9600), longest: 512) { bytes in
        guard bytes.count > 0 else { return .more }
        if [UInt8(ascii: "}"), UInt8(ascii: "\r"), UInt8(ascii: "\n")].contains(bytes[0]) { return .filler(1) }
        guard bytes[0] == UInt8(ascii: "{") else { return .noise(1) }
        for at in 1..<min(512, bytes.count) {
            guard 0x20...0x7E ~= bytes[at], bytes[at] != UInt8(ascii: "{") else { return .noise(at) }
            guard at >= 6, TanitaScale.isCheck(bytes, at) else { continue }
            return TanitaScale.sum(bytes, at - 4) == TanitaScale.check(bytes, at) ? .frame(at + 1) : .noise(at)
        }
        return bytes.count < 512 ? .more : .noise(1)
    }
}

package enum TanitaScale {
    /// Whether `CS,hh` ends at `at`.
    fileprivate static func isCheck(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        bytes[at - 4] == UInt8(ascii: "C") && bytes[at - 3] == UInt8(ascii: "S") && bytes[at - 2] == UInt8(ascii: ",")
            && bytes[at - 5] == UInt8(ascii: ",")
    }

    fileprivate static func check(_ bytes: Span<UInt8>, _ at: Int) -> UInt8? {
        guard let high = Character(Unicode.Scalar(bytes[at - 1])).hexDigitValue,
            let low = Character(Unicode.Scalar(bytes[at])).hexDigitValue
        else { return nil }
        return UInt8(truncatingIfNeeded: high << 4 | low)
    }

    /// Of all characters ahead of `CS`.
    fileprivate static func sum(_ bytes: Span<UInt8>, _ count: Int) -> UInt8 {
        (0..<count).reduce(0) { $0 &+ bytes[$1] }
    }

    /// `{0,16,~0,1,~1,1,~2,1,MO,"SC-330",SN,"00000001",…,CS,D9`: pairs of a tag and a value.
    ///
    ///     Wk weight, kg      MW fat-free mass, kg     MI BMI                 Da 25/09/2014, DA 14/09/25, DT 2014/09/25
    ///     Hm height, cm      mW muscle mass, kg       rb basal metabolism,   TI 08:20
    ///     FW fat, %          wW water, kg                kJ                  ZF impedance, Ohm
    ///
    /// There are many more (bone, scores, ages), for which there is no name here; they stay with the raw bytes. Nought is
    /// what was not measured.
    package static func weighing(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count >= 8 else { throw .truncated(at: 0, need: 8, have: bytes.count) }
        guard bytes[0] == UInt8(ascii: "{") else { throw .header(at: 0, got: bytes[0], expected: UInt8(ascii: "{")) }
        let last = bytes.count - 1
        guard isCheck(bytes, last), let check = check(bytes, last) else {
            throw .invalid(at: last - 1, expected: .hexadecimal)
        }
        let sum = sum(bytes, last - 4)
        guard check == sum else { throw .checksum(at: last - 1, got: UInt16(check), expected: UInt16(sum)) }
        var places = InlineArray<9, Range<Int>>(repeating: 0..<0), stamp = Stamp()
        forEachPair(of: bytes) { tag, place in
            if let index = measured.firstIndex(where: { $0.tag == tag }) { places[index] = place }
            stamp.take(tag, place, of: bytes)
        }
        var values = Values(), remarks = Remarks()
        for (index, field) in measured.enumerated() where !places[index].isEmpty {
            guard let amount = Amount(ascii: bytes.extracting(places[index])) else {
                throw .invalid(at: places[index].lowerBound, expected: .decimal)
            }
            if amount.mantissa != 0 { values.append(Value(field.quantity, amount, field.unit)) }
        }
        guard values.contains(where: { $0.quantity == .bodyWeight }) else { throw .invalid(at: 1, expected: .decimal) }
        let taken = stamp.taken
        if taken == nil { remarks.insert(.invalidTime) }
        return Reading(values, taken: taken ?? .unknown, remarks: remarks)
    }

    private static let measured: [(tag: Tag, quantity: Quantity, unit: Unit)] = [
        ("Wk", .bodyWeight, .kilogram), ("Hm", .bodyHeight, .centimetre), ("FW", .bodyFat, .percent),
        ("MW", .fatFreeMass, .kilogram), ("mW", .muscleMass, .kilogram), ("wW", .bodyWater, .kilogram),
        ("MI", .bodyMassIndex, .kilogramPerSquareMetre), ("rb", .basalMetabolism, .kilojoule),
        ("ZF", .bodyImpedance, .ohm),
    ]

    /// The scale's number, and what was typed in to say who stands on it.
    fileprivate static func disguise(_ frame: inout [UInt8]) {
        let start = frame.count - 2, comma = UInt8(ascii: ",")
        var at = 1, isValue = false, tag: [UInt8] = []
        while at < start {
            let end = frame[at..<start].firstIndex(of: comma) ?? start
            if isValue, tag == Array("SN".utf8) || tag == Array("ID".utf8) { frame.anonymise(at..<end) }
            if !isValue { tag = Array(frame[at..<end]) }
            (at, isValue) = (end + 1, !isValue)
        }
        let sum = CheckSum.sum(frame[..<(start - 3)])
        frame.replaceSubrange(start..<frame.count, with: Array(hex(sum).uppercased().utf8))
    }

    static func information(_ frame: [UInt8]) -> DeviceInformation? {
        var information = DeviceInformation()
        forEachPair(of: frame.span) { tag, place in
            let text = String(decoding: frame[place], as: UTF8.self)
            if tag == "MO" { information.model = text }
            if tag == "SN" { information.serial = text }
        }
        guard information.model != nil else { return nil }
        information.manufacturer = "Tanita"
        return information
    }

    /// Each tag of two letters, and where its value lies, without its quotation marks.
    private static func forEachPair(of bytes: Span<UInt8>, _ body: (Tag, Range<Int>) -> Void) {
        guard !bytes.isEmpty else { return }
        var start = 1, tag: Tag?, isValue = false
        for at in 1...bytes.count where at == bytes.count || bytes[at] == UInt8(ascii: ",") {
            if !isValue {
                tag = at - start == 2 ? Tag(bytes[start], bytes[start + 1]) : nil
            } else if let tag {
                let isQuoted = at - start >= 2 && bytes[start] == Tag.quote && bytes[at - 1] == Tag.quote
                body(tag, isQuoted ? start + 1..<at - 1 : start..<at)
            }
            (start, isValue) = (at + 1, !isValue)
        }
    }

    /// The two letters that say what stands behind them.
    private struct Tag: Equatable, ExpressibleByStringLiteral {
        static let quote = UInt8(ascii: "\"")
        let first: UInt8, second: UInt8

        init(_ first: UInt8, _ second: UInt8) { (self.first, self.second) = (first, second) }

        init(stringLiteral text: StaticString) {
            let letters = text.description.utf8
            self.init(letters.first ?? 0, letters.last ?? 0)
        }
    }

    /// The date in one of three orders, and the time; whole numbers, and -1 for what is none.
    private struct Stamp {
        private var date = (-1, -1, -1), hour = -1, minute = -1
        private var isThere = false

        mutating func take(_ tag: Tag, _ place: Range<Int>, of bytes: Span<UInt8>) {
            switch tag {
            case "Da": date = Self.numbers(bytes.extracting(place), "/", isReversed: true)
            case "DA", "DT": date = Self.numbers(bytes.extracting(place), "/")
            case "TI": (hour, minute, _) = Self.numbers(bytes.extracting(place), ":")
            default: return
            }
            isThere = true
        }

        /// Now where there is no stamp; nil where there is one that no calendar has.
        var taken: RawTime? {
            guard isThere else { return .now }
            guard date.0 >= 0 else { return nil }
            let year = date.0 < 100 ? 2000 + date.0 : date.0
            return LocalTime(year, date.1, date.2, hour, minute, 0).map { .clock($0) }
        }

        private static func numbers(
            _ text: Span<UInt8>, _ separator: Unicode.Scalar, isReversed: Bool = false
        ) -> (Int, Int, Int) {
            var numbers = InlineArray<3, Int>(repeating: -1), at = 0
            for index in text.indices {
                if text[index] == UInt8(ascii: separator) {
                    at += 1
                } else {
                    guard at < 3, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[index], numbers[at] < 10_000 else {
                        return (-1, -1, -1)
                    }
                    numbers[at] = max(0, numbers[at]) * 10 + Int(text[index] - UInt8(ascii: "0"))
                }
            }
            return isReversed ? (numbers[2], numbers[1], numbers[0]) : (numbers[0], numbers[1], numbers[2])
        }
    }
}
