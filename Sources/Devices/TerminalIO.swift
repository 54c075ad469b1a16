import Core

/// Telit's (Stollmann's) Terminal I/O: a serial line over GATT, on which nobody may say more than the other has granted.
///
///     FEFB   …0001  what we send        …0003  how many more pieces it may send     a piece is up to 20 bytes,
///            …0002  what it sends       …0004  how many more pieces we may send     a grant one byte, to be added up
///
/// Without a grant the device stays mute. Up to 64 pieces are granted, and more once 16 are left.
///
/// Source: eViaHealthSystem/eviahealth-app, which holds the maker's own library (com.telit.terminalio).
final class TerminalIO: Line {
    private static let toDevice = BluetoothUUID(full: 0x00000001_0000_1000_8000_008025000000)
    private static let fromDevice = BluetoothUUID(full: 0x00000002_0000_1000_8000_008025000000)
    private static let grant = BluetoothUUID(full: 0x00000003_0000_1000_8000_008025000000)
    private static let granted = BluetoothUUID(full: 0x00000004_0000_1000_8000_008025000000)
    private static let most = 64, least = 16

    private let peer: any Peer
    /// How many more pieces the device may send, and we.
    private var its = 0, ours = 0
    private var early: [[UInt8]] = []
    private var owesConfirmation = false

    /// Discovered already. The device is granted its first pieces here.
    init(_ peer: any Peer) async throws(Fault) {
        self.peer = peer
        try await peer.subscribe(Self.granted)
        try await peer.subscribe(Self.fromDevice)
        try await fill()
    }

    func write(_ bytes: [UInt8]) async throws(Fault) {
        try await confirm()
        for start in stride(from: 0, to: bytes.count, by: 20) {
            while ours == 0 {
                guard let piece = try await next(within: .seconds(5)) else { throw .device(.silent) }
                if !piece.isEmpty { early.append(piece) }
            }
            ours -= 1
            try await peer.send(Array(bytes.dropFirst(start).prefix(20)), to: Self.toDevice)
        }
    }

    func read(within time: Duration?) async throws(Fault) -> Arrival {
        if !early.isEmpty { return .bytes(early.removeFirst()) }
        try await confirm()
        let time = time ?? .seconds(3600), deadline = ContinuousClock.now + time
        while let piece = try await next(within: time) {
            if !piece.isEmpty { return .bytes(piece) }
        }
        return ContinuousClock.now < deadline ? .hungUp : .silence
    }

    /// A piece that the device may forget once it is confirmed is confirmed when the driver, who has read it, turns to the
    /// device again, as on a `GATTLine`.
    private func confirm() async throws(Fault) {
        guard owesConfirmation, early.isEmpty else { return }
        owesConfirmation = false
        try await peer.confirm()
    }

    /// The next piece, empty where the device only granted; nil once it has hung up or kept silent for `time`.
    private func next(within time: Duration) async throws(Fault) -> [UInt8]? {
        guard let update = try await peer.next(within: time) else { return nil }
        switch update.characteristic {
        case Self.granted:
            // No reading is in a grant.
            if update.isIndication { try await peer.confirm() }
            ours = min(Self.most, ours + Int(update.value.first ?? 0))
            return []
        case Self.fromDevice:
            its -= 1
            owesConfirmation = update.isIndication
            if its <= Self.least { try await fill() }
            return update.value
        default: return []
        }
    }

    private func fill() async throws(Fault) {
        let more = Self.most - its
        its = Self.most
        try await peer.send([UInt8(clamping: more)], to: Self.grant)
    }
}
