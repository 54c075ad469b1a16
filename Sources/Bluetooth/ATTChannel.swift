import Core

/// Requests and answers over a bearer: one request at a time, as ATT demands.
///
/// What the device sends by itself meanwhile waits in a queue: nothing is lost, and nothing is confirmed from here. A
/// device may be a client too; it gets the answers of a server that serves nothing.
final class ATTChannel {
    private let bearer: any Bearer
    private var server = AttributeServer()
    private var waiting: [Arrived] = []
    /// Once a transaction has failed the bearer takes no further request (Vol 3, Part F, 3.3.3).
    private var failure: Fault?

    init(_ bearer: any Bearer) { self.bearer = bearer }

    /// A value that the device sent by itself.
    struct Arrived {
        var handle: UInt16
        var value: [UInt8]
        var isIndication: Bool
    }

    /// A response with its opcode, or the ATT error code of the refusal.
    enum Answer { case response([UInt8]), refused(UInt8) }

    /// Throws `device(.silent)` 30 s later, `device(.hungUp)`, or `device(.malformed)` for an answer to something else.
    func request(_ opcode: ATT.Opcode, _ parameters: [UInt8]) async throws(Fault) -> Answer {
        if let failure { throw failure }
        do throws(Fault) {
            try await bearer.send([opcode.rawValue] + parameters)
            let deadline = ContinuousClock.now + ATT.transactionTime
            while true {
                guard let pdu = try await receive(until: deadline) else { throw Fault.device(.hungUp) }
                if let response = try await sort(pdu) { return try answer(response, to: opcode) }
            }
        } catch {
            failure = error
            throw error
        }
    }

    /// A request that must be granted.
    func demand(_ opcode: ATT.Opcode, _ parameters: [UInt8]) async throws(Fault) -> [UInt8] {
        switch try await request(opcode, parameters) {
        case .response(let pdu): return pdu
        case .refused(let code): throw Fault(attError: code)
        }
    }

    /// The next value that the device sends by itself; nil once it has hung up or the deadline has passed.
    func next(until deadline: ContinuousClock.Instant) async throws(Fault) -> Arrived? {
        while waiting.isEmpty {
            do throws(Fault) {
                guard let pdu = try await receive(until: deadline) else { return nil }
                _ = try await sort(pdu)
            } catch {
                guard error == .device(.silent) else { throw error }
                return nil
            }
        }
        return waiting.removeFirst()
    }

    func confirm() async throws(Fault) { try await bearer.send([ATT.Opcode.confirmation.rawValue]) }

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
            guard let handle = pdu.u16(at: 1) else {
                throw .device(.malformed(.truncated(at: 1, need: 2, have: pdu.count - 1)))
            }
            guard waiting.count < 4096 else { throw .device(.malformed(.invalid(at: 0, expected: .wholeFrame))) }
            waiting.append(Arrived(handle: handle, value: Array(pdu[3...]), isIndication: opcode == .indication))
        case .some(let opcode) where opcode.isResponse: return pdu
        default:
            if let response = server.answer(pdu).response { try await bearer.send(response) }
        }
        return nil
    }

    private func receive(until deadline: ContinuousClock.Instant) async throws(Fault) -> [UInt8]? {
        try await bearer.receive(within: max(.zero, deadline - .now))
    }
}
