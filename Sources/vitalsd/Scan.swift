import Core
import Host

/// A device that is near, as the daemon tells of it.
struct Heard: Equatable {
    /// For programs, and for people.
    var json: String, text: Text

    init(json: String, text: Text) {
        self.json = json
        self.text = text
    }

    /// With tabs between, which neither has in it. The daemon does not know the language of whoever asks.
    var notation: String { [json, text.english, text.danish].joined(separator: "\t") }

    /// Reads what `notation` writes.
    init?(notation: String) {
        let forms = notation.split(separator: "\t").map { String($0) }
        guard forms.count == 3 else { return nil }
        self.init(json: forms[0], text: Text(en: forms[1], da: forms[2]))
    }
}

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
