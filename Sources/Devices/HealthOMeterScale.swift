import Core

extension Driver {
    /// Health o meter Professional, 1100 and 2000 series: large platform scales that say a weight, once it stands, every
    /// second until the person steps off. Each is told once; what is typed in meanwhile comes as a repeat with more to it.
    ///
    /// Source: public file 60049067646, with the examples of the maker's own document.
    package static let healthOMeterScale = Driver(
        id: "healthometer-scale", manufacturer: "Health o meter", model: "1100, 2000 series", kind: .scale,
        evidence: .specification, claims: [.talks(.healthOMeter, frames: 1)],
        endpoints: [Endpoint(.frames(.healthOMeter), HealthOMeterScale.weighing)],
        visit: .line { line, report async throws(Fault) in
            var frames = Frames(.healthOMeter), last = Values()
            defer { report.tellGaps(of: &frames) }
            // Whoever is silent for longer than a packet or two has been stepped off.
            while let frame = try await line.next(&frames, within: .seconds(4)) {
                var reading = decoded(frame, by: HealthOMeterScale.weighing)
                guard reading.values.isEmpty || reading.values != last else { continue }
                if let weight = reading.values.first, last.first == weight { reading.remarks.insert(.possibleRepeat) }
                last = reading.values
                try await report(reading)
            }
        }, disguise: .frames(.healthOMeter, HealthOMeterScale.disguise))
}

extension Framing {
    /// ESC `R` to ESC `E`, without an ESC `R` between: what such a one cuts off was never finished.
    package static let healthOMeter = Framing("health-o-meter", LineSettings(9600), longest: 256) { bytes in
        let escape: UInt8 = 0x1B
        guard bytes.count > 0 else { return .more }
        // Continuous packets begin with `6R` instead.
        let begin: UInt8 = bytes[0] == UInt8(ascii: "6") ? bytes[0] : escape
        guard bytes[0] == begin else { return .noise(1) }
        guard bytes.count > 1 else { return .more }
        guard bytes[1] == UInt8(ascii: "R") else { return .noise(1) }
        for at in 2..<min(256, bytes.count) {
            guard 0x20...0x7E ~= bytes[at] || bytes[at] == escape else { return .noise(at) }
            guard bytes[at - 1] == escape else { continue }
            if bytes[at] == UInt8(ascii: "E") { return .frame(at + 1) }
            if bytes[at] == UInt8(ascii: "R") { return .noise(at - 1) }
        }
        return bytes.count < 256 ? .more : .noise(1)
    }
}

package enum HealthOMeterScale {
    /// What was typed in to say who somebody is.
    fileprivate static func disguise(_ frame: inout [UInt8]) {
        for at in frame.indices.dropLast() where frame[at] == 0x1B && frame[at + 1] == UInt8(ascii: "I") {
            frame.anonymise(at + 2..<(frame[(at + 1)...].firstIndex(of: 0x1B) ?? frame.count))
        }
    }

    /// Fields of a letter and a value, an ESC ahead of each.
    ///
    ///     R                begins
    ///     I 1234567890     what was typed in to say who it is; it stays with the raw bytes
    ///     W 184.5          weight       H 84.0  height       B 24.1  BMI       T 0.0  tare, taken off already
    ///     N m or c         kilograms and centimetres, or pounds and inches
    ///     E                ends
    ///
    /// Height and BMI are nought until somebody types the height in.
    package static func weighing(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count >= 4 else { throw .truncated(at: 0, need: 4, have: bytes.count) }
        guard bytes[0] == 0x1B || bytes[0] == UInt8(ascii: "6") else {
            throw .header(at: 0, got: bytes[0], expected: 0x1B)
        }
        guard bytes[1] == UInt8(ascii: "R") else {
            throw .header(at: 1, got: bytes[1], expected: UInt8(ascii: "R"))
        }
        let end = bytes.count - 1
        guard bytes[end] == UInt8(ascii: "E"), bytes[end - 1] == 0x1B else {
            throw .invalid(at: end, expected: .endOfFrame)
        }
        var fields: [UInt8: String] = [:]
        for field in bytes.array(2, end - 2).split(separator: 0x1B) {
            if let letter = field.first { fields[letter] = String(decoding: field.dropFirst(), as: UTF8.self) }
        }
        let isMetric: Bool
        switch fields[UInt8(ascii: "N")] {
        case "m", "M": isMetric = true
        case "c", "C": isMetric = false
        default: throw .invalid(at: end, expected: .knownType)
        }
        func amount(_ letter: Unicode.Scalar) throws(Malformed) -> Amount? {
            guard let text = fields[UInt8(ascii: letter)] else { return nil }
            guard let amount = Amount(text.drop { $0 == " " }) else { throw .invalid(at: 2, expected: .decimal) }
            return amount.mantissa == 0 ? nil : amount
        }
        guard let weight = try amount("W") else { throw .invalid(at: 2, expected: .decimal) }
        var values: Values = [Value(.bodyWeight, weight, isMetric ? .kilogram : .pound)]
        if let height = try amount("H") { values.append(Value(.bodyHeight, height, isMetric ? .centimetre : .inch)) }
        if let index = try amount("B") { values.append(Value(.bodyMassIndex, index, .kilogramPerSquareMetre)) }
        return Reading(values, taken: .now)
    }
}
