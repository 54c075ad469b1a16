/// The check values of makers' own framings.
enum CheckSum {
    /// The sum's low byte.
    static func sum(_ bytes: some Sequence<UInt8>) -> UInt8 { bytes.reduce(0, &+) }

    /// All bytes, XORed.
    static func xor(_ bytes: some Sequence<UInt8>) -> UInt8 { bytes.reduce(0, ^) }

    /// CRC-8 with polynomial 0x07, beginning at 0 (ITU, without its last XOR).
    static func crc8(_ bytes: some Sequence<UInt8>) -> UInt8 {
        bytes.reduce(0) { crc, byte in
            (0..<8).reduce(crc ^ byte) { crc, _ in crc & 0x80 != 0 ? crc << 1 ^ 0x07 : crc << 1 }
        }
    }

    /// CRC-8 of Maxim's 1-Wire: polynomial 0x31, reflected, beginning at 0.
    static func crc8Maxim(_ bytes: some Sequence<UInt8>) -> UInt8 {
        bytes.reduce(0) { crc, byte in
            (0..<8).reduce(crc ^ byte) { crc, _ in crc & 1 != 0 ? crc >> 1 ^ 0x8C : crc >> 1 }
        }
    }
}

extension Span<UInt8> {
    /// `count` bytes from `start`, both within bounds.
    func array(_ start: Int = 0, _ count: Int) -> [UInt8] {
        let whole = extracting(start..<start + count)
        return whole.indices.map { whole[$0] }
    }
}
