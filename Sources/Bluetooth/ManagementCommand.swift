import Core

extension Management {
    /// The commands that we send.
    package enum Opcode: UInt16, CaseIterable, Sendable {
        case readVersion = 0x0001, readIndexList = 0x0003, readControllerInformation = 0x0004
        case setPowered = 0x0005, setDiscoverable = 0x0006, setConnectable = 0x0007, setBondable = 0x0009
        case setSecureSimplePairing = 0x000B, setLowEnergy = 0x000D
        case loadLinkKeys = 0x0012, loadLongTermKeys = 0x0013
        case disconnect = 0x0014, getConnections = 0x0015
        case pinCodeReply = 0x0016, pinCodeNegativeReply = 0x0017
        case setIOCapability = 0x0018
        case pairDevice = 0x0019, cancelPairDevice = 0x001A, unpairDevice = 0x001B
        case userConfirmationReply = 0x001C, userConfirmationNegativeReply = 0x001D
        case userPasskeyReply = 0x001E, userPasskeyNegativeReply = 0x001F
        case startDiscovery = 0x0023, stopDiscovery = 0x0024, confirmName = 0x0025
        case setClassic = 0x002A, setStaticAddress = 0x002B, setSecureConnections = 0x002D, setPrivacy = 0x002F
        case loadIdentityResolvingKeys = 0x0030, getConnectionInformation = 0x0031
        case addDevice = 0x0033, removeDevice = 0x0034, loadConnectionParameters = 0x0035
        case startServiceDiscovery = 0x003A
        case loadBlockedKeys = 0x0046
    }

    /// An opcode and its parameters, without the header that names the adapter.
    package struct Command: Equatable, Sendable {
        package let opcode: Opcode
        package let parameters: [UInt8]

        private init(_ opcode: Opcode, _ parameters: [UInt8] = []) {
            self.opcode = opcode
            self.parameters = parameters
        }

        /// The packet for one adapter.
        package func packet(for index: Index) -> [UInt8] {
            let length = UInt16(truncatingIfNeeded: parameters.count)
            return opcode.rawValue.attBytes + index.rawValue.attBytes + length.attBytes + parameters
        }
    }
}

// MARK: the adapter

extension Management.Command {
    package static let readVersion = Self(.readVersion)
    package static let readIndexList = Self(.readIndexList)
    package static let readControllerInformation = Self(.readControllerInformation)
    package static let getConnections = Self(.getConnections)

    package static func setPowered(_ on: Bool) -> Self { Self(.setPowered, [on ? 1 : 0]) }
    package static func setConnectable(_ on: Bool) -> Self { Self(.setConnectable, [on ? 1 : 0]) }
    package static func setBondable(_ on: Bool) -> Self { Self(.setBondable, [on ? 1 : 0]) }
    package static func setSecureSimplePairing(_ on: Bool) -> Self { Self(.setSecureSimplePairing, [on ? 1 : 0]) }
    package static func setLowEnergy(_ on: Bool) -> Self { Self(.setLowEnergy, [on ? 1 : 0]) }
    /// Off only while the adapter is.
    package static func setClassic(_ on: Bool) -> Self { Self(.setClassic, [on ? 1 : 0]) }
    package static func setSecureConnections(_ on: Bool) -> Self { Self(.setSecureConnections, [on ? 1 : 0]) }
    package static func setDiscoverable(_ on: Bool, seconds: UInt16 = 0) -> Self {
        Self(.setDiscoverable, [on ? 1 : 0] + seconds.attBytes)
    }
    package static func setIOCapability(_ capability: Management.IOCapability) -> Self {
        Self(.setIOCapability, [capability.rawValue])
    }
    /// An adapter without a public address needs one before it can be switched on; its two highest bits are set.
    package static func setStaticAddress(_ address: BluetoothAddress) -> Self {
        Self(.setStaticAddress, address.managementBytes)
    }
    /// `key` is our own identity resolving key; nil switches privacy off.
    package static func setPrivacy(_ key: Management.Key?) -> Self {
        Self(.setPrivacy, [key == nil ? 0 : 1] + (key?.bytes ?? [UInt8](repeating: 0, count: 16)))
    }
}

// MARK: keys

