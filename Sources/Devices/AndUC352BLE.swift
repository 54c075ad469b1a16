import Core

extension Driver {
    /// A&D UC-352BLE, weight scale, with the standard service (0x181D). The conversation is the family's: see `AndBLE`.
    ///
    /// Older firmware has a service of A&D's own in its place; such a scale is claimed, and refused as lacking 2A9D.
    ///
    /// Sources: public drivers for the model (obniz/obniz, openScale); Weight Scale Service 1.0.
    package static let andUC352BLE = Driver(
        id: "and-uc352ble", manufacturer: "A&D", model: "UC-352BLE", kind: .scale, evidence: .specification,
        claims: [.advertised(name: "A&D_UC-352BLE", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A9D), WeightScale.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await AndBLE.visit(peer, report, 0x2A9D, WeightScale.measurement)
        })
}
