import Core

extension Management {
    /// What the kernel says: an answer to a command, or news.
    package enum Message: Equatable, Sendable {
        /// Command Complete and Command Status: opcode (2), status (1), and what the command returns. The opcode is the
        /// number that was sent, whether or not we know it.
        case reply(to: UInt16, status: Status, parameters: [UInt8])
        case news(Event)
    }

    /// A packet of the control channel: which adapter it is about, and what it says.
    package struct Packet: Equatable, Sendable {
        package let index: Index
        package let message: Message

        package init(_ packet: [UInt8]) throws(Malformed) {
            var reader = ByteReader(packet.span)
            let code = try reader.u16()
            index = Index(rawValue: try reader.u16())
            let length = Int(try reader.u16())
            try reader.need(length)
            if length < reader.remaining { throw .length(got: packet.count, expected: 6 + length) }
            switch code {
            case 0x0001, 0x0002:
                message = .reply(
                    to: try reader.u16(), status: Status(rawValue: try reader.u8()),
                    parameters: try reader.bytes(reader.remaining))
            default: message = .news(try Event(code, &reader))
            }
        }
    }

    /// News of an adapter. What we do not use, or do not know, survives as `other`.
    package enum Event: Equatable, Sendable {
        case controllerError(code: UInt8)
        case indexAdded, indexRemoved
        case newSettings(Settings)
        case newLinkKey(LinkKey, store: Bool)
        case newLongTermKey(LongTermKey, store: Bool)
        /// `random` is the private address that stood for the device until now; zero where there was none.
        case newIdentityResolvingKey(IdentityResolvingKey, random: BluetoothAddress, store: Bool)
        case newConnectionParameters(ConnectionParameters, store: Bool)
        case connected(Address, data: [UInt8])
        /// A reason that the document does not know counts as unspecified.
        case disconnected(Address, DisconnectReason)
        case connectFailed(Address, Status)
        /// `isSecure` where 16 digits are wanted.
        case pinCodeRequest(Address, isSecure: Bool)
        /// `value` is to be compared with what the device shows; nil where a plain yes is asked for.
        case userConfirmationRequest(Address, value: UInt32?)
        case userPasskeyRequest(Address)
        /// To be typed into the device, of which `entered` digits are.
        case passkeyNotify(Address, passkey: UInt32, entered: UInt8)
        case authenticationFailed(Address, Status)
        /// Signal strength in dBm, nil where there is none.
        case found(Address, signal: Int?, Found, data: [UInt8])
        case discovering(Transports, Bool)
        case blocked(Address), unblocked(Address), unpaired(Address)
        case added(Address, action: UInt8), removed(Address)
        case other(code: UInt16, parameters: [UInt8])
    }

    /// Flags of a device found.
    package struct Found: OptionSet, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        /// The kernel waits for Confirm Name.
        package static let confirmName = Found(rawValue: 1 << 0)
        package static let legacyPairing = Found(rawValue: 1 << 1)
        package static let notConnectable = Found(rawValue: 1 << 2)
    }
}

extension Management.Event {
    fileprivate init(_ code: UInt16, _ reader: inout ByteReader) throws(Malformed) {
        switch code {
        case 0x0003: self = .controllerError(code: try reader.u8())
        case 0x0004: self = .indexAdded
        case 0x0005: self = .indexRemoved
        case 0x0006: self = .newSettings(Management.Settings(rawValue: try reader.u32()))
        case 0x0009, 0x000A, 0x0018, 0x001C: try self.init(keys: code, &reader)
        case 0x000B:
            let device = try reader.managementAddress()
            try reader.skip(4)
            self = .connected(device, data: try reader.data())
        case 0x000C:
            self = .disconnected(
                try reader.managementAddress(), Management.DisconnectReason(rawValue: try reader.u8()) ?? .unspecified)
        case 0x000D:
            self = .connectFailed(try reader.managementAddress(), Management.Status(rawValue: try reader.u8()))
        case 0x000E: self = .pinCodeRequest(try reader.managementAddress(), isSecure: try reader.u8() != 0)
        case 0x000F:
            let device = try reader.managementAddress(), isPlain = try reader.u8() != 0, value = try reader.u32()
            self = .userConfirmationRequest(device, value: isPlain ? nil : value)
        case 0x0010: self = .userPasskeyRequest(try reader.managementAddress())
        case 0x0011:
            self = .authenticationFailed(try reader.managementAddress(), Management.Status(rawValue: try reader.u8()))
        case 0x0012:
            let device = try reader.managementAddress(), signal = Int8(bitPattern: try reader.u8())
            let flags = Management.Found(rawValue: try reader.u32())
            self = .found(device, signal: signal == 127 ? nil : Int(signal), flags, data: try reader.data())
        case 0x0013: self = .discovering(Management.Transports(rawValue: try reader.u8()), try reader.u8() != 0)
        case 0x0014: self = .blocked(try reader.managementAddress())
        case 0x0015: self = .unblocked(try reader.managementAddress())
        case 0x0016: self = .unpaired(try reader.managementAddress())
        case 0x0017:
            self = .passkeyNotify(
                try reader.managementAddress(), passkey: try reader.u32(), entered: try reader.u8())
        case 0x001A: self = .added(try reader.managementAddress(), action: try reader.u8())
        case 0x001B: self = .removed(try reader.managementAddress())
        default: self = .other(code: code, parameters: try reader.bytes(reader.remaining))
        }
    }

    /// Whether to store comes first in each.
    private init(keys code: UInt16, _ reader: inout ByteReader) throws(Malformed) {
        let store = try reader.u8() != 0
        switch code {
        case 0x0009: self = .newLinkKey(try reader.linkKey(), store: store)
        case 0x000A: self = .newLongTermKey(try reader.longTermKey(), store: store)
        case 0x0018:
            let random = try reader.address()
            self = .newIdentityResolvingKey(try reader.identityResolvingKey(), random: random, store: store)
        default: self = .newConnectionParameters(try reader.connectionParameters(), store: store)
        }
    }
}

extension ByteReader {
    /// Advertising data behind its 16-bit length.
    fileprivate mutating func data() throws(Malformed) -> [UInt8] { try bytes(Int(try u16())) }
}
