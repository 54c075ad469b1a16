import Core

/// From when to when a certificate is valid (X.509, RFC 5280, 4.1): all that is read of it here. Whether it is to be trusted
/// is OpenSSL's affair.
package struct Certificate: Equatable, Sendable {
    /// The first and the last second. A careless authority may have them the wrong way round: then it never was valid.
    package let begin: Instant, end: Instant

    /// So long before its end somebody is told.
    package static let notice = Duration.seconds(30 * 86_400)

    /// Reads the beginning of the DER form.
    ///
    ///     SEQUENCE { SEQUENCE { [0] version, INTEGER serial, SEQUENCE algorithm, SEQUENCE issuer,
    ///                           SEQUENCE { notBefore, notAfter }, …
    ///
    /// The version may be left out. A time is UTCTime, `YYMMDDhhmmssZ`, of 1950 to 2049, or GeneralizedTime, which begins with
    /// the century.
    package init(_ bytes: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(bytes)
        try field.begin(0x30)
        try field.begin(0x30)
        if try field.isNext(0xA0) { try field.pass(0xA0) }
        try field.pass(0x02)
        try field.pass(0x30)
        try field.pass(0x30)
        try field.begin(0x30)
        begin = try field.moment()
        end = try field.moment()
    }

    /// Each certificate of a PEM file (RFC 7468).
    package static func all(of text: String) throws(Malformed) -> [Certificate] {
        var found: [Certificate] = [], body: [UInt8]?
        for line in text.split(whereSeparator: \.isNewline) {
            switch line {
            case "-----BEGIN CERTIFICATE-----": body = []
            case "-----END CERTIFICATE-----":
                if let body { found.append(try Certificate(base64(body).span)) }
                body = nil
            default: body?.append(contentsOf: line.utf8)
            }
        }
        return found
    }

    /// RFC 4648. Up to the first byte that is none of its 64.
    private static func base64(_ text: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [], bits: UInt32 = 0, count = 0
        for character in text {
            let value: UInt8
            switch character {
            case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - 65
            case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - 71
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character + 4
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return bytes
            }
            (bits, count) = (bits << 6 | UInt32(value), count + 6)
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(count)))
            }
        }
        return bytes
    }
}

// DER (X.690): a tag, a length, and so many bytes.
extension ByteReader {
    /// What has the tag begins; gives its length, which may be more than is there.
    @discardableResult
    fileprivate mutating func begin(_ tag: UInt8) throws(Malformed) -> Int {
        let at = offset, got = try u8()
        guard got == tag else { throw .header(at: at, got: got, expected: tag) }
        let short = try u8()
        guard short > 0x7F else { return Int(short) }
        // No length of a certificate takes more than four bytes; 0x80 is a length that DER does not have.
        guard 0x81...0x84 ~= short else { throw .invalid(at: at + 1, expected: .wholeFrame) }
        var length = 0
        for _ in 0x80..<short { length = length << 8 | Int(try u8()) }
        return length
    }

    fileprivate mutating func pass(_ tag: UInt8) throws(Malformed) { try skip(try begin(tag)) }

    fileprivate func isNext(_ tag: UInt8) throws(Malformed) -> Bool {
        try need(1)
        return peek == tag
    }

    fileprivate mutating func moment() throws(Malformed) -> Instant {
        let at = offset, isLong = try isNext(0x18), length = try begin(isLong ? 0x18 : 0x17)
        guard length == (isLong ? 15 : 13) else { throw .invalid(at: at, expected: .decimalDigits) }
        let year = isLong ? try digits() * 100 + digits() : try digits()
        let time = LocalTime(
            isLong ? year : year + (year < 50 ? 2000 : 1900), try digits(), try digits(), try digits(), try digits(),
            try digits())
        guard let time, try u8() == UInt8(ascii: "Z") else { throw .invalid(at: at, expected: .decimalDigits) }
        return Instant(milliseconds: Int64(time.seconds) * 1000)
    }

    private mutating func digits() throws(Malformed) -> Int {
        let at = offset, tens = try u8(), ones = try u8(), digit = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard digit ~= tens, digit ~= ones else { throw .invalid(at: at, expected: .decimalDigits) }
        return Int(tens & 0x0F) * 10 + Int(ones & 0x0F)
    }
}
