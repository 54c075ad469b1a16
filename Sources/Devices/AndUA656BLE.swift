import Core

extension Driver {
    /// A&D UA-656BLE, upper-arm blood pressure. The conversation is the family's: see `AndBLE`.
    ///
    /// It keeps one record, or 200 where its custom service (233BF001) was told so: `03 01 A6 02`, which is a
    /// technician's to do.
    ///
    /// Sources: public bridges for the model (public files 69305775166 and 69062030656); Blood Pressure Service 1.1.1.
    package static let andUA656BLE = Driver(
        id: "and-ua656ble", manufacturer: "A&D", model: "UA-656BLE", kind: .bloodPressure, evidence: .specification,
        claims: [.advertised(name: "A&D_UA-656BLE", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A35), BloodPressure.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await AndBLE.visit(peer, report, 0x2A35, BloodPressure.measurement)
        }, pairing: .holdStart)
}
