import Core

extension Driver {
    /// Beurer PO60, which keeps a hundred measurements. The conversation is Contec's: see `ContecRecords`.
    ///
    /// It advertises after each measurement, or while its button is held; newer ones ask for the six digits on the
    /// display.
    ///
    /// Source: Beurer, PO60 data transmission protocol, 410-0041-MIMA rev01.
    package static let beurerPO60 = Driver(
        id: "beurer-po60", manufacturer: "Beurer", model: "PO60", kind: .pulseOximeter, evidence: .captured,
        claims: [.advertised(name: "PO60", service: nil)],
        endpoints: [Endpoint(.frames(.contecRecords), all: ContecRecords.readings)],
        visit: .gatt { peer, report async throws(Fault) in try await ContecRecords.visit(peer, report) })
}
