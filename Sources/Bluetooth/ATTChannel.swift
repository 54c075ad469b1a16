import Core

/// Requests and answers over a bearer: one request at a time, as ATT demands.
///
/// What the device sends by itself meanwhile waits in a queue: nothing is lost, and no reading is confirmed from here. A
/// device may be a client too, and ask for the time.
final class ATTChannel {
    private let bearer: any Bearer
    private let upgrade: GATTClient.Upgrade?
    private var server: TimeServer
    private var waiting: [Arrived] = []
    /// Once a transaction has failed the bearer is dead (Vol 3, Part F, 3.3.3): what comes late is never read, so that
    /// it cannot be taken for the answer to something else.
    private var failure: Fault?

    /// The handle at which the device tells that its table has changed; nil while none is known.
    var serviceChanged: UInt16?
    /// What has changed since somebody looked: the widest range of handles.
    private(set) var changed: ClosedRange<UInt16>?
    /// Indications that the device still waits to have confirmed.
    private var unconfirmed = 0, unconfirmedChanges = 0

    init(_ bearer: any Bearer, upgrade: GATTClient.Upgrade?, time: (() -> [UInt8]?)?) {
        self.bearer = bearer
        self.upgrade = upgrade
        server = TimeServer(time)
    }

    /// A value that the device sent by itself.
    struct Arrived {
        var handle: UInt16
        var value: [UInt8]
        var isIndication: Bool
    }

    /// A response with its opcode, or the ATT error code of the refusal.
    enum Answer { case response([UInt8]), refused(UInt8) }

    /// One request. Where the device wants a safer link and `mayUpgrade`, the link is made so and the request repeated,
    /// once.
    ///
    /// Throws `device(.silent)` 30 s later, `device(.hungUp)`, or `device(.malformed)` where it answers something else again
    /// and again.
    func request(
        _ opcode: ATT.Opcode, _ parameters: [UInt8], mayUpgrade: Bool = true
    ) async throws(Fault) -> Answer {
        let answer = try await transact(opcode, parameters)
        guard mayUpgrade, let upgrade, case .refused(let code) = answer, ATT.ErrorCode.wantsSecurity(code) else {
            return answer
        }
        try await upgrade()
        return try await transact(opcode, parameters)
    }

    /// A request that must be granted.
    func demand(_ opcode: ATT.Opcode, _ parameters: [UInt8]) async throws(Fault) -> [UInt8] {
        switch try await request(opcode, parameters) {
        case .response(let pdu): return pdu
        case .refused(let code): throw Fault(attError: code)
        }
    }

    /// Throws what the bearer died of.
    func requireAlive() throws(Fault) {
        if let failure { throw failure }
    }

    /// Sends what has no answer.
    func command(_ opcode: ATT.Opcode, _ parameters: [UInt8]) async throws(Fault) {
        try requireAlive()
        try await bearer.send([opcode.rawValue] + parameters)
    }

    /// The next value that the device sends by itself, where `handles` are given only from one of them. Nil once it has
    /// hung up or the deadline has passed, and as soon as its table has changed.
    func next(until deadline: ContinuousClock.Instant, from handles: Set<UInt16>? = nil) async throws(Fault) -> Arrived?
    {
        try requireAlive()
        if let response = server.answerHeld() { try await bearer.send(response) }
        while true {
            if let index = waiting.firstIndex(where: { handles?.contains($0.handle) ?? true }) {
                return waiting.remove(at: index)
            }
            guard changed == nil else { return nil }
            do throws(Fault) {
                guard let pdu = try await receive(until: deadline) else { return nil }
                let count = waiting.count
                _ = try await sort(pdu)
                if waiting.count == count, ContinuousClock.now >= deadline { return nil }
            } catch {
                guard error == .device(.silent) else { throw error }
                return nil
            }
        }
    }

    /// Lets the device have the time, if it asks or has asked.
    func tellTime() async throws(Fault) {
        if let response = server.release() { try await bearer.send(response) }
    }

    /// Confirms the oldest indication. One about a changed table that came beside it, which no device should send, is
    /// confirmed only now: an earlier confirmation might have been taken for that of the reading.
    func confirm() async throws(Fault) {
        try await command(.confirmation, [])
        unconfirmed = max(0, unconfirmed - 1)
        while unconfirmed == 0, unconfirmedChanges > 0 {
            unconfirmedChanges -= 1
            try await command(.confirmation, [])
        }
    }

    /// What has changed since the last time; the range is then the caller's to ask for again.
    func takeChanged() -> ClosedRange<UInt16>? {
        defer { changed = nil }
        return changed
    }

    /// How many responses to something else are passed over in one transaction. Some devices answer twice, or what nobody
    /// asked; the answer that was asked for still comes. A device that says nothing else is broken.
    private static let mostStrays = 8

