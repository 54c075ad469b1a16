import Core

/// The entries of a bundle as they are written, one after the other.
struct Entries {
    private let gateway: PersonalHealthGateway
    private let gatewayURL: String
    private let destination: Destination
    private let subject: Subject
    private let zone: Zone
    private(set) var owners: [Bundle.Owner] = []
    private(set) var body: [UInt8] = []
    private var used: Set<Identifier> = []

    init(gateway: PersonalHealthGateway, destination: Destination, subject: Subject, zone: Zone) {
        self.gateway = gateway
        gatewayURL = gateway.fullURL
        self.destination = destination
        self.subject = subject
        self.zone = zone
    }

    mutating func add(_ readings: [Kept]) {
        // A closure of the writer's cannot also change the rest of `self`.
        var json = JSONWriter()
        json.object { json in
            json.member("resourceType", "Bundle")
            json.member("type", "transaction")
            json.array("entry") { json in
                let patient = addPatient(to: &json)
                addEntry(to: &json, .shared, gatewayURL, .systemID(gateway.identifier), "Device", gateway.write)
                let devices = addDevices(of: readings, to: &json)
                let stamps = addTimeStamps(of: readings, devices, to: &json)
                for (index, kept) in readings.enumerated() {
                    let subjects = Subjects(
                        patient: patient, device: devices.fullURL(of: kept), gateway: gatewayURL,
                        timeStamp: kept.timeStamp.flatMap { stamps[$0] })
                    addObservations(of: kept, index, subjects, to: &json)
                }
            }
        }
        body = json.bytes
    }

    /// What Observations refer to as their subject.
    private mutating func addPatient(to json: inout JSONWriter) -> String {
        guard destination.createsPatient, case .identifier(let system, let value) = subject else {
            return subject.reference
        }
        let identifier = Identifier.patient(system: system, value: value)
        var hash = SHA256()
        hash.update(Array("patient \(system)|\(value)".utf8))
        let fullURL = "urn:uuid:" + vitalsdUUID(hash.digest()), isTest = destination.isTest
        addEntry(to: &json, .shared, fullURL, identifier, "Patient") { json in
            json.member("resourceType", "Patient")
            json.profile(Profile.patient, isTest: isTest)
            json.identifiers([identifier])
        }
        return fullURL
    }

    private mutating func addDevices(of readings: [Kept], to json: inout JSONWriter) -> Devices {
        let devices = Devices(readings)
        for device in devices.all {
            addEntry(to: &json, .shared, device.fullURL, device.identifiers[0], "Device", device.write)
        }
        return devices
    }

    /// Answers the URL of each.
    private mutating func addTimeStamps(
        of readings: [Kept], _ devices: Devices, to json: inout JSONWriter
    ) -> [TimeStamp: String] {
        var urls: [TimeStamp: String] = [:]
        for kept in readings {
            guard let stamp = kept.timeStamp, urls[stamp] == nil else { continue }
            let url = stamp.fullURL, device = devices.fullURL(of: kept), gateway = gatewayURL
            let zone = zone, isTest = destination.isTest
            urls[stamp] = url
            addEntry(to: &json, .shared, url, stamp.identifier, "Observation") { json in
                stamp.write(into: &json, device: device, gateway: gateway, zone: zone, isTest: isTest)
            }
        }
        return urls
    }

    private mutating func addObservations(of kept: Kept, _ index: Int, _ subjects: Subjects, to json: inout JSONWriter)
    {
        let measurements = kept.reading.measurements
        /// The first measurement that bits and codes can be about: the panel for a cuff's, saturation for an oximeter's.
        let qualified = measurements.first { !$0.qualifies }.map { kept.fullURL(of: $0) }
        for measurement in measurements {
            var identifiers = [Identifier.uuid(kept.fingerprint.uuid(measurement.part))]
            if let phd = kept.phdIdentifier(
                type: measurement.type, supplements: measurement.supplements,
                lasting: measurement.lasting(from: kept.reading.taken)),
                // The same again in one bundle would be a second measurement that the server takes for the first.
                used.insert(phd).inserted
            {
                identifiers.insert(phd, at: 0)
            }
            let zone = zone, destination = destination
            // The reading's own id, which follows from its bytes. The guide's identifier comes and goes with what is concluded
            // about the time: after a lost answer the server would not know the reading again.
            let condition = identifiers[identifiers.count - 1]
            addEntry(
                to: &json, .group(index), kept.fullURL(of: measurement), condition, "Observation", amends: kept.amends
            ) { json in
                measurement.write(
                    into: &json, of: kept, identifiers: identifiers, subjects: subjects,
                    derivedFrom: measurement.qualifies ? qualified : nil, zone: zone, destination)
            }
        }
    }

    private mutating func addEntry(
        to json: inout JSONWriter, _ owner: Bundle.Owner, _ fullURL: String, _ identifier: Identifier, _ type: String,
        amends: Bool = false, _ write: (inout JSONWriter) -> Void
    ) {
        owners.append(owner)
        json.object { json in
            json.member("fullUrl", fullURL)
            json.object("resource", write)
            json.object("request") { json in
                if amends {
                    // A conditional update: the clinic has it, and keeps it as an earlier version.
                    json.member("method", "PUT")
                    json.member("url", "\(type)?\(identifier.condition)")
                } else {
                    json.member("method", "POST")
                    json.member("url", type)
                    json.member("ifNoneExist", identifier.condition)
                }
            }
        }
    }
}

extension Kept {
    fileprivate func fullURL(of measurement: Measurement) -> String {
        "urn:uuid:" + fingerprint.uuid("entry " + measurement.part)
    }
}

/// The devices of some readings, each once, even where one device is met under two identities.
private struct Devices {
    private(set) var all: [PersonalHealthDevice] = []
    private var index: [String: Int] = [:]

    init(_ readings: [Kept]) {
        // The newest knowledge of a device counts, whichever reading brought it.
        var newest: [String: KnownDevice] = [:]
        for kept in readings { newest[kept.device.identity] = kept.device }
        var named: [Identifier: Int] = [:]
        for kept in readings {
            let identity = kept.device.identity, at: Int
            if let known = index[identity] {
                at = known
            } else {
                let device = PersonalHealthDevice(newest[identity] ?? kept.device)
                let same = device.identifiers.compactMap { named[$0] }.min()
                at = same ?? all.count
                if same == nil {
                    all.append(device)
                    for identifier in device.identifiers { named[identifier] = at }
                }
                index[identity] = at
            }
            all[at].learn(kept.reading.taken)
            if let pair = kept.pair { all[at].learn(pair.device) }
        }
    }

    func fullURL(of kept: Kept) -> String { index[kept.device.identity].map { all[$0].fullURL } ?? "" }
}
