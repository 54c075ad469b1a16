import Core

/// A GATT client for one connected device (Bluetooth Core 5.4, Vol 3, Part G), over any bearer.
///
/// It discovers before anything else, or takes what is known of a device from earlier visits for as long as the device
/// does not say otherwise; it keeps the handles to itself, and confirms an indication when the driver says so.
package final class GATTClient: Peer {
    /// Raises the link's security as far as the device and its bond allow, and returns when that is done. Throws a
    /// `pairing` fault where it cannot be.
    package typealias Upgrade = () async throws(Fault) -> Void

    /// The device's attribute table, to be kept for the next visit to a bonded device: what was handed in until it has
    /// proved wrong; nil while nothing is known.
    package private(set) var table: AttributeTable?
    private let channel: ATTChannel
    private let isBonded: Bool
    private let patience: (Duration) -> Duration
    private var mtu: Int?
    /// Whether the table was discovered on this connection, or the device's Database Hash vouches for it.
    private var isProven = false
    private var subscriptions: [BluetoothUUID] = []
    private var owesConfirmation = false
    private var changes = 0

    private static let everything: ClosedRange<UInt16> = 1...0xFFFF

    /// `table` is what an earlier visit left behind under the same bond. Without a Database Hash it is believed only
    /// where the device `isBonded`, because only then it must tell of a change (Vol 3, Part G, 2.5.2). A new bond
    /// begins without a table. `time` is what a device is told that asks the hub for Current Time (0x2A2B), ten bytes; nil
    /// while the hub is not sure of it. `patience` says for how long the device is waited for, where a driver would for so long.
    package init(
        _ bearer: any Bearer, table: AttributeTable? = nil, isBonded: Bool = false, upgrade: Upgrade? = nil,
        time: (() -> [UInt8]?)? = nil, patience: @escaping (Duration) -> Duration = { $0 }
    ) {
        channel = ATTChannel(bearer, upgrade: upgrade, time: time)
        self.table = table
        self.isBonded = isBonded
        self.patience = patience
        channel.serviceChanged = table?[ATT.serviceChanged]?.value
    }

    // MARK: What a driver can ask

    package func discover() async throws(Fault) {
        try channel.requireAlive()
        if mtu == nil { mtu = try await exchangeMTU() }
        if try await holds() { try await followChange() } else { try await learn(Self.everything) }
        try await subscribeToChanges()
    }

    /// The primary services that the device has, once discovered.
    package var services: [BluetoothUUID] { table?.services ?? [] }

    package func has(_ characteristic: BluetoothUUID) -> Bool { table?[characteristic] != nil }

    /// A value that fills the PDU may be longer; it is then read on in pieces.
    package func read(_ characteristic: BluetoothUUID) async throws(Fault) -> [UInt8] {
        try await read(Place(characteristic))
    }

    package func read(
        descriptor: BluetoothUUID, of characteristic: BluetoothUUID
    ) async throws(Fault) -> [UInt8] {
        try await read(Place(characteristic, descriptor))
    }

    /// Values that do not fit one PDU are refused as the device would: no device that we know has one.
    package func write(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault) {
        try checkLength(of: value)
        _ = try await ask(.writeRequest, Place(characteristic), value)
    }

    package func writeWithoutResponse(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault) {
        try checkLength(of: value)
        try await followChange()
        try await channel.command(.writeCommand, handle(of: Place(characteristic)).attBytes + value)
    }

    package func send(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault) {
        if try known(characteristic).properties.contains(.write) {
            try await write(value, to: characteristic)
        } else {
            try await writeWithoutResponse(value, to: characteristic)
        }
    }

    package func subscribe(_ characteristic: BluetoothUUID) async throws(Fault) {
        try await followChange()
        try await configure(characteristic)
        if !subscriptions.contains(characteristic) { subscriptions.append(characteristic) }
    }

    package func next(within time: Duration) async throws(Fault) -> Update? { try await next(from: nil, within: time) }

    package func next(from characteristic: BluetoothUUID, within time: Duration) async throws(Fault) -> Update? {
        try await next(from: .some(characteristic), within: time)
    }

    package func tellTime() async throws(Fault) { try await channel.tellTime() }

    package func confirm() async throws(Fault) {
        guard owesConfirmation else { return }
        owesConfirmation = false
        try await channel.confirm()
    }

    // MARK: Attributes

    /// A characteristic's value, or one of its descriptors.
    private struct Place {
        let characteristic: BluetoothUUID, descriptor: BluetoothUUID?

        init(_ characteristic: BluetoothUUID, _ descriptor: BluetoothUUID? = nil) {
            self.characteristic = characteristic
            self.descriptor = descriptor
        }
    }

    private func known(_ uuid: BluetoothUUID) throws(Fault) -> AttributeTable.Characteristic {
        guard let known = table?[uuid] else { throw .device(.lacking(uuid.description)) }
        return known
    }

    private func handle(of place: Place) throws(Fault) -> UInt16 {
        let known = try known(place.characteristic)
        guard let descriptor = place.descriptor else { return known.value }
        guard let handle = known.descriptor(descriptor) else {
            throw .device(.lacking("\(descriptor) of \(place.characteristic)"))
        }
        return handle
    }

    /// A request about one attribute. Where its refusal says that a remembered table is wrong, the device is discovered
    /// anew, and asked again.
    private func ask(_ opcode: ATT.Opcode, _ place: Place, _ value: [UInt8] = []) async throws(Fault) -> [UInt8] {
        try await followChange()
        let stale = table
        switch try await channel.request(opcode, handle(of: place).attBytes + value) {
        case .response(let pdu): return pdu
        case .refused(let code):
            guard isContradiction(code, opcode, place) else { throw Fault(attError: code) }
            try await learn(Self.everything)
            guard table?.characteristics != stale?.characteristics else { throw Fault(attError: code) }
            return try await channel.demand(opcode, handle(of: place).attBytes + value)
        }
    }

    /// Whether a refusal contradicts the table, which was only remembered.
    private func isContradiction(_ code: UInt8, _ opcode: ATT.Opcode, _ place: Place) -> Bool {
        if code == ATT.ErrorCode.databaseOutOfSync { return true }
        guard !isProven else { return false }
        let allowed = table?[place.characteristic]?.properties ?? []
        switch code {
        case ATT.ErrorCode.invalidHandle, ATT.ErrorCode.attributeNotFound: return true
        case ATT.ErrorCode.readNotPermitted: return place.descriptor != nil || allowed.contains(.read)
        case ATT.ErrorCode.writeNotPermitted: return place.descriptor != nil || allowed.contains(.write)
        // Every client configuration takes two bytes.
        case ATT.ErrorCode.invalidValueLength: return place.descriptor == ATT.clientConfiguration
        default: return false
        }
    }

    private func read(_ place: Place) async throws(Fault) -> [UInt8] {
        var value = Array(try await ask(.readRequest, place).dropFirst())
        let handle = try handle(of: place).attBytes, piece = (mtu ?? ATT.defaultMTU) - 1
        while value.count % piece == 0, !value.isEmpty, value.count < ATT.longestValue {
            let offset = UInt16(truncatingIfNeeded: value.count)
            switch try await channel.request(.readBlobRequest, handle + offset.attBytes) {
            case .response(let pdu) where pdu.count == 1: return value
            case .response(let pdu): value += pdu.dropFirst()
            case .refused(ATT.ErrorCode.attributeNotLong), .refused(ATT.ErrorCode.invalidOffset): return value
            case .refused(let code): throw Fault(attError: code)
            }
        }
        return value
    }

    private func checkLength(of value: [UInt8]) throws(Fault) {
        guard value.count <= (mtu ?? ATT.defaultMTU) - 3 else {
            throw .device(.refused(ATT.ErrorCode.invalidValueLength))
        }
    }

    private func configure(_ characteristic: BluetoothUUID) async throws(Fault) {
        let bits: UInt16 = try known(characteristic).properties.contains(.indicate) ? 2 : 1
        _ = try await ask(.writeRequest, Place(characteristic, ATT.clientConfiguration), bits.attBytes)
    }

    private func next(from characteristic: BluetoothUUID?, within time: Duration) async throws(Fault) -> Update? {
        let deadline = ContinuousClock.now + patience(time)
        while true {
            try await followChange()
            let handles = try characteristic.map { (uuid) throws(Fault) in Set([try known(uuid).value]) }
            guard let arrived = try await channel.next(until: deadline, from: handles) else {
                if channel.changed != nil { continue }
                return nil
            }
            // A value that a remembered table does not know contradicts it.
            if table?.characteristic(at: arrived.handle) == nil, table != nil, !isProven {
                try await learn(Self.everything)
            }
            if let known = table?.characteristic(at: arrived.handle) {
                if arrived.isIndication { owesConfirmation = true }
                return Update(known.uuid, arrived.value, isIndication: arrived.isIndication)
            }
            // What cannot be named cannot be kept. Unconfirmed, it stays with the device; a notification has no such
            // hold, and none was asked for.
            if arrived.isIndication { throw .device(.lacking("a characteristic at handle \(arrived.handle)")) }
        }
    }

    // MARK: The table

    /// Vol 3, Part G, 4.3.1. A device that does not know the request keeps to the default.
    private func exchangeMTU() async throws(Fault) -> Int {
        switch try await channel.request(.exchangeMTURequest, UInt16(ATT.ourMTU).attBytes) {
        case .response(let pdu):
            guard pdu.count == 3, let theirs = pdu.u16(at: 1) else {
                throw .device(.malformed(.length(got: pdu.count, expected: 3)))
            }
            return max(ATT.defaultMTU, min(Int(theirs), ATT.ourMTU))
        case .refused: return ATT.defaultMTU
        }
    }

    /// Whether the table that we have may be used.
    private func holds() async throws(Fault) -> Bool {
        guard let table else { return false }
        guard !isProven, let hash = table.databaseHash else { return isProven || isBonded }
        isProven = try await readDatabaseHash() == hash
        return isProven
    }

    /// Vol 3, Part G, 7.3: read by its UUID, because its handle is itself what is in doubt. Nil where there is none.
    private func readDatabaseHash() async throws(Fault) -> [UInt8]? {
        let all = Self.everything.lowerBound.attBytes + Self.everything.upperBound.attBytes
        switch try await channel.request(.readByTypeRequest, all + ATT.databaseHash.attBytes, mayUpgrade: isBonded) {
        // 09, 18 bytes a row, handle, hash
        case .response(let pdu): return pdu.count == 20 && pdu[1] == 18 ? Array(pdu[4...]) : nil
        case .refused: return nil
        }
    }

    /// Discovers `range` and puts it in the place of what was known of it. Where that fails nothing is known.
    private func learn(_ range: ClosedRange<UInt16>) async throws(Fault) {
        let before = table, wide = before?.services(touching: range) ?? Self.everything
        table = nil
        let kept = before?.attributes.filter { !wide.contains($0.handle) } ?? []
        var learnt = AttributeTable(kept + (try await Discovery.attributes(in: wide, over: channel)))
        if let hash = learnt[ATT.databaseHash] {
            learnt.remember(try await readDatabaseHash() ?? [], at: hash.value)
        }
        table = learnt
        isProven = isProven || kept.isEmpty
        channel.serviceChanged = learnt[ATT.serviceChanged]?.value
        try await channel.sortOutChanges()
        for uuid in subscriptions {
            guard let value = learnt[uuid]?.value, wide.contains(value) else { continue }
            try await configure(uuid)
        }
    }

    /// Asks for Service Changed where the device has it. A bonded device remembers that it was asked; one that refuses
    /// is not insisted upon.
    private func subscribeToChanges() async throws(Fault) {
        guard let place = table?[ATT.serviceChanged]?.descriptor(ATT.clientConfiguration) else { return }
        let indicate = UInt16(2).attBytes
        if isBonded, table?.value(at: place) == indicate { return }
        let answer = try await channel.request(.writeRequest, place.attBytes + indicate, mayUpgrade: isBonded)
        if case .response = answer { table?.remember(indicate, at: place) }
    }

    /// Asks anew for what the device has said is different now, and whether it will say so again.
    private func followChange() async throws(Fault) {
        guard let range = channel.takeChanged() else { return }
        changes += 1
        // No honest device changes so often, and one that does must not keep us here.
        guard changes <= 16 else { throw .device(.malformed(.invalid(at: 0, expected: .endOfDiscovery))) }
        try await learn(range)
        try await subscribeToChanges()
    }
}
