import Core

extension Driver {
    /// Vitalograph Lung Monitor 4000 with classic Bluetooth. It can be called only around a blow. See `Vitalograph`.
    package static let vitalographLungMonitor = Driver(
        id: "vitalograph-lung-monitor", manufacturer: "Vitalograph", model: "Lung Monitor", kind: .spirometer,
        evidence: .captured, claims: [.serialPort(name: "LUNG_", .acceptor)],
        endpoints: [Endpoint(.frames(.vitalograph), Vitalograph.testData)],
        visit: .line { line, report async throws(Fault) in try await Vitalograph.visit(line, report) },
        disguise: .vitalograph, pairing: .pinOnLabel)

    /// Vitalograph asma-1 BT, of which FEV1 and PEF are public. See `Vitalograph`.
    package static let vitalographAsma1 = Driver(
        id: "vitalograph-asma-1", manufacturer: "Vitalograph", model: "asma-1 BT", kind: .spirometer,
        evidence: .specification, claims: [.serialPort(name: "ASMA_", .acceptor)],
        endpoints: [Endpoint(.frames(.vitalograph), Vitalograph.testData)],
        visit: .line { line, report async throws(Fault) in try await Vitalograph.visit(line, report) },
        disguise: .vitalograph, pairing: .pinOnLabel)

    /// Vitalograph copd-6 BT, of which only FEV1 is public. See `Vitalograph`.
    package static let vitalographCopd6 = Driver(
        id: "vitalograph-copd-6", manufacturer: "Vitalograph", model: "copd-6 BT", kind: .spirometer,
        evidence: .specification, claims: [.serialPort(name: "COPD_", .acceptor)],
        endpoints: [Endpoint(.frames(.vitalograph), Vitalograph.testData)],
        visit: .line { line, report async throws(Fault) in try await Vitalograph.visit(line, report) },
        disguise: .vitalograph, pairing: .pinOnLabel)
}
