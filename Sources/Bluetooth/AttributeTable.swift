import Core

/// What a device's attributes are, without the values that change: what a discovery finds, and what a bonded device
/// need not be asked again when it is on the air for seconds (Bluetooth Core 5.4, Vol 3, Part G, 2.5.2).
///
///     0001 2800 0118        service declaration: the service's UUID
///     0002 2803 2003000a2a… characteristic declaration: properties, value handle, UUID
///     0003 2A05             the value itself, never remembered but for the two below
///     0004 2902 0200        of Service Changed: 0200 once the device has taken our wish for indications
///     0006 2B2A f1ca2d48…   Database Hash, 16 bytes
///
/// That is also its text, one attribute a line, as in captures.
package struct AttributeTable: Equatable, Sendable {
    /// Handles rise, and none stands twice.
    package private(set) var attributes: [Attribute]
    package let characteristics: [Characteristic]

    package struct Characteristic: Equatable, Sendable {
        package let uuid: BluetoothUUID
        package let properties: CharacteristicProperties
        /// The handle of its value.
        package let value: UInt16
        /// Handles by type, in the order of the table.
        package let descriptors: [Descriptor]

        /// The handle of the descriptor with this type; nil where it has none.
        package func descriptor(_ type: BluetoothUUID) -> UInt16? { descriptors.first { $0.type == type }?.handle }
    }

    package struct Descriptor: Equatable, Sendable { package let type: BluetoothUUID, handle: UInt16 }

    /// Attributes in any order; of two with one handle the first counts.
    package init(_ attributes: [Attribute]) {
        let byHandle = Dictionary(attributes.map { ($0.handle, $0) }, uniquingKeysWith: { first, _ in first })
        self.attributes = byHandle.values.sorted { $0.handle < $1.handle }
        characteristics = Self.characteristics(in: self.attributes)
    }

    /// The first characteristic with this UUID.
    package subscript(_ uuid: BluetoothUUID) -> Characteristic? { characteristics.first { $0.uuid == uuid } }

    /// The characteristic whose value has this handle.
    package func characteristic(at handle: UInt16) -> Characteristic? {
        characteristics.first { $0.value == handle }
    }

    /// The primary services, in the order of the table.
    package var services: [BluetoothUUID] {
        attributes.compactMap { $0.type == ATT.primaryService ? BluetoothUUID(att: $0.value[...]) : nil }
    }

    /// What the device says that its table comes to; nil where it has no Database Hash.
    package var databaseHash: [UInt8]? {
        self[ATT.databaseHash].flatMap { self.value(at: $0.value) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A value that is remembered; nil for a handle that is not in the table.
    package func value(at handle: UInt16) -> [UInt8]? { attributes.first { $0.handle == handle }?.value }

    mutating func remember(_ value: [UInt8], at handle: UInt16) {
        guard let index = attributes.firstIndex(where: { $0.handle == handle }) else { return }
        attributes[index].value = value
    }

    /// `range`, made as wide as the services of which it touches a part.
    func services(touching range: ClosedRange<UInt16>) -> ClosedRange<UInt16> {
        let starts = attributes.filter(\.isService).map(\.handle)
        let first = starts.last { $0 <= range.lowerBound } ?? range.lowerBound
        let next = starts.first { $0 > range.upperBound }
        return first...(next.map { $0 - 1 } ?? .max)
    }

    /// A characteristic ends before the next declaration.
    private static func characteristics(in attributes: [Attribute]) -> [Characteristic] {
        attributes.indices.compactMap { index in
            let declaration = attributes[index]
            guard declaration.type == ATT.characteristic, let properties = declaration.value.first,
                let value = declaration.value.u16(at: 1), value > declaration.handle,
                let uuid = BluetoothUUID(att: declaration.value.dropFirst(3))
            else { return nil }
            let own = attributes[(index + 1)...].prefix { !$0.isService && $0.type != ATT.characteristic }
            return Characteristic(
                uuid: uuid, properties: CharacteristicProperties(rawValue: properties), value: value,
                descriptors: own.filter { $0.handle > value }.map { Descriptor(type: $0.type, handle: $0.handle) })
        }
    }
}

extension AttributeTable: CustomStringConvertible {
    package var description: String { attributes.map(\.notation).joined(separator: "\n") }

    /// Reads what `description` writes; nil for anything else, so that damage is never taken for a device.
    package init?(_ text: some StringProtocol) {
        let text = String(text)
        var attributes: [Attribute] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !text.isEmpty {
            guard let attribute = Attribute(notation: line), attribute.handle > attributes.last?.handle ?? 0 else {
                return nil
            }
            attributes.append(attribute)
        }
        self.init(attributes)
        guard description == text else { return nil }
    }
}

extension Attribute {
    /// Whether it declares a service, and so ends the one before it.
    var isService: Bool { type == ATT.primaryService || type == ATT.secondaryService }
}
