import Bluetooth
import Core
import Devices
import Host

/// Who is here, who is being visited, and how a line was last understood. One visit per device at a time, unless it calls.
@Hub final class Roster {
    /// Which appearance of a line is the present one: a line that went and came back is another.
    private var present: [String: Int] = [:]
    private var appearances = 0
    private var isClosing = false
    private var ports: [String: SerialPort] = [:]
    /// Mostly one each: who has called again has ended its former call, and what was said in that may still be read.
    private var links: [BluetoothAddress: [any Link]] = [:]
    /// When a visit last brought something.
    private var advances: [BluetoothAddress: ContinuousClock.Instant] = [:]
    /// How many visits of a device are going on.
    private var met: [BluetoothAddress: Int] = [:]
    private var known: Set<BluetoothAddress> = []
    private var forgotten: [String?: Int] = [:]
    private var ways: [String: Int] = [:]
    private let settings = lineSettings(of: drivers)

    /// The lines and devices with an open link.
    var visits: [String] { ports.keys.sorted() + links.keys.map(\.description).sorted() }

    /// Whether there is an open link. A line is open also while nothing is heard on it.
    var hasLinks: Bool { !links.isEmpty }

    /// Ends every visit, and lets no other begin. What devices have said by now over a cable or a call they say but once.
    func hangUp() {
        isClosing = true
        present = [:]
        for port in ports.values {
            port.drain()
            port.hangUp()
        }
        for link in links.values.joined() {
            (link as? RFCOMMSocket)?.drain()
            link.hangUp()
        }
    }

    // MARK: the air

    /// Whether a visit may begin: not while one is going on with the same device.
    func hear(_ advertisement: Advertisement) -> Bool { met[advertisement.address] == nil && answer(advertisement) }
    /// Whether a device that calls may be visited: while any may be. Where a visit is going on with it, what it said in that has
    /// been said, and waits for room perhaps; what it calls for is something else.
    func answer(_ caller: Advertisement) -> Bool {
        if !isClosing { met[caller.address, default: 0] += 1 }
        return !isClosing
    }
    func open(_ advertisement: Advertisement, _ link: any Link) {
        links[advertisement.address, default: []].append(link)
        advance(advertisement.address)
        if isClosing { link.hangUp() }
    }
    func close(_ advertisement: Advertisement) {
        links[advertisement.address] = nil
        advances[advertisement.address] = nil
    }
    /// One of the links of a device.
    func close(_ advertisement: Advertisement, _ link: any Link) {
        links[advertisement.address]?.removeAll { $0 === link }
        if links[advertisement.address]?.isEmpty == true { close(advertisement) }
    }
    func advance(_ address: BluetoothAddress) { advances[address] = .now }

    /// A device was wiped, or all were: what it told before then is not to be kept any more.
    func forget(_ device: String?) { forgotten[device, default: 0] += 1 }
    /// How often that happened to a device.
    func forgettings(of device: String) -> Int { (forgotten[device] ?? 0) + (forgotten[nil] ?? 0) }

    /// Ends the visit of a device, or of all on the air, and waits for what follows it; for a while, as for one that is
    /// connecting.
    func hangUp(on device: String?) async {
        func isIt(_ address: BluetoothAddress) -> Bool { device == nil || device == "bluetooth:\(address)" }
        for (address, links) in links where isIt(address) { for link in links { link.hangUp() } }
        let due = ContinuousClock.now + .seconds(5)
        while met.keys.contains(where: isIt), ContinuousClock.now < due { await loop.sleep(for: .milliseconds(10)) }
    }

    /// Waits until there is a link for one more, of the so many that the radio has. Who has brought nothing for a minute while
    /// others wait is hung up on.
    func room(of limit: Int) async throws(Fault) {
        let due = ContinuousClock.now + .seconds(25)
        while links.count >= limit, !isClosing {
            guard ContinuousClock.now < due else { throw .hub(.radioFailing("all its links are in use")) }
            if let idlest = advances.min(by: { $0.value < $1.value }), idlest.value + .seconds(60) < .now {
                for link in links[idlest.key] ?? [] { link.hangUp() }
            }
            await loop.sleep(for: .milliseconds(50))
        }
    }
    /// A visit is over; once none is going on, it may be visited again.
    func left(_ advertisement: Advertisement) {
        let others = (met[advertisement.address] ?? 1) - 1
        met[advertisement.address] = others > 0 ? others : nil
    }
    /// True once for each device, so that a neighbour's does not fill the log; and of so many that who makes up addresses
    /// does not, either.
    func isNews(_ advertisement: Advertisement) -> Bool {
        known.count < 1024 && known.insert(advertisement.address).inserted
    }

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

    /// How a line is to be set at first: as its driver needs it where that is known, or as it was last understood.
    func settings(for line: SerialLine) -> LineSettings {
        assignment(of: line)?.settings ?? settings[ways[line.path] ?? 0].settings
    }

    private func assignment(of line: SerialLine) -> (settings: LineSettings, hellos: [[UInt8]])? {
        line.driver.flatMap { id in drivers.first { $0.id == id } }?.assignment
    }

    /// Finds whose line it is, by the device's own USB identity or by listening. One that is said to be a device's is asked
    /// until that is switched on, which may be for less than a minute. `onFault` is told while that fails and goes on.
    func recognise(
        _ line: SerialLine, _ port: SerialPort, onFault: @escaping (Fault) -> Void
    ) async throws(Fault) -> (Driver, heard: [UInt8]) {
        if let assignment = assignment(of: line) {
            let recognition = Recognition(of: port, ways: [assignment], asking: .seconds(10), onFault: onFault)
            let (driver, heard, _) = try await recognition.claim()
            return (driver, heard)
        }
        let sighting = Sighting(.line(line))
        let own = drivers.claimants(of: sighting)
        if own.count == 1, let driver = own.first { return (driver, []) }
        let first = ways[line.path] ?? 0, order = settings.indices.map { ($0 + first) % settings.count }
        let recognition = Recognition(of: port, ways: order.map { settings[$0] }, onFault: onFault)
        let (driver, heard, way) = try await recognition.claim()
        ways[line.path] = order[way]
        return (driver, heard)
    }
}

/// An open link to a wireless device.
@Hub protocol Link: AnyObject {
    func hangUp()
}
extension SocketBearer: Link {}
extension RFCOMMSocket: Link {}

/// A line whose first bytes were already heard while it was being recognised, and that ends once its arrears are read.
@Hub final class Resumed: Line {
    private let line: any Line
    private var heard: [UInt8]
    private let arrears: Arrears
    /// When the device was last listened to.
    private(set) var listened = HubClock.now()
    /// Called whenever the device says something.
    private let onBytes: () -> Void

    init(_ line: any Line, heard: [UInt8] = [], _ arrears: Arrears, onBytes: @escaping () -> Void = {}) {
        self.line = line
        self.heard = heard
        self.arrears = arrears
        self.onBytes = onBytes
    }

    @Hub func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub func read(within time: Duration?) async throws(Fault) -> Arrival {
        guard heard.isEmpty else {
            defer { heard = [] }
            onBytes()
            return .bytes(heard)
        }
        defer { listened = HubClock.now() }
        let patience = time.map(arrears.patience), arrival = try await line.read(within: patience)
        if case .bytes = arrival { onBytes() }
        // Nobody has been listened to for as long as the driver takes for silence.
        return arrival == .silence && patience != time ? .hungUp : arrival
    }
}
