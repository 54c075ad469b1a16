import Core

/// Record Access Control Point (0x2A52), by which a device is asked for what it has stored.
///
///     op code  operator  operand
///     u8       u8        0 … 18 bytes
///
///     01 report  01 all                               06 response  00  the op code answered, result
///     01 report  03 not less  01 by sequence, u16     05 count     00  u16
///     04 count   the same                             03 abort     00
///
/// Records come as notifications or indications of their own characteristic, and the response behind the last of them.
/// There is also 02, delete. It is not here: what a person measured is not ours to delete.
package enum RecordAccess {
    /// Which records are meant.
    package enum Records: Equatable, Sendable {
        case all
        /// Those whose sequence number is at least this.
        case from(UInt16)

        fileprivate var bytes: [UInt8] {
            switch self {
            case .all: [0x01]
            case .from(let sequence): [0x03, 0x01, UInt8(truncatingIfNeeded: sequence), UInt8(sequence >> 8)]
            }
        }
    }

    package static func report(_ records: Records) -> [UInt8] { [0x01] + records.bytes }
    package static func count(_ records: Records) -> [UInt8] { [0x04] + records.bytes }
    package static let abort: [UInt8] = [0x03, 0x00]

    package enum Answer: Equatable, Sendable {
        case count(UInt16)
        case response(to: UInt8, Result)
    }

    /// What became of a request. Reserved numbers are `notCompleted`.
    package enum Result: UInt8, Sendable {
        case success = 1, opCodeNotSupported, invalidOperator, operatorNotSupported, invalidOperand, noRecords
        case abortFailed, notCompleted, operandNotSupported
    }

    package static func answer(_ bytes: Span<UInt8>) throws(Malformed) -> Answer {
        var field = ByteReader(bytes)
        let opCode = try field.u8(), none = try field.u8()
        guard none == 0 else { throw .reserved(at: 1, bits: UInt32(none)) }
        switch opCode {
        case 0x05: return .count(try field.u16())
        case 0x06:
            let asked = try field.u8()
            return .response(to: asked, Result(rawValue: try field.u8()) ?? .notCompleted)
        default: throw .invalid(at: 0, expected: .knownType)
        }
    }
}

extension Peer {
    /// Asks for stored records and gives each to `take`, in the order of the device; `settle` runs behind the last and
    /// ahead of the confirmation of the response, where that says that it was the last. The characteristics of the records and
    /// 0x2A52 must be subscribed.
    ///
    /// Throws `device(.silent)` when nothing came for half a minute and the end has not been said, after an abort, so
    /// that the device does not go on; `device(.lacking)` when it cannot report, `device(.refused)` when it gave up.
    package func fetch(
        _ records: RecordAccess.Records, _ take: (Update) async throws(Fault) -> Void,
        settle: () async throws(Fault) -> Void = { () async throws(Fault) in }
    ) async throws(Fault) {
        let result = try await access(RecordAccess.report(records), take, settle: settle)
        switch result {
        case .count, .response(_, .success), .response(_, .noRecords): return
        case .response(_, .notCompleted), .response(_, .abortFailed):
            throw .device(.refused(RecordAccess.Result.notCompleted.rawValue))
        case .response: throw .device(.lacking("a report of its records by 2A52"))
        }
    }

    /// How many records the device has; nil where it cannot count them.
    package func count(
        _ records: RecordAccess.Records, _ take: (Update) async throws(Fault) -> Void
    ) async throws(Fault) -> Int? {
        let request = RecordAccess.count(records)
        let answer = try await access(request, take, settle: { () async throws(Fault) in })
        return if case .count(let count) = answer { Int(count) } else { nil }
    }

    private func access(
        _ request: [UInt8], _ take: (Update) async throws(Fault) -> Void, settle: () async throws(Fault) -> Void
    ) async throws(Fault) -> RecordAccess.Answer {
        let value = try await ask(
            0x2A52, request, within: .seconds(30), isAnswer: { isAnswer($0, to: request) }, take,
            settle: { value async throws(Fault) in
                switch try? RecordAccess.answer(value.span) {
                case .response(_, .success), .response(_, .noRecords): try await settle()
                default: return
                }
            })
        guard let value, let answer = try? RecordAccess.answer(value.span) else {
            try await write(RecordAccess.abort, to: 0x2A52)
            throw .device(.silent)
        }
        return answer
    }
}

/// A count answers a request to count. What cannot be read answers nothing, and the device is waited for on.
private func isAnswer(_ value: [UInt8], to request: [UInt8]) -> Bool {
    switch try? RecordAccess.answer(value.span) {
    case .count: request.first == 0x04
    case .response(let opCode, _): opCode == request.first
    case nil: false
    }
}
