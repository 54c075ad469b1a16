import Core
import Host
import Journal

/// What a visit tells the hub, and what the hub does with it.
@Hub final class VisitReport: @Hub Report {
    private let gateway: Gateway
    private var device: KnownDevice
    /// Whether what was told is nowhere but here.
    private let isToldOnce: Bool
    private var pair: ClockPair?
    /// What was known of the device's clock and memory before, and its clock in this visit.
    private let history: History
    private var pairs: [ClockPair] = []
    private(set) var kept = 0, repeated = 0
    /// How many of those that were kept say more than how full the battery is.
    private(set) var brought = 0
    private var isUndecodedTold = false
    /// How often the device was wiped before this visit, and whether it was while a reading of it waited: of what else it
    /// brought nothing is to come back.
    private let forgettings: Int
    private var isForgotten = false
    /// Of those kept, how many were taken before the device was this person's.
    private var nobodys = 0
    private var loss = Hearing.Loss()
    private let arrears: Arrears
    /// While one of these is not plugged in it may be another person's than the home's patient's; see `Gateway.formerSockets`.
    private var formerSockets: [String]
    @Hub let consents: [Consent]

    init(
        of driver: Driver, _ identity: String, consents: [Consent], after history: History, _ arrears: Arrears,
        formerSockets: [String], forgettings: Int, to gateway: Gateway
    ) {
        self.formerSockets = formerSockets
        self.forgettings = forgettings
        self.history = history
        self.arrears = arrears
        self.gateway = gateway
        self.consents = consents
        var information = DeviceInformation()
        if !driver.isGeneric {
            information.manufacturer = driver.manufacturer
            information.model = driver.model
        }
        device = KnownDevice(identity: identity, driver: driver.id, kind: driver.kind, information: information)
        isToldOnce = driver.tellsOnce || device.bluetoothAddress == nil
    }

    @Hub func callAsFunction(_ reading: Reading) async throws(Fault) {
        let heard = HubClock.now(), identity = device.identity, roster = gateway.roster, intake = gateway.intake
        // Who is on the air is hung up on before it is wiped, and all that comes of it still is of before. A cable's visit goes
        // on for days.
        let before = device.bluetoothAddress == nil ? roster.forgettings(of: identity) : forgettings
        let wasForgotten = { roster.forgettings(of: identity) != before }
        if isForgotten || wasForgotten() { throw .device(.hungUp) }
        // Whose it is does not change while it waits, whatever is plugged in, unplugged or configured by then.
        if gateway.arePluggedIn(formerSockets) { formerSockets = [] }
        let subject = formerSockets.isEmpty ? gateway.configuration.presumedSubject(of: identity) : nil
        let hasTwin = gateway.hearing.twins(of: identity) != nil
        // What is sent without a stamp is sent as it is measured, by who has no memory to send it from again. What nobody can read
        // may be a measurement.
        let isToldOnce = isToldOnce || reading.taken == .now
        let isWorth = reading.values.isEmpty || reading.values.contains(where: \.quantity.isAboutPerson)
        let isAtStake = isToldOnce && isWorth && !reading.isBatteryAlone
        if isAtStake { intake.hold(identity) }
        defer { if isAtStake { intake.letGo(identity) } }
        let (reading, after) = arrears.dated(reading)
        var patience = Patience(), said: Fault?
        while true {
            // What was being written before the reserve was released had nothing of it.
            let hasReserve = intake.reserve.isReleased
            do throws(Fault) {
                let (dated, latest) = gateway.dating.date(reading, heard: heard, after: history, pairs, after: after)
                let entry = Journal.Entry(
                    device: device, reading: reading.judged, heard: heard, pair: pair, dated: dated, latest: latest,
                    subject: subject, hasTwin: hasTwin)
                let keeping = try await intake.keep(entry, unless: wasForgotten)
                arrears.held(since: heard)
                gateway.scene.keep(keeping, of: device)
                switch keeping {
                case .kept(let number):
                    gateway.feedback.received(number)
                // No sign of it in the home: it is not on its way to anybody.
                case .keptAsNobodys: if !entry.hasTwin { nobodys += 1 }
                case .repeated: repeated += 1
                }
                if keeping.isNew {
                    kept += 1
                    if !reading.isBatteryAlone { brought += 1 }
                    if reading.values.isEmpty { tellOfUndecoded() }
                }
                if let address = device.bluetoothAddress { gateway.roster.advance(address) }
                gateway.contacts.learn(reading, of: device.identity)
                break
            } catch {
                // It was wiped meanwhile: nothing of it is to come back.
                if wasForgotten() {
                    isForgotten = true
                    throw .device(.hungUp)
                }
                // Said here as well as by the visit's end: this is why the device is about to be left unconfirmed.
                if error != said { log(error, about: device.identity) }
                said = error
                // A cuff has the reading still. What came over a cable is nowhere but here: it waits for room. How full the
                // battery is does not, nor does it end the visit: what comes behind it is told but once.
                if isToldOnce, error.isAboutRoom, reading.isBatteryAlone { return }
                guard isAtStake, error.isAboutRoom else { throw error }
                guard !hasReserve else {
                    intake.reserve.countLost()
                    throw error
                }
                await intake.reserve.wait(for: patience.next())
                arrears.wait(since: heard)
            }
        }
        gateway.couriers.wake()
    }

