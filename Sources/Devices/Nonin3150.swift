import Core

extension Driver {
    /// Nonin WristOx2 3150 with Bluetooth LE: worn on the wrist, and measures once a second what the 3230 does, in the same
    /// words.
    ///
    /// Its memory holds up to a thousand hours and can only be played back whole, which over the air takes hours in every
    /// visit, until a technician clears it; so it is not asked for, and what it measures is summed up as it comes.
    ///
    /// Sources: public files 56763953311 (all of its protocol) and 6906076957 (its name).
    package static let nonin3150 = Driver(
        id: "nonin-3150", manufacturer: "Nonin", model: "WristOx2 3150", kind: .pulseOximeter, evidence: .specification,
        claims: [.advertised(name: "Nonin3150", service: nil)],
        endpoints: [Endpoint(.characteristic(Nonin3230.oximetry), Nonin3230.sample)],
        visit: .gatt { peer, report async throws(Fault) in try await Nonin3230.visit(peer, report) },
        tellsOnce: true)
}
