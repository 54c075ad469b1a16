import Core

extension Driver {
    /// Beurer BF600 and BF105, Sanitas SBF73: scales for several people, with the standard services.
    ///
    /// A person's slot is opened by its code, which was agreed when it was made and is in the hub's configuration: see
    /// `report.consents`. The list of slots is the maker's own (FFF2 and others), and is not needed.
    ///
    /// Sources: Beurer, BF600 data transmission protocol rev01; chalimov/ha-beurer-bf600, PROTOCOL.md, what an SBF73
    /// sent.
    package static let beurerBF600 = Driver(
        id: "beurer-bf600", manufacturer: "Beurer", model: "BF600", kind: .scale, evidence: .captured,
        claims: [
            .advertised(name: "BF600", service: nil), .advertised(name: "BF105", service: nil),
            .advertised(name: "SBF73", service: nil),
        ],
        endpoints: [
            Endpoint(.characteristic(0x2A9D), WeightScale.measurement),
            Endpoint(.characteristic(0x2A9C), BodyComposition.measurement),
        ],
        visit: .gatt { peer, report async throws(Fault) in try await WeightScale.visit(peer, report) })
}
