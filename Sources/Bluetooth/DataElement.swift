import Core

/// A value of the Service Discovery Protocol, which says its own type and size (Bluetooth Core 5.4, Vol 3, Part B, 3).
///
///     header              [length]             data, most significant byte first
///     type << 3 | size    u8, u16 or u32       where size is 5, 6 or 7
///
/// Sizes 0 to 4 mean 1, 2, 4, 8 and 16 bytes, but none for the null type.
package enum DataElement: Equatable, Sendable {
    case null
    /// `width` is 1, 2, 4, 8 or 16 bytes.
    case unsigned(UInt128, width: Int)
    case signed(Int128, width: Int)
    case uuid(BluetoothUUID)
    case text([UInt8])
    case boolean(Bool)
    case sequence([DataElement])
    case alternative([DataElement])
    case url([UInt8])

    /// Deeper nesting than any record has is refused.
    private static let deepest = 8

    /// The one element that `bytes` are.
    package init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes.span)
        self = try Self.read(&reader)
        guard reader.isAtEnd else { throw .length(got: bytes.count, expected: reader.offset) }
    }

    static func read(_ reader: inout ByteReader, depth: Int = 0) throws(Malformed) -> DataElement {
        let at = reader.offset, header = try reader.u8(), size = header & 7
        func wrong() -> Malformed { .invalid(at: at, expected: .dataElement) }
        switch (header >> 3, size) {
        case (0, 0): return .null
        case (1, 0...4): return .unsigned(try reader.number(1 << size), width: 1 << size)
        case (2, 0...4):
            let width = 1 << Int(size), unused = 8 * (16 - width)
            return .signed((Int128(truncatingIfNeeded: try reader.number(width)) << unused) >> unused, width: width)
        case (3, 1): return .uuid(BluetoothUUID(try reader.u16BE()))
        case (3, 2): return .uuid(BluetoothUUID(full: UInt128(try reader.u32BE()) << 96 | BluetoothUUID(0).value))
        case (3, 4): return .uuid(BluetoothUUID(full: try reader.number(16)))
        case (4, 5...7): return .text(try reader.bytes(try reader.length(size)))
        case (5, 0): return .boolean(try reader.u8() != 0)
        case (6, 5...7), (7, 5...7):
            guard depth < deepest else { throw wrong() }
            let length = try reader.length(size), end = reader.offset + length
            var elements: [DataElement] = []
            while reader.offset < end { elements.append(try read(&reader, depth: depth + 1)) }
            guard reader.offset == end else { throw wrong() }
            return header >> 3 == 6 ? .sequence(elements) : .alternative(elements)
        case (8, 5...7): return .url(try reader.bytes(try reader.length(size)))
        default: throw wrong()
        }
    }

    /// As it is sent, in the shortest form.
    package var bytes: [UInt8] {
        switch self {
        case .null: [0]
        case .unsigned(let number, let width): Self.fixed(1, number, width)
        case .signed(let number, let width): Self.fixed(2, UInt128(truncatingIfNeeded: number), width)
        case .uuid(let uuid): uuid.short.map { Self.fixed(3, UInt128($0), 2) } ?? Self.fixed(3, uuid.value, 16)
        case .text(let text): Self.counted(4, text)
        case .boolean(let value): [5 << 3, value ? 1 : 0]
        case .sequence(let elements): Self.counted(6, elements.flatMap(\.bytes))
        case .alternative(let elements): Self.counted(7, elements.flatMap(\.bytes))
        case .url(let url): Self.counted(8, url)
        }
    }

    /// Whether the UUID stands in it, at any depth: what SDP searches for.
    package func contains(_ uuid: BluetoothUUID) -> Bool {
        switch self {
        case .uuid(let own): own == uuid
        case .sequence(let elements), .alternative(let elements): elements.contains { $0.contains(uuid) }
        default: false
        }
    }

    /// What a sequence is made of; nil for everything else.
    package var elements: [DataElement]? { if case .sequence(let elements) = self { elements } else { nil } }

    private static func fixed(_ type: UInt8, _ number: UInt128, _ width: Int) -> [UInt8] {
        [type << 3 | UInt8(width.trailingZeroBitCount)] + number.bigEndian(width)
    }

    private static func counted(_ type: UInt8, _ data: [UInt8]) -> [UInt8] {
        let size = data.count < 0x100 ? 5 : data.count < 0x1_0000 ? 6 : 7
        return [type << 3 | UInt8(size)] + UInt128(data.count).bigEndian(1 << (size - 5)) + data
    }
}

extension UInt128 {
    /// Its lowest `count` bytes, most significant first.
    func bigEndian(_ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: self >> UInt128(8 * $0)) }
    }
}

extension ByteReader {
    mutating func number(_ count: Int) throws(Malformed) -> UInt128 {
        try need(count)
        var number: UInt128 = 0
        for _ in 0..<count { number = number << 8 | UInt128(try u8()) }
        return number
    }

    /// The length behind a header of size 5, 6 or 7; so many bytes must be there.
    fileprivate mutating func length(_ size: UInt8) throws(Malformed) -> Int {
        let length = Int(try number(1 << (Int(size) - 5)))
        try need(length)
        return length
    }
}
