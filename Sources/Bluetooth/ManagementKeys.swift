import Core

/// What a bond leaves behind, in the layouts in which the kernel gives it out and takes it back.
extension Management {
    /// 128 bits. Never printed.
    package struct Key: Hashable, Sendable, CustomStringConvertible {
        package let bytes: [UInt8]
        /// Nil for anything but 16 bytes.
        package init?(_ bytes: [UInt8]) {
            guard bytes.count == 16 else { return nil }
            self.bytes = bytes
        }
        package var description: String { "a key" }
    }

    /// Encrypts an LE link.
    ///
    ///     address (6) kind (1) type (1) central (1) size (1) diversifier (2) random (8) key (16)
    package struct LongTermKey: Hashable, Sendable {
        package static let size = 36
        /// The device's identity.
        package var device: Address
        /// 0 and 1 for legacy pairing, 2 and 3 for Secure Connections; the odd ones are authenticated. 4: a debug key.
        package var type: UInt8
        /// Legacy pairing makes two, one for each role.
        package var isCentral: Bool
        /// Bytes of the key that count, 7 to 16.
        package var encryptionSize: UInt8
        package var diversifier: UInt16
        package var random: [UInt8]
        package var key: Key

        var bytes: [UInt8] {
            device.bytes + [type, isCentral ? 1 : 0, encryptionSize] + diversifier.attBytes + random + key.bytes
        }
    }

    /// Finds a device behind its resolvable private addresses: address (6) kind (1) key (16).
    package struct IdentityResolvingKey: Hashable, Sendable {
        package static let size = 23
        package var device: Address
        package var key: Key

        var bytes: [UInt8] { device.bytes + key.bytes }
    }

    /// Authenticates a classic link: address (6) kind (1) type (1) key (16) PIN length (1).
    package struct LinkKey: Hashable, Sendable {
        package static let size = 25
        package var device: Address
        package var type: UInt8
        package var key: Key
        package var pinLength: UInt8

        var bytes: [UInt8] { device.bytes + [type] + key.bytes + [pinLength] }
    }

    /// How often a device wants to be spoken to.
    ///
    ///     address (6) kind (1) shortest (2) longest (2) latency (2) timeout (2)
    package struct ConnectionParameters: Hashable, Sendable {
        package static let size = 15
        package var device: Address
        /// Connection interval in units of 1.25 ms, 6 to 3200.
        package var shortest: UInt16, longest: UInt16
        /// Connection events that the device may sleep through, 0 to 499.
        package var latency: UInt16
        /// Supervision timeout in units of 10 ms, 10 to 3200.
        package var timeout: UInt16

        var bytes: [UInt8] {
            device.bytes + shortest.attBytes + longest.attBytes + latency.attBytes + timeout.attBytes
        }
    }

    /// A key that no bond may have.
    package struct BlockedKey: Hashable, Sendable {
        package enum Use: UInt8, Sendable { case link = 0, longTerm, identityResolving }
        package var use: Use
        package var key: Key

        package init(_ use: Use, _ key: Key) {
            self.use = use
            self.key = key
        }

        /// Keys that became public with the products that shared them: Google's Titan security keys of 2019.
        package static let known = [
            (.longTerm, "bf01fb9d4ef3bc36d874f5394138684c"), (.identityResolving, "a599bae4e17ca618228e0756b4e85f01"),
        ].compactMap { (use: Use, text: String) in bytes(hex: text).flatMap { Key($0) }.map { BlockedKey(use, $0) } }
    }
}

extension ByteReader {
    mutating func key() throws(Malformed) -> Management.Key {
        let at = offset
        guard let key = Management.Key(try bytes(16)) else { throw .truncated(at: at, need: 16, have: 0) }
        return key
    }

    mutating func longTermKey() throws(Malformed) -> Management.LongTermKey {
        Management.LongTermKey(
            device: try managementAddress(), type: try u8(), isCentral: try u8() != 0, encryptionSize: try u8(),
            diversifier: try u16(), random: try bytes(8), key: try key())
    }

    mutating func identityResolvingKey() throws(Malformed) -> Management.IdentityResolvingKey {
        Management.IdentityResolvingKey(device: try managementAddress(), key: try key())
    }

    mutating func linkKey() throws(Malformed) -> Management.LinkKey {
        Management.LinkKey(device: try managementAddress(), type: try u8(), key: try key(), pinLength: try u8())
    }

    mutating func connectionParameters() throws(Malformed) -> Management.ConnectionParameters {
        Management.ConnectionParameters(
            device: try managementAddress(), shortest: try u16(), longest: try u16(), latency: try u16(),
            timeout: try u16())
    }
}