    /// Once in a visit: a memory may be full of it.
    private func tellOfUndecoded() {
        guard !isUndecodedTold else { return }
        isUndecodedTold = true
        Systemd.log(
            .warning,
            "device: it sent what nobody here can read, which is kept; report it with a capture by vitalsd record "
                + "[\(device.identity)]")
    }

    @Hub func clock(_ raw: RawTime, error: Duration) async throws(Fault) {
        // It showed that when it said so, and not now.
        guard arrears.since == nil else { return }
        // At some moment since then, where the disk held the visit up.
        let half = arrears.lag / 2, middle = HubClock.now().earlier(by: half)
        let pair = ClockPair(device: raw, hub: middle, error: error + half)
        // What is read back is not what stamped the memory, unless that had no date.
        if !pairs.contains(where: \.isWritten) || self.pair?.device == .unknown { self.pair = pair }
        gateway.scene.visit(device.identity, .clockRead)
        pairs.append(pair)
        await note { journal, device throws(Fault) in try await journal.note(pair, of: device) }
    }

    @Hub func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault) {
        let set = ClockPair(device: .clock(written), hub: HubClock.now(), error: error, isWritten: true)
        pairs.append(set)
        gateway.scene.visit(device.identity, .clockSet)
        await note { journal, device throws(Fault) in try await journal.note(set, of: device) }
    }

    @Hub func gaveAll() async throws(Fault) {
        guard arrears.since == nil else { return }
        let end = HubClock.now()
        gateway.scene.visit(device.identity, .gaveAll)
        await note { journal, device throws(Fault) in try await journal.note(endOfVisit: end, of: device.identity) }
    }

    @Hub func lost(gaps: Int, bytes: Int) {
        loss.gaps += gaps
        loss.bytes += bytes
        gateway.hearing.lost(gaps: gaps, bytes: bytes, of: device.identity)
    }

    /// Says in the log what came of the visit.
    func logOutcome(of driver: Driver) {
        let losses = loss.gaps > 0 ? ", \(loss.words)" : ""
        Systemd.log(.info, "device: \(driver.model) visit over, \(kept) kept, \(repeated) known already\(losses)")
        guard nobodys > 0 else { return }
        let what = nobodys == 1 ? "1 reading was" : "\(nobodys) readings were"
        Systemd.log(
            .notice,
            "pairing: \(what) taken before the device was bound, so nobody's; see `vitalsd queue`, and assign what is "
                + "this person's [\(device.identity)]")
    }

    /// Whether anything was learnt by which readings may be dated better.
    var isNews: Bool { kept > 0 || !pairs.isEmpty }

    @Hub func information(_ information: DeviceInformation) async throws(Fault) {
        let known = device.information
        device.information = information
        // What the device does not say, its model does.
        device.information.manufacturer = information.manufacturer ?? known.manufacturer
        device.information.model = information.model ?? known.model
        await note { journal, device throws(Fault) in try await journal.note(device) }
    }

    /// What is on a cable is told of as soon as it is there, whether or not it measures.
    func introduced() async { await note { journal, device throws(Fault) in try await journal.note(device) } }

    /// Each reading carries its device and its clock too, so a note that finds no room stops nothing.
    private func note(_ write: (Journal, KnownDevice) async throws(Fault) -> Void) async {
        let begun = HubClock.now()
        do throws(Fault) {
            try await gateway.intake.behind { () throws(Fault) in try await write(gateway.journal, device) }
        } catch {
            log(error, about: device.identity)
        }
        arrears.held(since: begun)
    }

    var localTime: LocalTime? { gateway.dating.localTime }

    var wantsStream: Bool { gateway.configuration.keepStream }
}

extension Configuration {
    /// Whom a device's readings are about unless the journal has a binding. A cable belongs to this home; what comes over the
    /// air belongs to whom it is bound to, and else to nobody.
    func presumedSubject(of device: String) -> Subject? { device.hasPrefix("bluetooth:") ? nil : subject }
}

extension Fault {
    /// Whether a reading that could not be kept can be once there is room, or the disk is well again.
    fileprivate var isAboutRoom: Bool {
        switch self {
        case .hub(.diskFull), .hub(.diskFailing), .hub(.diskReadOnly), .hub(.journalFull): true
        default: false
        }
    }
}

/// No hub runs this program before it was written: an earlier clock is unset, not early.
let earliestCredible = Instant(milliseconds: 1_793_491_200_000)
