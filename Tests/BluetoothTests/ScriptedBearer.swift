import Bluetooth
import Core

/// A device of paper: `>` is what we must send, `<` what it sends. Behind the last line it hangs up.
final class ScriptedBearer: Bearer {
    enum Step: Equatable { case sent([UInt8]), heard([UInt8]), silence, lost }
    private(set) var steps: [Step]
    /// What differed from the script.
    private(set) var mistakes: [String] = []

    /// Lines of `>` and `<` with hexadecimal digits, `~`, or `!` where the link is lost; what follows `;` is a comment.
    init(_ script: String) {
        steps = script.split(separator: "\n").compactMap { line in
            let line = line.split(separator: ";", omittingEmptySubsequences: false)[0]
            let digits = bytes(hex: line.dropFirst(1)) ?? []
            switch line.first {
            case ">": return .sent(digits)
            case "<": return .heard(digits)
            case "~": return .silence
            case "!": return .lost
            default: return nil
            }
        }
    }

    func send(_ pdu: [UInt8]) async throws(Fault) {
        if steps.first == .sent(pdu) { steps.removeFirst() } else { mistakes.append("sent \(hex(pdu))") }
    }

    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        switch steps.first {
        case .heard(let pdu):
            steps.removeFirst()
            return pdu
        case .silence:
            steps.removeFirst()
            throw .device(.silent)
        case .lost: throw .device(.hungUp)
        case .sent(let pdu):
            mistakes.append("did not send \(hex(pdu))")
            return nil
        case nil: return nil
        }
    }

    /// Whether all was said as written.
    var isDone: Bool { steps.isEmpty && mistakes.isEmpty }
}

/// A device that lives: an attribute server, and what it sends by itself.
final class ServedBearer: Bearer {
    private var server: AttributeServer
    private var outgoing: [[UInt8]] = []
    private let unasked: [[UInt8]]
    private(set) var heard: [[UInt8]] = [], sent: [[UInt8]] = [], written: [Attribute] = []

    /// `unasked` follows the first write to a client configuration.
    init(_ table: [Attribute], mtu: Int = 23, unasked: [[UInt8]] = []) {
        server = AttributeServer(table, mtu: mtu)
        self.unasked = unasked
    }

    func send(_ pdu: [UInt8]) async throws(Fault) {
        sent.append(pdu)
        let answer = server.answer(pdu)
        if let response = answer.response { outgoing.append(response) }
        if let attribute = answer.written {
            if attribute.type == ATT.clientConfiguration, written.isEmpty { outgoing += unasked }
            written.append(attribute)
        }
    }

    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        guard !outgoing.isEmpty else { return nil }
        heard.append(outgoing[0])
        return outgoing.removeFirst()
    }
}

/// A blood pressure monitor with everything that makes a discovery hard: a descriptor before the client configuration,
/// a gap in the handles, a service and a characteristic with full UUIDs, a value longer than a PDU.
func monitor() -> [Attribute] {
    let lines = """
        0001 2800 1018
        0002 2803 20 0300 352a
        0003 2A35
        0004 2901 42 50
        0005 2902 0000
        0006 2803 0a 0700 082a
        0007 2A08 ea07 03 02 0a 0c 0c
        0010 2800 0a18
        0011 2803 02 1200 292a
        0012 2A29 41 26 44 20 43 6f 6d 70 61 6e 79 2c 20 4c 69 6d 69 74 65 64 2c 20 54 6f 6b 79 6f
        0020 2800 e4ab 9056 0d00 5c97 6d1b 345a 00f0 3b23
        0021 2803 18 2200 e4ab 9056 0d00 5c97 6d1b 345a 01f0 3b23
        0022 233BF001-5A34-1B6D-975C-000D5690ABE4
        0023 2902 0000
        """
    return lines.split(separator: "\n").compactMap { Attribute(notation: $0) }
}
