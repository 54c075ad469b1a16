import Bluetooth
import Core
import Devices
import Host
import Journal

/// The line. Hear, claim, visit, decode, keep, deliver, settle: the file to read first.
///
///     a tty appears ────┐                                            journal, fsync'd
///     an advertisement ─┼▶ claim ─▶ visit ─▶ decode ─▶ date ─▶ keep ─┤
///     a call ───────────┘             ▲                        │     └▶ courier: deliver ─▶ settle
///                                     └── confirm, or erase ◀──┘
///                                         only now
@Hub final class Gateway {
    private(set) var configuration: Configuration
    let journal: Journal
    let intake: Intake
    let couriers: Couriers
    let dating: Dating
    let roster = Roster(), scene = Scene()
    let acceptList: AcceptList
    let contacts: Contacts
    let feedback: Feedback
    /// The radio; nil where the hub is to have none.
    let central: (any Central)?
    /// Who listens beside the line: a technician who looks for devices.
    var scans: [Scan] = []
    /// And who waits for the capture of a visit.
    var recorders: [Recorder] = []
    /// And how many are pairing.
    var pairings = 0
    /// What stands in the way of the radio at present.
    private(set) var radioFault: Fault?
    private var isStopping = false
    /// What devices that only advertise have said last: they say the same again and again.
    private var broadcasts: [String: [BluetoothUUID: [UInt8]]] = [:]
    let lines: LineWatch
    private let lastWords: LastWords
    let setAside: Set<String>

    /// - Parameter radio: where it is not to be the one that the configuration names.
    init(
        _ configuration: Configuration, journal: Journal, destinations: [Courier.Destination],
        radio: (any Central)? = nil
    ) async throws(Fault) {
        self.configuration = configuration
        self.journal = journal
        intake = Intake(journal, try Reserve(at: configuration.stateDirectory + "/reserve"))
        acceptList = try await AcceptList(journal)
        dating = try await Dating(journal)
        central =
            switch configuration.radio {
            case _ where radio != nil: radio
            case .none: nil
            case .simulated(let path): Air(path)
            case .adapter(let index): try Radio(adapter: index, bonds: acceptList.bonds)
            }
        let counters = try await journal.value(for: "radio").flatMap { RadioHealth.Counters(notation: $0) }
        if let counters { central?.counters = counters }
        lines = try LineWatch(configured: configuration.serialLines)
        contacts = try await Contacts(journal, hearsUSB: lines.note == nil) { [dating] in dating.now }
        couriers = try Couriers(journal, contacts, destinations)
        feedback = try Feedback(configuration.feedback)
        couriers.onStep = { [scene, feedback] readings, step in
            scene.move(readings, to: step)
            feedback.move(readings, to: step)
        }
        couriers.correct = { [dating] in dating.told($0) }
        dating.onBetter = { [couriers] in couriers.reconsider() }
        couriers.onDate = { [dating] date, asked, heard in await dating.hear(clinic: date, from: asked, to: heard) }
        lastWords = try LastWords(at: configuration.stateDirectory + "/last-words")
        try await journal.count(deathsDuring: lastWords.previous)
        for device in lastWords.previous { contacts.brokeOff(device) }
        setAside = Set(try await journal.setAside())
        for device in setAside.sorted() { log(.device(.endedUs), about: device) }
        if let note = lines.note { Systemd.log(.notice, note) }
        contacts.callers = { [acceptList] in acceptList.callers }
        contacts.callFault = { [central] in central?.callFault }
        if central == nil { contacts.listens(false) }
        couriers.radio = { [unowned self] in
            central == nil ? .none : radioFault.map { .failing($0.sentence) } ?? .working
        }
    }

