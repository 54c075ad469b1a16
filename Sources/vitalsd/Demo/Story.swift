import Core
import Devices
import Glibc
import Host
import Journal

/// The main job, told live: the real daemon as a process of its own, simulated devices and a small clinic around it.
@Hub final class Story {
    private let teller = Teller()
    private let folder: String, captures: String
    private let clinic: SmallClinic
    private let air: SimulatedAir
    private var daemon: Child?
    private var ends: [FarEnd] = []
    /// How many readings the devices took, and what became of each by the journal's number.
    private var taken = 0
    private var seen: [Int64: Journal.State] = [:]

    init(in folder: String, captures: String) throws(Fault) {
        self.folder = folder
        self.captures = captures
        clinic = try SmallClinic()
        air = try SimulatedAir(at: folder + "/air")
    }

    /// Tells it, removes the folder and ends the process: with status 0 only when everything that was taken was kept and
    /// delivered once.
    func tell() async {
        var isWell = false, fault: Fault?
        await withDiscardingTaskGroup { group in
            group.addTask { await self.clinic.run() }
            group.addTask { await self.air.run() }
            do throws(Fault) { isWell = try await act() } catch let caught { fault = caught }
            daemon?.kill(SIGKILL)
            if let fault {
                teller.tell(.trouble, fault.description)
                lastLines().forEach { teller.tell(.trouble, $0) }
            }
            Files.remove(folder)
            // The clinic and the air would go on for ever.
            exit(isWell ? 0 : Exit.software.rawValue)
        }
    }

    private func act() async throws(Fault) -> Bool {
        teller.heading("A home, a hub and a clinic")
        try Files.write(Array(configuration.utf8), to: folder + "/vitalsd.conf")
        let cuff = try await device("and-ua651ble", "years-off")
        let others = try await devices(besides: cuff)
        let neighbours = try neighbour(of: cuff)
        try await start()

        teller.heading("Measurements")
        try await measureByCable("nonin-format-8", "spot-smartpoint")
        teller.tell(.device, "the cuff measures; its clock says \(cuff.clock)")
        try await measure(cuff)
        neighbours.measure()
        teller.tell(.device, "the neighbour's cuff measures, too: \(neighbours.advertisement.address)")
        try await settle("delivered") { [self] in seen.count == taken && seen.values.allSatisfy { $0 == .accepted } }

        teller.heading("The clinic goes away")
        clinic.isAway = true
        teller.tell(.clinic, "the network is broken: every connection is cut")
        for end in others {
            teller.tell(.device, "the \(end.kind) measures")
            try await measure(end)
        }

        teller.heading("The plug is pulled")
        let full = try await device("and-ua651ble", "25-stored", reusing: cuff)
        try await pullThePlug(during: full)

        teller.heading("Power again, and the clinic is back")
        try await start()
        try await settle("kept") { [self] in full.memory.isEmpty && seen.count == taken }
        clinic.isAway = false
        teller.tell(.clinic, "the network is whole")
        try await settle("delivered") { [self] in seen.values.allSatisfy { $0 == .accepted } }
        return try tally(neighbours)
    }

    // MARK: the cast

    /// A wireless device of this home, bound by the technician.
    private func device(_ driver: String, _ name: String, reusing old: FarEnd? = nil) async throws(Fault) -> FarEnd {
        let capture = try capture(driver, name)
        guard let end = FarEnd(capture, as: old?.advertisement.address) else {
            throw .hub(.badConfiguration("\(driver)/\(name).capture has no advertisement"))
        }
        if let old { air.remove(old) }
        air.add(end)
        ends.append(end)
        if old == nil {
            // Its readings are of another year.
            try await vitalsd("bind", "\(end.advertisement.address)", "--with-memory")
            teller.tell(.hub, "\(end.kind) \(end.advertisement.name) is bound to the patient")
        }
        return end
    }

    /// One of every other wireless device there is a capture of.
    private func devices(besides cuff: FarEnd) async throws(Fault) -> [FarEnd] {
        var found: [FarEnd] = []
        for driver in drivers where driver.kind != .bloodPressure && !driver.isGeneric {
            guard case .gatt = driver.visit, !found.contains(where: { $0.kind == driver.kind.rawValue }),
                (try? capture(driver.id, "one-stored")) != nil
            else { continue }
            found.append(try await device(driver.id, "one-stored"))
        }
        return found
    }

    /// The same model next door: heard through the wall, bound to nobody here.
    private func neighbour(of cuff: FarEnd) throws(Fault) -> FarEnd {
        let address = BluetoothAddress(cuff.advertisement.address.value ^ 0xFF)
        guard let end = FarEnd(cuff.capture, as: address) else { throw .device(.unrecognised) }
        air.add(end)
        return end
    }

    private func capture(_ driver: String, _ name: String) throws(Fault) -> Capture {
        let path = "\(captures)/\(driver)/\(name).capture"
        let text = String(decoding: try Files.read(path), as: UTF8.self)
        do { return try Capture(text) } catch { throw .hub(.badConfiguration("\(path): \(error)")) }
    }

    // MARK: the acts

    private func measure(_ end: FarEnd) async throws(Fault) {
        let before = seen.count, readings = end.capture.readings.count
        taken += readings
        end.measure()
        try await settle("kept") { [self] in seen.count == before + readings }
    }

