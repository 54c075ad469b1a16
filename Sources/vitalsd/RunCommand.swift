import Clinic
import Core
import FHIR
import Glibc
import Host
import Journal

extension Command {
    static let run = Command(
        verb: "run", arguments: "[--configuration FILE]", summary: "the daemon",
        explanation: """
            Reads FILE, /etc/vitalsd/vitalsd.conf if none is named, and the *.conf of conf.d beside it. Tells systemd when
            it is ready, and answers its watchdog. SIGHUP reads the configuration again; SIGTERM ends it within two
            seconds. Only one daemon can use a journal.
            """
    ) { arguments throws(Exit) in
        Signals.block()
        Memory.keepSmall()
        Memory.mapSparingly(.program)
        let path = try arguments.configurationPath()
        try arguments.end()
        do throws(Fault) {
            try await Daemon(path).run()
        } catch {
            Systemd.log(.error, error.description)
            throw Exit(error)
        }
    }
}

/// The gateway as a process: what it is made of, and what systemd and the administrator say to it.
@Hub final class Daemon {
    private let path: String
    private var configuration: Configuration
    private let journalThread = Worker("journal")
    /// One for each destination: a clinic that does not answer blocks its own.
    private var clinicThreads: [String: Worker] = [:]
    /// A renewal that waits for the clinic must keep no reading waiting.
    private let enrolmentThread = Worker("enrolment")
    private let signals: Signals
    /// How many ended links may be kept before it starts anew when nobody is visited, and whoever is: see `EndedLinks`.
    private let links: (many: Int, most: Int)

    init(_ path: String, links: (many: Int, most: Int)? = nil) throws(Fault) {
        self.path = path
        self.links = links ?? (EndedLinks.limit * 3 / 4, EndedLinks.limit - 16)
        configuration = try Configuration.reading(path)
        signals = try Signals()
    }

    func run() async throws(Fault) {
        let (gateway, hub) = try await gateway()
        let control = try Control(gateway), linksAddUp = try Bell()
        EndedLinks.watch(for: links.many) { linksAddUp.ring() }
        await withDiscardingTaskGroup { group in
            group.addTask { await gateway.run() }
            group.addTask { await control.run() }
            group.addTask { await self.keepWatchdogQuiet() }
            group.addTask { await self.renew(hub) }
            group.addTask { await gateway.watchCertificates() }
            group.addTask {
                _ = await linksAddUp.rung()
                await self.startAnew(gateway)
            }
            notify(.ready, .status("running"))
            gateway.intake.reserve.take()
            Memory.mapSparingly(.libraries)
            group.addTask { await self.examine(gateway.journal) }
            await listen(to: gateway, hub)
            notify(.stopping)
            control.close()
            await gateway.stop()
            // Whatever still runs waits for something that will not come. What must be safe is on disk.
            // No tidying up either: it would pull libcurl and OpenSSL from under the thread that uses them.
            EndedLinks.release()
            _exit(0)
        }
    }

    /// The gateway, at work for as long as `work` lasts; then the process ends.
    func once(_ work: @Hub (Gateway) async throws(Fault) -> Exit) async throws(Fault) {
        let (gateway, _) = try await gateway()
        await withDiscardingTaskGroup { group in
            group.addTask { await gateway.run() }
            var code: Exit
            do throws(Fault) {
                code = try await work(gateway)
            } catch {
                code = complain(error)
            }
            await gateway.stop()
            EndedLinks.release()
            _exit(code.rawValue)
        }
    }

    /// The line, not yet at work, and the hub's EUI-64.
    private func gateway() async throws(Fault) -> (Gateway, hub: UInt64) {
        try HubClock.useZone(configuration.timeZone)
        try Files.makeDirectory(configuration.stateDirectory)
        let journal: Journal
        do {
            // What is made here is the service's, also where root runs it. The radio is root's business again.
            let owner = try FileOwner.assumed(of: configuration.stateDirectory)
            defer { owner?.leave() }
            journal = try Journal(
                path: configuration.journalPath, bound: configuration.bound,
                destinations: configuration.recipients.map(\.name),
                executor: journalThread, examined: .later)
        }
        for repair in await journal.takeRepairs() { log(repair) }
        let hub = try await identity(in: journal)
        let gateway = try await Gateway(
            configuration, journal: journal, destinations: try destinations(hub, of: configuration))
        gateway.intake.onDamage = { [self] fault in
            log(fault)
            notify(.stopping)
            EndedLinks.release()
            _exit(Exit.data.rawValue)
        }
        return (gateway, hub)
    }

