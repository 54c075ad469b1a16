import Core

/// A table of attributes that answers ATT requests: what we serve to a device that asks us, and the far end in a test
/// or a demonstration. Whatever is asked, there is an answer, and it fits the MTU.
package struct AttributeServer: Sendable {
    /// Handles rise.
    package private(set) var attributes: [Attribute]
    /// The MTU in use: 23 until the client exchanges it.
    package private(set) var mtu = ATT.defaultMTU
    private let offered: Int

    /// An empty table serves nothing, and says so. `mtu` is what it offers when it is asked, at least 23.
    package init(_ attributes: [Attribute] = [], mtu: Int = ATT.ourMTU) {
        self.attributes = attributes.sorted { $0.handle < $1.handle }
        offered = max(ATT.defaultMTU, min(mtu, ATT.ourMTU))
    }

    package struct Answer: Equatable, Sendable {
        /// What to send back; nil for a command, which has no answer, and for what is not for a server.
        package var response: [UInt8]?
        /// What the client has just written; it already stands in the table.
        package var written: Attribute?

        package init(response: [UInt8]? = nil, written: Attribute? = nil) {
            self.response = response
            self.written = written
        }
    }

    /// Changes a value by itself, not by a client's wish.
    mutating func set(_ value: [UInt8], at handle: UInt16) {
        if let index = attributes.firstIndex(where: { $0.handle == handle }) { attributes[index].value = value }
    }

    package mutating func answer(_ pdu: [UInt8]) -> Answer {
        guard let first = pdu.first else { return Answer() }
        let opcode = ATT.Opcode(rawValue: first)
        switch opcode {
        case .writeRequest, .writeCommand: return write(pdu, isRequest: opcode == .writeRequest)
        case .some(let opcode) where opcode.response != nil:
            do {
                return Answer(response: try respond(to: opcode, pdu))
            } catch {
                return Answer(response: refusal(first, error))
            }
        case .some: return Answer()
        // Bit 6 marks a command, which is passed over where it is not known (3.3).
        case nil: return first & 0x40 != 0 ? Answer() : Answer(response: refusal(first, .init(.notSupported)))
        }
    }

    /// Why a request is refused, and at which handle.
    private struct Refusal: Error {
        enum Kind {
            case notSupported, malformed, noSuchHandle, notFound, notReadable, notWritable, badOffset, badGroup
        }
        let kind: Kind, handle: UInt16

        init(_ kind: Kind, at handle: UInt16 = 0) {
            self.kind = kind
            self.handle = handle
        }

        var code: UInt8 {
            switch kind {
            case .notSupported: ATT.ErrorCode.requestNotSupported
            case .malformed: ATT.ErrorCode.invalidPDU
            case .noSuchHandle: ATT.ErrorCode.invalidHandle
            case .notFound: ATT.ErrorCode.attributeNotFound
            case .notReadable: ATT.ErrorCode.readNotPermitted
            case .notWritable: ATT.ErrorCode.writeNotPermitted
            case .badOffset: ATT.ErrorCode.invalidOffset
            case .badGroup: ATT.ErrorCode.unsupportedGroupType
            }
        }
    }

    private func refusal(_ request: UInt8, _ why: Refusal) -> [UInt8] {
        [ATT.Opcode.errorResponse.rawValue, request] + why.handle.attBytes + [why.code]
    }

    private mutating func respond(to opcode: ATT.Opcode, _ pdu: [UInt8]) throws(Refusal) -> [UInt8] {
        switch opcode {
        case .exchangeMTURequest:
            guard pdu.count == 3, let theirs = pdu.u16(at: 1) else { throw Refusal(.malformed) }
            mtu = max(ATT.defaultMTU, min(Int(theirs), offered))
            return [ATT.Opcode.exchangeMTUResponse.rawValue] + UInt16(offered).attBytes
        case .findInformationRequest: return try findInformation(pdu)
        case .findByTypeValueRequest: return try findByTypeValue(pdu)
        case .readByTypeRequest: return try readByType(pdu)
        case .readByGroupTypeRequest: return try readByGroupType(pdu)
        case .readRequest: return try read(pdu, .readResponse, offset: 0, size: 3)
        case .readBlobRequest:
            return try read(pdu, .readBlobResponse, offset: pdu.u16(at: 3).map { Int($0) } ?? 0, size: 5)
        default: throw Refusal(.notSupported)
        }
    }

    /// `04 start end` → `05 format (handle type)…`, all types of one size.
    private func findInformation(_ pdu: [UInt8]) throws(Refusal) -> [UInt8] {
        let found = try range(pdu, sizes: [5])
        guard let first = found.first else { throw Refusal(.notFound, at: pdu.u16(at: 1) ?? 0) }
        let size = first.type.attBytes.count
        var answer: [UInt8] = [ATT.Opcode.findInformationResponse.rawValue, size == 2 ? 1 : 2]
        for attribute in found {
            guard attribute.type.attBytes.count == size, answer.count + 2 + size <= mtu else { break }
            answer += attribute.handle.attBytes + attribute.type.attBytes
        }
        return answer
    }

    /// `06 start end type value` → `07 (handle, end of group)…`.
    private func findByTypeValue(_ pdu: [UInt8]) throws(Refusal) -> [UInt8] {
        guard pdu.count >= 7, let type = pdu.u16(at: 5) else { throw Refusal(.malformed) }
        let found = try range(pdu, sizes: 7...ATT.ourMTU)
            .filter { $0.type == BluetoothUUID(type) && $0.value == Array(pdu[7...]) }
        guard !found.isEmpty else { throw Refusal(.notFound, at: pdu.u16(at: 1) ?? 0) }
        var answer = [ATT.Opcode.findByTypeValueResponse.rawValue]
        for attribute in found where answer.count + 4 <= mtu {
            answer += attribute.handle.attBytes + endOfGroup(attribute).attBytes
        }
        return answer
    }

    /// `08 start end type` → `09 size (handle value)…`, all values of one size.
    private func readByType(_ pdu: [UInt8]) throws(Refusal) -> [UInt8] {
        let found = try range(pdu, sizes: [7, 21]).filter { $0.type == BluetoothUUID(att: pdu[5...]) }
        guard let first = found.first else { throw Refusal(.notFound, at: pdu.u16(at: 1) ?? 0) }
        guard isReadable(first) else { throw Refusal(.notReadable, at: first.handle) }
        let size = min(first.value.count, mtu - 4, 253)
        var answer = [ATT.Opcode.readByTypeResponse.rawValue, UInt8(size + 2)]
        for attribute in found {
            guard isReadable(attribute), attribute.value.count == first.value.count, answer.count + 2 + size <= mtu
            else {
                break
            }
            answer += attribute.handle.attBytes + attribute.value.prefix(size)
        }
        return answer
    }

    /// `10 start end type` → `11 size (handle, end of group, value)…`, all values of one size.
    private func readByGroupType(_ pdu: [UInt8]) throws(Refusal) -> [UInt8] {
        let inRange = try range(pdu, sizes: [7, 21]), type = BluetoothUUID(att: pdu[5...])
        guard type == ATT.primaryService || type == ATT.secondaryService else {
            throw Refusal(.badGroup, at: pdu.u16(at: 1) ?? 0)
        }
        let found = inRange.filter { $0.type == type }
        guard let first = found.first else { throw Refusal(.notFound, at: pdu.u16(at: 1) ?? 0) }
        let size = min(first.value.count, mtu - 6, 251)
        var answer = [ATT.Opcode.readByGroupTypeResponse.rawValue, UInt8(size + 4)]
        for attribute in found {
            guard attribute.value.count == first.value.count, answer.count + 4 + size <= mtu else { break }
            answer += attribute.handle.attBytes + endOfGroup(attribute).attBytes + attribute.value.prefix(size)
        }
        return answer
    }

    /// `0a handle` → `0b value`, and `0c handle offset` → `0d value from there`.
    private func read(_ pdu: [UInt8], _ response: ATT.Opcode, offset: Int, size: Int) throws(Refusal) -> [UInt8] {
        guard pdu.count == size, let handle = pdu.u16(at: 1) else { throw Refusal(.malformed) }
        guard let attribute = attributes.first(where: { $0.handle == handle }) else {
            throw Refusal(.noSuchHandle, at: handle)
        }
        guard isReadable(attribute) else { throw Refusal(.notReadable, at: handle) }
        guard offset <= attribute.value.count else { throw Refusal(.badOffset, at: handle) }
        return [response.rawValue] + attribute.value.dropFirst(offset).prefix(mtu - 1)
    }

    private mutating func write(_ pdu: [UInt8], isRequest: Bool) -> Answer {
        func refused(_ why: Refusal) -> Answer {
            Answer(response: isRequest ? refusal(ATT.Opcode.writeRequest.rawValue, why) : nil)
        }
        guard let handle = pdu.u16(at: 1) else { return refused(Refusal(.malformed)) }
        guard let index = attributes.firstIndex(where: { $0.handle == handle }) else {
            return refused(Refusal(.noSuchHandle, at: handle))
        }
        let allowed: Bool
        if let properties = properties(of: handle) {
            allowed = properties.contains(isRequest ? .write : .writeWithoutResponse)
        } else {
            allowed = attributes[index].type == ATT.clientConfiguration
        }
        guard allowed else { return refused(Refusal(.notWritable, at: handle)) }
        attributes[index].value = Array(pdu[3...])
        return Answer(
            response: isRequest ? [ATT.Opcode.writeResponse.rawValue] : nil, written: attributes[index])
    }

    /// The attributes between the two handles of a request that has one of `sizes` bytes.
    private func range(_ pdu: [UInt8], sizes: some Collection<Int>) throws(Refusal) -> [Attribute] {
        guard sizes.contains(pdu.count), let start = pdu.u16(at: 1), let end = pdu.u16(at: 3) else {
            throw Refusal(.malformed)
        }
        guard start > 0, start <= end else { throw Refusal(.noSuchHandle, at: start) }
        return attributes.filter { start...end ~= $0.handle }
    }

    /// A service ends before the next; every other attribute is a group of its own.
    private func endOfGroup(_ first: Attribute) -> UInt16 {
        func isService(_ attribute: Attribute) -> Bool {
            attribute.type == ATT.primaryService || attribute.type == ATT.secondaryService
        }
        guard isService(first) else { return first.handle }
        return attributes.drop { $0.handle <= first.handle }.prefix { !isService($0) }.last?.handle ?? first.handle
    }

    private func isReadable(_ attribute: Attribute) -> Bool {
        properties(of: attribute.handle)?.contains(.read) ?? true
    }

    /// What the declaration of the characteristic says whose value has this handle; nil for every other attribute.
    private func properties(of handle: UInt16) -> CharacteristicProperties? {
        attributes.first { $0.type == ATT.characteristic && $0.value.u16(at: 1) == handle }?.value.first
            .map(CharacteristicProperties.init)
    }
}
