import Core

/// The Service Discovery Protocol's words (Bluetooth Core 5.4, Vol 3, Part B). Over L2CAP, one packet is one PDU, all
/// numbers most significant byte first:
///
///     PDU  transaction  length of the rest  parameters
///     u8   u16          u16                 …
package enum SDP {
    /// The L2CAP port of every SDP server.
    package static let port: UInt16 = 0x0001
    /// The Serial Port Profile's service class: what an RFCOMM channel is looked for by.
    package static let serialPort: BluetoothUUID = 0x1101

    enum PDU: UInt8 {
        case errorResponse = 0x01
        case searchRequest = 0x02, searchResponse = 0x03
        case attributeRequest = 0x04, attributeResponse = 0x05
        case searchAttributeRequest = 0x06, searchAttributeResponse = 0x07
    }

    /// 5.1, the attributes that we ask for or serve.
    enum AttributeID {
        static let recordHandle: UInt16 = 0x0000, serviceClasses: UInt16 = 0x0001, protocols: UInt16 = 0x0004
        static let browseGroups: UInt16 = 0x0005, languages: UInt16 = 0x0006, profiles: UInt16 = 0x0009
        static let name: UInt16 = 0x0100
    }

    static func pdu(_ kind: PDU, _ transaction: UInt16, _ parameters: [UInt8]) -> [UInt8] {
        [kind.rawValue] + transaction.sdpBytes + UInt16(truncatingIfNeeded: parameters.count).sdpBytes + parameters
    }

    /// Looks a service up at a device and gives the RFCOMM channel at which it serves it: 1 to 30.
    ///
    /// `bearer` is a connection to `SDP.port`. Throws `device(.lacking)` where the device has no such service,
    /// `device(.silent)`, `device(.hungUp)` or `device(.malformed)`.
    package static func channel(
        of service: BluetoothUUID = serialPort, over bearer: any Bearer
    ) async throws(Fault) -> UInt8 {
        var search = ServiceSearch(for: service)
        while true {
            try await bearer.send(search.request)
            guard let answer = try await bearer.receive(within: .seconds(10)) else { throw .device(.hungUp) }
            let isWhole: Bool
            do { isWhole = try search.take(answer) } catch { throw .device(.malformed(error)) }
            guard isWhole else { continue }
            let records: [ServiceRecord]
            do { records = try search.records } catch { throw .device(.malformed(error)) }
            guard let channel = channel(of: service, in: records) else {
                throw .device(.lacking(service.description))
            }
            return channel
        }
    }

    /// A server finds a record by any UUID in it, a profile's too: one whose class is the service's goes before others.
    static func channel(of service: BluetoothUUID, in records: [ServiceRecord]) -> UInt8? {
        let own = records.filter { $0.classes.contains(service) }
        return (own + records).lazy.compactMap(\.channel).first
    }
}

/// One search, packet by packet: a device whose answer does not fit one sends it in pieces, each with a continuation
/// state with which the next is asked for (4.7).
package struct ServiceSearch {
    private let service: BluetoothUUID
    private var transaction: UInt16 = 1
    private var continuation: [UInt8] = []
    private var lists: [UInt8] = []
    private var rounds = 0
    /// So many bytes of attributes fit into the smallest packet that any of our sockets takes.
    private static let most: UInt16 = 480

    package init(for service: BluetoothUUID) { self.service = service }

    /// `06 … pattern  most bytes  attribute ids  continuation`
    package var request: [UInt8] {
        let pattern = DataElement.sequence([.uuid(service)])
        let wanted = DataElement.sequence(
            [SDP.AttributeID.serviceClasses, SDP.AttributeID.protocols].map { .unsigned(UInt128($0), width: 2) })
        let parameters = pattern.bytes + Self.most.sdpBytes + wanted.bytes + [UInt8(continuation.count)] + continuation
        return SDP.pdu(.searchAttributeRequest, transaction, parameters)
    }

    /// Takes `07 … count  bytes  continuation`. True when that was the last piece; else `request` is the next one.
    package mutating func take(_ pdu: [UInt8]) throws(Malformed) -> Bool {
        var reader = ByteReader(pdu.span)
        let kind = try reader.u8(), expected = SDP.PDU.searchAttributeResponse.rawValue
        guard kind == expected else { throw .header(at: 0, got: kind, expected: expected) }
        let answered = try reader.u16BE()
        guard answered == transaction else {
            throw .header(
                at: 2, got: UInt8(truncatingIfNeeded: answered), expected: UInt8(truncatingIfNeeded: transaction))
        }
        let length = Int(try reader.u16BE())
        guard length == reader.remaining else { throw .length(got: pdu.count, expected: 5 + length) }
        let piece = try reader.bytes(Int(try reader.u16BE()))
        let at = reader.offset
        continuation = try reader.bytes(Int(try reader.u8()))
        guard continuation.count <= 16, reader.isAtEnd else { throw .length(got: pdu.count, expected: reader.offset) }
        lists += piece
        rounds += 1
        if continuation.isEmpty { return true }
        // Every piece brings something, and no device has records without end.
        guard !piece.isEmpty, rounds < 256 else { throw .invalid(at: at, expected: .endOfDiscovery) }
        transaction += 1
        return false
    }

    /// What was found, once the last piece is there.
    package var records: [ServiceRecord] {
        get throws(Malformed) {
            guard let records = try DataElement(lists).elements else { throw .invalid(at: 0, expected: .dataElement) }
            return records.map { ServiceRecord($0) }
        }
    }
}

extension UInt16 {
    /// Most significant byte first.
    var sdpBytes: [UInt8] { UInt128(self).bigEndian(2) }
}
