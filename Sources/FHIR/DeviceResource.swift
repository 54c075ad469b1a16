import Core

/// This hub, as the clinic knows it: the Personal Health Gateway (PHG) of the HL7 guide.
package struct PersonalHealthGateway: Equatable, Sendable {
    /// What keeps the hub's clock.
    package enum TimeSynchronisation: UInt32, Sendable {
        /// chrony or ntpd.
        case ntp = 532226
        /// systemd-timesyncd.
        case sntp = 532228

        var coding: Coding {
            .mdc(rawValue, self == .ntp ? "MDC_TIME_SYNC_NTPV4" : "MDC_TIME_SYNC_SNTPV4330")
        }
    }

    /// EUI-64, most significant byte first; made once from the hub's own network card and never changed.
    package var identifier: UInt64
    package var manufacturer: String, model: String
    /// The version of vitalsd.
    package var version: String
    /// Whether the hub is sold as a medical device.
    package var isRegulated: Bool
    package var synchronisation: TimeSynchronisation
    /// How far the synchronised clock may be wrong. Sent as the next power of ten, so that it seldom changes.
    package var accuracy: Duration

    package init(
        identifier: UInt64, manufacturer: String, model: String, version: String, isRegulated: Bool,
        synchronisation: TimeSynchronisation, accuracy: Duration
    ) {
        self.identifier = identifier
        self.manufacturer = manufacturer
        self.model = model
        self.version = version
        self.isRegulated = isRegulated
        self.synchronisation = synchronisation
        self.accuracy = accuracy
    }

    var fullURL: String {
        var hash = SHA256()
        hash.update(Array("gateway \(hex(identifier))".utf8))
        return "urn:uuid:" + vitalsdUUID(hash.digest())
    }

    /// The accuracy in microseconds: the next power of ten, at most a thousand seconds.
    var roundedAccuracy: Int {
        var power = 1
        while power < 1_000_000_000, Int128(power) * 1000 < accuracy.nanoseconds { power *= 10 }
        return power
    }

    func write(into json: inout JSONWriter) {
        json.member("resourceType", "Device")
        json.profile(Profile.gateway)
        json.identifiers([.systemID(identifier)])
        json.stated("manufacturer", manufacturer)
        json.stated("modelNumber", model)
        json.concept("type", [.mdc(531981, "MDC_MOC_VMS_MDS_AHD")], text: "Personal Health Gateway")
        json.array("specialization") { json in
            json.object { $0.concept("systemType", [.mdc(528457, "MDC_DEV_SPEC_PROFILE_GENERIC")]) }
        }
        json.array("version") { $0.version(.mdc(531975, "MDC_ID_PROD_SPEC_SW"), version) }
        json.array("property") { json in
            json.property(.mdc(68220, "MDC_TIME_SYNC_PROTOCOL"), synchronisation.coding)
            json.property(.mdc(68221, "MDC_TIME_SYNC_ACCURACY"), microseconds: roundedAccuracy)
            // A negated bit: Y is "not regulated".
            json.property(
                .bit(532354, 0, "negated-regulation-status"), isRegulated ? .no : .yes,
                text: isRegulated ? "Regulated device" : "Not a regulated device")
        }
    }
}

/// A device of the person's, as one resource of a bundle: the Personal Health Device (PHD) of the HL7 guide.
struct PersonalHealthDevice {
    let known: KnownDevice
    let identifiers: [Identifier]
    let fullURL: String
    /// The clock it stamps with, and the finest step that its stamps have shown.
    private(set) var clocks: [DeviceClock: Duration] = [:]

    init(_ known: KnownDevice) {
        self.known = known
        identifiers = known.identifiers
        fullURL = "urn:uuid:" + known.uuid("entry")
    }

    mutating func learn(_ time: RawTime) {
        guard let clock = DeviceClock(time) else { return }
        clocks[clock] = min(clocks[clock] ?? time.resolution, time.resolution)
    }

    func write(into json: inout JSONWriter) {
        let information = known.information
        json.member("resourceType", "Device")
        json.profile(Profile.device)
        json.identifiers(identifiers)
        json.stated("manufacturer", information.manufacturer)
        if let serial = information.serial.flatMap(legible) { json.member("serialNumber", serial) }
        json.stated("modelNumber", information.model)
        json.concept("type", [.mdc(65573, "MDC_MOC_VMS_MDS_SIMP")], text: "Personal Health Device")
        json.array("specialization") { json in
            json.object { json in
                json.concept("systemType", [known.kind.specialization])
                json.member("version", "1")
            }
        }
        json.array("version") { json in
            let hardware = information.hardware.flatMap(legible), firmware = information.firmware.flatMap(legible)
            if let hardware { json.version(.mdc(531974, "MDC_ID_PROD_SPEC_HW"), hardware) }
            if firmware != nil || hardware == nil { json.version(.mdc(531976, "MDC_ID_PROD_SPEC_FW"), firmware) }
        }
        json.array("property") { json in
            json.property(.mdc(68220, "MDC_TIME_SYNC_PROTOCOL"), .mdc(532224, "MDC_TIME_SYNC_NONE"))
            for clock in DeviceClock.allCases {
                guard let resolution = clocks[clock] else { continue }
                json.property(clock.capability, .yes)
                json.property(clock.resolution, microseconds: max(1, Int(clamping: resolution.nanoseconds / 1000)))
            }
        }
    }
}

extension Coding {
    fileprivate static let yes = Coding(CodeSystem.yesOrNo, "Y", "Yes")
    fileprivate static let no = Coding(CodeSystem.yesOrNo, "N", "No")
}

/// What FHIR can hold of a text that a device sent: no control characters, no blank ends, and nil instead of nothing.
private func legible(_ text: String) -> String? {
    let clean = String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 32 && $0.value != 127 }))
    let words = clean.split(separator: " ")
    return words.isEmpty ? nil : words.joined(separator: " ")
}

extension JSONWriter {
    /// An element that the guide demands, or the statement that it is unknown.
    fileprivate mutating func stated(_ key: String, _ value: String?) {
        if let value = value.flatMap(legible) { return member(key, value) }
        object("_" + key) { json in
            json.array("extension") { json in
                json.object { json in
                    json.member("url", Profile.absence)
                    json.member("valueCode", "unknown")
                }
            }
        }
    }

    fileprivate mutating func version(_ type: Coding, _ value: String?) {
        object { json in
            json.concept("type", [type])
            json.stated("value", value)
        }
    }

    fileprivate mutating func property(_ type: Coding, _ value: Coding, text: String? = nil) {
        object { json in
            json.concept("type", [type])
            json.array("valueCode") { json in
                json.object { json in
                    json.array("coding") { $0.coding(value) }
                    if let text { json.member("text", text) }
                }
            }
        }
    }

    fileprivate mutating func property(_ type: Coding, microseconds: Int) {
        object { json in
            json.concept("type", [type])
            json.array("valueQuantity") { json in json.object { $0.count(microseconds, "us") } }
        }
    }
}
