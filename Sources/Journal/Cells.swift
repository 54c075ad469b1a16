import Core

/// The rows on one page of a database file, as far as they can be read.
///
///     page    (100 bytes of file header on page 1)  type u8  free u16  cells u16  content u16  fragments u8  [right u32]
///             then a u16 pointer to each cell; all numbers big-endian
///     cell    0D table leaf: size varint, rowid varint, record    0A index leaf: size varint, record
///             02 index interior: child u32, size varint, record   05 table interior: no record
///     record  header size varint, a type varint per column, then the columns
struct Cells {
    /// Nil where the b-tree has no row numbers.
    typealias Row = (id: Int64?, record: [Datum])

    private(set) var rows: [Row] = []
    /// Whether the page reads as a page of a b-tree, to its last cell.
    private(set) var isWhole = false

    private let page: [UInt8]
    /// The rest of a record that is too long for its page, by the number of the first page of the chain.
    private let overflow: (Int) -> [UInt8]

    init(of page: [UInt8], number: Int, overflow: @escaping (Int) -> [UInt8]) {
        self.page = page
        self.overflow = overflow
        let start = number == 1 ? 100 : 0
        guard page.count > start + 12, let kind = Kind(rawValue: page[start]) else { return }
        if kind == .tableInterior { isWhole = true; return }
        let count = Int(page[start + 3]) << 8 | Int(page[start + 4]),
            pointers = start + (kind == .indexInterior ? 12 : 8)
        isWhole = true
        for index in 0..<count {
            let at = pointers + 2 * index
            guard at + 1 < page.count else { isWhole = false; break }
            if let row = row(at: Int(page[at]) << 8 | Int(page[at + 1]), kind) {
                rows.append(row)
            } else {
                isWhole = false
            }
        }
    }

    /// Readings that lie anywhere on the page, whatever its head says. Only those whose seal is right, so that nothing
    /// is taken for a reading that is none.
    var scattered: [ReadingRow] {
        page.indices.compactMap { at in
            guard let row = row(at: at, .tableLeaf, columns: ReadingRow.count), let id = row.id,
                let reading = ReadingRow([.integer(id)] + row.record.dropFirst()), reading.isSound
            else { return nil }
            return reading
        }
    }

    private enum Kind: UInt8 { case indexInterior = 0x02, tableInterior = 0x05, indexLeaf = 0x0A, tableLeaf = 0x0D }

    private func row(at start: Int, _ kind: Kind, columns: Int? = nil) -> Row? {
        var cell = Cursor(page, from: kind == .indexInterior ? start + 4 : start)
        guard let size = cell.varint(), size > 0, size < 1 << 24 else { return nil }
        var id: Int64?
        if kind == .tableLeaf {
            guard let number = cell.varint() else { return nil }
            id = number
        }
        if let columns {
            // Cheap to refuse: as many types as there are columns, the first of them NULL for the row number.
            var header = cell
            guard let length = header.varint(), length > columns, length < 64, header.varint() == 0 else { return nil }
        }
        guard let payload = payload(&cell, size: Int(size), kind), let record = Record(payload)?.columns else {
            return nil
        }
        if let columns, record.count != columns { return nil }
        return (id, record)
    }

    /// What lies on the page, and the rest from the overflow chain.
    private func payload(_ cell: inout Cursor, size: Int, _ kind: Kind) -> [UInt8]? {
        let usable = page.count, least = (usable - 12) * 32 / 255 - 23
        let most = kind == .tableLeaf ? usable - 35 : (usable - 12) * 64 / 255 - 23
        if size <= most { return cell.take(size).map(Array.init) }
        let surplus = least + (size - least) % (usable - 4)
        let local = surplus <= most ? surplus : least
        guard var bytes = cell.take(local).map(Array.init), let link = cell.take(4) else { return nil }
        var next = Int(bigEndian(Array(link), 0)), hops = size / (usable - 4) + 1
        while bytes.count < size, next != 0, hops > 0 {
            let more = overflow(next)
            guard more.count == usable else { return nil }
            bytes += more[4...].prefix(size - bytes.count)
            next = Int(bigEndian(more, 0))
            hops -= 1
        }
        return bytes.count == size ? bytes : nil
    }
}

/// SQLite's record format: the columns of one row.
private struct Record {
    private(set) var columns: [Datum] = []

    init?(_ payload: [UInt8]) {
        var header = Cursor(payload)
        guard let length = header.varint(), length > 0, length <= payload.count else { return nil }
        var body = Cursor(payload, from: Int(length))
        while header.at < length {
            guard let type = header.varint(), let datum = Self.datum(type, &body) else { return nil }
            columns.append(datum)
        }
        guard header.at == length else { return nil }
    }

    private static func datum(_ type: Int64, _ body: inout Cursor) -> Datum? {
        switch type {
        case 0: return .null
        case 1...6:
            guard let bytes = body.take(type == 5 ? 6 : type == 6 ? 8 : Int(type)), let first = bytes.first else {
                return nil
            }
            let start: Int64 = first & 0x80 == 0 ? 0 : -1
            return .integer(bytes.reduce(start) { $0 << 8 | Int64($1) })
        case 8, 9: return .integer(type - 8)
        case 12...:
            guard let bytes = body.take(Int((type - 12) / 2)) else { return nil }
            // Text with a wrong byte stays readable for a person; the seal tells that it is not what was written.
            return type % 2 == 0 ? .blob(Array(bytes)) : .text(String(decoding: bytes, as: UTF8.self))
        default: return nil
        }
    }
}

/// A bounded reader of SQLite's numbers: nil where the bytes end.
private struct Cursor {
    private let bytes: [UInt8]
    private(set) var at: Int

    init(_ bytes: [UInt8], from at: Int = 0) {
        self.bytes = bytes
        self.at = at
    }

    /// Big-endian groups of seven bits; the ninth byte gives all its eight.
    mutating func varint() -> Int64? {
        var value: UInt64 = 0
        for index in 0..<9 {
            guard at >= 0, at < bytes.count else { return nil }
            let byte = bytes[at]
            at += 1
            if index == 8 { return Int64(bitPattern: value << 8 | UInt64(byte)) }
            value = value << 7 | UInt64(byte & 0x7F)
            if byte & 0x80 == 0 { break }
        }
        return Int64(bitPattern: value)
    }

    mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
        guard at >= 0, count >= 0, at <= bytes.count, count <= bytes.count - at else { return nil }
        defer { at += count }
        return bytes[at..<at + count]
    }
}
