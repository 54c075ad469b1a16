import Core

/// What a hub tells about itself and its devices, apart from readings: that it lives, what it can hear, what it has heard,
/// and what it should have. No reading's value is in it, and no person.
package struct SignOfLife: Equatable, Sendable {
    package enum Radio: Equatable, Sendable {
        case working
        /// What stands in the way, in the words of the fault.
        case failing(String)
        /// The configuration wants none.
        case none
    }

    /// A binding: a device, or one user slot of it.
    package struct Device: Equatable, Sendable {
        /// What became of the day that the sign looks back on.
        package enum State: String, CaseIterable, Sendable {
            /// Something was measured.
            case measured
            /// The device was heard, and had nothing: nobody has measured.
            case nothingMeasured = "nothing-measured"
            /// It was heard, but the hub could not get all that it has.
            case notRead = "not-read"
            /// It was not heard, although the hub listened all the time.
            case notHeard = "not-heard"
        }

        package var device: KnownDevice
        package var slot: Int?
        /// Nil where the hub did not listen all the time, so that nobody can say.
        package var state: State?
        package var contact: Instant?
        package var measured: Instant?
        /// Percent.
        package var battery: Int?
        package var isLow: Bool
        package var schedule: Schedule?
        /// Nil without a schedule, and while the hub does not know the time.
        package var outlook: Outlook?

        package init(
            device: KnownDevice, slot: Int?, state: State?, contact: Instant?, measured: Instant?, battery: Int?,
            isLow: Bool, schedule: Schedule?, outlook: Outlook?
        ) {
            self.device = device
            self.slot = slot
            self.state = state
            self.contact = contact
            self.measured = measured
            self.battery = battery
            self.isLow = isLow
            self.schedule = schedule
            self.outlook = outlook
        }
    }

    package var at: Instant
    package var interval: Duration  // the longest until the next one, while all is well
    package var radio: Radio
    /// Since when the hub has been listening without a break.
    package var listening: Instant?
    /// Whether something keeps the hub's clock.
    package var isSynchronised: Bool
    /// How far the hub's clock is ahead of the clinic's, to half a second; nil while the clinic has not told its own.
    package var ahead: Duration?
    package var waiting: Int
    package var oldest: Instant?
    package var quarantined: Int
    package var unassigned: Int
    /// At most 98, which fit into a bundle beside the hub and its own.
    package var devices: [Device]

    package init(
        at: Instant, interval: Duration, radio: Radio, listening: Instant?, isSynchronised: Bool, ahead: Duration?,
        waiting: Int, oldest: Instant?, quarantined: Int, unassigned: Int, devices: [Device]
    ) {
        self.at = at
        self.interval = interval
        self.radio = radio
        self.listening = listening
        self.isSynchronised = isSynchronised
        self.ahead = ahead
        self.waiting = waiting
        self.oldest = oldest
        self.quarantined = quarantined
        self.unassigned = unassigned
        self.devices = devices
    }

    /// What the state of a device looks back on.
    package static let span = Duration.seconds(86_400)
}

extension Bundle {
    /// A sign of life: the hub's Device, one Observation of its own and one for each binding, which the clinic keeps the
    /// newest of. They are updated, not created: so a server has one of each and not a hundred a day, and a search for those
    /// that it has not seen renewed finds the hubs that are silent.
    package init(
        _ life: SignOfLife, from gateway: PersonalHealthGateway, to destination: Destination,
        offset: (Instant) -> Int
    ) {
        var life = life
        life.devices = Array(life.devices.prefix(Self.limit - 2))
        (body, entries) = withoutActuallyEscaping(offset) { offset in
            let zone = Zone(offset: offset), hub = gateway.fullURL
            let own = Name("life", of: gateway), devices = life.devices.map { Name("life \($0.name)", of: gateway) }
            var json = JSONWriter()
            json.object { json in
                json.member("resourceType", "Bundle")
                json.member("type", "transaction")
                json.array("entry") { json in
                    json.object { json in
                        json.member("fullUrl", hub)
                        json.object("resource") { gateway.write(into: &$0) }
                        json.object("request") { json in
                            json.member("method", "POST")
                            json.member("url", "Device")
                            json.member("ifNoneExist", Identifier.systemID(gateway.identifier).condition)
                        }
                    }
                    json.update(own) { json in
                        life.write(
                            into: &json, hub: hub, own.id, devices.map(\.fullURL), zone, isTest: destination.isTest)
                    }
                    for (device, name) in zip(life.devices, devices) {
                        json.update(name) { json in
                            device.write(into: &json, hub: hub, name.id, at: life.at, zone, isTest: destination.isTest)
                        }
                    }
                }
            }
            return (json.bytes, Array(repeating: .shared, count: devices.count + 2))
        }
    }
}

/// What an Observation is known by at the clinic, and in its bundle. They differ: a server may take a `fullUrl` inside a
/// condition for a reference (HAPI #8270).
private struct Name {
    let id: String, fullURL: String

    /// Both follow from the hub and what it says.
    init(_ what: String, of gateway: PersonalHealthGateway) {
        func uuid(_ what: String) -> String {
            var hash = SHA256()
            hash.update(Array("gateway \(hex(gateway.identifier)) \(what)".utf8))
            return vitalsdUUID(hash.digest())
        }
        id = uuid(what)
        fullURL = "urn:uuid:" + uuid("entry " + what)
    }
}

extension SignOfLife.Device {
    fileprivate var name: String { slot.map { "\(device.identity) \($0)" } ?? device.identity }

