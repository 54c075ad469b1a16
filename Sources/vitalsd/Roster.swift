import Bluetooth
import Core
import Devices
import Host

/// Who is here, who is being visited, and how a line was last understood. One visit per device at a time.
@Hub final class Roster {
    /// Which appearance of a line is the present one: a line that went and came back is another.
    private var present: [String: Int] = [:]
    private var appearances = 0
    private var isClosing = false
    private var ports: [String: SerialPort] = [:]
    private var bearers: [BluetoothAddress: SocketBearer] = [:]
    private var met: Set<BluetoothAddress> = []
    private var known: Set<BluetoothAddress> = []
    private var ways: [String: Int] = [:]
    private let settings = lineSettings(of: drivers)

    /// The lines and devices with an open link.
    var visits: [String] { ports.keys.sorted() + bearers.keys.map(\.description).sorted() }

    /// Ends every visit, and lets no other begin.
    func hangUp() {
        isClosing = true
        present = [:]
        for port in ports.values { port.hangUp() }
        for bearer in bearers.values { bearer.hangUp() }
    }

    // MARK: the air

    /// Whether a visit may begin: not while one is going on with the same device.
    func hear(_ advertisement: Advertisement) -> Bool { !isClosing && met.insert(advertisement.address).inserted }
    func open(_ advertisement: Advertisement, _ bearer: SocketBearer) {
        bearers[advertisement.address] = bearer
        if isClosing { bearer.hangUp() }
    }
    func close(_ advertisement: Advertisement) { bearers[advertisement.address] = nil }
    /// From now on it may be visited again.
    func left(_ advertisement: Advertisement) { met.remove(advertisement.address) }
    /// True once for each device, so that a neighbour's does not fill the log.
    func isNews(_ advertisement: Advertisement) -> Bool { known.insert(advertisement.address).inserted }

    // MARK: lines

    /// A line is there. Answers the number of this appearance.
    func present(_ line: SerialLine) -> Int {
        appearances += 1
        if !isClosing { present[line.path] = appearances }
        return appearances
    }
    func absent(_ path: String) {
        present[path] = nil
        ports[path]?.hangUp()
    }
    func isPresent(_ line: SerialLine, since appearance: Int) -> Bool { present[line.path] == appearance }
    func open(_ line: SerialLine, _ port: SerialPort) { ports[line.path] = port }
    func close(_ line: SerialLine, _ port: SerialPort) {
        if ports[line.path] === port { ports[line.path] = nil }
    }

    /// How a line is to be set at first: as it was last understood.
    func settings(for line: SerialLine) -> LineSettings { settings[ways[line.path] ?? 0].settings }

    /// Finds whose line it is: by the device's own USB identity, by what it says, by its answer to its own hello.
    ///
    /// A silent line is waited for without a timer, unless some driver has a hello to say. A line that talks in no known
    /// way is reported and listened to again after a pause.
    func recognise(_ line: SerialLine, _ port: SerialPort) async throws(Fault) -> (Driver, heard: [UInt8]) {
        let sighting = Sighting(.line(line))
        let own = drivers.claimants(of: sighting)
        if own.count == 1, let driver = own.first { return (driver, []) }
        var early: [UInt8] = [], current = ways[line.path] ?? 0
        // A pty has no speed: what was heard under one setting counts under the next.
        let hasSpeed = Files.resolved(line.path)?.hasPrefix("/dev/pts/") != true
        while true {
            var isTalking = !early.isEmpty
            for turn in settings.indices {
                let way = ((ways[line.path] ?? 0) + turn) % settings.count, (setting, hellos) = settings[way]
                // A change throws away what has arrived, so it is made only where it is one.
                if way != current, hasSpeed { try port.change(setting) }
                current = way
                for hello in [nil] + hellos.map(Optional.some) {
                    if let hello { try await port.write(hello) }
                    var listening = Listening(for: drivers, settings: setting, hello: hello)
                    if let driver = try await listen(&listening, to: port, after: early) {
                        ways[line.path] = way
                        return (driver, listening.heard)
                    }
                    isTalking = isTalking || !listening.heard.isEmpty
                    early = hasSpeed ? [] : listening.heard
                }
            }
            if isTalking {
                early = []
                log(.device(.unrecognised), about: line.path)
                await loop.sleep(for: .seconds(10))
            } else {
                early = try await firstBytes(from: port)
            }
        }
    }

    /// Listens until one driver claims, a second of silence passes, or enough was heard to know that nobody will.
    private func listen(
        _ listening: inout Listening, to port: SerialPort, after early: [UInt8]
    ) async throws(Fault) -> Driver? {
        let end = ContinuousClock.now + .seconds(6)
        var bytes = early
        while true {
            let claimants = listening.hear(bytes)
            if claimants.count == 1 { return claimants[0] }
            guard ContinuousClock.now < end, listening.heard.count < 2048 else { return nil }
            switch try await port.read(within: .milliseconds(1200)) {
            case .bytes(let more): bytes = more
            case .silence: return nil
            case .hungUp: throw .hub(.portGone)
            }
        }
    }

    /// Waits until the line talks: for ever, unless a hello may be worth another try.
    private func firstBytes(from port: SerialPort) async throws(Fault) -> [UInt8] {
        let mayAsk = settings.contains { !$0.hellos.isEmpty }
        switch try await port.read(within: mayAsk ? .seconds(60) : nil) {
        case .bytes(let bytes): return bytes
        case .silence: return []
        case .hungUp: throw .hub(.portGone)
        }
    }
}

/// A line whose first bytes were already heard while it was being recognised.
@Hub final class Resumed: Line {
    private let line: any Line
    private var heard: [UInt8]

    init(_ line: any Line, heard: [UInt8]) {
        self.line = line
        self.heard = heard
    }

    @Hub func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub func read(within time: Duration?) async throws(Fault) -> Arrival {
        guard heard.isEmpty else {
            defer { heard = [] }
            return .bytes(heard)
        }
        return try await line.read(within: time)
    }
}
