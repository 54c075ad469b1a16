import Core

/// What stands in an advertisement and in the answer to a scan request (Core Specification Supplement, Part A).
///
///     structure, structure, …    each: length (1) type (1) data (length − 1)
///
/// Anybody within radio range writes these bytes, so nothing in them is trusted and nothing in them is an error: a
/// structure that does not fit ends the list, what came before it counts, and a name has no way out of a log line.
package struct AdvertisingData: Equatable, Sendable {
    package var name = ""
    package var services: [BluetoothUUID] = []
    package var manufacturerData: [UInt16: [UInt8]] = [:]
    package var serviceData: [BluetoothUUID: [UInt8]] = [:]
    package var flags: UInt8?
    /// Transmit power in dBm.
    package var power: Int?
    package var appearance: UInt16?
    private var isNameComplete = false

    package init(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while let length = rest.first, length > 0, rest.count > Int(length) {
            let structure = rest.dropFirst().prefix(Int(length))
            rest = rest.dropFirst(1 + Int(length))
            if let type = structure.first { take(type, structure.dropFirst()) }
        }
    }

    /// Assigned Numbers, 2.3, Common Data Types.
    private mutating func take(_ type: UInt8, _ data: ArraySlice<UInt8>) {
        switch type {
        case 0x01: flags = data.first
        case 0x02, 0x03: list(data, of: 2)
        case 0x04, 0x05: list(data, of: 4)
        case 0x06, 0x07: list(data, of: 16)
        // A shortened name never takes the place of the whole one.
        case 0x08 where !isNameComplete: name = Self.printable(data)
        case 0x09:
            name = Self.printable(data)
            isNameComplete = true
        case 0x0A where data.count == 1: power = data.first.map { Int(Int8(bitPattern: $0)) }
        case 0x16: serve(data, 2)
        case 0x19 where data.count == 2: appearance = data.u16(at: 0)
        case 0x20: serve(data, 4)
        case 0x21: serve(data, 16)
        case 0xFF: if let company = data.u16(at: 0) { manufacturerData[company] = Array(data.dropFirst(2)) }
        default: break
        }
    }

    private mutating func list(_ data: ArraySlice<UInt8>, of size: Int) {
        var rest = data
        while rest.count >= size {
            if let uuid = Self.uuid(rest.prefix(size)), !services.contains(uuid) { services.append(uuid) }
            rest = rest.dropFirst(size)
        }
    }

    private mutating func serve(_ data: ArraySlice<UInt8>, _ size: Int) {
        if let uuid = Self.uuid(data.prefix(size)) { serviceData[uuid] = Array(data.dropFirst(size)) }
    }

    /// 2, 4 or 16 bytes, least significant first.
    private static func uuid(_ bytes: ArraySlice<UInt8>) -> BluetoothUUID? {
        guard bytes.count == 4, let low = bytes.u16(at: 0), let high = bytes.u16(at: 2) else {
            return BluetoothUUID(att: bytes)
        }
        // The 32-bit form stands above the same base as the 16-bit one.
        return BluetoothUUID(full: BluetoothUUID(low).value | UInt128(high) << 112)
    }

    /// UTF-8 up to the first NUL, without control characters, and with ' for the " that ends a name in our notation.
    package static func printable(_ data: ArraySlice<UInt8>) -> String {
        var name = String.UnicodeScalarView()
        for scalar in String(decoding: data.prefix { $0 != 0 }, as: UTF8.self).unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: continue
            default: name.append(scalar == "\"" ? "'" : scalar)
            }
        }
        return String(name)
    }
}

extension Advertisement {
    /// What was heard from `device`.
    package init(_ device: Management.Address, _ data: [UInt8], signal: Int? = nil) {
        let data = AdvertisingData(data)
        self.init(
            address: device.address, kind: device.kind, name: data.name, services: data.services,
            manufacturerData: data.manufacturerData, serviceData: data.serviceData, signal: signal)
    }

    package var device: Management.Address { Management.Address(address, kind) }

    /// This advertisement, with what it leaves out taken from an `earlier` one of the same device: passive scanning hears no
    /// scan response, in which most devices have their names.
    package func completed(from earlier: Advertisement) -> Advertisement {
        var whole = self
        if whole.name.isEmpty { whole.name = earlier.name }
        whole.services += earlier.services.filter { !services.contains($0) }
        return whole
    }
}
