import Core

/// Asks a device for its attribute table: services, included services, characteristics and their descriptors (Bluetooth
/// Core 5.4, Vol 3, Part G, 4.4 to 4.7).
struct Discovery {
    private let channel: ATTChannel
    private var found: [Attribute] = []
    private var rounds = 0

    private init(_ channel: ATTChannel) { self.channel = channel }

    /// Everything of the services that begin in `range`, and of the secondary ones that they include.
    static func attributes(
        in range: ClosedRange<UInt16>, over channel: ATTChannel
    ) async throws(Fault) -> [Attribute] {
        var discovery = Discovery(channel)
        try await discovery.discover(range)
        return discovery.found
    }

    private mutating func discover(_ range: ClosedRange<UInt16>) async throws(Fault) {
        var services: [ClosedRange<UInt16>] = []
        // handle, end of group, UUID
        for row in try await list(.services, range) {
            guard let first = row.u16(at: 0), let last = row.u16(at: 2) else { continue }
            found.append(Attribute(handle: first, type: ATT.primaryService, value: Array(row.dropFirst(4))))
            services.append(first...last)
        }
        var known = Set(services.map(\.lowerBound)), next = 0
        while next < services.count {
            for secondary in try await includes(in: services[next]) where known.insert(secondary.lowerBound).inserted {
                services.append(secondary)
            }
            try await characteristics(in: services[next])
            next += 1
        }
    }

    /// 4.5.1. A row is `handle, first and last handle of the included service, UUID`; a full UUID does not fit it and is
    /// read from the included service's own declaration.
    private mutating func includes(
        in service: ClosedRange<UInt16>
    ) async throws(Fault) -> [ClosedRange<UInt16>] {
        var included: [ClosedRange<UInt16>] = []
        for row in try await list(.includes, service) {
            guard let handle = row.u16(at: 0), let first = row.u16(at: 2), let last = row.u16(at: 4) else { continue }
            guard first > 0, first <= last else { throw broken(.invalid(at: 4, expected: .risingHandle)) }
            found.append(Attribute(handle: handle, type: ATT.include, value: Array(row.dropFirst(2))))
            included.append(first...last)
            guard !found.contains(where: { $0.handle == first }) else { continue }
            var uuid = Array(row.dropFirst(6))
            if uuid.isEmpty, case .response(let pdu) = try await channel.request(.readRequest, first.attBytes) {
                uuid = Array(pdu.dropFirst())
            }
            found.append(Attribute(handle: first, type: ATT.secondaryService, value: uuid))
        }
        return included
    }

    /// 4.6.1. A row is `declaration, properties, value handle, UUID`.
    private mutating func characteristics(in service: ClosedRange<UInt16>) async throws(Fault) {
        let rows = try await list(.characteristics, service)
        for (index, row) in rows.enumerated() {
            guard let declaration = row.u16(at: 0), let value = row.u16(at: 3),
                let uuid = BluetoothUUID(att: row.dropFirst(5))
            else { continue }
            guard value > declaration, service.contains(value) else {
                throw broken(.invalid(at: 5, expected: .risingHandle))
            }
            found.append(Attribute(handle: declaration, type: ATT.characteristic, value: Array(row.dropFirst(2))))
            found.append(Attribute(handle: value, type: uuid))
            let next = index + 1 < rows.count ? rows[index + 1].u16(at: 0) : nil
            try await descriptors(behind: value, to: next.map { $0 - 1 } ?? service.upperBound)
        }
    }

    /// 4.7.1: a descriptor is looked for, never taken to follow its value.
    private mutating func descriptors(behind value: UInt16, to end: UInt16) async throws(Fault) {
        guard value < end else { return }
        for row in try await list(.descriptors, value + 1...end) {
            guard let handle = row.u16(at: 0), let type = BluetoothUUID(att: row.dropFirst(2)) else { continue }
            found.append(Attribute(handle: handle, type: type))
        }
    }

    /// Asks again from behind the last handle until the range is done or the device has no more. Handles must rise, so
    /// no device can keep us here for ever, nor for long.
    private mutating func list(
        _ what: Listing, _ range: ClosedRange<UInt16>
    ) async throws(Fault) -> [ArraySlice<UInt8>] {
        var rows: [ArraySlice<UInt8>] = []
        var from = range.lowerBound
        while true {
            rounds += 1
            guard rounds <= 1024, found.count + rows.count <= 4096 else {
                throw broken(.invalid(at: 0, expected: .endOfDiscovery))
            }
            let answer: [UInt8]
            switch try await channel.request(what.request, from.attBytes + range.upperBound.attBytes + what.type) {
            case .response(let pdu): answer = pdu
            case .refused(ATT.ErrorCode.attributeNotFound): return rows
            case .refused(let code): throw Fault(attError: code)
            }
            do throws(Malformed) {
                for row in try what.rows(answer) {
                    guard let first = row.u16(at: 0), let last = what.isGrouped ? row.u16(at: 2) : first,
                        from <= first, first <= last, last <= range.upperBound
                    else { throw Malformed.invalid(at: row.startIndex, expected: .risingHandle) }
                    rows.append(row)
                    guard last < range.upperBound else { return rows }
                    from = last + 1
                }
            } catch {
                throw broken(error)
            }
        }
    }

    private func broken(_ why: Malformed) -> Fault { .device(.malformed(why)) }
}
