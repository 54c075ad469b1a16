/// How a device's identity, and a person's, are taken out of what the device says in frames of its own: a capture is to
/// be given away. What stands in characteristics that everybody knows (serial number, names) is none of its business.
package struct Disguise: Sendable {
    /// What was heard since `question` was sent (empty: unasked), disguised: as many bytes as before.
    package let disguised: @Sendable (_ heard: [UInt8], _ question: [UInt8]) -> [UInt8]

    package init(_ disguised: @escaping @Sendable (_ heard: [UInt8], _ question: [UInt8]) -> [UInt8]) {
        self.disguised = disguised
    }

    /// Changes whole frames, each to one of the same length whose check is right again.
    package static func frames(
        _ framing: Framing, _ change: @escaping @Sendable (inout [UInt8]) -> Void
    ) -> Disguise {
        Disguise { heard, _ in
            var disguised = heard, at = 0
            while at < heard.count {
                let rest = heard.count - at
                switch framing.cut(heard.span.extracting(at..<heard.count)) {
                case .frame(let count) where 1...rest ~= count:
                    var frame = Array(heard[at..<at + count])
                    change(&frame)
                    if frame.count == count { disguised.replaceSubrange(at..<at + count, with: frame) }
                    at += count
                case .noise(let count) where 1...rest ~= count, .filler(let count) where 1...rest ~= count: at += count
                case .more where rest <= framing.longest: return disguised
                case .frame, .noise, .filler, .more: at += 1
                }
            }
            return disguised
        }
    }
}

extension UInt8 {
    /// Itself where it tells nothing: blanks, dots, zeros; else the digit 0.
    package var anonymous: UInt8 {
        let isTelling =
            UInt8(ascii: "0")...UInt8(ascii: "9") ~= self || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= self
            || UInt8(ascii: "a")...UInt8(ascii: "z") ~= self || self >= 0x80
        return isTelling ? UInt8(ascii: "0") : self
    }
}

extension [UInt8] {
    package mutating func anonymise(_ range: Range<Int>) {
        for index in range.clamped(to: indices) { self[index] = self[index].anonymous }
    }
}

extension String {
    /// Each letter and digit the digit 0.
    package var anonymous: String { String(decoding: utf8.map(\.anonymous), as: UTF8.self) }
}
