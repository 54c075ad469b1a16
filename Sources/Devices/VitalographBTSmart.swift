import Core

extension Driver {
    /// Vitalograph Lung Monitor BT Smart: the 4000 family's text through Telit's Terminal I/O. See `Vitalograph`,
    /// `TerminalIO`.
    package static let vitalographBTSmart = Driver(
        id: "vitalograph-bt-smart", manufacturer: "Vitalograph", model: "Lung Monitor BT Smart", kind: .spirometer,
        evidence: .specification, claims: [.advertised(name: "LUNG_", service: nil)],
        endpoints: [Endpoint(.frames(.vitalograph), Vitalograph.testData)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            try await Vitalograph.visit(TerminalIO(peer), report)
        }, disguise: .vitalograph)
}
