/// Writes JSON in the order it is told, with decimals exactly as given. There is no reader and no tree.
package struct JSONWriter {
    /// UTF-8. Bytes, because a string that is appended to scalar by scalar costs ten times as much.
    package private(set) var bytes: [UInt8] = []
    private var needsComma = false

    package init() {}

    package var text: String { String(decoding: bytes, as: UTF8.self) }

    package mutating func object(_ members: (inout JSONWriter) -> Void) { nest("{", "}", members) }
    package mutating func array(_ elements: (inout JSONWriter) -> Void) { nest("[", "]", elements) }

    package mutating func object(_ key: String, _ members: (inout JSONWriter) -> Void) {
        name(key)
        object(members)
    }
    package mutating func array(_ key: String, _ elements: (inout JSONWriter) -> Void) {
        name(key)
        array(elements)
    }
    package mutating func member(_ key: String, _ value: String) {
        name(key)
        string(value)
    }
    package mutating func member(_ key: String, _ value: Int) {
        name(key)
        literal(String(value))
    }
    package mutating func member(_ key: String, _ value: Bool) {
        name(key)
        literal(value ? "true" : "false")
    }
    /// A JSON number with the amount's own digits.
    package mutating func member(_ key: String, _ value: Amount) {
        name(key)
        literal(value.description)
    }
    /// JSON that was written elsewhere.
    package mutating func raw(_ key: String, _ json: String) {
        name(key)
        literal(json)
    }
    package mutating func null(_ key: String) {
        name(key)
        literal("null")
    }

    package mutating func string(_ value: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        let utf8 = value.utf8.span
        var special: UInt8 = 0
        for at in utf8.indices { special |= Self.mustEscape(utf8[at]) }
        if special == 0 {
            bytes.append(contentsOf: value.utf8)
        } else {
            for at in utf8.indices { append(utf8[at]) }
        }
        bytes.append(UInt8(ascii: "\""))
    }

    /// 1 or 0, without a branch: so the processor looks at many bytes at once.
    private static func mustEscape(_ byte: UInt8) -> UInt8 {
        (byte < 0x20 ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
    }

    /// Everything above ASCII stands for itself.
    private mutating func append(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"):
            bytes.append(UInt8(ascii: "\\"))
            bytes.append(byte)
        case 0x0A: bytes += "\\n".utf8
        case 0x0D: bytes += "\\r".utf8
        case 0x09: bytes += "\\t".utf8
        case 0..<0x20: bytes += ("\\u00" + hex(byte)).utf8
        default: bytes.append(byte)
        }
    }

    private mutating func literal(_ value: String) {
        separate()
        bytes += value.utf8
    }

    /// A word of ours, in which nothing wants escaping.
    private mutating func name(_ key: String) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: key.utf8)
        bytes.append(contentsOf: "\":".utf8)
        needsComma = false
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ inside: (inout JSONWriter) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        inside(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }
}
