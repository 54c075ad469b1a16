import Core

extension Driver {
    /// Contec CMS50D-BT. The conversation is that of `ContecRecords`; firmware that wants its session encrypted does
    /// not answer, and is reported as silent.
    ///
    /// Sources: Beurer's PO60 protocol, whose maker this is; the name from two public programs that list Contec's
    /// models.
    package static let contecCMS50DBT = Driver(
        id: "contec-cms50d-bt", manufacturer: "Contec", model: "CMS50D-BT", kind: .pulseOximeter,
        evidence: .specification,
        claims: [.advertised(name: "SpO208", service: nil), .advertised(name: "CMS50D", service: nil)],
        endpoints: [Endpoint(.frames(.contecRecords), all: ContecRecords.readings)],
        visit: .gatt { peer, report async throws(Fault) in try await ContecRecords.visit(peer, report) })
}
