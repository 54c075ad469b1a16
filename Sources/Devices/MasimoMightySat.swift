import Core

extension Driver {
    /// Masimo MightySat Rx: the spot check of the standard service (0x2A5E), told when the finger leaves.
    ///
    /// Its own service streams, too, by commands of which one clears its memory and public programs disagree which;
    /// none is sent.
    ///
    /// Sources: Pulse Oximeter Service 1.0.1; weliem/LivecareBluetoothSDK for the name.
    package static let masimoMightySat = Driver(
        id: "masimo-mightysat", manufacturer: "Masimo", model: "MightySat Rx", kind: .pulseOximeter,
        evidence: .specification, claims: [.advertised(name: "MightySat", service: nil)],
        endpoints: [Endpoint(.characteristic(0x2A5E), PulseOximeter.spotCheck)],
        visit: .gatt { peer, report async throws(Fault) in try await PulseOximeter.visit(peer, report) },
        tellsOnce: true)
}
