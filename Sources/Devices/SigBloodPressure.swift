import Core

extension Driver {
    /// A blood pressure cuff with the standard service and nothing of its own.
    ///
    /// Once indications are on it sends what it has stored, and most forget each record when it is confirmed. Without a
    /// stamp a measurement was made just now: a cuff that stores must stamp. The pressure while it deflates (0x2A36) is
    /// no measurement, and not asked for.
    ///
    /// Sources: Blood Pressure Service 1.1.1, Blood Pressure Profile 1.1.1.
    package static let sigBloodPressure = Driver(
        id: "sig-blp", manufacturer: "Bluetooth SIG", model: "Blood Pressure", kind: .bloodPressure,
        evidence: .specification, claims: [.service(0x1810)],
        endpoints: [
            Endpoint(.characteristic(0x2A35), BloodPressure.measurement),
            Endpoint(.characteristic(0x2A36), BloodPressure.cuffPressure),
        ],
        visit: .gatt { peer, report async throws(Fault) in
            try await BloodPressure.visit(peer, report, BloodPressure.measurement)
        })
}

extension BloodPressure {
    /// The conversation with every cuff that has the standard service. `pause` is how long it must be left alone before
    /// it is asked for indications.
    static func visit(
        _ peer: any Peer, _ report: any Report, _ decode: Decode, pause: Duration? = nil
    ) async throws(Fault) {
        let take: (Update) async throws(Fault) -> Void = { update async throws(Fault) in
            if update.characteristic == 0x2A35 { try await report(decoded(update.value, by: decode)) }
        }
        try await peer.introduce(to: report)
        if let pause { try await peer.each(within: pause, take) }
        try await peer.subscribe(0x2A35)
        try await peer.each(within: .seconds(10), take)
        try await peer.setClock(from: report)
    }
}
