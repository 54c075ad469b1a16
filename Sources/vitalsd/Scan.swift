import Core
import Host

/// Everybody who is near, for a technician who looks for a device: each once, with its name as soon as that is heard.
@Hub final class Scan {
    private var heard: [BluetoothAddress: Advertisement] = [:]
    private var news: [BluetoothAddress] = []
    private let bell: Bell

    init() throws(Fault) { bell = try Bell() }

    func hear(_ advertisement: Advertisement) {
        let old = heard[advertisement.address]
        heard[advertisement.address] = advertisement
        guard old == nil || old?.name != advertisement.name || old?.services != advertisement.services else { return }
        if !news.contains(advertisement.address) { news.append(advertisement.address) }
        bell.ring()
    }

    /// The next device that is new, or has said more of itself; nil when `due` passes first.
    func next(before due: ContinuousClock.Instant) async -> Advertisement? {
        while news.isEmpty {
            guard await bell.rung(before: due) else { return nil }
        }
        return heard[news.removeFirst()]
    }
}