    /// Runs until `stop`; everything below is a child of this task.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.intake.run() }
            group.addTask { await self.couriers.run() }
            group.addTask { await self.dating.run() }
            group.addTask { await self.contacts.run() }
            group.addTask { await self.feedback.run() }
            group.addTask { await self.hearLines() }
            group.addTask { await self.hearAir() }
            group.addTask { await self.hearCalls() }
        }
    }

    /// Hangs up everywhere, so that visits end by themselves and keep what they still hold, however slow the disk is.
    func stop() async {
        isStopping = true
        intake.reserve.release()
        roster.hangUp()
        let end = ContinuousClock.now + .seconds(20)
        var deadline = ContinuousClock.now + .milliseconds(1200)
        while !roster.visits.isEmpty, ContinuousClock.now < deadline {
            await loop.sleep(for: .milliseconds(10))
            if intake.isBusy { deadline = min(.now + .milliseconds(1200), end) }
        }
        let lost = intake.reserve.lost + intake.unwritten(of: nil)
        if lost > 0 { log(.hub(.readingsLost(lost))) }
        central?.stop()
        await contacts.flush()
    }

    /// New settings for all but where the journal lies and how the hub counts its days.
    func reload(_ new: Configuration, destinations: [Courier.Destination]) async throws(Fault) {
        // All of it, or nothing where the journal refuses.
        try await couriers.redirect(to: destinations)
        configuration = new
        lines.configure(new.serialLines)
        feedback.configure(new.feedback)
    }

    /// Whether a visit or a technician would have to begin again if it ended now.
    var isVisiting: Bool {
        lastWords.isVisiting || roster.hasLinks || pairings > 0 || !scans.isEmpty || !recorders.isEmpty
    }

    // MARK: hear

    private func hearAir() async {
        guard let central else { return }
        await withDiscardingTaskGroup { group in
            group.addTask { await central.run() }
            group.addTask { await self.acceptList.run(central, sparing: self.setAside) }
            group.addTask { await self.keepBonds(of: central) }
            while !isStopping {
                do throws(Fault) {
                    let advertisement = try await central.next()
                    // Whether or not somebody is heard: where nobody is bound that may take days.
                    radioFault = nil
                    contacts.listens(true)
                    guard let advertisement else { continue }
                    for scan in scans { scan.hear(advertisement) }
                    note(advertisement)
                    scene.hear(advertisement, acceptList)
                    guard isAwaited(advertisement), roster.hear(advertisement) else { continue }
                    group.addTask { await self.meet(advertisement, over: central) }
                } catch {
                    radioFault = error
                    contacts.listens(false)
                    await keepCounters(of: central)
                    // Without a device that wants it, a missing radio is a fact and no fault.
                    Systemd.log(acceptList.isEmpty ? .notice : .warning, error.description)
                }
            }
        }
    }

    /// Whether a device is to be visited: it is bound and does not rest. A neighbour's is heard, shown and left alone.
    private func isAwaited(_ advertisement: Advertisement) -> Bool {
        let sighting = Sighting(.advertisement(advertisement))
        if acceptList.isBound(sighting.identity) {
            // What calls by itself is waited for.
            if drivers.soleClaimant(of: sighting)?.calls == true { return false }
            return !setAside.contains(sighting.identity) && !acceptList.isResting(sighting.identity)
        }
        if let driver = drivers.soleClaimant(of: sighting), roster.isNews(advertisement) {
            Systemd.log(
                .info, "pairing: \(driver.model) at \(advertisement.address) is bound to nobody; left alone")
        }
        return false
    }

    // MARK: claim

    /// Connects to a device of ours and visits it.
    func meet(_ advertisement: Advertisement, over central: any Central) async {
        let sighting = Sighting(.advertisement(advertisement)), device = sighting.identity
        defer { roster.left(advertisement) }
        guard acceptList.mayBe(advertisement) else {
            noteImpostor(advertisement)
            return await central.leave(advertisement)
        }
        do throws(Fault) {
            if let (driver, conversation) = broadcaster(advertisement) {
                try await acceptList.listen(to: advertisement)
                if broadcasts[device] != advertisement.serviceData {
                    try await visit(driver, sighting, recording(of: sighting)) { report throws(Fault) in
                        try await conversation(advertisement, report)
                    }
                    broadcasts[device] = advertisement.serviceData
                }
                // What nobody knew for what it is the kernel has connected to.
                if !isStopping { await central.leave(advertisement) }
                return
            }
            scene.visit(device, .connecting, of: drivers.soleClaimant(of: sighting)?.model)
            try await roster.room(of: central.links)
            if advertisement.kind == .classic { return try await call(advertisement, over: central) }
            try await converse(advertisement, over: central)
        } catch {
            // Of one that was given back meanwhile nothing is to be known any more.
            if acceptList.isBound(device) { missed(advertisement, error) }
        }
        // What was sent last may not be overtaken by the end of the link; and before that the device cannot be heard anyway.
        if !isStopping { await central.leave(advertisement) }
        roster.close(advertisement)
    }

    /// Connects over Bluetooth LE, recognises the device, and visits it.
    private func converse(_ advertisement: Advertisement, over central: any Central) async throws(Fault) {
        let sighting = Sighting(.advertisement(advertisement)), device = sighting.identity
        let bearer = try await central.connect(advertisement)
        roster.open(advertisement, bearer)
        // Whoever gave it back while it was being connected to could not hang up on it yet.
        guard acceptList.isBound(device) else { throw .pairing(.notBound) }
        async let _: Void = noteSignal(of: advertisement, over: central)
        let known = acceptList[device], recording = recording(of: sighting), arrears = Arrears()
        let client = GATTClient(
            recording?.tap(bearer) ?? bearer,
            table: known.attributes.isEmpty ? nil : AttributeTable(known.attributes),
            isBonded: !known.bond.isEmpty,
            upgrade: { () throws(Fault) in try await bearer.encrypt(knowing: known) },
            time: {
                let now = self.dating.localTime
                return (recording?.look(at: now) ?? now)?.currentTimeBytes
            }, patience: { arrears.patience($0) })
        let (driver, seen) = try await recognise(advertisement, client)
        guard case .gatt(let conversation) = driver.visit else { throw .device(.unrecognised) }
        let whom = Sighting(.advertisement(seen))
        let brought = try await visit(driver, whom, recording, arrears) { report throws(Fault) in
            defer { recording?.table = client.table }
            try await conversation(client, report)
        }
        acceptList.visited(device, brought: brought)
        hearing.visited(device)
        try await acceptList.remember(seen, client.table)
    }

    // MARK: visit

    /// One conversation, with the device's name ready for the last words, should its bytes end us. Answers what it brought.
    @discardableResult
    func visit(
        _ driver: Driver, _ sighting: Sighting, _ recording: Recording? = nil, _ arrears: Arrears = Arrears(),
        _ conversation: (any Report) async throws(Fault) -> Void
    ) async throws(Fault) -> Int {
        let identity = sighting.identity
        guard !setAside.contains(identity) else {
            contacts.left(identity, isRead: false)
            throw .device(.endedUs)
        }
        let begun = HubClock.now(), forgettings = roster.forgettings(of: identity)
        let report = try await intake.behind { () throws(Fault) in
            let report = VisitReport(
                of: driver, identity, consents: try await journal.consents(of: identity),
                after: await dating.history(of: identity), arrears,
                formerSockets: try await formerSockets(of: identity), forgettings: forgettings, to: self)
            if case .line = sighting.way { await report.introduced() }
            return report
        }
        arrears.held(since: begun)
        func left(isRead: Bool) {
            // What was wiped meanwhile stays forgotten.
            if forgettings == roster.forgettings(of: identity) { contacts.left(identity, isRead: isRead) }
        }
        Systemd.log(.info, "device: \(driver.model) claimed, visit begins")
        lastWords.enter(identity)
        scene.visit(identity, .begun, of: driver.model)
        defer {
            lastWords.leave(identity)
            report.logOutcome(of: driver)
        }
        defer { finish(recording, of: driver, sighting) }
        do throws(Fault) {
            try await conversation(recording?.tap(report) ?? report)
        } catch {
            recording?.end(with: error)
            left(isRead: false)
            scene.visit(identity, .failed, fault: error)
            if report.isNews { await dating.settle(identity) }
            // Whoever walks away with what they wear loses the link: what it brought is kept, the rest comes next time, and
            // that is nobody's to mend.
            if error == .device(.hungUp), report.brought > 0 {
                try await journal.clear(deathsDuring: identity)
                return report.brought
            }
            throw error
        }
        left(isRead: true)
        scene.visit(identity, .over)
        try await journal.clear(deathsDuring: identity)
        if report.isNews { await dating.settle(identity) }
        return report.brought
    }
}
