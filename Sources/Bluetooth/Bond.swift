import Core

/// All that the kernel must be told again at the next start so that a device stays paired: to be kept by the journal.
package struct Bond: Equatable, Sendable {
    /// The device's identity, never a private address.
    package let device: Management.Address
    /// One of Secure Connections, or up to two of legacy pairing.
    package private(set) var longTermKeys: [Management.LongTermKey] = []
    package private(set) var identityKey: Management.IdentityResolvingKey?
    package private(set) var linkKey: Management.LinkKey?
    package private(set) var parameters: Management.ConnectionParameters?
    /// Our own identity, by which the device knows us: that of the adapter with which the keys were made. Nil where nobody has
    /// noted it yet.
    package var own: Management.Address?

    package init(_ device: Management.Address) { self.device = device }

    /// Whether a link to the device can be encrypted.
    package var hasKey: Bool { !longTermKeys.isEmpty || linkKey != nil }

    package mutating func take(_ key: Management.LongTermKey) {
        // A bond of Secure Connections replaces both legacy keys, and the other way round.
        longTermKeys.removeAll { $0.isCentral == key.isCentral || ($0.type < 2) != (key.type < 2) }
        longTermKeys.append(key)
    }
    package mutating func take(_ key: Management.IdentityResolvingKey) { identityKey = key }
    package mutating func take(_ key: Management.LinkKey) { linkKey = key }
    package mutating func take(_ new: Management.ConnectionParameters) { parameters = new }
}

/// As the journal keeps it.
///
///     format (1) = 1, device (7), then records: tag (1) and the kernel's own layout of that key
///     tags: 1 long term key (36), 2 identity resolving key (23), 3 link key (25), 4 connection parameters (15),
///           5 our own identity (7)
extension Bond {
    private enum Tag: UInt8 { case longTermKey = 1, identityKey, linkKey, parameters, own }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = [1] + device.bytes
        for key in longTermKeys { bytes += [Tag.longTermKey.rawValue] + key.bytes }
        if let identityKey { bytes += [Tag.identityKey.rawValue] + identityKey.bytes }
        if let linkKey { bytes += [Tag.linkKey.rawValue] + linkKey.bytes }
        if let parameters { bytes += [Tag.parameters.rawValue] + parameters.bytes }
        if let own { bytes += [Tag.own.rawValue] + own.bytes }
        return bytes
    }

    package init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes.span)
        let format = try reader.u8()
        guard format == 1 else { throw .header(at: 0, got: format, expected: 1) }
        self.init(try reader.managementAddress())
        while !reader.isAtEnd {
            let at = reader.offset
            switch Tag(rawValue: try reader.u8()) {
            case .longTermKey: longTermKeys.append(try reader.longTermKey())
            case .identityKey: identityKey = try reader.identityResolvingKey()
            case .linkKey: linkKey = try reader.linkKey()
            case .parameters: parameters = try reader.connectionParameters()
            case .own: own = try reader.managementAddress()
            case nil: throw .invalid(at: at, expected: .keyRecord)
            }
        }
    }
}
