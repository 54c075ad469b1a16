import Bluetooth
import Core

/// The hub's Bluetooth adapter, commanded through the kernel: held on, hearing, connecting, paired.
///
/// What is wanted (`follow`, `discover`, the bonds) and what the kernel says is are compared after every change, and the
/// difference is commanded. So an adapter that is pulled out, blocked, reset or taken over by somebody is the same case: it
/// is put right as soon as it can be, and until then `next` has said what stands in the way.
@Hub package final class Radio: Central {
    /// The hciN to use, and no other; nil for the best that is present.
    let configured: UInt16?
    private let openChannel: @Hub () throws(Fault) -> ManagementSocket
    let rfkill: RFKill
    let masters: OtherMaster
    /// Rung when something is to be compared again.
    let change: Bell
    private let heard: Bell
    private let kept: Bell
    private(set) var isOpen = true

    var channel: ManagementSocket?
    var adapter: Adapter?
    /// Whether an adapter has come that may be better than ours.
    var mustChoose = false
    /// Why there is no adapter to command at present; nil where there is. Until the first was brought up nobody is told.
    @Hub package private(set) var fault: Fault? = .hub(.radioOff)
    private var faults: [Fault] = []
    /// Whether `next` has said what stands in the way, and not yet that nothing does.
    private var owesRelief = false

    /// By the device's identity.
    var bonds: [Management.Address: Bond]
    private var changedBonds: [Management.Address] = []
    /// What we knew of each device when it was bound.
    var followed: [Management.Address: Advertisement] = [:]
    /// Those of them that are only listened to, and those that are not to be met at present.
    var broadcasters: Set<BluetoothAddress> = [], resting: Set<Management.Address> = []
    /// Who is in the kernel's action list, and what for; who was taken off it for good, and whom it takes not. See `settleList`.
    var added: [Management.Address: Management.Action] = [:], dropped: Set<Management.Address> = []
    var refused: Set<Management.Address> = []
    /// Whether somebody was taken off it to whom the kernel may just have been connecting.
    var isDoubtful = false
    /// Who has a link; with whom that was reported; with whom a visit goes on; whose is to be ended.
    var connected: Set<Management.Address> = [], announced: Set<Management.Address> = []
    var visited: Set<Management.Address> = [], unwanted: Set<Management.Address> = []
    var sightings = Sightings()
    var discoveryEnds: ContinuousClock.Instant?
    var isDiscovering = false
    /// Whether the adapter is to be switched off before it is switched on again.
    var mustRestart = false
    /// What showed that somebody else commands our adapter, until it is told.
    var foreignTrace: String?
    /// What showed that the adapter fails, until it is acted on.
    var trouble: Fault?
    /// Whether it is dead, and what was tried. See `RadioHealth`.
    var health = RadioHealth()
    let usbReset: USBReset
    let probe: ControllerProbe
    /// When something was last heard, or an examination ended.
    var lastSign = ContinuousClock.now
    /// When the controller last answered what it was asked, and whether it did not since.
    var lastAnswer = ContinuousClock.now, isMute = false
    /// When the kernel was last asked who is connected, and who had a link then on which nobody spoke.
    var lastCensus = ContinuousClock.now, idle: Set<Management.Address> = []
    /// Who was heard in the examination that is going on, and who of them can be connected to.
    var examination: Set<Management.Address>?, reachable: Set<Management.Address> = []
    /// To whom the kernel did not connect though they were heard, and has not since.
    var unreached: Set<Management.Address> = []
    var pairing: Pairing?
    /// Where the channels begin of links that the kernel makes, and why they cannot, as it was last said.
    var listener: ATTListener?, listenerFault: Fault?
    /// Those that no visit has taken yet, and those that none will: see `discard`.
    var channels: [Management.Address: SocketBearer] = [:], discarded: [SocketBearer] = []
    /// Where classic devices call; nil while none is followed.
    var entrance: Entrance?
    /// Why they cannot call, as it was last said.
    @Hub package internal(set) var callFault: Fault?
    /// Rung when the entrance is another, for who takes calls and who answers searches; and when the listener is.
    let called: Bell, searched: Bell, accepting: Bell

    /// Prepares; nothing happens before `run`. `bonds` are what the journal has kept.
    package convenience init(adapter: UInt16? = nil, bonds: [Bond] = []) throws(Fault) {
        try self.init(adapter: adapter, bonds: bonds) { () throws(Fault) in try ManagementSocket() }
    }

    init(
        adapter: UInt16? = nil, bonds: [Bond] = [], rfkill: RFKill = RFKill(), masters: OtherMaster = OtherMaster(),
        usbReset: USBReset = USBReset(), probe: ControllerProbe = ControllerProbe(),
        channel: @escaping @Hub () throws(Fault) -> ManagementSocket
    ) throws(Fault) {
        configured = adapter
        openChannel = channel
        self.rfkill = rfkill
        self.masters = masters
        self.usbReset = usbReset
        self.probe = probe
        self.bonds = Dictionary(bonds.map { ($0.device, $0) }) { _, later in later }
        change = try Bell()
        heard = try Bell()
        kept = try Bell()
        called = try Bell()
        searched = try Bell()
        accepting = try Bell()
    }

    /// Controllers tell the kernel and not us; common ones hold seven and more.
    @Hub package let links = 7

    /// What was tried to keep it alive; to be kept over the daemon's end.
    @Hub package var counters: RadioHealth.Counters {
        get { health.counters }
        set { health.counters = newValue }
    }

    /// Whether the adapter is on and ours.
    package var isOn: Bool {
        fault == nil && !mustRestart
            && adapter.map { $0.isPrepared && !$0.isInherited && $0.settings.contains(.powered) } == true
    }

    // MARK: what is wanted

    /// Which devices are to be connected to as soon as they are heard: exactly these, less those that rest. Each is given as
    /// it was seen when it was bound, for passive scanning hears no name. `next` then reports it, connected already.
    @Hub package func follow(
        _ devices: [Advertisement], resting: Set<Management.Address> = [], reporting: Set<BluetoothAddress> = []
    ) {
        broadcasters = reporting
        let rested = self.resting.subtracting(resting)
        self.resting = resting
        followed = Dictionary(devices.map { ($0.device, $0) }) { _, later in later }
        // Whose rest was over before it was taken off the list does not come on it again, by which it would be reported.
        for device in rested where device.kind == .classic && followed[device] != nil && added[device] != nil {
            report(Advertisement(device, []))
        }
        change.ring()
    }

    /// Asks everybody who is near for their names, from now on for so long: `next` reports them all. Zero ends it.
    @Hub package func discover(for time: Duration) {
        discoveryEnds = .now + time
        change.ring()
    }

    /// Switches the adapter off and on: for one that hears nothing though it should.
    package func restart() {
        mustRestart = true
        change.ring()
    }

    // MARK: what happens

    @Hub package func next() async throws(Fault) -> Advertisement? {
        while true {
            if !faults.isEmpty {
                owesRelief = true
                throw faults.removeFirst()
            }
            if fault == nil, owesRelief {
                owesRelief = false
                return nil
            }
            // Whom an adapter has heard that is still being brought up nobody can connect to yet.
            if fault == nil, let advertisement = sightings.next() { return advertisement }
            guard isOpen else { throw .hub(.radioOff) }
            _ = await heard.rung()
        }
    }

    /// A bond whose keys are new or have changed: to be kept. Nil once stopped.
    @Hub package func nextBond() async -> Bond? {
        while isOpen {
            while !changedBonds.isEmpty {
                if let bond = bonds[changedBonds.removeFirst()] { return bond }
            }
            _ = await kept.rung()
        }
        return nil
    }

    // MARK: holding it

    /// Holds the adapter until `stop`, whatever becomes of it. Everything it does is a child of this task.
    @Hub package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.answerSearches() }
            group.addTask { await self.acceptChannels() }
            await self.hold()
        }
    }

    private func hold() async {
        var pause = Duration.seconds(5)
        while isOpen {
            do throws(Fault) {
                let channel = try openChannel()
                self.channel = channel
                pause = .seconds(5)
                await hold(channel)
                if let failure = channel.failure, isOpen { tell(failure) }
            } catch {
                tell(error)
            }
            channel = nil
            adapter = nil
            // A kernel without Bluetooth gets it with a module, perhaps, but not by being asked often.
            if isOpen { _ = await change.rung(before: .now + pause) }
            pause = min(pause * 2, .seconds(320))
        }
    }

    @Hub package func stop() {
        isOpen = false
        channel?.close()
        entrance?.close()
        listener?.close()
        // Those of ended links go to `EndedLinks`: left to the end of the process, they would hold it for ever.
        discarded = []
        for bell in [change, heard, kept, called, searched, accepting] { bell.ring() }
    }

    private func hold(_ channel: ManagementSocket) async {
        await withDiscardingTaskGroup { group in
            group.addTask { await channel.read() }
            group.addTask { await self.take(from: channel) }
            while channel.failure == nil {
                var due: ContinuousClock.Instant?
                do throws(Fault) {
                    due = try await settle(channel)
                    if fault != nil { Systemd.log(.info, "hub: Bluetooth adapter \(name ?? "") is on") }
                    fault = nil
                    faults = []
                    heard.ring()
                } catch {
                    tell(error)
                    due = remedy(error)
                }
                if channel.failure == nil { _ = await change.rung(before: due) }
            }
        }
    }

    @Hub package var name: String? { adapter?.index.description }

    /// Says what stands in the way, once.
    func tell(_ fault: Fault) {
        guard self.fault != fault else { return }
        self.fault = fault
        faults.append(fault)
        heard.ring()
    }

    func hear(_ advertisement: Advertisement) {
        lastSign = .now
        health.isWell()
        examination?.insert(advertisement.device)
        report(advertisement)
    }

    /// Lets `next` report a device, though that is no sign of life of the adapter.
    func report(_ advertisement: Advertisement) {
        sightings.take(advertisement, knowing: followed[advertisement.device])
        heard.ring()
    }

    /// Keeps a bond that has changed, and lets its keeper know.
    func keep(_ bond: Bond) {
        guard bonds[bond.device] != bond else { return }
        bonds[bond.device] = bond
        changedBonds.removeAll { $0 == bond.device }
        changedBonds.append(bond.device)
        kept.ring()
    }
}
