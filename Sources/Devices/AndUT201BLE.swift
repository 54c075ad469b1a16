import Core

extension Driver {
    /// A&D UT-201BLE, thermometer, with the standard service (0x1809). The conversation is the family's: see `AndBLE`.
    ///
    /// Sources: public drivers and captures of the model (obniz/obniz, an article with its traffic on Qiita); Health
    /// Thermometer Service 1.0.
    package static let andUT201BLE = Driver(
        id: "and-ut201ble", manufacturer: "A&D", model: "UT-201BLE", kind: .thermometer, evidence: .specification,
        claims: [.advertised(name: "A&D_UT201BLE", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A1C), HealthThermometer.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await AndBLE.visit(peer, report, 0x2A1C, HealthThermometer.measurement)
        })
}
