import Core

/// The byte stream that many makers put into a pair of characteristics: one to write to, one that notifies. Frames are
/// cut anywhere in it, as on a serial line.
///
/// A device may forget an indication once it is confirmed, so that waits until the driver turns to the device again, to
/// read or to write: what it wants kept of the bytes before it must have reported by then. After the last bytes of a
/// visit it may not come at all; then they are sent again, and recognised.
final class GATTLine: Line {
    private let peer: any Peer
    private let output: BluetoothUUID, input: BluetoothUUID
    private var owesConfirmation = false

    /// Discovered already; `input` is subscribed here.
    init(_ peer: any Peer, to output: BluetoothUUID, from input: BluetoothUUID) async throws(Fault) {
        self.peer = peer
        self.output = output
        self.input = input
        try await peer.subscribe(input)
    }

    /// In pieces of 20 bytes, which every connection carries.
    func write(_ bytes: [UInt8]) async throws(Fault) {
        try await confirm()
        for start in stride(from: 0, to: bytes.count, by: 20) {
            try await peer.send(Array(bytes.dropFirst(start).prefix(20)), to: output)
        }
    }

    func read(within time: Duration?) async throws(Fault) -> Arrival {
        try await confirm()
        let time = time ?? .seconds(3600), deadline = ContinuousClock.now + time
        guard let update = try await peer.next(from: input, within: time) else {
            return ContinuousClock.now < deadline ? .hungUp : .silence
        }
        owesConfirmation = update.isIndication
        return .bytes(update.value)
    }

    private func confirm() async throws(Fault) {
        guard owesConfirmation else { return }
        owesConfirmation = false
        try await peer.confirm()
    }

    /// Asks, and waits for the frame that answers; frames that do not are passed over, at most 32 of them. Nil once the
    /// device has hung up or kept silent for `time`.
    func ask(
        _ request: [UInt8], _ frames: inout Frames, within time: Duration = .seconds(3),
        isAnswer: ([UInt8]) -> Bool
    ) async throws(Fault) -> [UInt8]? {
        try await write(request)
        for _ in 0..<32 {
            guard let frame = try await next(&frames, within: time) else { return nil }
            if isAnswer(frame) { return frame }
        }
        return nil
    }
}
