import Core

extension Driver {
    /// A thermometer with the standard service and nothing of its own.
    ///
    /// Where the place of measurement never changes, the device may say it once (0x2A1D) instead of in each measurement.
    /// What it shows before the temperature has settled (0x2A1E) is no measurement, and not asked for; how often it
    /// measures by itself (0x2A21) stays as it is.
    ///
    /// Sources: Health Thermometer Service 1.0, Health Thermometer Profile 1.0.
    package static let sigThermometer = Driver(
        id: "sig-htp", manufacturer: "Bluetooth SIG", model: "Health Thermometer", kind: .thermometer,
        evidence: .specification, claims: [.service(0x1809)],
        endpoints: [Endpoint(.characteristic(0x2A1C), HealthThermometer.measurement)],
        visit: .gatt { peer, report async throws(Fault) in try await HealthThermometer.visit(peer, report) })
}

extension HealthThermometer {
    /// The conversation with every thermometer that has the standard service.
    static func visit(_ peer: any Peer, _ report: any Report) async throws(Fault) {
        try await peer.introduce(to: report)
        let site = try await peer.readIfAllowed(0x2A1D)?.first
        try await peer.subscribe(0x2A1C)
        try await peer.each(within: .seconds(10)) { update async throws(Fault) in
            guard update.characteristic == 0x2A1C else { return }
            var reading = decoded(update.value, by: HealthThermometer.measurement)
            if let site { HealthThermometer.place(&reading, at: site) }
            try await report(reading)
        }
        try await peer.setClock(from: report)
    }
}