    fileprivate func write(
        into json: inout JSONWriter, hub: String, _ id: String, at now: Instant, _ zone: Zone, isTest: Bool
    ) {
        json.lifeObservation(id, "device-status", "Status of a device of the hub's", subject: hub, isTest: isTest)
        // A device that was never visited is nowhere at the clinic: it is named, not referred to.
        json.array("focus") { json in
            json.object { json in
                json.member("type", "Device")
                json.object("identifier") { json in
                    let identifier = device.identifiers[0]
                    json.member("system", identifier.system)
                    json.member("value", identifier.value)
                }
            }
        }
        json.object("effectivePeriod") { json in
            json.member("start", zone.text(now + (.zero - SignOfLife.span)))
            json.member("end", zone.text(now))
        }
        if let state {
            json.concept("valueCodeableConcept", [Coding(CodeSystem.life, state.rawValue)])
        } else {
            json.absence(.unknown)
        }
        json.array("component") { json in
            json.component("last-contact", at: contact, zone, else: .notPerformed)
            json.component("last-reading", at: measured, zone, else: .notPerformed)
            json.component("battery") { json in
                guard let battery else { return json.absence(.unknown) }
                json.object("valueQuantity") { $0.count(battery, "%") }
            }
            json.component("battery-low") { $0.member("valueBoolean", isLow) }
            if let slot { json.component("user-slot") { $0.member("valueInteger", slot) } }
            guard let schedule else { return }
            json.component("schedule") { $0.member("valueString", schedule.description) }
            json.component("next-expected") { json in
                guard let next = outlook?.next else { return json.absence(.unknown) }
                json.period("valuePeriod", next, zone)
            }
            json.component("overdue") { json in
                guard let outlook else { return json.absence(.unknown) }
                json.member("valueBoolean", outlook.isOverdue)
            }
            if let missed = outlook?.missed {
                json.component("missed") { $0.period("valuePeriod", missed, zone) }
            }
        }
    }
}

extension SignOfLife {
    fileprivate func write(
        into json: inout JSONWriter, hub: String, _ id: String, _ devices: [String], _ zone: Zone, isTest: Bool
    ) {
        json.lifeObservation(id, "hub-status", "Status of the hub", subject: hub, isTest: isTest)
        json.member("effectiveDateTime", zone.text(at))
        if !devices.isEmpty {
            json.array("hasMember") { json in
                for device in devices { json.object { $0.member("reference", device) } }
            }
        }
        json.array("component") { json in
            json.component("interval") { $0.quantity("valueQuantity", interval, "s") }
            json.component("radio") { json in
                switch radio {
                case .working: json.concept("valueCodeableConcept", [Coding(CodeSystem.life, "working")])
                case .none: json.concept("valueCodeableConcept", [Coding(CodeSystem.life, "none")])
                case .failing(let why):
                    json.concept("valueCodeableConcept", [Coding(CodeSystem.life, "failing")], text: why)
                }
            }
            json.component("listening-since", at: listening, zone, else: .unknown)
            json.component("clock") { json in
                let state = isSynchronised ? "synchronised" : "unsynchronised"
                json.concept("valueCodeableConcept", [Coding(CodeSystem.life, state)])
            }
            json.component("clock-ahead") { json in
                guard let ahead else { return json.absence(.unknown) }
                json.quantity("valueQuantity", ahead, "s")
            }
            json.component("queue-length") { $0.member("valueInteger", waiting) }
            json.component("queue-oldest", at: oldest, zone, else: waiting > 0 ? .unknown : .notApplicable)
            json.component("quarantine") { $0.member("valueInteger", quarantined) }
            json.component("unassigned") { $0.member("valueInteger", unassigned) }
        }
    }
}

extension JSONWriter {
    /// An entry that replaces what the clinic has under this name, or creates it.
    fileprivate mutating func update(_ name: Name, _ resource: (inout JSONWriter) -> Void) {
        object { json in
            json.member("fullUrl", name.fullURL)
            json.object("resource", resource)
            json.object("request") { json in
                json.member("method", "PUT")
                json.member("url", "Observation?" + Identifier.uuid(name.id).condition)
            }
        }
    }

    fileprivate mutating func lifeObservation(
        _ id: String, _ code: String, _ text: String, subject: String, isTest: Bool
    ) {
        member("resourceType", "Observation")
        if isTest { object("meta") { $0.testLabel() } }
        identifiers([.uuid(id)])
        member("status", "final")
        concept("code", [Coding(CodeSystem.life, code)], text: text)
        reference("subject", subject)
    }

    fileprivate mutating func component(_ code: String, _ value: (inout JSONWriter) -> Void) {
        object { json in
            json.concept("code", [Coding(CodeSystem.life, code)])
            value(&json)
        }
    }

    fileprivate mutating func component(_ code: String, at: Instant?, _ zone: Zone, else absence: Absence) {
        component(code) { json in
            if let at { json.member("valueDateTime", zone.text(at)) } else { json.absence(absence) }
        }
    }

    fileprivate mutating func period(_ key: String, _ period: Range<Instant>, _ zone: Zone) {
        object(key) { json in
            json.member("start", zone.text(period.lowerBound))
            json.member("end", zone.text(period.upperBound))
        }
    }

    /// Seconds with one decimal.
    fileprivate mutating func quantity(_ key: String, _ time: Duration, _ unit: String) {
        let tenths = Int32(clamping: Int((time / .milliseconds(100)).rounded()))
        object(key) { json in
            json.member("value", Amount(tenths, exponent: -1))
            json.member("unit", unit)
            json.member("system", CodeSystem.ucum)
            json.member("code", unit)
        }
    }
}
