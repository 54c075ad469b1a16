import Bluetooth
import Clinic
import Core
import Host
import Journal

/// Looks at everything once, whether or not the daemon runs: what the daemon alone knows is asked of it, all else is tried
/// with its own functions. Nothing is changed, and nothing is left at the clinic.
@Hub struct Checkup {
    let path: String
    let tellsAll: Bool
    private(set) var diagnosis: Diagnosis
    var configuration = Configuration()
    /// Nil where no daemon answers.
    var account: Account?
    /// One runs, and says nothing.
    private var silence: Fault?
    var journal: JournalConnection?

    /// - Parameter path: of the settings.
    init(_ path: String, tellsAll: Bool) {
        self.path = path
        self.tellsAll = tellsAll
        diagnosis = Diagnosis(made: HubClock.now().wall, tellsAll: tellsAll)
    }

    mutating func run() async -> Diagnosis {
        guard checkSettings() else { return finished() }
        do throws(Fault) {
            account = try await Control.ask("diagnosis", configuration).map(Account.init(notation:))
        } catch {
            silence = error
        }
        diagnosis.daemonVersion = account?.version
        let canLook = checkDisk()
        if canLook { await checkStorage() }
        checkClock()
        checkProgram()
        await checkRadio()
        if canLook { checkDevices() }
        checkCables()
        await checkWay()
        if canLook { checkQueue() }
        return finished()
    }

    mutating func find(_ finding: Finding) { diagnosis.findings.append(finding) }

    /// What was found earlier is worse than it seemed, or another's consequence.
    mutating func change(_ part: Finding.Part, _ change: (inout Finding) -> Void) {
        for index in diagnosis.findings.indices where diagnosis.findings[index].part == part {
            change(&diagnosis.findings[index])
        }
    }

    mutating func report(_ device: DeviceReport) { diagnosis.devices.append(device) }
    mutating func report(_ queue: [Diagnosis.QueueEntry]) { diagnosis.queue = queue }
    mutating func report(journalVersion: Int) { diagnosis.journalVersion = journalVersion }

    var isFaulty: Bool { diagnosis.findings.contains { $0.level == .fault } }
    func level(of part: Finding.Part) -> Finding.Level? { diagnosis.findings.first { $0.part == part }?.level }

    /// In the order in which one thing rests on another, so that the cause comes before what follows from it.
    private func finished() -> Diagnosis {
        var diagnosis = diagnosis
        let order = Finding.Part.allCases
        diagnosis.findings = diagnosis.findings.enumerated().sorted { a, b in
            let (first, second) = (order.firstIndex(of: a.element.part) ?? 0, order.firstIndex(of: b.element.part) ?? 0)
            return (first, a.offset) < (second, b.offset)
        }.map(\.element)
        return diagnosis
    }
}

// MARK: the hub itself

extension Checkup {
    /// False where nothing else can be looked at.
    private mutating func checkSettings() -> Bool {
        do throws(Fault) {
            configuration = try Configuration.reading(path)
            try HubClock.useZone(configuration.timeZone)
            find(.ok(.settings, nil, Text(same: path)))
            return true
        } catch {
            find(Finding(.settings, Trouble(error), Text(same: error.detail)))
            return false
        }
    }

    /// False where this user may not look into the state directory.
    private mutating func checkDisk() -> Bool {
        let place = configuration.stateDirectory
        do throws(Fault) {
            let room = try Files.room(at: place)
            let evidence =
                Text.size(bytes: room.free) + Text(en: " free of ", da: " ledig af ") + .size(bytes: room.total)
            if room.isReadOnly {
                find(Finding(.disk, Trouble(.hub(.diskReadOnly(place))), Text(same: place)))
            } else if room.free < 1 << 18 || room.hasNoFiles {
                find(Finding(.disk, Trouble(.hub(.diskFull)), evidence))
            } else if room.free < 20 << 20 {
                find(Finding(.disk, nil, .warning, Trouble(.diskLow), evidence))
            } else {
                find(.ok(.disk, nil, evidence))
            }
            try configuration.mayBeLookedInto()
            return true
        } catch {
            find(Finding(.disk, Trouble(error), Text(same: error.detail)))
            return false
        }
    }

