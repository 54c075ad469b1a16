import Core

/// What A&D's Bluetooth LE devices have in common.
///
/// One advertises for about a minute after a measurement, only to the hub that it is paired with. Once indications are on
/// it sends its whole memory, oldest first, and forgets each record when its indication is confirmed; then it hangs up.
/// Its clock wants to be written in every connection; a device whose clock was never set leaves out the stamp of every
/// record, stored ones too, so without a stamp nothing is known but that it is older than its arrival.
enum AndBLE {
    /// Fetches the memory from `characteristic`, whose values `decode` reads, or from what `older` firmware has instead.
    static func visit(
        _ peer: any Peer, _ report: any Report, _ characteristic: BluetoothUUID, _ decode: @escaping Decode,
        older: (characteristic: BluetoothUUID, decode: Decode)? = nil
    ) async throws(Fault) {
        try await peer.discover()
        var (characteristic, decode) = (characteristic, decode)
        if let older, !peer.has(characteristic), peer.has(older.characteristic) { (characteristic, decode) = older }
        if let information = try await peer.deviceInformation() { try await report.information(information) }
        try await peer.tellClock(to: report)
        if let now = report.localTime {
            try await peer.writeIfAllowed(now.dateTimeBytes, to: 0x2A08)
            // The next visit shows what became of it: what the device has comes first.
            if peer.has(0x2A08) { try await report.clockWasSet(to: now) }
        }
        try await peer.subscribe(characteristic)
        while let update = try await peer.next(within: .seconds(10)) {
            if update.characteristic == characteristic {
                var reading = decoded(update.value, by: decode)
                if reading.taken == .now { reading.taken = .unknown }
                try await report(reading)
            } else {
                try await report.keep(unasked: update)
            }
            // The device forgets the record now: only after the report has returned.
            if update.isIndication { try await peer.confirm() }
        }
    }
}
