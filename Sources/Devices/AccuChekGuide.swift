import Core

extension Driver {
    /// Roche Accu-Chek Guide, Guide Me, Instant: the standard glucose service, with a clock in Date Time (0x2A08)
    /// rather than Current Time. A control solution is remarked and never a person's glucose.
    ///
    /// Sources: innoveit/react-native-ble-manager issue 1162, what a Guide sent; NightscoutFoundation/xDrip for its
    /// clock.
    package static let accuChekGuide = Driver(
        id: "accu-chek-guide", manufacturer: "Roche", model: "Accu-Chek Guide", kind: .glucose, evidence: .captured,
        claims: [.advertised(name: "meter+", service: nil)],
        endpoints: [
            Endpoint(.characteristic(0x2A18), Glucose.measurement), Endpoint(.characteristic(0x2A34), Glucose.context),
        ],
        visit: .gatt { peer, report async throws(Fault) in try await Glucose.visit(peer, report) })
}