    private mutating func checkStorage() async {
        let path = configuration.journalPath
        guard Files.exists(path) else {
            let nothing = Text(en: "nothing stored yet", da: "intet gemt endnu")
            return find(level(of: .disk) == .fault ? .unknown(.storage, nothing) : .ok(.storage, nil, nothing))
        }
        // As the daemon's own user, who may not read all that root may.
        let owner = (try? FileOwner.assumed(of: configuration.stateDirectory)) ?? nil
        defer { owner?.leave() }
        do throws(Fault) {
            let journal = try JournalConnection(path)
            // The daemon looks through its own file when it starts; one that does not run may not start because of it.
            if account == nil, let damage = try await Examination(of: path, executor: loop).finding() {
                throw .hub(.journalDamaged(damage))
            }
            let summary = try journal.summary()
            self.journal = journal
            report(journalVersion: summary.schema)
            let count = summary.counts.values.reduce(0, +)
            find(.ok(.storage, nil, .readings(count) + ", " + .size(bytes: summary.used)))
        } catch {
            find(Finding(.storage, Trouble(error), Text(same: error.detail)))
        }
    }

    private mutating func checkClock() {
        let now = HubClock.now().wall
        if now < earliestCredible {
            find(Finding(.clock, Trouble(.hub(.clockUnset)), .moment(now)))
        } else if let error = HubClock.error() {
            find(
                .ok(
                    .clock, nil,
                    .moment(now) + Text(en: ", right to ", da: ", rigtigt inden for ") + .time(max(error, .seconds(1))))
            )
        } else {
            find(Finding(.clock, nil, .warning, Trouble(.clockUnkept), .moment(now)))
        }
    }

    private mutating func checkProgram() {
        if let account {
            let since = Text(en: "runs since ", da: "kører siden ") + .moment(account.started)
            find(.ok(.program, nil, since + Text(en: ", version ", da: ", version ") + Text(same: account.version)))
        } else if let silence {
            find(Finding(.program, Trouble(silence), Text(en: "no answer", da: "intet svar")))
        } else if isFaulty {
            // What was found above is why.
            find(.unknown(.program, Text(en: "does not run", da: "kører ikke")))
        } else {
            find(Finding(.program, Trouble(.notRunning), Text(en: "no answer", da: "intet svar")))
        }
    }

    private mutating func checkRadio() async {
        let name: Text?, trouble: Trouble?
        switch configuration.radio {
        case .none: return find(.ok(.radio, nil, Text(en: "none is wanted", da: "ingen ønsket")))
        case .simulated: (name, trouble) = (Text(en: "simulated", da: "simuleret"), nil)
        case .adapter(let index):
            if let account {
                (name, trouble) = (account.radio.map(Text.init(same:)), account.radioTrouble)
            } else {
                let seen = await look(index)
                (name, trouble) = ((try? seen.get()).map(Text.init(same:)), seen.trouble)
            }
        }
        if let trouble {
            let evidence = Text(same: trouble.detail)
            guard bindings.isEmpty else { return find(Finding(.radio, trouble, evidence)) }
            return find(
                .ok(
                    .radio, nil,
                    trouble.cause.sentence + Text(en: " No device needs it.", da: " Intet apparat har brug for den.")))
        }
        // No fault of it for those who do not call.
        if let trouble = account?.callTrouble {
            return find(Finding(.radio, nil, .warning, trouble, Text(same: trouble.detail)))
        }
        let heard =
            account?.lastHeard.map { Text(en: "last heard something ", da: "hørte sidst noget ") + .moment($0) }
            ?? Text(en: "nothing heard yet", da: "intet hørt endnu")
        find(.ok(.radio, nil, (name.map { $0 + ", " } ?? Text(same: "")) + heard))
    }

    private func look(_ index: UInt16?) async -> Result<String, Fault> {
        let bonds = ((try? journal?.wireless()) ?? []).compactMap { try? Bond($0.bond) }
        do throws(Fault) {
            return .success(try await Radio.look(adapter: index, bonds: bonds))
        } catch {
            return .failure(error)
        }
    }

    /// Whose the devices are; none where the journal cannot be read, which was said already.
    var bindings: [Journal.Binding] { (try? journal?.bindings()) ?? [] }
}

extension Result where Failure == Fault {
    fileprivate var trouble: Trouble? { if case .failure(let fault) = self { Trouble(fault) } else { nil } }
}
