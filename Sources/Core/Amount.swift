/// A decimal exactly as the device sent it: `mantissa · 10^exponent`, so that 36.0 stays 36.0.
///
/// Never passes through a binary fraction. The bounds hold what the wire can carry: a 24-bit FLOAT mantissa with an
/// 8-bit exponent, and a 16-bit count times a resolution.
public struct Amount: Equatable, Hashable, Sendable {
    public let mantissa: Int32
    public let exponent: Int8

    @inlinable @inline(__always) public init(_ mantissa: Int32, exponent: Int8 = 0) {
        self.mantissa = mantissa
        self.exponent = exponent
    }

    /// Reads what `description` writes: an optional sign, digits, an optional fraction. Nil for anything else.
    package init?(_ text: some StringProtocol) {
        var decimal = Decimal()
        for character in text.utf8 where !decimal.take(character) { return nil }
        guard let amount = decimal.amount else { return nil }
        self = amount
    }

    /// The same of characters that are still bytes.
    package init?(ascii text: Span<UInt8>) {
        var decimal = Decimal()
        for index in text.indices where !decimal.take(text[index]) { return nil }
        guard let amount = decimal.amount else { return nil }
        self = amount
    }

    /// A decimal as it is read, character by character.
    private struct Decimal {
        private var mantissa = 0, places = 0
        private var negative = false, fraction = false, digits = 0, zeros = 0

        /// False for a character that cannot stand here.
        mutating func take(_ character: UInt8) -> Bool {
            switch character {
            case UInt8(ascii: "-") where digits == 0 && !negative: negative = true
            case UInt8(ascii: ".") where !fraction && digits > 0: fraction = true
            case UInt8(ascii: "0")...UInt8(ascii: "9"):
                let digit = Int(character - UInt8(ascii: "0"))
                digits += 1
                // Zeros at the end of an integer are its exponent when the mantissa would not hold them.
                if !fraction, digit == 0, mantissa > 0, mantissa > Int(Int32.max) / 10 {
                    zeros += 1
                    return true
                }
                guard zeros == 0, mantissa <= Int(Int32.max) / 10 else { return false }
                mantissa = mantissa * 10 + digit
                if fraction { places += 1 }
            default: return false
            }
            return true
        }

        var amount: Amount? {
            guard digits > 0, !(fraction && places == 0), mantissa <= Int(Int32.max), places <= 128, zeros <= 127 else {
                return nil
            }
            return Amount(Int32(negative ? -mantissa : mantissa), exponent: Int8(zeros - places))
        }
    }

    /// For comparing with a range only; the wire's digits are `description`.
    package var approximate: Double {
        var power = 1.0
        for _ in 0..<exponent.magnitude { power *= 10 }
        return exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
    }

    /// The same digits under another power of ten: a change of unit that keeps the precision. Nil out of bounds.
    package func scaled(byPowerOfTen power: Int) -> Amount? {
        Int8(exactly: Int(exponent) + power).map { Amount(mantissa, exponent: $0) }
    }
}

extension Amount: CustomStringConvertible {
    public var description: String {
        let digits = String(mantissa.magnitude), sign = mantissa < 0 ? "-" : ""
        if exponent >= 0 {
            return sign + digits + String(repeating: "0", count: mantissa == 0 ? 0 : Int(exponent))
        }
        let places = -Int(exponent)
        let padded = String(repeating: "0", count: max(0, places + 1 - digits.count)) + digits
        return sign + padded.dropLast(places) + "." + padded.suffix(places)
    }
}

extension ByteReader {
    /// IEEE 11073-20601 SFLOAT, little-endian: 4-bit exponent above a 12-bit mantissa, both two's complement.
    @inlinable @inline(__always) public mutating func sfloat() throws(Malformed) -> Outcome {
        Outcome(sfloat: try u16())
    }

    /// IEEE 11073-20601 FLOAT, little-endian: 8-bit exponent above a 24-bit mantissa, both two's complement.
    @inlinable @inline(__always) public mutating func float() throws(Malformed) -> Outcome { Outcome(float: try u32()) }
}

/// What stood in a value's place: an amount, or the reason why there is none.
public enum Outcome: Equatable, Hashable, Sendable {
    case amount(Amount)
    case absent(Absence)

    @inlinable @inline(__always) public init(sfloat raw: UInt16) {
        switch raw {
        case 0x07FF: self = .absent(.notANumber)
        case 0x07FE: self = .absent(.positiveInfinity)
        case 0x0802: self = .absent(.negativeInfinity)
        case 0x0800, 0x0801: self = .absent(.error)
        default:
            let mantissa = Int16(bitPattern: raw << 4) >> 4, exponent = Int16(bitPattern: raw) >> 12
            self = .amount(Amount(Int32(mantissa), exponent: Int8(truncatingIfNeeded: exponent)))
        }
    }

    @inlinable @inline(__always) public init(float raw: UInt32) {
        switch raw {
        case 0x007F_FFFF: self = .absent(.notANumber)
        case 0x007F_FFFE: self = .absent(.positiveInfinity)
        case 0x0080_0002: self = .absent(.negativeInfinity)
        case 0x0080_0000, 0x0080_0001: self = .absent(.error)
        default:
            let mantissa = Int32(bitPattern: raw << 8) >> 8, exponent = Int32(bitPattern: raw) >> 24
            self = .amount(Amount(mantissa, exponent: Int8(truncatingIfNeeded: exponent)))
        }
    }
}

/// Why a value is absent, in the words of FHIR's data-absent-reason.
public enum Absence: UInt8, CaseIterable, Sendable {
    case unknown, error, notANumber, positiveInfinity, negativeInfinity, notPerformed, unsupported, notApplicable

    package var code: String {
        switch self {
        case .unknown: "unknown"
        case .error: "error"
        case .notANumber: "not-a-number"
        case .positiveInfinity: "positive-infinity"
        case .negativeInfinity: "negative-infinity"
        case .notPerformed: "not-performed"
        case .unsupported: "unsupported"
        case .notApplicable: "not-applicable"
        }
    }
}
