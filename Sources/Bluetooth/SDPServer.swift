import Core

/// Tells a device that calls us where its service is: a server of a few records, without memory, because its
/// continuation state is the place in the answer from which to go on (Bluetooth Core 5.4, Vol 3, Part B, 4).
package struct SDPServer: Sendable {
    private let records: [ServiceRecord]
    private let mtu: Int

    /// `mtu` is the longest packet that the device takes, at least 48 bytes.
    package init(_ records: [ServiceRecord], mtu: Int = 672) {
        self.records = records
        self.mtu = max(48, min(mtu, 0xFFFF))
    }

    /// Whatever is asked, there is an answer; nil only for what is too short to have one.
    package func answer(_ pdu: [UInt8]) -> [UInt8]? {
        var reader = ByteReader(pdu.span)
        guard let kind = try? reader.u8(), let transaction = try? reader.u16BE() else { return nil }
        do throws(Refusal) {
            guard let length = try? reader.u16BE(), Int(length) == reader.remaining else { throw .size }
            guard let request = try? SDPRequest(SDP.PDU(rawValue: kind), &reader) else { throw .syntax }
            return try answer(request, transaction)
        } catch {
            return SDP.pdu(.errorResponse, transaction, error.rawValue.sdpBytes)
        }
    }

    /// 4.4.1, ErrorCode.
    private enum Refusal: UInt16, Error {
        case noSuchRecord = 0x0002, syntax = 0x0003, size = 0x0004, continuation = 0x0005
    }

    private func answer(_ request: SDPRequest, _ transaction: UInt16) throws(Refusal) -> [UInt8] {
        switch request.what {
        case .search(let pattern):
            // 4 bytes a handle, behind 5 of header and 4 of counts, before 1 of no continuation.
            let most = min(Int(request.most), (mtu - 10) / 4)
            let handles = matching(pattern).prefix(most).map(\.handle)
            guard request.continuation.isEmpty else { throw .continuation }
            let count = UInt16(handles.count).sdpBytes
            return SDP.pdu(
                .searchResponse, transaction, count + count + handles.flatMap { UInt128($0).bigEndian(4) } + [0])
        case .attributes(let handle, let ids):
            guard let record = records.first(where: { $0.handle == handle }) else { throw .noSuchRecord }
            return try piece(of: record.list(of: ids), for: request, .attributeResponse, transaction)
        case .searchAttributes(let pattern, let ids):
            let lists = DataElement.sequence(matching(pattern).map { $0.list(of: ids) })
            return try piece(of: lists, for: request, .searchAttributeResponse, transaction)
        }
    }

    private func matching(_ pattern: [BluetoothUUID]) -> [ServiceRecord] { records.filter { $0.matches(pattern) } }

    /// What of the answer fits, from where the last piece ended.
    private func piece(
        of answer: DataElement, for request: SDPRequest, _ kind: SDP.PDU, _ transaction: UInt16
    ) throws(Refusal) -> [UInt8] {
        let bytes = answer.bytes
        var start = 0
        if !request.continuation.isEmpty {
            start = Int(request.continuation[0]) << 8 | Int(request.continuation.last ?? 0)
            guard request.continuation.count == 2, 0 < start, start < bytes.count else { throw .continuation }
        }
        // Behind 5 bytes of header and 2 of count, before 3 of continuation.
        let end = min(bytes.count, start + min(Int(request.most), mtu - 10))
        let rest = end < bytes.count ? [2] + UInt16(truncatingIfNeeded: end).sdpBytes : [0]
        return SDP.pdu(kind, transaction, UInt16(end - start).sdpBytes + bytes[start..<end] + rest)
    }
}

/// What a client asks, behind the header of its PDU.
private struct SDPRequest {
    enum What {
        case search([BluetoothUUID])
        case attributes(UInt32, [ClosedRange<UInt16>])
        case searchAttributes([BluetoothUUID], [ClosedRange<UInt16>])
    }
    let what: What
    /// Most records, or most bytes.
    let most: UInt16
    let continuation: [UInt8]

    ///     02  pattern           most records        continuation
    ///     04  handle u32        most bytes    ids   continuation
    ///     06  pattern           most bytes    ids   continuation
    init(_ kind: SDP.PDU?, _ reader: inout ByteReader) throws(Malformed) {
        switch kind {
        case .searchRequest:
            what = .search(try Self.pattern(&reader))
            most = try reader.u16BE()
        case .attributeRequest:
            let handle = try reader.u32BE()
            most = try Self.mostBytes(&reader)
            what = .attributes(handle, try Self.ranges(&reader))
        case .searchAttributeRequest:
            let pattern = try Self.pattern(&reader)
            most = try Self.mostBytes(&reader)
            what = .searchAttributes(pattern, try Self.ranges(&reader))
        default: throw .invalid(at: 0, expected: .knownType)
        }
        continuation = try reader.bytes(Int(try reader.u8()))
        guard reader.isAtEnd else { throw .length(got: reader.offset + reader.remaining, expected: reader.offset) }
    }

    private static func mostBytes(_ reader: inout ByteReader) throws(Malformed) -> UInt16 {
        let at = reader.offset, most = try reader.u16BE()
        guard most >= 7 else { throw .invalid(at: at, expected: .dataElement) }
        return most
    }

    /// One to twelve UUIDs.
    private static func pattern(_ reader: inout ByteReader) throws(Malformed) -> [BluetoothUUID] {
        let at = reader.offset
        guard let elements = try DataElement.read(&reader).elements, 1...12 ~= elements.count else {
            throw .invalid(at: at, expected: .dataElement)
        }
        return try elements.map { (element) throws(Malformed) in
            guard case .uuid(let uuid) = element else { throw .invalid(at: at, expected: .dataElement) }
            return uuid
        }
    }

    /// Identifiers of two bytes, or of four: first and last of a range.
    private static func ranges(_ reader: inout ByteReader) throws(Malformed) -> [ClosedRange<UInt16>] {
        let at = reader.offset
        guard let elements = try DataElement.read(&reader).elements else {
            throw .invalid(at: at, expected: .dataElement)
        }
        return try elements.map { (element) throws(Malformed) in
            guard case .unsigned(let id, let width) = element, width == 2 || width == 4 else {
                throw .invalid(at: at, expected: .dataElement)
            }
            let last = UInt16(truncatingIfNeeded: id)
            let first = width == 2 ? last : UInt16(truncatingIfNeeded: id >> 16)
            guard first <= last else { throw .invalid(at: at, expected: .dataElement) }
            return first...last
        }
    }
}
