/// A capture as the text that `Capture` reads.
extension Capture: CustomStringConvertible {
    package var description: String {
        var text = ""
        let first = ["device", "display", "source", "hub", "consent", "mtu"]
        for name in first + headers.keys.sorted().filter({ !first.contains($0) }) {
            guard let header = headers[name] else { continue }
            text += "# \(name):\(String(repeating: " ", count: max(1, 9 - name.count)))\(header)\n"
        }
        switch sighting.way {
        case .advertisement(let advertisement): text += "adv \(advertisement.notation)\n"
        case .line(let line): text += "tty \(line.notation)\n"
        }
        for attribute in attributes { text += "@ \(attribute.notation)\n" }
        for line in lines { text += line.notation(isPDU: !attributes.isEmpty) + "\n" }
        return text
    }
}

extension Attribute {
    /// `0002 2803 200300352a`
    package var notation: String {
        let digits = String(handle, radix: 16)
        let start = String(repeating: "0", count: 4 - digits.count) + digits + " \(type)"
        return value.isEmpty ? start : "\(start) \(hex(value))"
    }
}

extension Capture.Line {
    fileprivate func notation(isPDU: Bool) -> String {
        switch self {
        case .sent(let bytes): "> " + (isPDU ? Self.grouped(bytes) : hex(bytes))
        case .heard(let bytes): "< " + (isPDU ? Self.grouped(bytes) : hex(bytes))
        case .silence: "~"
        case .time(let time): "hub \(time)"
        case .clock(let raw): "= clock \(raw)"
        case .clockSet(let time): "= clock set to \(time)"
        case .information(let text): "= information \(text)"
        case .reported(let reading): "= \(reading)"
        case .lost(let gaps, let bytes): "= lost \(bytes) bytes in \(gaps) \(gaps == 1 ? "place" : "places")"
        case .fault(let text): "= fault \(text)"
        }
    }

    /// `12 0400 0200`: opcode, handle, value. What has no handle is opcode and the rest.
    private static func grouped(_ pdu: [UInt8]) -> String {
        guard let opcode = pdu.first, pdu.count > 1 else { return hex(pdu) }
        guard [0x0A, 0x0C, 0x12, 0x52, 0x1B, 0x1D].contains(opcode), pdu.count >= 3 else {
            return "\(hex([opcode])) \(hex(Array(pdu[1...])))"
        }
        let value = pdu.count > 3 ? " " + hex(Array(pdu[3...])) : ""
        return "\(hex([opcode])) \(hex(Array(pdu[1..<3])))\(value)"
    }
}