extension Management.Command {
    /// Each of these replaces the kernel's whole list.
    package static func loadLinkKeys(_ keys: [Management.LinkKey]) -> Self {
        Self(.loadLinkKeys, [0] + list(keys.map(\.bytes)))
    }
    package static func loadLongTermKeys(_ keys: [Management.LongTermKey]) -> Self {
        Self(.loadLongTermKeys, list(keys.map(\.bytes)))
    }
    package static func loadIdentityResolvingKeys(_ keys: [Management.IdentityResolvingKey]) -> Self {
        Self(.loadIdentityResolvingKeys, list(keys.map(\.bytes)))
    }
    package static func loadConnectionParameters(_ parameters: [Management.ConnectionParameters]) -> Self {
        Self(.loadConnectionParameters, list(parameters.map(\.bytes)))
    }
    /// Keys known to be in the wrong hands: the kernel drops a bond that comes to one of them.
    package static func loadBlockedKeys(_ keys: [Management.BlockedKey]) -> Self {
        Self(.loadBlockedKeys, list(keys.map { [$0.use.rawValue] + $0.key.bytes }))
    }

    /// A 16-bit count and the records.
    private static func list(_ records: [[UInt8]]) -> [UInt8] {
        UInt16(truncatingIfNeeded: records.count).attBytes + records.flatMap { $0 }
    }
}

// MARK: devices

extension Management.Command {
    package static func add(_ device: Management.Address, _ action: Management.Action) -> Self {
        Self(.addDevice, device.bytes + [action.rawValue])
    }
    /// `.any` removes them all.
    package static func remove(_ device: Management.Address) -> Self { Self(.removeDevice, device.bytes) }
    package static func startDiscovery(_ transports: Management.Transports) -> Self {
        Self(.startDiscovery, [transports.rawValue])
    }
    package static func stopDiscovery(_ transports: Management.Transports) -> Self {
        Self(.stopDiscovery, [transports.rawValue])
    }
    /// Reports devices that offer one of `services` (or any, where none is given) at `threshold` dBm or more.
    package static func startServiceDiscovery(
        _ transports: Management.Transports, threshold: Int8 = 127, services: [BluetoothUUID] = []
    ) -> Self {
        let uuids = services.map { uuid in
            (0..<16).map { UInt8(truncatingIfNeeded: uuid.value >> UInt128(8 * $0)) }
        }
        return Self(.startServiceDiscovery, [transports.rawValue, UInt8(bitPattern: threshold)] + list(uuids))
    }
    /// Answers the "confirm name" flag of a device found over classic Bluetooth.
    package static func confirmName(_ device: Management.Address, isKnown: Bool) -> Self {
        Self(.confirmName, device.bytes + [isKnown ? 1 : 0])
    }
    /// How strong the signal of a connected device is.
    package static func connectionInformation(_ device: Management.Address) -> Self {
        Self(.getConnectionInformation, device.bytes)
    }
    package static func disconnect(_ device: Management.Address) -> Self { Self(.disconnect, device.bytes) }
}

// MARK: pairing

extension Management.Command {
    package static func pair(_ device: Management.Address, _ capability: Management.IOCapability) -> Self {
        Self(.pairDevice, device.bytes + [capability.rawValue])
    }
    package static func cancelPair(_ device: Management.Address) -> Self { Self(.cancelPairDevice, device.bytes) }
    /// Removes the keys, and ends the connection.
    package static func unpair(_ device: Management.Address) -> Self { Self(.unpairDevice, device.bytes + [1]) }
    package static func confirm(_ device: Management.Address, _ yes: Bool) -> Self {
        Self(yes ? .userConfirmationReply : .userConfirmationNegativeReply, device.bytes)
    }
    /// Six decimal digits, 0 to 999 999; nil refuses.
    package static func passkey(_ device: Management.Address, _ passkey: UInt32?) -> Self {
        guard let passkey else { return Self(.userPasskeyNegativeReply, device.bytes) }
        let low = UInt16(truncatingIfNeeded: passkey), high = UInt16(truncatingIfNeeded: passkey >> 16)
        return Self(.userPasskeyReply, device.bytes + low.attBytes + high.attBytes)
    }
    /// The first 16 characters count; nil, or none, refuses.
    package static func pin(_ device: Management.Address, _ code: String?) -> Self {
        let digits = Array((code ?? "").utf8.prefix(16))
        guard !digits.isEmpty else { return Self(.pinCodeNegativeReply, device.bytes) }
        let padding = [UInt8](repeating: 0, count: 16 - digits.count)
        return Self(.pinCodeReply, device.bytes + [UInt8(digits.count)] + digits + padding)
    }
}
