/// A bounded little-endian cursor over borrowed bytes: no copy, no allocation, no trap on short input.
///
/// Bluetooth speaks little-endian; the few big-endian formats use the `…BE` readings.
///
/// Every field of every record passes here, so what is read is short and is inlined: the complaint about bytes that are
/// missing stands apart, and what `need` has proven is added without a second check. Public, with the values that are made
/// of it, because the compiler inlines nothing into another module that is only for the package.
public struct ByteReader: ~Copyable, ~Escapable {
    @usableFromInline let bytes: Span<UInt8>
    @usableFromInline var position = 0
    @inlinable @inline(__always) public var offset: Int { position }

    @_lifetime(copy bytes)
    @inlinable @inline(__always) public init(_ bytes: Span<UInt8>) { self.bytes = bytes }

    @inlinable @inline(__always) public var remaining: Int { bytes.count &- offset }
    @inlinable @inline(__always) public var isAtEnd: Bool { remaining == 0 }

    /// The next byte, which stays there; 0 at the end.
    package var peek: UInt8 { isAtEnd ? 0 : bytes[position] }

    @inlinable @inline(__always) public mutating func u8() throws(Malformed) -> UInt8 {
        try need(1)
        defer { position &+= 1 }
        return bytes[offset]
    }

    @inlinable @inline(__always) public mutating func u16() throws(Malformed) -> UInt16 {
        try need(2)
        defer { position &+= 2 }
        return UInt16(bytes[offset]) | UInt16(bytes[offset &+ 1]) << 8
    }

    @inlinable @inline(__always) public mutating func u16BE() throws(Malformed) -> UInt16 { try u16().byteSwapped }

    @inlinable @inline(__always) public mutating func u24() throws(Malformed) -> UInt32 {
        try need(3)
        defer { position &+= 3 }
        return UInt32(bytes[offset]) | UInt32(bytes[offset &+ 1]) << 8 | UInt32(bytes[offset &+ 2]) << 16
    }

    @inlinable @inline(__always) public mutating func u32() throws(Malformed) -> UInt32 {
        try need(4)
        defer { position &+= 4 }
        let low = UInt32(bytes[offset]) | UInt32(bytes[offset &+ 1]) << 8
        return low | UInt32(bytes[offset &+ 2]) << 16 | UInt32(bytes[offset &+ 3]) << 24
    }

    @inlinable @inline(__always) public mutating func u32BE() throws(Malformed) -> UInt32 { try u32().byteSwapped }

    /// Seven bytes at once: a Date Time has so many.
    @inlinable @inline(__always) public mutating func u56() throws(Malformed) -> UInt64 {
        try need(7)
        defer { position &+= 7 }
        var word: UInt64 = 0
        for index in 0..<7 { word |= UInt64(bytes[offset &+ index]) &<< UInt64(8 &* index) }
        return word
    }

    @inlinable @inline(__always) public mutating func skip(_ count: Int) throws(Malformed) {
        try need(count)
        position &+= count
    }

    /// Two decimal digits in one byte, as IEEE 11073-20601 and Nonin write dates.
    @inlinable @inline(__always) public mutating func bcd() throws(Malformed) -> Int {
        let at = offset, byte = try u8()
        guard byte >> 4 < 10, byte & 0x0F < 10 else { throw .invalid(at: at, expected: .decimalDigits) }
        return Int(byte >> 4) &* 10 &+ Int(byte & 0x0F)
    }

    @inlinable @inline(__always) public func need(_ count: Int) throws(Malformed) {
        if remaining < count { throw truncated(by: count) }
    }

    @inline(never) @usableFromInline func truncated(by need: Int) -> Malformed {
        .truncated(at: offset, need: need, have: remaining)
    }
}
