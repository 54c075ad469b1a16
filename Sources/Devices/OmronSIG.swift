import Core

extension Driver {
    /// Omron's newer cuffs (X4 Smart, X7 Smart, BP7000 and on), which have the standard service.
    ///
    /// `BLEsmart_` is the name of one that waits to be paired, `BLESmart_` of one that has something to tell. It sends
    /// what it has not told yet; its own option service, which knows older records, is not asked.
    ///
    /// Sources: StanfordSpezi/SpeziDevices; weliem/LivecareBluetoothSDK for the names; Blood Pressure Service 1.1.1.
    package static let omronSIG = Driver(
        id: "omron-sig", manufacturer: "Omron", model: "blood pressure (BLESmart)", kind: .bloodPressure,
        evidence: .specification,
        claims: [.advertised(name: "BLESmart_", service: 0x1810), .advertised(name: "BLEsmart_", service: 0x1810)],
        endpoints: [Endpoint(.characteristic(0x2A35), BloodPressure.measurement)],
        visit: .gatt { peer, report async throws(Fault) in
            try await BloodPressure.visit(peer, report, BloodPressure.measurement)
        }, pairing: .holdBluetooth)
}
