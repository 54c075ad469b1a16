import Core

extension Peer {
    /// How a visit to a device of a standard profile begins: it reports who the device is, what its clock says and how
    /// full its battery is, as far as the device tells.
    @discardableResult
    func introduce(to report: any Report) async throws(Fault) -> DeviceInformation? {
        try await discover()
        let information = try await deviceInformation()
        if let information { try await report.information(information) }
        try await tellClock(to: report)
        if let level = try await readIfAllowed(0x2A19) { try await report(decoded(level, by: BatteryLevel.level)) }
        return information
    }

    /// Reads the device's clock, Current Time (0x2A2B) or else Date Time (0x2A08), where the device lets it be read, and
    /// reports it beside the hub's; from then on the device may be told the time. To be called before the clock is set:
    /// afterwards nothing tells how wrong the stamps in the device's memory are.
    func tellClock(to report: any Report) async throws(Fault) {
        guard let (clock, error) = try await readClock() else { return }
        try await report.clock(clock, error: error)
        // It is known now, so that nothing is lost if the device sets it.
        try await tellTime()
    }

    /// What the device's clock shows, and half of what the asking took; nil where it does not let it be read.
    private func readClock() async throws(Fault) -> (RawTime, error: Duration)? {
        for (characteristic, decode) in [(0x2A2B, DateTime.currentTime), (0x2A08, DateTime.dateTime)]
            as [(UInt16, Decode)]
        {
            let asked = ContinuousClock.now
            guard let bytes = try await readIfAllowed(BluetoothUUID(characteristic)) else { continue }
            let error = (ContinuousClock.now - asked) / 2
            guard let clock = try? decode(bytes.span) else { continue }
            return (clock.taken, error)
        }
        return nil
    }

    /// Sets the device's clock to the hub's local time, where it can be set and the hub is sure, and reads it back. To be
    /// called behind the last reading.
    func setClock(from report: any Report) async throws(Fault) {
        guard has(0x2A2B) || has(0x2A08), let now = report.localTime else { return }
        try await unlessGone { () throws(Fault) in
            if has(0x2A2B) {
                try await writeIfAllowed(now.currentTimeBytes, to: 0x2A2B)
            } else {
                try await writeIfAllowed(now.dateTimeBytes, to: 0x2A08)
            }
            try await report.clockWasSet(to: now)
            if let (clock, error) = try await readClock() { try await report.clock(clock, error: error) }
        }
    }
}

/// Says what is of no weight any more behind the last reading: a device that has gone by then, as many do at once, is none
/// the worse for it.
func unlessGone(_ say: () async throws(Fault) -> Void) async throws(Fault) {
    do throws(Fault) {
        try await say()
    } catch {
        guard error == .device(.hungUp) || error == .device(.silent) else { throw error }
    }
}

/// Battery Service 1.0.
package enum BatteryLevel {
    /// Battery Level (0x2A19): one byte of percent. More than 100 is reserved.
    package static func level(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        let level = try field.u8()
        field.remarkTrailing(in: &remarks)
        let charge = level <= 100 ? Outcome.amount(Amount(Int32(level))) : .absent(.error)
        return Reading([Value(.batteryCharge, charge, .percent)], taken: .now, remarks: remarks)
    }
}