    private func transact(_ opcode: ATT.Opcode, _ parameters: [UInt8]) async throws(Fault) -> Answer {
        try requireAlive()
        do throws(Fault) {
            try await bearer.send([opcode.rawValue] + parameters)
            let deadline = ContinuousClock.now + ATT.transactionTime
            var strays = 0
            while true {
                guard let pdu = try await receive(until: deadline) else { throw Fault.device(.hungUp) }
                if let response = try await sort(pdu) {
                    if concerns(response, opcode) || strays == Self.mostStrays {
                        return try answer(response, to: opcode)
                    }
                    strays += 1
                }
                // A device that goes on talking is no answer either.
                guard ContinuousClock.now < deadline else { throw Fault.device(.silent) }
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// Whether a response is to such a request; a refusal names the request that it is about.
    private func concerns(_ pdu: [UInt8], _ request: ATT.Opcode) -> Bool {
        guard pdu.first == ATT.Opcode.errorResponse.rawValue else { return pdu.first == request.response?.rawValue }
        return pdu.count < 2 || pdu[1] == request.rawValue
    }

    private func answer(_ pdu: [UInt8], to request: ATT.Opcode) throws(Fault) -> Answer {
        if pdu.first == ATT.Opcode.errorResponse.rawValue {
            guard pdu.count == 5 else { throw .device(.malformed(.length(got: pdu.count, expected: 5))) }
            guard pdu[1] == request.rawValue else {
                throw .device(.malformed(.header(at: 1, got: pdu[1], expected: request.rawValue)))
            }
            return .refused(pdu[4])
        }
        guard let first = pdu.first, let expected = request.response?.rawValue, first == expected else {
            throw .device(.malformed(.header(at: 0, got: pdu.first ?? 0, expected: request.response?.rawValue ?? 0)))
        }
        return .response(pdu)
    }

    /// Gives a response back. Queues what the device sends by itself, answers what it asks, passes over the rest.
    private func sort(_ pdu: [UInt8]) async throws(Fault) -> [UInt8]? {
        guard let first = pdu.first else { return nil }
        let opcode = ATT.Opcode(rawValue: first)
        switch opcode {
        case .notification, .indication:
            // One that ends before it says whose value it is says nothing.
            guard let handle = pdu.u16(at: 1) else { return nil }
            let isIndication = opcode == .indication
            try await arrived(Arrived(handle: handle, value: Array(pdu[3...]), isIndication: isIndication))
        case .multipleNotification: try await split(pdu)
        case .some(let opcode) where opcode.isResponse: return pdu
        default:
            if let response = server.answer(pdu) { try await bearer.send(response) }
        }
        return nil
    }

    private func arrived(_ value: Arrived) async throws(Fault) {
        guard value.isIndication, value.handle == serviceChanged else {
            guard waiting.count < 4096 else { throw .device(.malformed(.invalid(at: 0, expected: .wholeFrame))) }
            waiting.append(value)
            if value.isIndication { unconfirmed += 1 }
            return
        }
        try await tableChanged(value.value)
    }

    /// Takes what came before anybody knew what it was out of the queue, when `serviceChanged` has become known.
    func sortOutChanges() async throws(Fault) {
        let changes = waiting.filter { $0.isIndication && $0.handle == serviceChanged }
        waiting.removeAll { $0.isIndication && $0.handle == serviceChanged }
        unconfirmed -= changes.count
        for change in changes { try await tableChanged(change.value) }
    }

    /// Service Changed (0x2A05): first and last handle concerned. It is no reading and is confirmed at once. One that
    /// cannot be understood concerns everything.
    private func tableChanged(_ value: [UInt8]) async throws(Fault) {
        var range: ClosedRange<UInt16> = 1...0xFFFF
        if value.count == 4, let first = value.u16(at: 0), let last = value.u16(at: 2), 0 < first, first <= last {
            range = first...last
        }
        if let before = changed {
            range = min(before.lowerBound, range.lowerBound)...max(before.upperBound, range.upperBound)
        }
        changed = range
        if unconfirmed == 0 {
            try await bearer.send([ATT.Opcode.confirmation.rawValue])
        } else {
            unconfirmedChanges += 1
        }
    }

    /// `23 (handle, length, value)…`: the notifications one by one (3.4.7.4).
    private func split(_ pdu: [UInt8]) async throws(Fault) {
        var at = 1
        while at < pdu.count {
            guard let handle = pdu.u16(at: at), let length = pdu.u16(at: at + 2), pdu.count - at - 4 >= Int(length)
            else {
                throw .device(.malformed(.truncated(at: at, need: 4, have: pdu.count - at)))
            }
            let start = at + 4
            at = start + Int(length)
            try await arrived(Arrived(handle: handle, value: Array(pdu[start..<at]), isIndication: false))
        }
    }

    private func receive(until deadline: ContinuousClock.Instant) async throws(Fault) -> [UInt8]? {
        try await bearer.receive(within: max(.zero, deadline - .now))
    }
}
