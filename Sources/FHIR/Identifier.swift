import Core

/// A FHIR identifier, and the condition that keeps a resource from being stored twice.
struct Identifier: Hashable, Sendable {
    /// Nil where the identifier has none.
    var type: Coding? {
        switch kind {
        case .systemID: Coding(CodeSystem.deviceIdentifier, "SYSID")
        case .bluetooth: Coding(CodeSystem.deviceIdentifier, "BTMAC")
        case .patient: Coding(CodeSystem.patientIdentifier, "MR", "Medical record number")
        case .uuid, .phd: nil
        }
    }
    var kind: Kind
    var system: String
    var value: String

    enum Kind: Hashable, Sendable { case systemID, bluetooth, patient, uuid, phd }

    /// An IEEE EUI-64.
    static func systemID(_ id: UInt64) -> Identifier {
        let value = octets(id).joined(separator: "-")
        return Identifier(kind: .systemID, system: "urn:oid:1.2.840.10004.1.1.1.0.0.1.0.0.1.2680", value: value)
    }

    static func bluetooth(_ address: BluetoothAddress) -> Identifier {
        let system = "http://hl7.org/fhir/sid/eui-48/bluetooth"
        return Identifier(kind: .bluetooth, system: system, value: address.octets.joined(separator: "-"))
    }

    static func patient(system: String, value: String) -> Identifier {
        Identifier(kind: .patient, system: system, value: value)
    }

    static func uuid(_ uuid: String) -> Identifier {
        Identifier(kind: .uuid, system: "urn:ietf:rfc:3986", value: "urn:uuid:" + uuid)
    }

    /// The search that finds the resource: `identifier=<system>|<value>`, escaped as FHIR wants, then as a URL wants.
    var condition: String { "identifier=" + escaped(system) + "|" + escaped(value) }
}

extension JSONWriter {
    mutating func identifiers(_ identifiers: [Identifier]) {
        array("identifier") { json in
            for identifier in identifiers {
                json.object { json in
                    if let type = identifier.type { json.concept("type", [type]) }
                    json.member("system", identifier.system)
                    json.member("value", identifier.value)
                }
            }
        }
    }
}

/// First FHIR's own escaping inside the value of a search parameter: `\` before a separator. Then a URL's: everything but
/// what may stand in a query by itself (RFC 3986) becomes `%` and two digits; a `+` must not arrive as a space, nor a `&` as
/// the end of the parameter.
private func escaped(_ text: String) -> String {
    if text.utf8.allSatisfy(isPlain) { return text }
    var escaped: [UInt8] = []
    for byte in text.utf8 {
        switch byte {
        case _ where isPlain(byte): escaped.append(byte)
        case UInt8(ascii: ","), UInt8(ascii: "|"), UInt8(ascii: "$"): escaped += "%5C".utf8 + [byte]
        case UInt8(ascii: "\\"): escaped += "%5C%5C".utf8
        default: escaped += "%\(capitalHex(byte))".utf8
        }
    }
    return String(decoding: escaped, as: UTF8.self)
}

private func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
        UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "/"):
        true
    default: false
    }
}

/// The eight bytes of an EUI-64 in capital hexadecimal digits.
private func octets(_ id: UInt64) -> [String] {
    (0..<8).map { capitalHex(UInt8(truncatingIfNeeded: id >> (56 - 8 * UInt64($0)))) }
}

extension KnownDevice {
    /// System Id first, then Bluetooth address; a device on a cable has neither and is named by a UUID made of its
    /// identity. Never empty. The first is the one that conditions use.
    var identifiers: [Identifier] {
        var identifiers: [Identifier] = []
        if let id = systemID { identifiers.append(.systemID(id)) }
        if let bluetoothAddress { identifiers.append(.bluetooth(bluetoothAddress)) }
        return identifiers.isEmpty ? [.uuid(uuid("identifier"))] : identifiers
    }

    /// An all-zero System Id names nobody.
    private var systemID: UInt64? { information.systemID == 0 ? nil : information.systemID }

    /// What stands for the device in a PHD identifier; nil for a device on a cable.
    var phdName: String? {
        systemID.map { octets($0).joined() } ?? bluetoothAddress?.octets.joined()
    }

    /// A UUID that follows from the identity alone. `part` is empty for the identity itself.
    func uuid(_ part: String) -> String {
        var hash = SHA256()
        hash.update(Array(identity.utf8))
        if part != "identifier" { hash.update([0] + Array(part.utf8)) }
        return vitalsdUUID(hash.digest())
    }
}

extension Subject {
    /// The logical id without `Patient/`.
    private static func id(_ reference: String) -> String {
        reference.hasPrefix("Patient/") ? String(reference.dropFirst("Patient/".count)) : reference
    }

    /// How an Observation refers to the person when the bundle holds no Patient.
    var reference: String {
        switch self {
        case .reference(let reference): "Patient/" + Self.id(reference)
        case .identifier(let system, let value): "Patient?" + Identifier.patient(system: system, value: value).condition
        }
    }

    /// What stands for the person in a PHD identifier.
    var phdName: String {
        switch self {
        case .reference(let reference): Self.id(reference)
        case .identifier(let system, let value): "\(value)-\(system)"
        }
    }
}

extension Kept {
    /// Whether the device's own time stamp took part in dating the reading. Not so where the stamp is worthless because
    /// the device has shown the same time before: the server would take a second measurement for the first.
    var isStamped: Bool {
        guard dated.usesClock, let pair, DeviceClock(pair.device) != nil else { return false }
        return reading.taken.nanoseconds != nil && !reading.remarks.contains(.timelineRepeat)
    }

    /// The identifier by which two hubs that read the same device meet on the same record (HL7 PHD guide):
    ///
    ///     DEVICE-PATIENT-TYPE-SECONDS[..DURATION][-SUPPLEMENT]…
    func phdIdentifier(type: String, supplements: [Coding], lasting: Duration? = nil) -> Identifier? {
        guard isStamped, let subject, let name = device.phdName else { return nil }
        let phdTime = lasting.map { reading.taken.phdTime(beginningAndLasting: $0) }
        guard let time = phdTime ?? reading.taken.phdTime(lasting: reading.duration) else { return nil }
        let parts = [name, subject.phdName, type, time] + supplements.map(\.code)
        return Identifier(kind: .phd, system: Profile.base, value: parts.joined(separator: "-"))
    }
}
