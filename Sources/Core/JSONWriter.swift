/// Writes JSON in the order it is told, with decimals exactly as given. There is no reader and no tree.
package struct JSONWriter {
    package private(set) var text = ""
    private var needsComma = false

    package init() {}

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
    package mutating func member(_ key: String, _ value: some StringProtocol) {
        name(key)
        string(value)
    }
    package mutating func member(_ key: String, _ value: StaticString) { member(key, value.description) }
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

    package mutating func string(_ value: some StringProtocol) {
        separate()
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            case "\u{0}"..<" ": text += "\\u00" + hex(UInt8(truncatingIfNeeded: scalar.value))
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private mutating func literal(_ value: String) {
        separate()
        text += value
    }

    private mutating func name(_ key: String) {
        string(key)
        text += ":"
        needsComma = false
    }

    private mutating func nest(_ open: String, _ close: String, _ inside: (inout JSONWriter) -> Void) {
        separate()
        text += open
        needsComma = false
        inside(&self)
        text += close
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { text += "," }
        needsComma = true
    }
}
