import Core

extension Driver {
    /// Beurer FT95, forehead thermometer with the standard service. In its object mode it gives a type (0xFF) that the
    /// standard does not have: milk or a room, which is reported as such and never as a person's.
    ///
    /// It asks for six digits when it is paired.
    ///
    /// Source: Beurer, FT95 data transmission protocol rev01 (in wha-digital/innovasive_flutter_beurer_ble).
    package static let beurerFT95 = Driver(
        id: "beurer-ft95", manufacturer: "Beurer", model: "FT95", kind: .thermometer, evidence: .captured,
        claims: [.advertised(name: "FT95", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A1C), HealthThermometer.measurement)],
        visit: .gatt { peer, report async throws(Fault) in try await HealthThermometer.visit(peer, report) })
}
