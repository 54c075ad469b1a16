import Bluetooth
import Core
import Devices
import Host

/// Finding out by listening whose line it is: by what the device says, or by its answer to its own hello.
///
/// A silent line is waited for without a timer, set as it is most likely to be needed: a device that says each thing once
/// must be understood at its first word. Only when it is not is the line set otherwise. A line that talks in no known way
/// is reported, each time, and listened to again after a pause.
@Hub final class Recognition {
    private let port: SerialPort
    /// How the line can be set, the likeliest first.
    private let ways: [(settings: LineSettings, hellos: [[UInt8]])]
    /// A pty has none: what was heard under one setting counts under the next.
    private let hasSpeed: Bool
    /// How often a silent line is asked.
    private let interval: Duration
    /// How long a line that is not understood is let be.
    private let pause: Duration
    /// Called as often as the line has talked in no known way.
    private let onFault: (Fault) -> Void
    private var current = 0
    /// So few bytes may be what plugging in and switching on make of a line, or the rest of what a visit has read.
    private static let crackle = 16

    /// `port` is set the first way.
    init(
        of port: SerialPort, ways: [(settings: LineSettings, hellos: [[UInt8]])],
        asking interval: Duration = .seconds(60), pause: Duration = .seconds(10),
        onFault: @escaping (Fault) -> Void
    ) {
        self.port = port
        self.ways = ways
        self.interval = interval
        self.pause = pause
        self.onFault = onFault
        hasSpeed = Files.resolved(port.path)?.hasPrefix("/dev/pts/") != true
    }

    /// The driver, what was heard so far, and the way in which it was.
    func claim() async throws(Fault) -> (Driver, heard: [UInt8], way: Int) {
        let mayAsk = ways.contains { !$0.hellos.isEmpty }
        var early: [UInt8] = [], strange = 0
        while true {
            try set(0)
            if early.isEmpty, !mayAsk { early = try await firstBytes(within: nil) }
            var said = early.count
            for way in ways.indices {
                try set(way)
                for hello in [nil] + ways[way].hellos.map(Optional.some) {
                    if let hello { try await port.write(hello) }
                    var listening = Listening(for: drivers, settings: ways[way].settings, hello: hello)
                    if let driver = try await listen(&listening, after: early) { return (driver, listening.heard, way) }
                    said = max(said, listening.heard.count)
                    early = hasSpeed ? [] : listening.heard
                }
            }
            early = []
            if said > 0 {
                strange += said
                if strange >= Self.crackle { onFault(.device(.unrecognised)) }
                await loop.sleep(for: pause)
            } else {
                try set(0)
                early = try await firstBytes(within: interval)
            }
        }
    }

    /// A change throws away what has arrived, so it is made only where it is one.
    private func set(_ way: Int) throws(Fault) {
        if way != current, hasSpeed { try port.change(ways[way].settings) }
        current = way
    }

    /// Listens until one driver claims, a second of silence passes, or enough was heard to know that nobody will.
    private func listen(_ listening: inout Listening, after early: [UInt8]) async throws(Fault) -> Driver? {
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

    /// Waits until the line talks; empty when `time` passes first.
    private func firstBytes(within time: Duration?) async throws(Fault) -> [UInt8] {
        switch try await port.read(within: time) {
        case .bytes(let bytes): return bytes
        case .silence: return []
        case .hungUp: throw .hub(.portGone)
        }
    }
}

/// The same on the air.
extension Gateway {
    /// The driver of a device that says all in its advertisements; nil for one that is to be connected to.
    func broadcaster(
        _ advertisement: Advertisement
    ) -> (Driver, @Sendable (Advertisement, any Report) async throws(Fault) -> Void)? {
        let seen = acceptList.completed(advertisement)
        guard let driver = drivers.soleClaimant(of: Sighting(.advertisement(seen))),
            case .advertisement(let conversation) = driver.visit
        else { return nil }
        return (driver, conversation)
    }

    /// Whose a device is by what it says on the air or, where that is too little, by its name and services.
    func recognise(
        _ advertisement: Advertisement, _ client: GATTClient
    ) async throws(Fault) -> (Driver, Advertisement) {
        var seen = acceptList.completed(advertisement)
        if let driver = drivers.soleClaimant(of: Sighting(.advertisement(seen))) { return (driver, seen) }
        try await client.discover()
        var asked = Advertisement(address: seen.address, kind: seen.kind, name: "", services: client.services)
        if client.has(0x2A00) { asked.name = AdvertisingData.printable(try await client.read(0x2A00)[...]) }
        seen = seen.completed(from: asked)
        guard let driver = drivers.soleClaimant(of: Sighting(.advertisement(seen))) else {
            throw .device(.unrecognised)
        }
        return (driver, seen)
    }
}
