/// Why bytes were refused, and at which byte.
///
/// The first two mean "not mine": another decoder may still want the bytes. The rest mean "mine, but broken", and are
/// a fault of the device or of the way to it.
public enum Malformed: Error, Equatable, Sendable {
    /// The whole has `got` bytes where the layout knows only `expected`.
    case length(got: Int, expected: Int)
    /// The byte at `at` is `got`; the frame begins with `expected`.
    case header(at: Int, got: UInt8, expected: UInt8)
    /// At byte `at` a field of `need` bytes begins, of which `have` are there.
    case truncated(at: Int, need: Int, have: Int)
    /// The check value at `at` is `got`, computed over the frame it is `expected`.
    case checksum(at: Int, got: UInt16, expected: UInt16)
    /// Bits at `at` that the specification reserves are set; what follows them cannot be told.
    case reserved(at: Int, bits: UInt32)
    /// The byte at `at` cannot mean what the layout says stands there.
    case invalid(at: Int, expected: Expectation)

    /// What a field should have held.
    public enum Expectation: String, Sendable {
        case flagByte = "a flag byte with bit 7 set"
        case dataByte = "a data byte with bit 7 clear"
        case decimalDigits = "two decimal digits (BCD)"
        case endOfFrame = "the end-of-frame byte"
        case wholeFrame = "a whole frame"
        case knownFormat = "a known data format"
        case knownType = "a known record type"
        case measurement = "a measurement"
        case text = "printable ASCII"
        case decimal = "a decimal number"
        case hexadecimal = "hexadecimal digits"
        case attributeList = "a list of attributes of the size that it says"
        case risingHandle = "a handle that rises, within the range that was asked for"
        case addressKind = "a kind of Bluetooth address"
        case keyRecord = "a record of a bond"
        case endOfDiscovery = "an end of the attributes"
        case dataElement = "a data element of a type and size that SDP has"
    }

    /// Whether another decoder may still claim the bytes.
    package var isNotMine: Bool {
        switch self {
        case .length, .header: true
        default: false
        }
    }

    /// Where in the bytes the trouble is, counted from 0.
    package var offset: Int {
        switch self {
        case .length(let got, let expected): min(got, expected)
        case .header(let at, _, _), .truncated(let at, _, _), .checksum(let at, _, _), .reserved(let at, _),
            .invalid(let at, _):
            at
        }
    }
}

extension Malformed {
    /// The same trouble in bytes that stand `distance` further on in a stream.
    package func moved(by distance: Int) -> Malformed {
        switch self {
        case .length(let got, let expected): .length(got: got + distance, expected: expected + distance)
        case .header(let at, let got, let expected): .header(at: at + distance, got: got, expected: expected)
        case .truncated(let at, let need, let have): .truncated(at: at + distance, need: need, have: have)
        case .checksum(let at, let got, let expected): .checksum(at: at + distance, got: got, expected: expected)
        case .reserved(let at, let bits): .reserved(at: at + distance, bits: bits)
        case .invalid(let at, let expected): .invalid(at: at + distance, expected: expected)
        }
    }
}

extension Malformed: CustomStringConvertible {
    public var description: String {
        switch self {
        case .length(let got, let expected): "byte \(offset): expected \(expected) bytes in all, got \(got)"
        case .header(let at, let got, let expected): "byte \(at): expected \(hex(expected)), got \(hex(got))"
        case .truncated(let at, let need, let have): "byte \(at): expected \(need) more bytes, got \(have)"
        case .checksum(let at, let got, let expected):
            "byte \(at): expected checksum \(hex(expected)), got \(hex(got))"
        case .reserved(let at, let bits): "byte \(at): expected reserved bits to be 0, got \(String(bits, radix: 16))"
        case .invalid(let at, let expected): "byte \(at): expected \(expected.rawValue)"
        }
    }
}

/// Two or more lower-case hexadecimal digits, as bytes are written everywhere in vitalsd.
package func hex<Number: FixedWidthInteger & UnsignedInteger>(_ number: Number) -> String {
    let digits = String(number, radix: 16)
    return digits.count < 2 ? "0" + digits : digits
}

/// Two capital hexadecimal digits, as IEEE 11073 and the Bluetooth SIG write bytes.
package func capitalHex(_ byte: UInt8) -> String {
    func digit(_ nibble: UInt8) -> UInt8 { nibble + (nibble < 10 ? 0x30 : 0x37) }
    return String(decoding: [digit(byte >> 4), digit(byte & 0x0F)], as: UTF8.self)
}

/// Lower-case hexadecimal without separators.
package func hex(_ bytes: some Sequence<UInt8>) -> String {
    var digits: [UInt8] = []
    digits.reserveCapacity(2 * bytes.underestimatedCount)
    func append(_ nibble: UInt8) { digits.append(nibble + (nibble < 10 ? 0x30 : 0x57)) }
    for byte in bytes {
        append(byte >> 4)
        append(byte & 0x0F)
    }
    return String(decoding: digits, as: UTF8.self)
}

/// Bytes from hexadecimal digits; spaces are ignored. Nil when a digit is odd or foreign.
package func bytes(hex text: some StringProtocol) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for character in text where character != " " {
        guard character.isASCII, let nibble = character.hexDigitValue.map(UInt8.init(truncatingIfNeeded:)) else {
            return nil
        }
        if let first = high {
            bytes.append(first << 4 | nibble)
            high = nil
        } else {
            high = nibble
        }
    }
    return high == nil ? bytes : nil
}
