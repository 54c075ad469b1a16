import Bluetooth
import Core
import Host

/// A simulated radio: a UNIX socket of sequenced packets at which far ends advertise and take connections, so that the
/// demonstration and the tests run the real line without hardware.
///
/// The hub connects to the socket; each packet that it then reads is an advertisement in the notation of captures. To
/// open an ATT channel it connects once more, sends `connect <address>` and from there on every packet is one PDU.
@Hub final class Air: Central {
    private let path: String
    private var ear: SocketBearer?
    @Hub let links = 256
    let name: String? = "a simulated one"
    let fault: Fault? = nil, callFault: Fault? = nil
    @Hub var counters = RadioHealth.Counters()

    init(_ path: String) { self.path = path }

    /// Waits, and listens again, when nobody is there.
    @Hub func next() async throws(Fault) -> Advertisement? {
        while true {
            do throws(Fault) {
                if ear == nil { ear = try SocketBearer.connect(to: path) }
                if let packet = try await ear?.receive(within: .seconds(3600)) {
                    if let heard = heard(String(decoding: packet, as: UTF8.self)) { return heard }
                } else {
                    ear = nil
                }
            } catch {
                if error != .device(.silent) { ear = nil }
            }
            if ear == nil { await loop.sleep(for: .milliseconds(200)) }
        }
    }

    /// Behind the notation may stand how strong it was: `… signal -63`.
    private func heard(_ packet: String) -> Advertisement? {
        guard let mark = packet.firstRange(of: " signal ") else { return Advertisement(notation: packet) }
        var heard = Advertisement(notation: String(packet[..<mark.lowerBound]))
        heard?.signal = Int(packet[mark.upperBound...])
        return heard
    }

    @Hub func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer {
        let bearer = try SocketBearer.connect(to: path)
        try await bearer.send(Array("connect \(advertisement.address)".utf8))
        return bearer
    }

    // Everybody is always heard here, and nobody has keys.

    @Hub func run() async {}
    @Hub func stop() {}
    @Hub func follow(
        _ devices: [Advertisement], resting: Set<Management.Address>, reporting: Set<BluetoothAddress>
    ) {}
    @Hub func discover(for time: Duration) {}
    @Hub func call(_ device: BluetoothAddress) async throws(Fault) -> RFCOMMSocket { throw .hub(.noRadio) }
    @Hub func nextCall() async -> RFCOMMSocket? { nil }
    @Hub func leave(_ advertisement: Advertisement) async {}
    @Hub func forget(_ device: Management.Address) async throws(Fault) {}
    @Hub func signal(of device: Management.Address) async -> Int? { nil }
    @Hub func nextBond() async -> Bond? { nil }
    @Hub func pair(
        _ device: Management.Address, as capability: Management.IOCapability, within time: Duration,
        answering: @Hub (PairingQuestion) async -> PairingAnswer
    ) async throws(Fault) -> Bond { throw .hub(.noRadio) }
}
