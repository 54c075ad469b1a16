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
            defer { report.tellGaps(of: frames) }
            while let frame = try await line.next(&frames, within: .seconds(10)) {
                let reading = decoded(frame, by: TanitaScale.weighing)
                if let information = TanitaScale.information(frame) { try await report.information(information) }
                if case .clock = reading.taken { try await report.clock(reading.taken, error: .seconds(60)) }
                try await report(reading)
            }
        }, disguise: .frames(.tanita, TanitaScale.disguise))
}

extension Framing {
    /// `{` to the two digits behind `CS,`.
    package static let tanita = Framing("tanita", LineSettings(9600), longest: 512) { bytes in
        guard bytes.count > 0 else { return .more }
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
        UInt8(String(decoding: [bytes[at - 1], bytes[at]], as: UTF8.self), radix: 16)
    }

    /// Of all characters ahead of `CS`.
    fileprivate static func sum(_ bytes: Span<UInt8>, _ count: Int) -> UInt8 { CheckSum.sum(bytes.array(0, count)) }

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
        let pairs = pairs(bytes)
        var values = Values(), remarks = Remarks()
        for (tag, quantity, unit) in [
            ("Wk", .bodyWeight, .kilogram), ("Hm", .bodyHeight, .centimetre), ("FW", .bodyFat, .percent),
            ("MW", .fatFreeMass, .kilogram), ("mW", .muscleMass, .kilogram), ("wW", .bodyWater, .kilogram),
            ("MI", .bodyMassIndex, .kilogramPerSquareMetre), ("rb", .basalMetabolism, .kilojoule),
            ("ZF", .bodyImpedance, .ohm),
        ] as [(String, Quantity, Unit)] {
            guard let text = pairs[tag] else { continue }
            guard let amount = Amount(text) else { throw .invalid(at: 1, expected: .decimal) }
            if amount.mantissa != 0 { values.append(Value(quantity, amount, unit)) }
        }
        guard values.contains(where: { $0.quantity == .bodyWeight }) else { throw .invalid(at: 1, expected: .decimal) }
        let taken = stamp(pairs)
        if taken == nil { remarks.insert(.invalidTime) }
        return Reading(values, taken: taken ?? .unknown, remarks: remarks)
    }

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
        let pairs = pairs(frame.span)
        guard let model = pairs["MO"] else { return nil }
        var information = DeviceInformation()
        (information.manufacturer, information.model, information.serial) = ("Tanita", model, pairs["SN"])
        return information
    }

    /// Values without their quotation marks.
    private static func pairs(_ bytes: Span<UInt8>) -> [String: String] {
        let words = String(decoding: bytes.array(0, bytes.count), as: UTF8.self)
            .split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0.filter { $0 != "\"" }) }
        var pairs: [String: String] = [:]
        for at in stride(from: 0, to: words.count - 1, by: 2) { pairs[words[at]] = words[at + 1] }
        return pairs
    }

    /// Now where the line has no stamp; nil where it has one that no calendar has.
    private static func stamp(_ pairs: [String: String]) -> RawTime? {
        func numbers(_ text: String?, _ separator: Character) -> [Int] {
            (text ?? "").split(separator: separator).compactMap { Int($0) }
        }
        var date: [Int] = []
        if let text = pairs["Da"] { date = numbers(text, "/").reversed() }
        if let text = pairs["DA"] { date = numbers(text, "/") }
        if let text = pairs["DT"] { date = numbers(text, "/") }
        let time = numbers(pairs["TI"], ":")
        if date.isEmpty, time.isEmpty { return .now }
        guard date.count == 3, time.count >= 2, date[0] >= 0 else { return nil }
        let year = date[0] < 100 ? 2000 + date[0] : date[0]
        return LocalTime(year, date[1], date[2], time[0], time[1], 0).map { .clock($0) }
    }
}
