import Core

/// What an agent reports: its objects, as it announced them or as the standard has them.
package struct PHDConfiguration: Equatable, Sendable {
    /// A numeric object.
    package struct Metric: Equatable, Sendable {
        /// ISO/IEEE 11073-10101, partition · 65536 + term; of a compound, one for each of its numbers.
        package var types: [UInt32] = []
        /// The term code of its unit; nil where each value says it.
        package var unit: UInt16?
        package var aspect: Aspect = .plain
        /// Which attributes a fixed report of it holds, and how many bytes of each.
        package var map: [(id: UInt16, length: Int)] = []
        /// Whether a stamp may stand behind those of the map: agents of 0190 send one, its published message too, although by
        /// antidote's table it has none. What an agent tells of itself is taken at its word.
        package var allowsStamp = false

        package static func == (a: Metric, b: Metric) -> Bool {
            a.types == b.types && a.unit == b.unit && a.aspect == b.aspect
                && a.map.elementsEqual(b.map) { $0.id == $1.id && $0.length == $1.length }
        }
    }
    package var metrics: [UInt16: Metric]

    package init(metrics: [UInt16: Metric]) { self.metrics = metrics }

    /// From a configuration report: `id u16  count u16  length u16  count × (class u16  handle u16  attributes)`.
    package init(_ information: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(information)
        try field.skip(2)
        let count = try field.u16BE()
        try field.skip(2)
        metrics = [:]
        for _ in 0..<count {
            let isNumeric = try field.u16BE() == 0x0006, handle = try field.u16BE()
            let attributes = try field.attributes()
            // Enumerations, curves and scanners are announced too, and not read here.
            if isNumeric { metrics[handle] = try Metric(attributes) }
        }
        guard field.isAtEnd else { throw .length(got: information.count, expected: field.offset) }
    }

    /// The standard configurations that every agent of the specialisation may use unannounced.
    ///
    ///     0190 0191   10404 oximeter         1 saturation, 10 pulse; the second one's are spot checks, and stamped
    ///     02BC        10407 blood pressure   1 the three pressures, 2 pulse
    ///     05DC        10415 scale            1 weight
    package static let standard: [UInt16: PHDConfiguration] = [
        0x0190: oximeter(.plain), 0x0191: oximeter(.spot),
        0x02BC: PHDConfiguration(metrics: [
            1: Metric(
                types: [150021, 150022, 150023], unit: 0x0F20, map: [(Attribute.compoundBasic, 10), stamp]),
            2: Metric(types: [149546], unit: 0x0AA0, map: [(Attribute.basic, 2), stamp]),
        ]),
        0x05DC: PHDConfiguration(metrics: [
            1: Metric(types: [188736], unit: 0x06C3, map: [(Attribute.simple, 4), stamp])
        ]),
    ]

    private static let stamp = (id: Attribute.timeStamp, length: 8)

    private static func oximeter(_ aspect: Aspect) -> PHDConfiguration {
        let isSpot = aspect == .spot, map = [(id: Attribute.basic, length: 2)] + (isSpot ? [stamp] : [])
        return PHDConfiguration(metrics: [
            1: Metric(types: [150456], unit: 0x0220, aspect: aspect, map: map, allowsStamp: !isSpot),
            10: Metric(types: [149530], unit: 0x0AA0, aspect: aspect, map: map, allowsStamp: !isSpot),
        ])
    }

    /// Term codes of attributes.
    enum Attribute {
        static let type: UInt16 = 0x092F, metricIDs: UInt16 = 0x0A76, supplement: UInt16 = 0x0A61
        static let map: UInt16 = 0x0A55, unit: UInt16 = 0x0996, status: UInt16 = 0x0947
        static let basic: UInt16 = 0x0A4C, simple: UInt16 = 0x0A56
        static let compoundBasic: UInt16 = 0x0A75, compoundSimple: UInt16 = 0x0A74
        static let timeStamp: UInt16 = 0x0990, clock: UInt16 = 0x0987
        static let relativeTimeStamp: UInt16 = 0x0991, relativeClock: UInt16 = 0x098F
        static let fineTimeStamp: UInt16 = 0x09E9, fineClock: UInt16 = 0x09E8
        static let model: UInt16 = 0x0928, systemID: UInt16 = 0x0984, production: UInt16 = 0x092D
    }
}

extension PHDConfiguration.Metric {
    fileprivate init(_ attributes: [PHDAttribute]) throws(Malformed) {
        typealias Attribute = PHDConfiguration.Attribute
        var partition: UInt32 = 2, compound: [UInt16] = []
        for attribute in attributes {
            let value = attribute.value
            var field = ByteReader(value.span)
            switch attribute.id {
            case Attribute.type:
                partition = UInt32(try field.u16BE())
                types = [partition << 16 | UInt32(try field.u16BE())]
            case Attribute.metricIDs:
                let count = try field.u16BE()
                try field.skip(2)
                for _ in 0..<count { compound.append(try field.u16BE()) }
            case Attribute.unit: unit = try field.u16BE()
            case Attribute.supplement:
                let count = try field.u16BE()
                try field.skip(2)
                for _ in 0..<count {
                    switch UInt32(try field.u16BE()) << 16 | UInt32(try field.u16BE()) {
                    case 150580: aspect = .fast
                    case 150584: aspect = .slow
                    case 150588: aspect = .spot
                    default: break
                    }
                }
            case Attribute.map:
                let count = try field.u16BE()
                try field.skip(2)
                for _ in 0..<count { map.append((try field.u16BE(), Int(try field.u16BE()))) }
            default: break
            }
        }
        if !compound.isEmpty { types = compound.map { partition << 16 | UInt32($0) } }
    }
}

extension Unit {
    /// From the term code of ISO/IEEE 11073-10101's partition of dimensions.
    init?(mdc code: UInt16) {
        switch code {
        case 0x0200: self = .one
        case 0x0220: self = .percent
        case 0x0500: self = .metre
        case 0x0511: self = .centimetre
        case 0x0560: self = .inch
        case 0x0640: self = .litre
        case 0x06C3: self = .kilogram
        case 0x06E0: self = .pound
        case 0x07A0: self = .kilogramPerSquareMetre
        case 0x0852: self = .milligramPerDecilitre
        case 0x0AA0: self = .perMinute
        case 0x0C00: self = .litrePerMinute
        case 0x0F03: self = .kilopascal
        case 0x0F20: self = .millimetreOfMercury
        case 0x10C0: self = .ohm
        case 0x1140: self = .fahrenheit
        case 0x1272: self = .millimolePerLitre
        case 0x17A0: self = .celsius
        default: return nil
        }
    }
}
