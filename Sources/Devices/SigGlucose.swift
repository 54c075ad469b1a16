import Core

extension Driver {
    /// A glucose meter with the standard service and nothing of its own (Accu-Chek Guide and its like).
    ///
    /// It keeps its memory, some hundreds of records, whatever is read. A driver cannot know which were told before, so
    /// all are fetched each time, and the journal recognises those that it has.
    ///
    /// Sources: Glucose Service 1.0.1, Glucose Profile 1.0.1.
    package static let sigGlucose = Driver(
        id: "sig-glp", manufacturer: "Bluetooth SIG", model: "Glucose", kind: .glucose, evidence: .specification,
        claims: [.service(0x1808)],
        endpoints: [
            Endpoint(.characteristic(0x2A18), Glucose.measurement), Endpoint(.characteristic(0x2A34), Glucose.context),
        ],
        visit: .gatt { peer, report async throws(Fault) in try await Glucose.visit(peer, report) })
}

extension Glucose {
    /// The conversation with every meter that has the standard service.
    static func visit(_ peer: any Peer, _ report: any Report) async throws(Fault) {
        let information = try await peer.introduce(to: report)
        try await fetch(peer, report, of: information?.manufacturer)
        try await peer.setClock(from: report)
    }

    /// Every record in its memory, each with its context. `manufacturer` is known ahead of the first: how a record is told
    /// decides what it is known again by.
    static func fetch(_ peer: any Peer, _ report: any Report, of manufacturer: String? = nil) async throws(Fault) {
        try await peer.subscribe(0x2A18)
        if peer.has(0x2A34) { try await peer.subscribe(0x2A34) }
        try await peer.subscribe(0x2A52)
        var records = GlucoseRecords(areRenumbered: manufacturer?.hasPrefix("TaiDoc") ?? false)
        try await peer.fetch(.all) { update async throws(Fault) in
            for reading in records.take(update) { try await report(reading) }
        } settle: { () async throws(Fault) in
            for reading in records.end() { try await report(reading) }
        }
        try await report.gaveAll()
    }
}
