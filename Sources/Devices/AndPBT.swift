import Core

extension Driver {
    /// A&D UA-767PBT, an upper-arm cuff of classic Bluetooth.
    package static let andUA767PBT = AndPBT.driver(
        "and-ua767pbt", model: "UA-767PBT", .bloodPressure, name: "AND BP", evidence: .specification)
    /// A&D UC-321PBT, a scale, and UC-411PBT-C, which measures the body's composition too.
    package static let andUC321PBT = AndPBT.driver(
        "and-uc321pbt", model: "UC-321PBT, UC-411PBT-C", .scale, name: "AND SC", evidence: .captured)
}

extension Framing {
    /// A measurement of an A&D PBT. What it says between them, `PWCAPI` to greet and `PWRQPI` with two digits to ask for a
    /// profile, is no frame, and no loss.
    package static let andPBT = Framing(
        "and-pbt", longest: AndPBT.header + AndPBT.most, cut: AndPBT.cut)
}

/// What A&D's devices of classic Bluetooth have in common.
///
/// Paired once, such a device calls the hub after each measurement, finds its serial port by the name `PWAccessP`, and
/// sends the measurement with its clock beside it. `PWA1` accepts it and ends the connection; until then the device keeps
/// the measurement and calls again. The clock could be set with `PWA2`, of which public descriptions disagree on the
/// length; so it is read, and never set.
///
/// Sources, which agree on every byte used here: an A&D server with a logged measurement of a UA-767PBT and of a UC-411PBT-C
/// (public file 567536000), dk.iha.and.PbtReader, com.isansys…AnD_UA767 (status, battery), com.nexj…AND (names).
package enum AndPBT {
    fileprivate static let header = 60, most = 512
    private static let accept = Array("PWA1".utf8)

    fileprivate static func driver(
        _ id: String, model: String, _ kind: Driver.Kind, name: String, evidence: Driver.Evidence
    ) -> Driver {
        Driver(
            id: id, manufacturer: "A&D", model: model, kind: kind, evidence: evidence,
            claims: [.serialPort(name: name, .initiator)],
            endpoints: [Endpoint(.frames(.andPBT), measurement), Endpoint(.bytes("and-pbt-text"), text)],
            visit: .line { line, report async throws(Fault) in try await visit(line, report) },
            disguise: .frames(.andPBT) { frame in
                for at in 23..<29 { frame[at] = 0 }
                frame.anonymise(35..<47)
            }, pairing: .pinInManual)
    }

    fileprivate static func visit(_ line: any Line, _ report: any Report) async throws(Fault) {
        var frames = Frames(.andPBT)
        defer { report.tellGaps(of: &frames) }
        while let frame = try await line.next(&frames, within: .seconds(30)) {
            if let sender = try? Sender(frame.span) {
                try await report.information(sender.information)
                try await report.clock(sender.clock, error: .milliseconds(500))
            }
            try await report(told(frame))
            // The device is not ready for the answer at once. It forgets with it: only after the report has returned.
            if case .bytes(let more) = try await line.read(within: .milliseconds(250)) { frames.append(more) }
            try await line.write(accept)
        }
    }

    /// A measurement as it is called for again where its answer did not arrive: when it was sent, and the battery, are others by
    /// then, and no part of it.
    package static func told(_ frame: [UInt8]) -> Reading {
        var reading = decoded(frame, by: measurement)
        if !reading.remarks.contains(.undecoded) { reading.bytes = Array(frame[..<16] + frame[23..<57] + frame[58...]) }
        return reading
    }

    /// One measurement. Numbers are least significant byte first.
    ///
    ///      0  type   length  device  flag  measured   sent       address  name  serial  name  battery  –   revision
    ///         u16=2  u32     u16     u8    7 bytes    7 bytes    6        6     12      10    u8       u8  u8
    ///     60  so many bytes of text, by device: 767 a cuff, 321 a scale, 407 a scale of the body's composition
    ///
    /// Measured and sent are years in u16, then month, day, hour, minute, second. The model's name is in two pieces.
    package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        let sender = try Sender(bytes)
        var remarks = Remarks(), field = ByteReader(bytes)
        try field.skip(9)
        let taken = try field.dateTime(&remarks)
        if bytes[57] == 0x39 { remarks.insert(.lowBattery) }
        var reading = Reading(Values(), taken: taken, remarks: remarks)
        let text = (header..<bytes.count).map { bytes[$0] }
        switch sender.device {
        case 767: try pressures(text, header, into: &reading)
        case 321, 407: try composition(text, header, into: &reading)
        default: throw .invalid(at: 6, expected: .knownType)
        }
        return reading
    }

    /// What stands behind the header, alone: a measurement without a stamp.
    package static func text(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        let text = bytes.array(0, bytes.count)
        var reading = Reading(Values(), taken: .unknown)
        if bytes.count == 10 {
            try pressures(text, 0, into: &reading)
        } else {
            try composition(text, 0, into: &reading)
        }
        return reading
    }

    private static let greeting = Array("PWCAPI".utf8), question = Array("PWRQPI".utf8)

    static func cut(_ bytes: Span<UInt8>) -> Cut {
        if bytes.count > 0, bytes[0] == greeting[0] {
            for (word, size) in [(greeting, 6), (question, 8)] {
                let here = min(word.count, bytes.count)
                guard word[..<here].elementsEqual(bytes.array(0, here)) else { continue }
                return bytes.count < size ? .more : .filler(size)
            }
            return .noise(1)
        }
        guard bytes.count >= 6 else { return bytes.count == 0 || bytes[0] == 2 ? .more : .noise(1) }
        let length = Int(bytes[2]) | Int(bytes[3]) << 8
        guard bytes[0] == 2, bytes[1] == 0, bytes[4] == 0, bytes[5] == 0, 1...most ~= length else { return .noise(1) }
        return bytes.count < header + length ? .more : .frame(header + length)
    }

    /// Ten hexadecimal digits: status, systolic less diastolic, diastolic, pulse, mean.
    ///
    /// Status: 80 measured, 8A with a low battery, 8F with an irregular pulse, 8B with both; 81 and 82 the measurement
    /// failed, 83 the cuff.
    private static func pressures(_ text: [UInt8], _ start: Int, into reading: inout Reading) throws(Malformed) {
        guard text.count == 10 else { throw .length(got: start + text.count, expected: start + 10) }
        guard let numbers = Core.bytes(hex: String(decoding: text, as: UTF8.self)), numbers.count == 5 else {
            throw .invalid(at: start, expected: .hexadecimal)
        }
        let status = numbers[0], hasFailed = 0x81...0x83 ~= status
        guard hasFailed || [0x80, 0x8A, 0x8B, 0x8F].contains(status) else {
            throw .invalid(at: start, expected: .knownType)
        }
        if status == 0x8A || status == 0x8B { reading.remarks.insert(.lowBattery) }
        if status == 0x8F || status == 0x8B { reading.remarks.insert(.irregularPulse) }
        for (quantity, number, unit) in [
            (Quantity.systolic, Int32(numbers[1]) + Int32(numbers[2]), Unit.millimetreOfMercury),
            (.diastolic, Int32(numbers[2]), .millimetreOfMercury),
            (.meanPressure, Int32(numbers[4]), .millimetreOfMercury),
            (.pulseRate, Int32(numbers[3]), .perMinute),
        ] {
            reading.values.append(Value(quantity, hasFailed ? .absent(.error) : .amount(Amount(number)), unit))
        }
    }

    private static let fields: [(word: String, measure: String, quantity: Quantity, unit: Unit)] = [
        ("ST", "kg", .bodyWeight, .kilogram), ("ST", "lb", .bodyWeight, .pound), ("RT", "O", .bodyImpedance, .ohm),
        ("FT", "%", .bodyFat, .percent), ("MT", "kg", .muscleMass, .kilogram), ("WT", "kg", .bodyWater, .kilogram),
    ]

    /// Lines of a word, a number and its unit: `ST,+078.05kg`, as the scale shows them.
    ///
    /// ST weight, RT resistance, FT fat, HT height, MT muscle, WT water, ID the person's slot. BT is the basal metabolism in
    /// kilocalories, of which there are several; it stays with the raw bytes.
    private static func composition(_ text: [UInt8], _ start: Int, into reading: inout Reading) throws(Malformed) {
        var at = start
        for line in text.split(separator: UInt8(ascii: "\n")) {
            let words = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
            guard let comma = words.firstIndex(of: UInt8(ascii: ",")) else { throw .invalid(at: at, expected: .text) }
            let value = words[(comma + 1)...].drop { $0 == UInt8(ascii: "+") }
            let number = value.prefix { isOfNumber($0) }, unit = value.dropFirst(number.count)
            guard let amount = Amount(ascii: number.span) else { throw .invalid(at: at, expected: .decimal) }
            func says(_ word: String, _ measure: String) -> Bool {
                words[..<comma].elementsEqual(word.utf8) && unit.elementsEqual(measure.utf8)
            }
            if let field = fields.first(where: { says($0.word, $0.measure) }) {
                reading.values.append(Value(field.quantity, amount, field.unit))
            } else if says("HT", "mm") {
                guard let metres = amount.scaled(byPowerOfTen: -3) else { throw .invalid(at: at, expected: .decimal) }
                reading.values.append(Value(.bodyHeight, metres, .metre))
            } else if says("ID", "") {
                reading.user = Int(String(decoding: number, as: UTF8.self))
            } else {
                reading.remarks.insert(.partlyDecoded)
            }
            at += line.count + 1
        }
        if !reading.values.contains(where: { $0.quantity == .bodyWeight }) {
            throw .invalid(at: start, expected: .decimal)
        }
    }
}

/// A digit, a sign or a point.
private func isOfNumber(_ byte: UInt8) -> Bool {
    UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
}

/// Who sends a measurement, and what its clock shows: every measurement begins with it.
private struct Sender {
    let device: UInt16
    let clock: RawTime
    var information = DeviceInformation()

    init(_ bytes: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(bytes), remarks = Remarks()
        let type = try field.u16(), length = Int(try field.u32())
        guard type == 2 else { throw .header(at: 0, got: UInt8(truncatingIfNeeded: type), expected: 2) }
        guard bytes.count == 60 + length else { throw .length(got: bytes.count, expected: 60 + length) }
        device = try field.u16()
        try field.skip(1 + 7)
        clock = try field.dateTime(&remarks)
        func text(_ range: Range<Int>) -> String {
            let printable = range.map { bytes[$0] }.filter { 0x21...0x7E ~= $0 && $0 != UInt8(ascii: "\"") }
            return String(decoding: printable, as: UTF8.self)
        }
        information.manufacturer = "A&D"
        information.model = text(29..<35) + text(47..<57)
        information.serial = text(35..<47)
        // Five bits of firmware above three of hardware.
        information.firmware = String(bytes[59] >> 3)
        information.hardware = String(bytes[59] & 7)
    }
}
