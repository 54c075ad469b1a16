import Bluetooth
import Core
import Devices
import Host
import Journal

/// Whom the hub connects to as soon as they are heard: the devices that are bound, while they do not rest. Beside each is
/// what it is reached with: how it looks on the air, its keys, its attribute table.
///
/// The name is the Core specification's, for the list that the controller compares each advertisement with.
@Hub final class AcceptList {
    private let journal: Journal
    private var bound: Set<String> = []
    private var known: [String: Journal.Wireless] = [:]
    /// Of whom something is known that could not be written down.
    private var unwritten: Set<String> = []
    private var rests: [String: Rest] = [:]
    private let bell: Bell

    init(_ journal: Journal) async throws(Fault) {
        self.journal = journal
        bell = try Bell()
        for wireless in try await journal.wireless() { known[wireless.device] = wireless }
        try await reload()
    }

    /// Reads again who is bound.
    func reload() async throws(Fault) {
        bound = Set(try await journal.bindings().map(\.device).filter { $0.hasPrefix("bluetooth:") })
        bell.ring()
    }

    /// Tells the radio whom to connect to, and again after each change and each rest, for as long as the daemon runs. Those
    /// who are set aside rest until it ends.
    func run(_ central: any Central, sparing setAside: Set<String>) async {
        while true {
            let now = ContinuousClock.now
            let all = bound.sorted(), devices = all.flatMap(sightings)
            let resting = all.filter { setAside.contains($0) || rests[$0].map { $0.end > now } ?? false }
            let broadcasters = devices.filter(isBroadcaster)
            central.follow(
                devices, resting: Set(resting.flatMap(sightings).map(\.device)),
                reporting: Set(broadcasters.map(\.address)))
            _ = await bell.rung(before: rests.values.map(\.end).filter { $0 > now }.min())
        }
    }

    var isEmpty: Bool { bound.isEmpty }
    func isBound(_ device: String) -> Bool { bound.contains(device) }
    /// Those that nobody can hear, because they call or are called.
    var callers: Set<String> { bound.filter { known[$0]?.sighting?.kind == .classic } }

    /// Whether what was heard can be the device that is bound under its address; who takes an address over has not the key.
    /// Of one that is bonded it is known of which kind its address is, and that it does not tell everybody what it
    /// measures. One whose bond does not read is to be paired again.
    func mayBe(_ advertisement: Advertisement) -> Bool {
        let wireless = self[Sighting(.advertisement(advertisement)).identity]
        guard !wireless.bond.isEmpty else { return true }
        guard let bond = try? Bond(wireless.bond), bond.device == advertisement.device else { return false }
        return !isBroadcaster(completed(advertisement))
    }

    /// Whether it says all in its advertisements, so that nobody connects to it.
    private func isBroadcaster(_ seen: Advertisement) -> Bool {
        drivers.soleClaimant(of: Sighting(.advertisement(seen)))?.isBroadcast == true
    }

    func isResting(_ device: String) -> Bool { rests[device].map { $0.end > .now } ?? false }

    /// What is known of a device; nothing of one that was never heard.
    subscript(_ device: String) -> Journal.Wireless { known[device] ?? Journal.Wireless(device: device) }

    /// The bonds that were kept. One that cannot be read is no bond: its device is to be paired again, and the log says so.
    var bonds: [Bond] {
        known.values.compactMap { wireless in
            guard !wireless.bond.isEmpty else { return nil }
            do throws(Malformed) {
                return try Bond(wireless.bond)
            } catch {
                log(.pairing(.keyForgotten), about: wireless.device)
                return nil
            }
        }
    }

    /// What a device says now, with what it leaves out as it was last heard; without the strength of the signal.
    func completed(_ advertisement: Advertisement) -> Advertisement {
        var seen = advertisement
        seen.signal = nil
        return known[Sighting(.advertisement(seen)).identity]?.sighting.map { seen.completed(from: $0) } ?? seen
    }

    /// Remembers something of a device, on disk where it is new.
    func remember(_ device: String, _ change: (inout Journal.Wireless) -> Void) async throws(Fault) {
        var wireless = self[device]
        change(&wireless)
        guard wireless != known[device] || unwritten.contains(device) else { return }
        known[device] = wireless
        do throws(Fault) {
            try await journal.remember(wireless)
            // Of two at once the later one has written the later.
            if known[device] == wireless { unwritten.remove(device) }
        } catch {
            unwritten.insert(device)
            throw error
        }
    }

    /// How a device looked in a visit, and its attributes where it is paired. Nothing of one that was given back meanwhile.
    func remember(_ seen: Advertisement, _ table: AttributeTable?) async throws(Fault) {
        let device = Sighting(.advertisement(seen)).identity
        guard isBound(device), let seen = credible(seen) else { return }
        try await remember(device) { known in
            known.sighting = seen
            if !known.bond.isEmpty { known.attributes = table.map(\.description) ?? "" }
        }
    }

