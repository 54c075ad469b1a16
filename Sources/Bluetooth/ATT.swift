import Core

/// The Attribute Protocol's words (Bluetooth Core 5.4, Vol 3, Part F). A PDU is an opcode and its parameters,
/// little-endian, at most MTU bytes.
package enum ATT {
    /// The MTU of every LE link until both sides have agreed on another (Vol 3, Part G, 5.2.1).
    package static let defaultMTU = 23
    /// The MTU that we ask for: the longest attribute value, with the longest header before it.
    package static let ourMTU = 517
    /// No attribute value is longer (3.2.9).
    package static let longestValue = 512
    /// After so long without an answer a request has failed, and the bearer with it (3.3.3).
    package static let transactionTime: Duration = .seconds(30)

    /// 3.4.8, Attribute PDU response summary.
    package enum Opcode: UInt8, CaseIterable, Sendable {
        case errorResponse = 0x01
        case exchangeMTURequest = 0x02, exchangeMTUResponse = 0x03
        case findInformationRequest = 0x04, findInformationResponse = 0x05
        case findByTypeValueRequest = 0x06, findByTypeValueResponse = 0x07
        case readByTypeRequest = 0x08, readByTypeResponse = 0x09
        case readRequest = 0x0A, readResponse = 0x0B
        case readBlobRequest = 0x0C, readBlobResponse = 0x0D
        case readMultipleRequest = 0x0E, readMultipleResponse = 0x0F
        case readByGroupTypeRequest = 0x10, readByGroupTypeResponse = 0x11
        case writeRequest = 0x12, writeResponse = 0x13
        case prepareWriteRequest = 0x16, prepareWriteResponse = 0x17
        case executeWriteRequest = 0x18, executeWriteResponse = 0x19
        case notification = 0x1B, indication = 0x1D, confirmation = 0x1E
        case readMultipleVariableRequest = 0x20, readMultipleVariableResponse = 0x21
        case multipleNotification = 0x23
        case writeCommand = 0x52, signedWriteCommand = 0xD2

        /// What answers a request; nil for everything that is no request.
        package var response: Opcode? { Self.responses[self] }
        package var isResponse: Bool { self == .errorResponse || Self.responses.values.contains(self) }

        private static let responses: [Opcode: Opcode] = [
            .exchangeMTURequest: .exchangeMTUResponse,
            .findInformationRequest: .findInformationResponse,
            .findByTypeValueRequest: .findByTypeValueResponse,
            .readByTypeRequest: .readByTypeResponse,
            .readRequest: .readResponse,
            .readBlobRequest: .readBlobResponse,
            .readMultipleRequest: .readMultipleResponse,
            .readByGroupTypeRequest: .readByGroupTypeResponse,
            .writeRequest: .writeResponse,
            .prepareWriteRequest: .prepareWriteResponse,
            .executeWriteRequest: .executeWriteResponse,
            .readMultipleVariableRequest: .readMultipleVariableResponse,
        ]
    }

    /// 3.4.1.1, the codes that we send or treat in a way of their own.
    package enum ErrorCode {
        package static let invalidHandle: UInt8 = 0x01
        package static let readNotPermitted: UInt8 = 0x02
        package static let writeNotPermitted: UInt8 = 0x03
        package static let invalidPDU: UInt8 = 0x04
        package static let insufficientAuthentication: UInt8 = 0x05
        package static let requestNotSupported: UInt8 = 0x06
        package static let invalidOffset: UInt8 = 0x07
        package static let insufficientAuthorization: UInt8 = 0x08
        package static let attributeNotFound: UInt8 = 0x0A
        package static let attributeNotLong: UInt8 = 0x0B
        package static let encryptionKeyTooShort: UInt8 = 0x0C
        package static let invalidValueLength: UInt8 = 0x0D
        package static let unlikely: UInt8 = 0x0E
        package static let insufficientEncryption: UInt8 = 0x0F
        package static let unsupportedGroupType: UInt8 = 0x10
        package static let databaseOutOfSync: UInt8 = 0x12

        /// Whether the request may be granted on a link of higher security.
        package static func wantsSecurity(_ code: UInt8) -> Bool {
            [insufficientAuthentication, insufficientAuthorization, encryptionKeyTooShort, insufficientEncryption]
                .contains(code)
        }
    }

    /// Declarations, descriptors and what the GATT service has (Assigned Numbers, 3.5, 3.7 and 3.8).
    package static let primaryService: BluetoothUUID = 0x2800
    package static let secondaryService: BluetoothUUID = 0x2801
    package static let include: BluetoothUUID = 0x2802
    package static let characteristic: BluetoothUUID = 0x2803
    package static let clientConfiguration: BluetoothUUID = 0x2902
    package static let serviceChanged: BluetoothUUID = 0x2A05
    package static let databaseHash: BluetoothUUID = 0x2B2A
}

extension Fault {
    /// What an ATT error code means for the person who has to act. Nothing below it sees the code as a pairing matter.
    package init(attError code: UInt8) {
        self = ATT.ErrorCode.wantsSecurity(code) ? .pairing(.notPaired) : .device(.refused(code))
    }
}

/// What a characteristic can do: the first byte of its declaration (Vol 3, Part G, 3.3.1.1).
package struct CharacteristicProperties: OptionSet, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let read = Self(rawValue: 0x02)
    package static let writeWithoutResponse = Self(rawValue: 0x04)
    package static let write = Self(rawValue: 0x08)
    package static let notify = Self(rawValue: 0x10)
    package static let indicate = Self(rawValue: 0x20)
}

extension BluetoothUUID {
    /// The 2 or 16 bytes of a UUID as ATT sends them, least significant first; nil for any other number of bytes.
    package init?(att bytes: ArraySlice<UInt8>) {
        let value = bytes.reversed().reduce(UInt128(0)) { $0 << 8 | UInt128($1) }
        switch bytes.count {
        case 2: self.init(UInt16(truncatingIfNeeded: value))
        case 16: self.init(full: value)
        default: return nil
        }
    }

    /// As ATT sends it: 2 bytes where there is a short form, else 16, least significant first.
    package var attBytes: [UInt8] {
        if let short { return short.attBytes }
        return (0..<16).map { UInt8(truncatingIfNeeded: value >> UInt128(8 * $0)) }
    }
}

extension UInt16 {
    /// Little-endian.
    package var attBytes: [UInt8] { [UInt8(truncatingIfNeeded: self), UInt8(self >> 8)] }
}

extension RandomAccessCollection<UInt8> where Index == Int {
    /// The 16-bit number that begins `offset` bytes into the collection; nil where it would end behind it.
    package func u16(at offset: Int) -> UInt16? {
        guard offset >= 0, count >= offset + 2 else { return nil }
        return UInt16(self[startIndex + offset]) | UInt16(self[startIndex + offset + 1]) << 8
    }
}
