import Core

extension Driver {
    /// A&D UA-651BLE, upper-arm blood pressure: the standard service, with a clock (0x2A08) inside it.
    ///
    /// The conversation is the family's: see `AndBLE`.
    ///
    /// Sources: public drivers for the model (obniz/obniz `UA651BLE`, and others); Blood Pressure Service 1.1.1.
    package static let andUA651BLE = Driver(
        id: "and-ua651ble", manufacturer: "A&D", model: "UA-651BLE", kind: .bloodPressure, evidence: .specification,
        claims: [.advertised(name: "A&D_UA-651BLE", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A35), BloodPressure.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await AndBLE.visit(peer, report, 0x2A35, BloodPressure.measurement)
        }, pairing: .holdStart)
}
