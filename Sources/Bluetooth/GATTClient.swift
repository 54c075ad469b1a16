import Core

/// A GATT client for one connected device (Bluetooth Core 5.4, Vol 3, Part G), over any bearer.
///
/// It discovers before anything else, keeps the handles to itself, and confirms an indication when the driver says so.
package final class GATTClient: Peer {
    private let channel: ATTChannel
    private var mtu = ATT.defaultMTU
    private var characteristics: [Characteristic] = []
    private var owesConfirmation = false
    private var rounds = 0

    package init(_ bearer: any Bearer) { channel = ATTChannel(bearer) }

    private struct Characteristic {
        var uuid: BluetoothUUID
        var properties: CharacteristicProperties
        var value: UInt16
        /// The last handle that belongs to it.
        var end: UInt16
        var configuration: UInt16?
    }

    // MARK: What a driver can ask

    package func discover() async throws(Fault) {
        rounds = 0
        try await exchangeMTU()
        var found: [Characteristic] = []
        for service in try await list(.services, 1...0xFFFF) {
            guard let first = service.u16(at: 0), let last = service.u16(at: 2) else { continue }
            found += try await discoverCharacteristics(in: first...last)
        }
        for index in found.indices where !found[index].properties.isDisjoint(with: [.notify, .indicate]) {
            found[index].configuration = try await discoverConfiguration(of: found[index])
        }
        characteristics = found
    }

    package func has(_ characteristic: BluetoothUUID) -> Bool {
        characteristics.contains { $0.uuid == characteristic }
    }

    /// A value that fills the PDU may be longer; it is then read on in pieces.
    package func read(_ characteristic: BluetoothUUID) async throws(Fault) -> [UInt8] {
        let handle = try known(characteristic).value
        var value = Array(try await channel.demand(.readRequest, handle.attBytes).dropFirst())
        while value.count % (mtu - 1) == 0, !value.isEmpty, value.count < ATT.longestValue {
            let offset = UInt16(truncatingIfNeeded: value.count)
            switch try await channel.request(.readBlobRequest, handle.attBytes + offset.attBytes) {
            case .response(let pdu) where pdu.count == 1: return value
            case .response(let pdu): value += pdu.dropFirst()
            case .refused(ATT.ErrorCode.attributeNotLong), .refused(ATT.ErrorCode.invalidOffset): return value
            case .refused(let code): throw Fault(attError: code)
            }
        }
        return value
    }

    /// Values that do not fit one PDU are refused as the device would: no device that we know has one.
    package func write(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault) {
        let handle = try known(characteristic).value
        guard value.count <= mtu - 3 else { throw .device(.refused(ATT.ErrorCode.invalidValueLength)) }
        _ = try await channel.demand(.writeRequest, handle.attBytes + value)
    }

    package func subscribe(_ characteristic: BluetoothUUID) async throws(Fault) {
        let known = try known(characteristic)
        guard let configuration = known.configuration else {
            throw .device(.lacking("\(ATT.clientConfiguration) of \(characteristic)"))
        }
        let bits: UInt16 = known.properties.contains(.indicate) ? 2 : 1
        _ = try await channel.demand(.writeRequest, configuration.attBytes + bits.attBytes)
    }

    package func next(within time: Duration) async throws(Fault) -> Update? {
        let deadline = ContinuousClock.now + time
        while let arrived = try await channel.next(until: deadline) {
            if let known = characteristics.first(where: { $0.value == arrived.handle }) {
                if arrived.isIndication { owesConfirmation = true }
                return Update(known.uuid, arrived.value, isIndication: arrived.isIndication)
            }
            // What cannot be named cannot be kept. Unconfirmed, it stays with the device; a notification has no such
            // hold, and none was asked for.
            if arrived.isIndication { throw .device(.lacking("a characteristic at handle \(arrived.handle)")) }
        }
        return nil
    }

    package func confirm() async throws(Fault) {
        guard owesConfirmation else { return }
        owesConfirmation = false
        try await channel.confirm()
    }

    // MARK: Discovery

    /// Vol 3, Part G, 4.3.1. A device that does not know the request keeps to the default.
    private func exchangeMTU() async throws(Fault) {
        switch try await channel.request(.exchangeMTURequest, UInt16(ATT.ourMTU).attBytes) {
        case .response(let pdu):
            guard pdu.count == 3, let theirs = pdu.u16(at: 1) else {
                throw broken(.length(got: pdu.count, expected: 3))
            }
            mtu = max(ATT.defaultMTU, min(Int(theirs), ATT.ourMTU))
        case .refused: break
        }
    }

    /// Vol 3, Part G, 4.6.1. A row is `declaration, properties, value handle, UUID`.
    private func discoverCharacteristics(in service: ClosedRange<UInt16>) async throws(Fault) -> [Characteristic] {
        var found: [Characteristic] = []
        for row in try await list(.characteristics, service) {
            guard let declaration = row.u16(at: 0), let value = row.u16(at: 3),
                let uuid = BluetoothUUID(att: row.dropFirst(5))
            else { continue }
            guard value > declaration, service.contains(value) else {
                throw broken(.invalid(at: 5, expected: .risingHandle))
            }
            if !found.isEmpty { found[found.count - 1].end = declaration - 1 }
            found.append(
                Characteristic(
                    uuid: uuid, properties: CharacteristicProperties(rawValue: row[row.startIndex + 2]), value: value,
                    end: service.upperBound))
        }
        return found
    }

    /// Vol 3, Part G, 4.7.1: the descriptor is looked for, never taken to follow its value.
    private func discoverConfiguration(of characteristic: Characteristic) async throws(Fault) -> UInt16? {
        guard characteristic.value < characteristic.end else { return nil }
        let rows = try await list(.descriptors, characteristic.value + 1...characteristic.end)
        return rows.first { BluetoothUUID(att: $0.dropFirst(2)) == ATT.clientConfiguration }?.u16(at: 0)
    }

    /// Asks again from behind the last handle until the range is done or the device has no more. Handles must rise, so
    /// no device can keep us here for ever, nor for long.
    private func list(_ what: Listing, _ range: ClosedRange<UInt16>) async throws(Fault) -> [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        var from = range.lowerBound
        while true {
            rounds += 1
            guard rounds <= 1024 else { throw broken(.invalid(at: 0, expected: .endOfDiscovery)) }
            let answer: [UInt8]
            switch try await channel.request(what.request, from.attBytes + range.upperBound.attBytes + what.type) {
            case .response(let pdu): answer = pdu
            case .refused(ATT.ErrorCode.attributeNotFound): return found
            case .refused(let code): throw Fault(attError: code)
            }
            let rows: [ArraySlice<UInt8>]
            do { rows = try what.rows(answer) } catch { throw broken(error) }
            for row in rows {
                guard let first = row.u16(at: 0), let last = what.isGrouped ? row.u16(at: 2) : first, from <= first,
                    first <= last, last <= range.upperBound
                else { throw broken(.invalid(at: row.startIndex, expected: .risingHandle)) }
                found.append(row)
                guard last < range.upperBound else { return found }
                from = last + 1
            }
        }
    }

    private func known(_ characteristic: BluetoothUUID) throws(Fault) -> Characteristic {
        guard let known = characteristics.first(where: { $0.uuid == characteristic }) else {
            throw .device(.lacking(characteristic.description))
        }
        return known
    }

    private func broken(_ why: Malformed) -> Fault { .device(.malformed(why)) }
}
