import Core

extension Driver {
    /// A pulse oximeter with the standard service and nothing of its own: spot checks, a continuous measurement, or both.
    ///
    /// Stored spot checks are fetched first, where the device has any way to be asked for them. The continuous
    /// measurement comes once a second, and is summed up as that of any live oximeter: see `OximetrySession`.
    ///
    /// Sources: Pulse Oximeter Service 1.0.1, Pulse Oximeter Profile 1.0.1.
    package static let sigOximeter = Driver(
        id: "sig-plx", manufacturer: "Bluetooth SIG", model: "Pulse Oximeter", kind: .pulseOximeter,
        evidence: .specification, claims: [.service(0x1822)],
        endpoints: [
            Endpoint(.characteristic(0x2A5E), PulseOximeter.spotCheck),
            Endpoint(.characteristic(0x2A5F), PulseOximeter.continuous),
        ],
        visit: .gatt { peer, report async throws(Fault) in try await PulseOximeter.visit(peer, report) },
        tellsOnce: true)
}

extension PulseOximeter {
    /// The conversation with every oximeter that has the standard service.
    static func visit(_ peer: any Peer, _ report: any Report) async throws(Fault) {
        try await peer.introduce(to: report)
        if peer.has(0x2A5E) {
            try await peer.subscribe(0x2A5E)
            if peer.has(0x2A52) { try await fetchSpotChecks(from: peer, report) }
        }
        if peer.has(0x2A5F) || !peer.has(0x2A5E) { try await peer.subscribe(0x2A5F) }
        // Who neither streams nor stores tells its one value when the finger leaves.
        if !peer.has(0x2A5F), !peer.has(0x2A52), let update = try await peer.next(within: .seconds(120)) {
            _ = try await sample(update, report)
            if update.isIndication { try await peer.confirm() }
        }
        try await peer.watch(report) { update async throws(Fault) in try await sample(update, report) }
        try await peer.setClock(from: report)
    }
}

private func fetchSpotChecks(from peer: any Peer, _ report: any Report) async throws(Fault) {
    try await peer.subscribe(0x2A52)
    var undated = UndatedRecords()
    try await peer.fetch(.all) { update async throws(Fault) in
        guard update.characteristic == 0x2A5E else { return try await report.keep(unasked: update) }
        var reading = decoded(update.value, by: PulseOximeter.spotCheck)
        // From its memory, so not of now.
        if reading.taken == .now { reading.taken = .unknown }
        try await report(undated.numbered(reading))
    }
    try await report.gaveAll()
}

/// Spot checks are reported as they are, the continuous measurement summed up.
private func sample(_ update: Update, _ report: any Report) async throws(Fault) -> OximetrySample? {
    switch update.characteristic {
    case 0x2A5E: try await report(decoded(update.value, by: PulseOximeter.spotCheck))
    case 0x2A5F: return OximetrySample(decoded(update.value, by: PulseOximeter.continuous))
    default: try await report.keep(unasked: update)
    }
    return nil
}
