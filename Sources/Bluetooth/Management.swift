import Core

/// The kernel's Bluetooth management interface: how a privileged process commands the adapters and hears of them, over a
/// socket of its own and without any daemon between (BlueZ, doc/mgmt-protocol.rst; the numbers are those of its tables).
///
///     command:  opcode (2)  index (2)  length (2)  parameters (length)
///     event:    code (2)    index (2)  length (2)  parameters (length)
///
/// All little-endian. The index is the N of hciN, or 0xFFFF where no adapter is meant.
package enum Management {
    /// No packet's length field can say more; the kernel sends none that is longer.
    package static let longestPacket = 6 + 0xFFFF

    /// Which adapter: the N of hciN.
    package struct Index: RawRepresentable, Hashable, Comparable, Sendable, CustomStringConvertible {
        package let rawValue: UInt16
        package init(rawValue: UInt16) { self.rawValue = rawValue }
        /// What concerns no adapter, or all.
        package static let none = Index(rawValue: 0xFFFF)
        package static func < (a: Index, b: Index) -> Bool { a.rawValue < b.rawValue }
        package var description: String { self == .none ? "no adapter" : "hci\(rawValue)" }
    }

    /// Whom a command or an event is about: 6 bytes, least significant first, and 1 of kind.
    package struct Address: Hashable, Sendable, CustomStringConvertible {
        package var address: BluetoothAddress
        package var kind: AddressKind

        package init(_ address: BluetoothAddress, _ kind: AddressKind) {
            self.address = address
            self.kind = kind
        }

        /// All zero: in Remove Device, every device.
        package static let any = Address(BluetoothAddress(0), .classic)

        package var bytes: [UInt8] { address.managementBytes + [kind.rawValue] }
        package var description: String { "\(address) \(kind)" }
    }

    /// What an adapter can, or does at present: bits of Read Controller Information.
    package struct Settings: OptionSet, Hashable, Sendable {
        package let rawValue: UInt32
        package init(rawValue: UInt32) { self.rawValue = rawValue }
        package static let powered = Settings(rawValue: 1 << 0)
        package static let connectable = Settings(rawValue: 1 << 1)
        package static let discoverable = Settings(rawValue: 1 << 3)
        package static let bondable = Settings(rawValue: 1 << 4)
        package static let secureSimplePairing = Settings(rawValue: 1 << 6)
        package static let classic = Settings(rawValue: 1 << 7)
        package static let lowEnergy = Settings(rawValue: 1 << 9)
        package static let advertising = Settings(rawValue: 1 << 10)
        package static let secureConnections = Settings(rawValue: 1 << 11)
        package static let privacy = Settings(rawValue: 1 << 13)
        package static let staticAddress = Settings(rawValue: 1 << 15)
    }

    /// What the hub can show to the technician and take from them while pairing.
    package enum IOCapability: UInt8, CaseIterable, Sendable {
        case displayOnly = 0, displayYesNo, keyboardOnly, noInputNoOutput, keyboardDisplay
    }

    /// What the kernel does by itself when it hears a device of its action list.
    package enum Action: UInt8, CaseIterable, Sendable {
        /// It reports the advertisement.
        case report = 0
        /// It lets the device connect to us: directed advertising, or a call over classic Bluetooth.
        case allowIncoming = 1
        /// It connects. LE only.
        case connect = 2
    }

    /// Which transports a discovery covers.
    package struct Transports: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let classic = Transports(rawValue: 1 << AddressKind.classic.rawValue)
        package static let lowEnergy = Transports(
            rawValue: 1 << AddressKind.lePublic.rawValue | 1 << AddressKind.leRandom.rawValue)
    }

    /// Why a link ended. Local and remote may be confused, says the document: never base a decision on them.
    package enum DisconnectReason: UInt8, CaseIterable, Sendable {
        case unspecified = 0, timeout, local, remote, authenticationFailure, localSuspend
    }
}

extension BluetoothAddress {
    /// Six bytes, least significant first.
    package var managementBytes: [UInt8] { (0..<6).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) } }
}

extension ByteReader {
    /// Six bytes, least significant first.
    mutating func address() throws(Malformed) -> BluetoothAddress {
        let low = try u32(), high = try u16()
        return BluetoothAddress(UInt64(high) << 32 | UInt64(low))
    }

    /// An address with its kind.
    mutating func managementAddress() throws(Malformed) -> Management.Address {
        let address = try address(), at = offset
        guard let kind = AddressKind(rawValue: try u8()) else { throw .invalid(at: at, expected: .addressKind) }
        return Management.Address(address, kind)
    }

    mutating func bytes(_ count: Int) throws(Malformed) -> [UInt8] {
        try need(count)
        var taken: [UInt8] = []
        taken.reserveCapacity(count)
        for _ in 0..<count { taken.append(try u8()) }
        return taken
    }
}