    /// A device turns out to say all in its advertisements: it is not connected to any more. How it looks is remembered once,
    /// without what it measures. What is known by its own name already stays what it is, whoever calls himself otherwise under
    /// its address.
    func listen(to advertisement: Advertisement) async throws(Fault) {
        var seen = completed(advertisement)
        let device = Sighting(.advertisement(seen)).identity
        let model = self[device].sighting.flatMap { drivers.soleClaimant(of: Sighting(.advertisement($0))) }
        guard isBound(device), model?.isGeneric != false else { return }
        seen.serviceData = [:]
        guard let seen = credible(seen) else { return }
        try await remember(device) { $0.sighting = seen }
        wake(device)
    }

    /// What of a sighting may be remembered. Only a bond proves whose it is: without one anybody can use a device's address as
    /// one of another kind, and the device itself would not be waited for any more. A private address does not last, and the
    /// kernel waits for none.
    private func credible(_ seen: Advertisement) -> Advertisement? {
        let known = self[Sighting(.advertisement(seen)).identity]
        guard known.bond.isEmpty else { return seen }
        guard let kind = known.sighting?.kind else {
            return seen.kind != .leRandom || seen.address.isStatic ? seen : nil
        }
        var seen = seen
        seen.kind = kind
        return seen
    }

    /// What was wiped is not known here either.
    func forget(_ device: String?) {
        if let device { known[device] = nil } else { known = [:] }
        if let device { rests[device] = nil } else { rests = [:] }
        if let device { unwritten.remove(device) } else { unwritten = [] }
        // Nothing of it is to be noted before the journal has said who is bound.
        if let device { bound.remove(device) } else { bound = [] }
    }

    /// As it was heard, or as it might look: of an address alone nobody can say whether it is public or random.
    private func sightings(_ device: String) -> [Advertisement] {
        if let seen = known[device]?.sighting { return [seen] }
        guard device.hasPrefix("bluetooth:"), let address = BluetoothAddress(device.dropFirst("bluetooth:".count))
        else { return [] }
        let kinds: [AddressKind] = address.isStatic ? [.lePublic, .leRandom] : [.lePublic]
        return kinds.map { Advertisement(address: address, kind: $0, name: "", services: []) }
    }

    // MARK: rest

    /// How long a device is left alone, and why.
    private struct Rest {
        var end: ContinuousClock.Instant
        var fault: Fault?
        /// In a row.
        var failures = 0
    }

    /// A visit came to its end. One that brought something may be followed by another at once; a device that has nothing
    /// to say, or only how full its battery is, but keeps advertising is asked again in time for a cuff that is on the air
    /// for 30 s.
    func visited(_ device: String, brought: Int) {
        guard brought == 0 else { return wake(device) }
        rest(device)
    }

    /// A device that is called is left alone whatever it brought, and called again at the end of its rest: nobody can hear
    /// that it has something new to say.
    func rest(_ device: String) {
        rests[device] = Rest(end: .now + .seconds(15))
        bell.ring()
    }

    /// A visit failed. Answers whether that is news: the same again and again is not.
    func failed(_ device: String, _ fault: Fault) -> Bool {
        let old = rests[device], failures = (old?.fault == fault ? old?.failures ?? 0 : 0) + 1
        rests[device] = Rest(end: .now + Self.pause(after: fault, failures), fault: fault, failures: failures)
        bell.ring()
        return failures & (failures - 1) == 0
    }

    /// Ends a rest, and forgets what it was for.
    func wake(_ device: String) {
        rests[device] = nil
        bell.ring()
    }

    /// The hub's own faults are not the device's to wait for; a device that went out of range must be met again while it is
    /// on the air; one that breaks its protocol, or has lost its key, waits longer each time, up to ten minutes.
    nonisolated static func pause(after fault: Fault, _ failures: Int) -> Duration {
        let rising = Duration.seconds(1 << min(failures - 1, 10))
        return switch fault {
        case .hub, .network, .clinic: .seconds(1)
        case .device(.silent), .device(.hungUp): min(rising, .seconds(15))
        case .device: min(rising, .seconds(600))
        case .pairing: min(rising * 30, .seconds(600))
        }
    }
}

extension SocketBearer {
    /// Encrypts the link with the key of a device that was paired. Without one the kernel would pair, which is a technician's
    /// to do: a device that nobody has asked to be paired keeps silent.
    func encrypt(knowing device: Journal.Wireless) async throws(Fault) {
        guard !device.bond.isEmpty else { throw .pairing(.notPaired) }
        try await encrypt()
    }
}

extension BluetoothAddress {
    /// Whether it is one that its device keeps, if it is a random one.
    fileprivate var isStatic: Bool { value >> 46 == 3 }
}
