import Core

/// What a device says of one of its services, attribute by attribute (Bluetooth Core 5.4, Vol 3, Part B, 2.2 and 5.1).
package struct ServiceRecord: Equatable, Sendable {
    package var attributes: [UInt16: DataElement] = [:]

    /// From a sequence of identifier and value in turn; what is none of either is passed over.
    package init(_ list: DataElement) {
        let elements = list.elements ?? []
        for index in stride(from: 0, to: elements.count - 1, by: 2) {
            guard case .unsigned(let id, width: 2) = elements[index] else { continue }
            attributes[UInt16(truncatingIfNeeded: id)] = elements[index + 1]
        }
    }

    /// The record of a serial port that we serve at `channel` (Serial Port Profile 1.2, 6.1).
    package init(serialPort name: String, channel: UInt8, handle: UInt32 = 0x0001_0001) {
        func number(_ value: UInt16) -> DataElement { .unsigned(UInt128(value), width: 2) }
        attributes = [
            SDP.AttributeID.recordHandle: .unsigned(UInt128(handle), width: 4),
            SDP.AttributeID.serviceClasses: .sequence([.uuid(SDP.serialPort)]),
            SDP.AttributeID.protocols: .sequence([
                .sequence([.uuid(Self.l2cap)]),
                .sequence([.uuid(Self.rfcomm), .unsigned(UInt128(channel), width: 1)]),
            ]),
            // Where a device looks that does not know what it looks for.
            SDP.AttributeID.browseGroups: .sequence([.uuid(0x1002)]),
            // English, UTF-8, its texts from 0x0100 on.
            SDP.AttributeID.languages: .sequence([number(0x656E), number(0x006A), number(0x0100)]),
            SDP.AttributeID.profiles: .sequence([.sequence([.uuid(SDP.serialPort), number(0x0102)])]),
            SDP.AttributeID.name: .text(Array(name.utf8)),
        ]
    }

    private static let l2cap: BluetoothUUID = 0x0100, rfcomm: BluetoothUUID = 0x0003

    /// The service's classes, the most special first.
    package var classes: [BluetoothUUID] {
        attributes[SDP.AttributeID.serviceClasses]?.elements?.compactMap {
            if case .uuid(let uuid) = $0 { uuid } else { nil }
        } ?? []
    }

    /// Its RFCOMM channel, 1 to 30; nil where it is reached in another way.
    package var channel: UInt8? {
        switch attributes[SDP.AttributeID.protocols] {
        case .sequence(let stack): Self.channel(in: stack)
        // Several ways to the same service.
        case .alternative(let stacks): stacks.lazy.compactMap(\.elements).compactMap(Self.channel).first
        default: nil
        }
    }

    var handle: UInt32 {
        if case .unsigned(let handle, _) = attributes[SDP.AttributeID.recordHandle] {
            UInt32(truncatingIfNeeded: handle)
        } else {
            0
        }
    }

    /// The attributes whose identifiers lie in one of `ranges`, in the rising order that SDP wants.
    func list(of ranges: [ClosedRange<UInt16>]) -> DataElement {
        let wanted = attributes.keys.filter { id in ranges.contains { $0.contains(id) } }.sorted()
        return .sequence(
            wanted.flatMap { id in
                [.unsigned(UInt128(id), width: 2)] + (attributes[id].map { [$0] } ?? [])
            })
    }

    /// Whether each of the UUIDs stands somewhere in the record.
    func matches(_ pattern: [BluetoothUUID]) -> Bool {
        pattern.allSatisfy { uuid in attributes.values.contains { $0.contains(uuid) } }
    }

    /// A stack is a sequence of protocols, and each a sequence of its UUID and what it needs.
    private static func channel(in stack: [DataElement]) -> UInt8? {
        for layer in stack.compactMap(\.elements) where layer.first == .uuid(rfcomm) && layer.count > 1 {
            if case .unsigned(let channel, _) = layer[1], 1...30 ~= channel { return UInt8(channel) }
        }
        return nil
    }
}
