import Bluetooth
import Core
import Devices
import Host
import Journal

/// The line. Hear, claim, visit, decode, keep, deliver, settle: the file to read first.
///
///     a tty appears ────┐                                            journal, fsync'd
///     an advertisement ─┴▶ claim ─▶ visit ─▶ decode ─▶ date ─▶ keep ─┤
///                                     ▲                        │     └▶ courier: deliver ─▶ settle
///                                     └── confirm, or erase ◀──┘
///                                         only now
@Hub final class Gateway {
    private(set) var configuration: Configuration
    let journal: Journal
    let intake: Intake
    let courier: Courier
    let roster = Roster()
    private let lines: LineWatch
    private let lastWords: LastWords
    private let setAside: Set<String>

    init(_ configuration: Configuration, journal: Journal, clinic: Courier.Destination) async throws(Fault) {
        self.configuration = configuration
        self.journal = journal
        intake = Intake(journal)
        courier = try Courier(journal, clinic)
        lines = try LineWatch(configured: configuration.serialLines)
        lastWords = try LastWords(at: configuration.stateDirectory + "/last-words")
        try await journal.count(deathsDuring: lastWords.previous)
        setAside = Set(try await journal.setAside())
        for device in setAside.sorted() { log(.device(.endedUs), about: device) }
        if let note = lines.note { Systemd.log(.notice, note) }
    }

    /// Runs until `stop`; everything below is a child of this task.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.intake.run() }
            group.addTask { await self.courier.run() }
            group.addTask { await self.hearLines() }
            group.addTask { await self.hearAir() }
        }
    }

    /// Hangs up everywhere, so that visits end by themselves and keep what they still hold.
    func stop() async {
        roster.hangUp()
        let deadline = ContinuousClock.now + .milliseconds(1200)
        while !roster.visits.isEmpty, ContinuousClock.now < deadline { await loop.sleep(for: .milliseconds(10)) }
    }

    /// New settings for all but where the journal lies and how the hub counts its days.
    func reload(_ new: Configuration, clinic: Courier.Destination) {
        configuration = new
        lines.configure(new.serialLines)
        courier.redirect(to: clinic)
    }

    // MARK: hear

    private func hearLines() async {
        await withDiscardingTaskGroup { group in
            while true {
                do throws(Fault) {
                    guard let change = try await lines.next() else { return }
                    switch change {
                    case .appeared(let line):
                        Systemd.log(.info, "hub: serial line \(line.path) appeared")
                        let appearance = roster.present(line)
                        group.addTask { await self.attend(line, since: appearance) }
                    case .vanished(let path):
                        Systemd.log(.info, "hub: serial line \(path) is gone")
                        roster.absent(path)
                    }
                } catch {
                    log(error)
                    await loop.sleep(for: .seconds(5))
                }
            }
        }
    }

    private func hearAir() async {
        guard let path = configuration.simulatedAir else { return }
        await withDiscardingTaskGroup { group in
            let air = Air(path)
            while true {
                let advertisement = await air.next()
                guard roster.hear(advertisement) else { continue }
                group.addTask { await self.meet(advertisement, on: air) }
            }
        }
    }

    // MARK: claim

    /// Stays with a serial line until it is gone: listens, visits, listens again.
    private func attend(_ line: SerialLine, since appearance: Int) async {
        var patience = Patience()
        while roster.isPresent(line, since: appearance) {
            do throws(Fault) {
                let port = try SerialPort(line.path, roster.settings(for: line))
                roster.open(line, port)
                defer { roster.close(line, port) }
                let (driver, heard) = try await roster.recognise(line, port)
                let link = Resumed(port, heard: heard)
                guard case .line(let conversation) = driver.visit else { continue }
                try await visit(driver, Sighting(.line(line))) { report throws(Fault) in
                    try await conversation(link, report)
                }
                patience = Patience()
            } catch {
                if error != .hub(.portGone), error != .device(.hungUp) { log(error, about: line.path) }
                await loop.sleep(for: patience.next())
            }
        }
    }

    /// Visits a device that advertises, if it is one of ours. A neighbour's is heard, shown and left alone.
    private func meet(_ advertisement: Advertisement, on air: Air) async {
        let sighting = Sighting(.advertisement(advertisement))
        defer { roster.left(advertisement) }
        do throws(Fault) {
            let claimants = drivers.claimants(of: sighting)
            guard let driver = claimants.first, claimants.count == 1 else { return }
            guard try await journal.bindings().contains(where: { $0.device == sighting.identity }) else {
                if roster.isNews(advertisement) {
                    Systemd.log(
                        .info, "pairing: \(driver.model) at \(advertisement.address) is bound to nobody; left alone")
                }
                return
            }
            switch driver.visit {
            case .gatt(let conversation):
                let bearer = try await air.connect(advertisement)
                roster.open(advertisement, bearer)
                defer { roster.close(advertisement) }
                try await visit(driver, sighting) { report throws(Fault) in
                    try await conversation(GATTClient(bearer), report)
                }
            case .advertisement(let conversation):
                try await visit(driver, sighting) { report throws(Fault) in
                    try await conversation(advertisement, report)
                }
            case .line, .none: break
            }
        } catch {
            log(error, about: advertisement.address.description)
            await loop.sleep(for: .seconds(1))
        }
    }

    // MARK: visit

    /// One conversation, with the device's name ready for the last words, should its bytes end us.
    private func visit(
        _ driver: Driver, _ sighting: Sighting, _ conversation: (any Report) async throws(Fault) -> Void
    ) async throws(Fault) {
        let identity = sighting.identity
        guard !setAside.contains(identity) else { throw .device(.endedUs) }
        let report = VisitReport(of: driver, identity, to: self)
        Systemd.log(.info, "device: \(driver.model) claimed, visit begins")
        lastWords.enter(identity)
        defer {
            lastWords.leave(identity)
            Systemd.log(
                .info, "device: \(driver.model) visit over, \(report.kept) kept, \(report.repeated) known already")
        }
        try await conversation(report)
        try await journal.clear(deathsDuring: identity)
    }
}

/// One line for the log: layer, sentence, remedy.
@Hub func log(_ fault: Fault, about what: String? = nil) {
    Systemd.log(.warning, what.map { "\(fault) [\($0)]" } ?? fault.description)
}

/// A rising delay: 1, 2, 4 … 60 seconds.
struct Patience {
    private var seconds = 1
    mutating func next() -> Duration {
        defer { seconds = min(60, seconds * 2) }
        return .seconds(seconds)
    }
}
