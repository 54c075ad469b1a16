import Core

/// A message of ISO/IEEE 11073-20601, the exchange protocol of personal health devices ("agents") with whoever collects
/// from them ("manager"), in its medical device encoding rules (MDER): big-endian throughout.
///
///     choice  length  …
///     u16     u16
///     E200 association request      E300 its response      E700 presentation: what is said while associated
///     E400 release request          E500 its response
///     E600 abort
package enum PHDMessage: Equatable, Sendable {
    case associationRequest(PHDAssociation)
    case releaseRequest, abort
    case event(PHDEvent)
    /// The answer to a question for the attributes of the device itself.
    case attributes([PHDAttribute])
    /// A manager's own, or what is not understood here.
    case other

    package init(_ bytes: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(bytes)
        let choice = try field.u16BE()
        guard 0xE2...0xE7 ~= choice >> 8, choice & 0xFF == 0 else {
            throw .header(at: 0, got: bytes[0], expected: 0xE7)
        }
        let length = Int(try field.u16BE())
        guard field.remaining == length else { throw .length(got: bytes.count, expected: 4 + length) }
        switch choice {
        case 0xE200: self = .associationRequest(try PHDAssociation(&field))
        case 0xE400: self = .releaseRequest
        case 0xE600: self = .abort
        case 0xE700: self = try Self.presentation(&field)
        default: self = .other
        }
    }

    /// What is said while associated, without the choice and the length ahead of it.
    init(presentation bytes: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(bytes)
        self = try Self.presentation(&field)
    }

    /// `octets u16  invoke u16  choice u16  length u16  …`
    private static func presentation(_ field: inout ByteReader) throws(Malformed) -> PHDMessage {
        let at = field.offset, octets = Int(try field.u16BE())
        guard field.remaining == octets else { throw .length(got: field.remaining + at + 2, expected: octets + at + 2) }
        let invoke = try field.u16BE(), choice = try field.u16BE(), inner = field.offset
        let length = Int(try field.u16BE())
        guard field.remaining == length else {
            throw .length(got: field.remaining + inner + 2, expected: length + inner + 2)
        }
        switch choice {
        case 0x0100, 0x0101: return .event(try PHDEvent(&field, invoke: invoke, isConfirmed: choice == 0x0101))
        case 0x0203:
            try field.skip(2)
            return .attributes(try field.attributes())
        default: return .other
        }
    }
}

/// Who asks to be associated.
package struct PHDAssociation: Equatable, Sendable {
    /// EUI-64.
    package let systemID: UInt64
    /// What it will report; below 4000 a standard one of its specialisation.
    package let configuration: UInt16

    /// `version u32  protocols u16  length u16  [5079 length u16  version u32  encoding u16  nomenclature u32
    /// functions u32  type u32  system id (length u16, 8 bytes)  configuration u16 …]`
    fileprivate init(_ field: inout ByteReader) throws(Malformed) {
        try field.skip(4)
        let count = try field.u16BE()
        try field.skip(2)
        for _ in 0..<count {
            let at = field.offset, isOurs = try field.u16BE() == 0x5079, length = Int(try field.u16BE())
            try field.need(length)
            guard isOurs else {
                try field.skip(length)
                continue
            }
            try field.skip(4)
            // Bit 15: MDER, which every agent must offer.
            guard try field.u16BE() & 0x8000 != 0 else { throw .invalid(at: at + 8, expected: .knownFormat) }
            try field.skip(12)
            guard try field.u16BE() == 8 else { throw .invalid(at: field.offset - 2, expected: .knownFormat) }
            systemID = UInt64(try field.u32BE()) << 32 | UInt64(try field.u32BE())
            configuration = try field.u16BE()
            return
        }
        throw .invalid(at: 8, expected: .knownFormat)
    }
}

