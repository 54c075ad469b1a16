import Core

/// What an agent measured, as an event tells it.
///
///     request u16  report u16  [persons u16  length u16  person u16]  count u16  length u16  …
///
///     a fixed report:     handle u16  length u16  the bytes of the object's map
///     a variable report:  handle u16  attributes
///
/// An agent sends what it has stored in one report or in several, not always in the order of time, and a cuff's pulse
/// sometimes apart from its pressures. What one person's objects say of one moment makes one reading.
package enum PHDScanReport {
    private struct Form {
        var isFixed: Bool, hasPersons: Bool
    }

    /// By event type: of the device itself, of a scanner as things happen, of a scanner from time to time.
    private static func form(_ type: UInt16) -> Form? {
        switch type {
        case 0x0D1D, 0x0D23, 0x0D29: Form(isFixed: true, hasPersons: false)
        case 0x0D1E, 0x0D22, 0x0D28: Form(isFixed: false, hasPersons: false)
        case 0x0D1F, 0x0D26, 0x0D2C: Form(isFixed: true, hasPersons: true)
        case 0x0D20, 0x0D25, 0x0D2B: Form(isFixed: false, hasPersons: true)
        default: nil
        }
    }

    /// The readings of an event, in its order. Throws for what is no report of measurements, and for one of which the
    /// lengths do not add up.
    package static func readings(
        of event: PHDEvent, _ configuration: PHDConfiguration
    ) throws(Malformed) -> [Reading] {
        guard let form = form(event.type) else { throw .invalid(at: 0, expected: .knownType) }
        let bytes = event.information
        var field = ByteReader(bytes.span), readings: [Reading] = []
        try field.skip(4)
        if form.hasPersons {
            let persons = try field.list()
            for _ in 0..<persons.count {
                // 65535 is nobody in particular.
                let person = try field.u16BE()
                try observations(&field, form, person == 0xFFFF ? nil : Int(person), configuration, &readings)
            }
            try field.close(persons)
        } else {
            try observations(&field, form, nil, configuration, &readings)
        }
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: field.offset) }
        return readings
    }

    /// The readings of a whole message, of an agent with a standard configuration, or of what stands in it behind the choice
    /// and the length: the octets that count themselves, as some logs begin.
    static func decode(_ configuration: UInt16) -> DecodeAll {
        { bytes throws(Malformed) in
            guard let standard = PHDConfiguration.standard[configuration] else { return [] }
            let countsItself = bytes.count > 2 && Int(bytes[0]) << 8 | Int(bytes[1]) == bytes.count - 2
            let message = try countsItself ? PHDMessage(presentation: bytes) : PHDMessage(bytes)
            guard case .event(let event) = message else { throw .invalid(at: 0, expected: .measurement) }
            return try readings(of: event, standard)
        }
    }

    private static func observations(
        _ field: inout ByteReader, _ form: Form, _ person: Int?, _ configuration: PHDConfiguration,
        _ readings: inout [Reading]
    ) throws(Malformed) {
        let list = try field.list()
        for _ in 0..<list.count {
            let handle = try field.u16BE()
            var attributes: [PHDAttribute] = []
            let metric = configuration.metrics[handle]
            if !form.isFixed {
                attributes = try field.attributes()
            } else {
                let octets = try field.octets()
                if let metric { attributes = try fixed(octets, metric, at: field.offset) }
            }
            var reading = Reading([], taken: .now, user: person)
            if let metric {
                try fill(&reading, attributes, metric)
            } else {
                reading.remarks.insert(.partlyDecoded)
            }
            merge(reading, into: &readings)
        }
        try field.close(list)
    }

    private static func fixed(
        _ octets: [UInt8], _ metric: PHDConfiguration.Metric, at offset: Int
    ) throws(Malformed) -> [PHDAttribute] {
        var field = ByteReader(octets.span), attributes: [PHDAttribute] = []
        for place in metric.map {
            attributes.append(PHDAttribute(id: place.id, value: try field.octets(place.length)))
        }
        if metric.allowsStamp, !field.isAtEnd {
            attributes.append(PHDAttribute(id: PHDConfiguration.Attribute.timeStamp, value: try field.octets(8)))
        }
        guard field.isAtEnd else { throw .invalid(at: offset, expected: .knownFormat) }
        return attributes
    }

    private static func fill(
        _ reading: inout Reading, _ attributes: [PHDAttribute], _ metric: PHDConfiguration.Metric
    ) throws(Malformed) {
        typealias Attribute = PHDConfiguration.Attribute
        var unit = metric.unit, outcomes: [Outcome] = []
        for attribute in attributes {
            var field = ByteReader(attribute.value.span)
            switch attribute.id {
            case Attribute.basic: outcomes = [Outcome(sfloat: try field.u16BE())]
            case Attribute.simple: outcomes = [Outcome(float: try field.u32BE())]
            case Attribute.compoundBasic:
                let list = try field.list()
                for _ in 0..<list.count { outcomes.append(Outcome(sfloat: try field.u16BE())) }
            case Attribute.compoundSimple:
                let list = try field.list()
                for _ in 0..<list.count { outcomes.append(Outcome(float: try field.u32BE())) }
            case Attribute.unit: unit = try field.u16BE()
            case Attribute.status: remark(try field.u16BE(), &reading.remarks)
            case Attribute.timeStamp, Attribute.clock:
                let stamp = try field.absoluteTime(&reading.remarks)
                if stamp != .unknown || !reading.isCounted { reading.taken = stamp }
            case Attribute.relativeTimeStamp: reading.stamp(try field.relativeTime())
            case Attribute.fineTimeStamp: reading.stamp(try field.fineRelativeTime())
            default: reading.remarks.insert(.partlyDecoded)
            }
        }
        if outcomes.count != metric.types.count { reading.remarks.insert(.partlyDecoded) }
        for (type, outcome) in zip(metric.types, outcomes) {
            guard let quantity = Quantity(rawValue: type), let unit = unit.flatMap(Unit.init(mdc:)) else {
                reading.remarks.insert(.partlyDecoded)
                continue
            }
            reading.values.append(Value(quantity, outcome, unit, metric.aspect))
        }
    }

    /// Bits from the highest: invalid, questionable, not available, calibrating, test, demonstration, –, –, validated,
    /// early, ongoing.
    private static func remark(_ status: UInt16, _ remarks: inout Remarks) {
        for (bit, remark) in [
            (0, .invalid), (1, .questionable), (2, .measurementUnavailable), (3, .calibrationOngoing), (4, .testData),
            (5, .demonstration), (8, .validated), (9, .earlyEstimate), (10, .measurementOngoing),
        ] as [(UInt16, Remark)] where status & 0x8000 >> bit != 0 {
            remarks.insert(remark)
        }
    }

    /// What belongs to a moment that is told of already goes there, unless that has it; all else is a reading of its own.
    private static func merge(_ reading: Reading, into readings: inout [Reading]) {
        let at = readings.firstIndex { known in
            known.taken == reading.taken && known.user == reading.user && known.remarks == reading.remarks
                && !reading.values.contains { new in
                    known.values.contains { $0.quantity == new.quantity && $0.aspect == new.aspect }
                }
        }
        guard let at else { return readings.append(reading) }
        for value in reading.values { readings[at].values.append(value) }
    }
}

extension Reading {
    /// Whether a counter of the device's dates it.
    var isCounted: Bool { if case .ticks = taken { true } else { false } }

    /// A date is worth more than a count.
    fileprivate mutating func stamp(_ count: RawTime) {
        if taken == .now || taken == .unknown { taken = count }
    }
}

extension ByteReader {
    fileprivate typealias List = (count: UInt16, end: Int)

    /// `count u16  length u16`
    fileprivate mutating func list() throws(Malformed) -> List {
        let count = try u16BE(), length = Int(try u16BE())
        try need(length)
        return (count, offset + length)
    }

    fileprivate func close(_ list: List) throws(Malformed) {
        guard offset == list.end else { throw .length(got: offset, expected: list.end) }
    }
}
