import Core

extension Driver {
    /// Beurer GL50 and GL50 evo with its Bluetooth cap: the standard glucose service.
    ///
    /// Three quirks of its document: the code to pair is the same for all caps (982249); to meters with firmware x148
    /// and x149 the first request only begins the bonding, so it is asked twice; and a record may be sent twice, which
    /// the journal recognises by its number and its time.
    ///
    /// Source: Beurer, GL50evo data form, 160208 (in wha-digital/innovasive_flutter_beurer_ble).
    package static let beurerGL50 = Driver(
        id: "beurer-gl50", manufacturer: "Beurer", model: "GL50 evo", kind: .glucose, evidence: .specification,
        claims: [.advertised(name: "GL50", service: nil), .advertised(name: "Beurer GL50", service: nil)],
        endpoints: [
            Endpoint(.characteristic(0x2A18), Glucose.measurement), Endpoint(.characteristic(0x2A34), Glucose.context),
        ],
        visit: .gatt { peer, report async throws(Fault) in
            do throws(Fault) {
                try await Glucose.visit(peer, report)
            } catch {
                guard error == .device(.silent) else { throw error }
                try await Glucose.fetch(peer, report)
                try await peer.setClock(from: report)
            }
        })
}
