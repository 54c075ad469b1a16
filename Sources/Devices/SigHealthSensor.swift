import Core

extension Driver {
    /// A device with the Generic Health Sensor service and nothing of its own, of whatever kind: what it has stored, then what
    /// it measures. No product for the home is known that has it.
    ///
    /// Sources: Generic Health Sensor Service 1.0, by way of those that `HealthSensor` names.
    package static let sigHealthSensor = Driver(
        id: "sig-ghs", manufacturer: "Bluetooth SIG", model: "Generic Health Sensor", kind: .healthSensor,
        evidence: .specification, claims: [.service(0x1840)],
        endpoints: [
            Endpoint(.bytes("ghs-live"), HealthSensor.live), Endpoint(.bytes("ghs-stored"), HealthSensor.stored),
            Endpoint(.characteristic(0x2BF2), HealthSensor.clock),
        ],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            let asked = ContinuousClock.now
            if let bytes = try await peer.readIfAllowed(0x2BF2), let clock = try? HealthSensor.clock(bytes.span) {
                try await report.clock(clock.taken, error: (ContinuousClock.now - asked) / 2)
            }
            var assemblies: [BluetoothUUID: HealthSensor.Assembly] = [:]
            func take(_ update: Update) async throws(Fault) {
                let isStored = update.characteristic == 0x2BDD
                guard isStored || update.characteristic == 0x2B8B else { return try await report.keep(unasked: update) }
                let whole = assemblies[update.characteristic, default: HealthSensor.Assembly()].take(update.value)
                guard let whole else { return }
                try await report(decoded(whole, by: isStored ? HealthSensor.stored : HealthSensor.live))
            }
            if peer.has(0x2BDD), peer.has(0x2A52) {
                try await peer.subscribe(0x2BDD)
                try await peer.subscribe(0x2A52)
                try await peer.fetch(.all, take)
            }
            guard peer.has(0x2B8B) else { return }
            try await peer.subscribe(0x2B8B)
            // Start sending.
            try await peer.writeIfAllowed([0x01], to: 0x2BF4)
            try await peer.each(within: .seconds(10), take)
        })
}