/// Something that an agent tells, and whose answer it may wait for before it forgets it.
package struct PHDEvent: Equatable, Sendable {
    package let invoke: UInt16, isConfirmed: Bool
    /// The object that tells: 0 is the device itself.
    package let handle: UInt16
    /// When it tells, by its own counter of eighths of a millisecond; unknown where it has none.
    package let time: RawTime
    package let type: UInt16
    package let information: [UInt8]

    fileprivate init(_ field: inout ByteReader, invoke: UInt16, isConfirmed: Bool) throws(Malformed) {
        (self.invoke, self.isConfirmed) = (invoke, isConfirmed)
        handle = try field.u16BE()
        time = try field.relativeTime()
        type = try field.u16BE()
        information = try field.octets()
        guard field.isAtEnd else { throw .length(got: field.offset + field.remaining, expected: field.offset) }
    }

    package static let configuration: UInt16 = 0x0D1C
}

/// An attribute of an object, by the term code of its partition.
package struct PHDAttribute: Equatable, Sendable {
    package let id: UInt16
    package let value: [UInt8]
}

extension ByteReader {
    /// `length u16  …`
    mutating func octets() throws(Malformed) -> [UInt8] { try octets(Int(try u16BE())) }

    mutating func octets(_ count: Int) throws(Malformed) -> [UInt8] {
        try need(count)
        var bytes: [UInt8] = []
        for _ in 0..<count { bytes.append(try u8()) }
        return bytes
    }

    /// `count u16  length u16  count × (id u16  length u16  …)`
    mutating func attributes() throws(Malformed) -> [PHDAttribute] {
        let count = try u16BE(), length = Int(try u16BE()), start = offset
        var attributes: [PHDAttribute] = []
        for _ in 0..<count { attributes.append(PHDAttribute(id: try u16BE(), value: try octets())) }
        guard offset - start == length else { throw .length(got: offset - start, expected: length) }
        return attributes
    }

    /// Eighths of a millisecond since some start of the device's own; it begins anew every six days. All ones is none.
    mutating func relativeTime() throws(Malformed) -> RawTime {
        let count = try u32BE()
        return count == 0xFFFF_FFFF ? .unknown : .ticks(UInt64(count), resolution: .microseconds(125))
    }

    /// Microseconds since some start of the device's own.
    mutating func fineRelativeTime() throws(Malformed) -> RawTime {
        let high = UInt64(try u32BE()), count = high << 32 | UInt64(try u32BE())
        return count == .max ? .unknown : .ticks(count, resolution: .microseconds(1))
    }

    /// Eight bytes of BCD: century, year, month, day, hour, minute, second, hundredth. All nines and what no calendar has
    /// is no stamp.
    mutating func absoluteTime(_ remarks: inout Remarks) throws(Malformed) -> RawTime {
        try need(8)
        let bytes = try octets(8)
        guard bytes.allSatisfy({ $0 >> 4 < 10 && $0 & 0x0F < 10 }) else {
            remarks.insert(.invalidTime)
            return .unknown
        }
        let part = bytes.map { Int($0 >> 4) * 10 + Int($0 & 0x0F) }
        guard part[2] != 0, part[3] != 0 else { return .unknown }
        let time = LocalTime(
            part[0] * 100 + part[1], part[2], part[3], part[4], part[5], part[6], microsecond: part[7] * 10_000,
            // Most leave the place of the hundredths 0.
            decimals: part[7] == 0 ? 0 : 2)
        guard let time else {
            remarks.insert(.invalidTime)
            return .unknown
        }
        return .clock(time)
    }
}

extension Framing {
    /// A message, whose second two bytes count those behind them.
    package static let phd = Framing("phd", longest: 4 + 65_535) { bytes in
        guard bytes.count > 0 else { return .more }
        guard 0xE2...0xE7 ~= bytes[0] else { return .noise(1) }
        guard bytes.count > 3 else { return bytes.count > 1 && bytes[1] != 0 ? .noise(1) : .more }
        guard bytes[1] == 0 else { return .noise(1) }
        let size = 4 + Int(bytes[2]) << 8 + Int(bytes[3])
        return bytes.count < size ? .more : .frame(size)
    }
}