    /// Looks through the journal, which takes as long as it is large, while readings are already kept in it.
    private func examine(_ journal: Journal) async {
        let thread = Worker("examination")
        do throws(Fault) {
            try await journal.conclude(try await Examination(of: configuration.journalPath, executor: thread).finding())
        } catch {
            log(error)
        }
        thread.join()
        for repair in await journal.takeRepairs() { log(repair) }
    }

    /// Signals, until one of them means the end, or there are to be no more.
    private func listen(to gateway: Gateway, _ hub: UInt64) async {
        while let signal = await signals.next(), signal == .reload {
            notify(.reloading)
            do throws(Fault) {
                let new = try Configuration.reading(path)
                if new.stateDirectory != configuration.stateDirectory || new.timeZone != configuration.timeZone
                    || new.radio != configuration.radio
                {
                    Systemd.log(.warning, "hub: StateDirectory=, TimeZone= and Adapter= change only with a restart")
                }
                try await gateway.reload(new, destinations: try destinations(hub, of: new))
                configuration = new
                Systemd.log(.notice, "hub: configuration read again")
            } catch {
                // The old one goes on: a slip of the editor must not end the watch over a patient.
                log(error)
            }
            notify(.ready)
        }
    }

    /// Ends the daemon as a signal would, once nobody is visited or at last whoever is, for one of the next links that end would
    /// end it in the kernel. systemd starts it again whatever it ended with (Restart=always), and no device is blamed: only a
    /// process that traps leaves last words.
    private func startAnew(_ gateway: Gateway) async {
        while gateway.isVisiting, EndedLinks.count < links.most { await loop.sleep(for: .seconds(1)) }
        let count = EndedLinks.count
        Systemd.log(.notice, "hub: vitalsd starts anew, to let go of \(count) links that ended before a word was said")
        signals.stop()
    }

    private func renew(_ hub: UInt64) async {
        await Renewal(name: Enrolment.name(of: hub), executor: enrolmentThread).run { configuration.recipients }
    }

    private func keepWatchdogQuiet() async {
        guard let interval = Systemd.watchdogInterval else { return }
        while true {
            notify(.watchdog)
            await loop.sleep(for: interval)
        }
    }

    /// The hub's EUI-64: found once, and then fixed for ever, whatever card is plugged in later.
    private func identity(in journal: Journal) async throws(Fault) -> UInt64 {
        if let known = try await journal.value(for: "hub").flatMap({ UInt64($0, radix: 16) }) { return known }
        let found = try HubIdentity.eui64()
        try await journal.set("hub", to: String(found, radix: 16))
        return found
    }

    private func destinations(
        _ hub: UInt64, of configuration: Configuration
    ) throws(Fault) -> [Courier.Destination] {
        try configuration.recipients.map { recipient throws(Fault) in
            let thread = clinicThreads[recipient.name] ?? Worker("clinic")
            clinicThreads[recipient.name] = thread
            var settings = recipient.settings
            let haste = configuration.haste
            if haste > 1 { settings.timeout = max(.seconds(3), settings.timeout / haste) }
            return Courier.Destination(
                name: recipient.name, clinic: try Clinic(settings, executor: thread),
                gateway: PersonalHealthGateway(
                    identifier: hub, manufacturer: "vitalsd", model: "vitalsd", version: version, isRegulated: false,
                    synchronisation: .sntp, accuracy: HubClock.error() ?? .seconds(1)),
                options: recipient.options, patient: configuration.subject,
                ownName: recipient.name == Recipient.clinic ? nil : recipient.subject,
                heartbeat: recipient.heartbeat, scale: 1 / Double(haste))
        }
    }

    private func notify(_ notices: Systemd.Notice...) {
        do throws(Fault) {
            for notice in notices { try Systemd.notify(notice) }
        } catch {
            log(error)
        }
    }
}
