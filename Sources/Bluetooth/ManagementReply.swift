import Core

/// What commands return. Each `init` takes the return parameters of a Command Complete.
extension Management {
    /// version (1) revision (2)
    package struct Version: Equatable, Comparable, Sendable, CustomStringConvertible {
        package var version: UInt8, revision: UInt16

        package init(_ version: UInt8, _ revision: UInt16) {
            self.version = version
            self.revision = revision
        }

        package init(_ parameters: [UInt8]) throws(Malformed) {
            var reader = ByteReader(parameters.span)
            self.init(try reader.u8(), try reader.u16())
        }

        package static func < (a: Version, b: Version) -> Bool { (a.version, a.revision) < (b.version, b.revision) }
        package var description: String { "\(version).\(revision)" }
    }

    /// Every adapter that is there: count (2), then index (2) each.
    package static func indexes(_ parameters: [UInt8]) throws(Malformed) -> [Index] {
        var reader = ByteReader(parameters.span), indexes: [Index] = []
        for _ in 0..<(try reader.u16()) { indexes.append(Index(rawValue: try reader.u16())) }
        return indexes
    }

    /// Everybody who is connected: count (2), then address and kind (7) each.
    package static func connections(_ parameters: [UInt8]) throws(Malformed) -> [Address] {
        var reader = ByteReader(parameters.span), devices: [Address] = []
        for _ in 0..<(try reader.u16()) { devices.append(try reader.managementAddress()) }
        return devices
    }

    /// What Get Connection Information returns: the signal in dBm; nil where the controller does not say (127).
    ///
    ///     address and kind (7) RSSI (1) transmit power (1) its greatest (1)
    package static func signal(_ parameters: [UInt8]) throws(Malformed) -> Int? {
        var reader = ByteReader(parameters.span)
        _ = try reader.managementAddress()
        let signal = Int(Int8(bitPattern: try reader.u8()))
        return signal == 127 ? nil : signal
    }

    /// What most `set` commands return.
    package static func settings(_ parameters: [UInt8]) throws(Malformed) -> Settings {
        var reader = ByteReader(parameters.span)
        return Settings(rawValue: try reader.u32())
    }

    /// The device that a command was about; after pairing it is the identity behind a private address.
    package static func device(_ parameters: [UInt8]) throws(Malformed) -> Address {
        var reader = ByteReader(parameters.span)
        return try reader.managementAddress()
    }

    /// An adapter.
    ///
    ///     address (6) HCI version (1) manufacturer (2) supported (4) current (4) class (3) name (249) short name (11)
    package struct Controller: Equatable, Sendable {
        /// Zero where the adapter has no public one.
        package var address: BluetoothAddress
        /// The Core specification's number: 6 is Bluetooth 4.0, 9 is 5.0.
        package var version: UInt8
        /// A company identifier of the Bluetooth SIG.
        package var manufacturer: UInt16
        package var supported: Settings, current: Settings
        package var name: String

        package init(_ parameters: [UInt8]) throws(Malformed) {
            var reader = ByteReader(parameters.span)
            address = try reader.address()
            version = try reader.u8()
            manufacturer = try reader.u16()
            supported = Settings(rawValue: try reader.u32())
            current = Settings(rawValue: try reader.u32())
            try reader.skip(3)
            name = String(decoding: (try reader.bytes(249)).prefix { $0 != 0 }, as: UTF8.self)
            try reader.skip(11)
        }
    }
}