    /// An oximeter on a cable, which is a pty here: plugged in, worn, pulled out.
    private func measureByCable(_ driver: String, _ name: String) async throws(Fault) {
        let spot = try capture(driver, name)
        let cable = try PseudoTerminal(named: folder + "/oximeter")
        teller.tell(.device, "an oximeter is plugged in, and a finger into it")
        taken += spot.readings.count
        for case .heard(let bytes) in spot.lines {
            try await cable.write(bytes)
            await loop.sleep(for: .milliseconds(120))
        }
        try await settle("kept") { [self] in seen.count == taken }
        cable.hangUp()
        teller.tell(.device, "the oximeter is pulled out")
    }

    /// SIGKILL after the ninth of the cuff's records was confirmed: the daemon gets no chance to tidy up.
    private func pullThePlug(during end: FarEnd) async throws(Fault) {
        taken += end.capture.readings.count
        end.onConfirmation = { [self] in if end.confirmed == 9 { daemon?.kill(SIGKILL) } }
        end.measure()
        teller.tell(.device, "the cuff hands over its memory: \(end.memory.count) records")
        guard let ending = try await daemon?.ended(), ending == .killed(by: SIGKILL) else {
            throw .hub(.system("the daemon ended by itself", 0))
        }
        try look()
        teller.tell(.trouble, "the hub is dead, by SIGKILL, in the middle of it")
        teller.tell(.device, "the cuff saw 9 confirmations and still holds \(end.memory.count) records")
        end.onConfirmation = {}
    }

    private func start() async throws(Fault) {
        let log = try Files.appending(folder + "/log")
        daemon = try Child(
            Files.program, ["run", "--configuration", folder + "/vitalsd.conf"], descriptors: [(log.raw, STDERR_FILENO)]
        )
        teller.tell(.hub, "vitalsd run, process \(daemon?.process ?? 0)")
    }

    /// Runs a verb of ours to its end.
    private func vitalsd(_ words: String...) async throws(Fault) {
        let quiet = try Files.appending("/dev/null")
        let child = try Child(
            Files.program, words + ["--configuration", folder + "/vitalsd.conf"],
            descriptors: [(quiet.raw, STDOUT_FILENO)])
        guard try await child.ended() == .exited(0) else { throw .hub(.system(words.joined(separator: " "), 0)) }
    }

    // MARK: what is seen

    /// Waits until `condition` holds, telling what changes in the journal; half a minute is too long.
    private func settle(_ what: String, _ condition: () -> Bool) async throws(Fault) {
        let due = ContinuousClock.now + .seconds(30)
        while true {
            try look()
            if condition() { return }
            guard ContinuousClock.now < due else { throw .hub(.system("waiting until all is \(what)", ETIMEDOUT)) }
            await loop.sleep(for: .milliseconds(100))
        }
    }

    /// Tells of every reading that is new in the journal or has another state.
    private func look() throws(Fault) {
        guard Files.exists(folder + "/state/journal") else { return }
        let changed = try rows().filter { seen[$0.id] != $0.state }, new = changed.filter { seen[$0.id] == nil }
        for row in changed { seen[row.id] = row.state }
        if let first = new.first, let last = new.last {
            let numbers = new.count == 1 ? "\(first.id)" : "\(first.id) to \(last.id)"
            teller.tell(
                .journal, "kept \(numbers): \(new.map { $0.kept?.words ?? "" }.prefix(3).joined(separator: ", "))")
        }
        let accepted = changed.filter { $0.state == .accepted }.count
        if accepted > 0 { teller.tell(.clinic, "\(accepted) received, receipt settled") }
    }

    private func rows() throws(Fault) -> [Journal.Row] {
        try JournalConnection(folder + "/state/journal").rows(limit: 1000).reversed()
    }

    private func tally(_ neighbours: FarEnd) throws(Fault) -> Bool {
        teller.heading("Every reading")
        var lines = [["no", "device", "reading", "device's time", "true time", "state"]]
        let rows = try rows()
        for row in rows {
            guard let kept = row.kept else { continue }
            lines.append([
                "\(row.id)", kept.device.kind.word, kept.words, kept.reading.taken.words, kept.dated.words,
                row.state == .accepted ? "delivered" : row.state.rawValue,
            ])
        }
        for line in table(lines) { printLine(line) }
        let delivered = rows.filter { $0.state == .accepted }.count
        let locations = Set(rows.flatMap(\.answers).compactMap(\.location)).count
        let alone = neighbours.memory.count == neighbours.capture.readings.count && neighbours.confirmed == 0
        let isWell = taken == rows.count && delivered == taken && locations == taken && alone
        teller.heading(
            "taken \(taken), kept \(rows.count), delivered \(delivered), at the clinic \(locations) apart: "
                + (isWell ? "each of them once" : "THIS IS WRONG"))
        if rows.contains(where: { $0.kept?.dated.at == nil }) {
            printLine("Since its batteries were changed, the cuff's clock is behind its records: nobody can date them.")
        }
        printLine("The clinic was sent \(clinic.repeats) observations again after a cut connection, and doubled none.")
        printLine("The neighbour's cuff was heard and \(alone ? "left alone" : "NOT LEFT ALONE").")
        return isWell
    }

    private func lastLines() -> [String] {
        let text = (try? Files.read(folder + "/log")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return text.split(separator: "\n").suffix(12).map(String.init)
    }

    private var configuration: String {
        """
        [Clinic]
        URL=\(clinic.url)
        Heartbeat=infinity
        [Patient]
        Reference=Patient/demo
        [Hub]
        StateDirectory=\(folder)/state
        [Serial]
        Lines=\(folder)/oximeter
        [Simulation]
        Air=\(folder)/air
        """
    }
}
