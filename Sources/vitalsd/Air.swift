import Core
import Host

/// A simulated radio: a UNIX socket of sequenced packets at which far ends advertise and take connections, so that the
/// demonstration and the tests run the real line without hardware.
///
/// The hub connects to the socket; each packet that it then reads is an advertisement in the notation of captures. To
/// open an ATT channel it connects once more, sends `connect <address>` and from there on every packet is one PDU.
@Hub final class Air {
    private let path: String
    private var ear: SocketBearer?

    init(_ path: String) { self.path = path }

    /// The next advertisement. Waits, and listens again, when nobody is there.
    func next() async -> Advertisement {
        while true {
            do throws(Fault) {
                if ear == nil { ear = try SocketBearer.connect(to: path) }
                if let packet = try await ear?.receive(within: .seconds(3600)) {
                    if let heard = Advertisement(notation: String(decoding: packet, as: UTF8.self)) { return heard }
                } else {
                    ear = nil
                }
            } catch {
                if error != .device(.silent) { ear = nil }
            }
            if ear == nil { await loop.sleep(for: .milliseconds(200)) }
        }
    }

    func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer {
        let bearer = try SocketBearer.connect(to: path)
        try await bearer.send(Array("connect \(advertisement.address)".utf8))
        return bearer
    }
}
