import Core

extension Driver {
    /// A scale with the standard services of weight, of body composition, or both.
    ///
    /// A scale for several people gives a person's readings only to who knows the code of the slot: each consent that
    /// was agreed is given in turn, and what comes is drained before the next.
    ///
    /// Weight and composition of one weighing are two indications. The second is not sent before the first is confirmed,
    /// and the first is not confirmed before it is kept: so they are two readings, held together by their time.
    ///
    /// Sources: Weight Scale Service and Profile 1.0, Body Composition Service 1.0, User Data Service 1.1.
    package static let sigScale = Driver(
        id: "sig-wsp", manufacturer: "Bluetooth SIG", model: "Weight Scale", kind: .scale, evidence: .specification,
        claims: [.service(0x181D), .service(0x181B)],
        endpoints: [
            Endpoint(.characteristic(0x2A9D), WeightScale.measurement),
            Endpoint(.characteristic(0x2A9C), BodyComposition.measurement),
        ],
        visit: .gatt { peer, report async throws(Fault) in try await WeightScale.visit(peer, report) })
}

extension WeightScale {
    /// The conversation with every scale that has a standard service.
    static func visit(_ peer: any Peer, _ report: any Report) async throws(Fault) {
        try await peer.introduce(to: report)
        if peer.has(0x2A9C) { try await peer.subscribe(0x2A9C) }
        if peer.has(0x2A9D) || !peer.has(0x2A9C) { try await peer.subscribe(0x2A9D) }
        // A clock that can be read stamps the weights.
        var weighing = Weighing(hasClock: peer.has(0x2A2B) || peer.has(0x2A08)), isDenied = false
        let take: (Update) async throws(Fault) -> Void = { update async throws(Fault) in
            guard let reading = weighing.take(update) else { return try await report.keep(unasked: update) }
            try await report(reading)
        }
        if peer.has(0x2A9F), !report.consents.isEmpty {
            try await peer.subscribe(0x2A9F)
            for consent in report.consents {
                if try await peer.open(consent, take) {
                    weighing = Weighing(of: Int(consent.user), hasClock: weighing.hasClock)
                    try await peer.each(within: .seconds(10), take)
                } else {
                    isDenied = true
                }
            }
        }
        // Whoever stands on it now is measured for some seconds more.
        try await peer.each(within: .seconds(20), take)
        try await peer.setClock(from: report)
        if isDenied { throw .pairing(.rejected) }
    }
}

/// Puts together what a scale sends in pieces, as far as they say that they belong together.
///
/// Where a composition does not fit one packet, both say so, and the second may leave out time and user: they are the
/// first's. What was told with the same stamp already is not told again. A composition without a stamp from a scale that
/// stamps its weights comes from its memory or from now, nobody knows which: it is older than its arrival, no more. One that
/// says nothing of a person is of whom the weight before it is, or whose slot was opened for it (Beurer's SBF73).
struct Weighing {
    private var previous: Reading?
    private var isUnfinished = false
    private let slot: Int?
    private(set) var hasClock: Bool
    /// Whether a weight came without a stamp.
    private var isClockless = false

    /// - Parameters:
    ///   - slot: the one that was opened by its person's consent.
    ///   - hasClock: whether the scale has one that can be read.
    init(of slot: Int? = nil, hasClock: Bool = false) {
        self.slot = slot
        self.hasClock = hasClock
    }

    mutating func take(_ update: Update) -> Reading? {
        var reading: Reading
        switch update.characteristic {
        case 0x2A9D:
            reading = decoded(update.value, by: WeightScale.measurement)
            isUnfinished = false
            isClockless = reading.taken == .now
            if isClockless { hasClock = false }
        case 0x2A9C:
            reading = decoded(update.value, by: BodyComposition.measurement)
            let isPiece = reading.remarks.contains(.multiplePackets)
            if isPiece, isUnfinished, let previous {
                if reading.taken == .now { reading.taken = previous.taken }
                reading.user = reading.user ?? previous.user
            } else if reading.taken == .now, hasClock || isPiece && !isClockless {
                reading.taken = .unknown
            }
            isUnfinished = isPiece && !isUnfinished
        default: return nil
        }
        // Of both it is bit 2 that says that they say; 0xFF is somebody whom the scale does not know.
        if let slot, let flags = update.value.first, flags & 4 == 0, !reading.values.isEmpty {
            let isBehind = update.characteristic == 0x2A9C && previous != nil
            reading.user = isBehind ? previous?.user : slot
        }
        let whole = reading
        if case .clock = reading.taken {
            hasClock = true
            if let previous, previous.taken == reading.taken, previous.user == reading.user {
                reading.values = Values(reading.values.filter { !previous.tells($0) })
            }
        }
        previous = whole
        return reading
    }
}

extension Reading {
    /// Whether the value is here too, or one in place of its lack.
    fileprivate func tells(_ value: Value) -> Bool {
        values.contains { $0 == value || ($0.quantity == value.quantity && value.amount == nil) }
    }
}
