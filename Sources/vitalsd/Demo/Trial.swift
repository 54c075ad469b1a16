import Clinic
import Core
import Devices
import FHIR
import Host

/// A marked test home (HTEST) that is sent to a real server, and whether the server did what a hub relies on.
@Hub struct Trial {
    private let clinic: Clinic
    private let captures: String
    private let subject: Subject
    private let options: FHIR.Destination
    private let now = HubClock.now()

    /// The name of no hub: from the addresses that are for documentation (RFC 7042).
    private let gateway = PersonalHealthGateway(
        identifier: 0x0000_5EFF_FE00_53FF, manufacturer: "vitalsd", model: "vitalsd", version: version,
        isRegulated: false, synchronisation: .sntp, accuracy: .seconds(1))

    /// - Parameter patient: whom the server has for tests; without one it is to create a person of ours.
    init(of settings: Clinic.Settings, captures: String, patient: Subject?) throws(Fault) {
        clinic = try Clinic(settings, executor: loop)
        self.captures = captures
        subject = patient ?? .identifier(system: "urn:oid:2.25.30950630365466917062132239233202337957", value: "demo")
        options = FHIR.Destination(createsPatient: patient == nil, isTest: true)
    }

    /// Tells what was tried and what came of it; whether all was as it must be.
    func run() async throws(Fault) -> Bool {
        var home = try readings(), isWell = true
        func tell(_ what: String, _ mistake: String?) {
            printLine("\(mistake == nil ? "yes" : "NO ")  \(what)\(mistake.map { ": \($0)" } ?? "")")
            isWell = isWell && mistake == nil
        }
        let bundle = try bundle(of: home), first = try await send(bundle)
        tell("takes \(home.count) measurements of \(Set(home.map(\.device.identity)).count) devices at once", nil)
        let again = try await send(bundle)
        tell(
            "knows them again when they are sent twice",
            again.entries.contains { $0.status == 201 } ? "it created something for the second time" : nil)
        for index in home.indices {
            home[index].amends = true
            home[index].dated = Dated(
                at: now.wall, error: .seconds(1), basis: .interpolated, earliest: now.wall, latest: now.wall)
        }
        let amended = try self.bundle(of: home), third = try await send(amended)
        tell(
            "keeps a correction in the place of what it corrects",
            same(
                home.indices.map { bundle.entries.locations(ofReading: $0, in: first) },
                home.indices.map { amended.entries.locations(ofReading: $0, in: third) })
                ? nil : "a correction became another resource")
        let life = Bundle(sign(of: home), from: gateway, to: options, offset: HubClock.offset)
        let one = try await send(life), two = try await send(life)
        tell(
            "keeps the newest sign of life, and one only",
            same([one.entries.compactMap(\.location)], [two.entries.compactMap(\.location)])
                ? nil : "the second became another resource")
        return isWell
    }

    /// Whether these are the same resources, whatever their versions.
    private func same(_ a: [[String]], _ b: [[String]]) -> Bool {
        func names(_ locations: [[String]]) -> [String] {
            locations.flatMap { $0 }.map { location in
                String(location[..<(location.firstRange(of: "/_history")?.lowerBound ?? location.endIndex)])
            }
        }
        return names(a) == names(b)
    }

    private func bundle(of home: [Kept]) throws(Fault) -> Bundle {
        do {
            return try Bundle(of: home, from: gateway, to: options, offset: HubClock.offset)
        } catch {
            throw .clinic(.badAnswer("a bundle cannot be made: \(error)"))
        }
    }

    private func send(_ bundle: Bundle) async throws(Fault) -> Answer {
        let parcel = try Parcel(bundle)
        do throws(Refusal) {
            return try await clinic.deliver(parcel)
        } catch {
            throw error.fault
        }
    }

    /// Of each kind of device one measurement, taken now by a device of nobody's.
    private func readings() throws(Fault) -> [Kept] {
        var kinds: Set<Driver.Kind> = [], home: [Kept] = []
        for driver in drivers where !driver.isGeneric && !kinds.contains(driver.kind) {
            guard var reading = try reading(of: driver) else { continue }
            kinds.insert(driver.kind)
            reading.taken = .now
            reading.remarks.insert(.testData)
            let address = BluetoothAddress(0x0000_5E00_5300 + UInt64(kinds.count))
            var information = DeviceInformation()
            information.manufacturer = driver.manufacturer
            information.model = driver.model
            information.serial = "test"
            let device = KnownDevice(
                identity: "bluetooth:\(address)", driver: driver.id, kind: driver.kind, information: information)
            let kept = Kept(
                id: Int64(kinds.count),
                fingerprint: Fingerprint(device: device.identity, reading: reading, arrival: now), device: device,
                reading: reading, heard: now, pair: nil, dated: reading.taken.dated(by: nil, heard: now),
                subject: subject)
            if kept.withholding(from: options) == nil { home.append(kept) }
        }
        guard !home.isEmpty else { throw .hub(.badConfiguration("there is no capture in \(captures)")) }
        return home
    }

    /// The first that a capture of this driver's reports.
    private func reading(of driver: Driver) throws(Fault) -> Reading? {
        let folder = "\(captures)/\(driver.id)"
        guard Files.exists(folder) else { return nil }
        for name in try Files.names(in: folder) where name.hasSuffix(".capture") {
            let text = String(decoding: try Files.read("\(folder)/\(name)"), as: UTF8.self)
            if let found = (try? Capture(text))?.readings.first(where: { !$0.values.isEmpty }) { return found }
        }
        return nil
    }

    private func sign(of home: [Kept]) -> SignOfLife {
        SignOfLife(
            at: now.wall, interval: .seconds(900), radio: .working, listening: now.wall,
            isSynchronised: now.synchronised, ahead: nil, waiting: 0, oldest: nil, quarantined: 0, unassigned: 0,
            devices: home.map { kept in
                SignOfLife.Device(
                    device: kept.device, slot: nil, state: .measured, contact: now.wall, measured: now.wall,
                    battery: nil, isLow: false, schedule: nil, outlook: nil)
            })
    }
}
