import Core

/// How one clinic wants its bundles.
package struct Destination: Hashable, Sendable {
    /// Sends a Patient with every bundle, which the server creates unless it has one with the same identifier. Only for
    /// persons known by identifier.
    package var createsPatient: Bool
    /// Takes demonstrations and tests; everything sent there is marked as test data.
    package var isTest: Bool
    /// Takes readings that the device itself called invalid, unavailable or unfinished, without their numbers.
    package var takesInvalid: Bool

    /// Wants SNOMED CT's codes beside those of MDC and LOINC.
    package var usesSNOMED: Bool
    /// Wants Danish codes beside them; nil for none.
    package var danishCodes: DanishCodes?

    package init(
        createsPatient: Bool = false, isTest: Bool = false, takesInvalid: Bool = false, usesSNOMED: Bool = false,
        danishCodes: DanishCodes? = nil
    ) {
        self.createsPatient = createsPatient
        self.isTest = isTest
        self.takesInvalid = takesInvalid
        self.usesSNOMED = usesSNOMED
        self.danishCodes = danishCodes
    }
}

/// Why a reading is not for a clinic. It stays in the journal.
package enum Withholding: Equatable, Sendable {
    /// Nobody has said whose it is.
    case unassigned
    /// It holds no value, or none that the clinic hears of.
    case nothingMeasured
    /// The device marked it as a demonstration or a test.
    case test
    /// The device marked it as invalid, unavailable or unfinished.
    case invalid
}

extension Kept {
    /// Nil where the destination takes the reading.
    package func withholding(from destination: Destination) -> Withholding? {
        if subject == nil { return .unassigned }
        if reading.remarks.isTest, !destination.isTest { return .test }
        if reading.remarks.absence != nil, !destination.takesInvalid { return .invalid }
        return reading.values.contains { $0.quantity.isTold } ? nil : .nothingMeasured
    }
}

/// Why readings make no bundle. Each is a mistake of the caller's.
package enum Unbundleable: Error, Equatable, Sendable {
    case empty, severalPatients, tooManyEntries(Int)
    /// The reading at this index is withheld.
    case withheld(at: Int, Withholding)
    /// The reading at this index is there twice.
    case twice(at: Int)
}

/// One upload: a FHIR R4 transaction after the HL7 Personal Health Device guide, about one person.
///
/// It holds everything that it refers to, so that readings can be sent again, alone or in other company; conditions keep
/// the server from storing anything twice. The same readings make the same bytes.
package struct Bundle: Equatable, Sendable {
    /// Whose entry it is: with which readings it stands and falls.
    package enum Owner: Equatable, Sendable {
        /// The hub, a device, a time stamp, the person.
        case shared
        /// The reading of this index.
        case group(Int)
    }

    /// The request's body, UTF-8. Bytes, because it is hundreds of kilobytes, and a copy of it is felt.
    package let body: [UInt8]
    package var text: String { String(decoding: body, as: UTF8.self) }
    /// In the order of the request, which is the order of the answer.
    package let entries: [Owner]

    /// The most entries of a bundle.
    package static let limit = 100

    /// - Parameters:
    ///   - offset: minutes east of Greenwich that the hub's zone has at an instant.
    package init(
        of readings: [Kept], from gateway: PersonalHealthGateway, to destination: Destination,
        offset: (Instant) -> Int
    ) throws(Unbundleable) {
        let subject = try Self.checked(readings, destination)
        (body, entries) = withoutActuallyEscaping(offset) { offset in
            var entries = Entries(
                gateway: gateway, destination: destination, subject: subject, zone: Zone(offset: offset))
            entries.add(readings)
            return (entries.body, entries.owners)
        }
        guard entries.count <= Self.limit else { throw .tooManyEntries(entries.count) }
    }

    /// The same readings with those of one person, and of these the ones of one device, beside each other, because they
    /// share entries of a bundle. The first remains the first.
    package static func neighbours(_ readings: [Kept]) -> [Kept] {
        var persons: [Subject?: Int] = [:], devices: [String: Int] = [:]
        let places = readings.enumerated().map { index, kept in
            let person = persons[kept.subject] ?? persons.count, device = devices[kept.device.identity] ?? devices.count
            persons[kept.subject] = person
            devices[kept.device.identity] = device
            return (person, device, index)
        }
        return places.sorted { $0 < $1 }.map { readings[$0.2] }
    }

    /// How many of the first readings fit into one bundle: of one person, taken by the destination, within the limit.
    package static func fitting(_ readings: [Kept], to destination: Destination) -> Int {
        guard let first = readings.first else { return 0 }
        let people = destination.createsPatient ? 1 : 0
        var devices: Set<String> = [], stamps: Set<TimeStamp> = []
        var observations = 0, seen: Set<Fingerprint> = []
        for (index, kept) in readings.enumerated() {
            guard kept.subject == first.subject, kept.withholding(from: destination) == nil,
                seen.insert(kept.fingerprint).inserted
            else { return index }
            devices.insert(kept.device.identity)
            if let stamp = kept.timeStamp { stamps.insert(stamp) }
            observations += kept.reading.measurements.count
            if people + 1 + devices.count + stamps.count + observations > limit { return index }
        }
        return readings.count
    }

    private static func checked(_ readings: [Kept], _ destination: Destination) throws(Unbundleable) -> Subject {
        guard let subject = readings.first?.subject else {
            throw readings.isEmpty ? .empty : .withheld(at: 0, .unassigned)
        }
        var seen: Set<Fingerprint> = []
        for (index, kept) in readings.enumerated() {
            if let withholding = kept.withholding(from: destination) { throw .withheld(at: index, withholding) }
            guard kept.subject == subject else { throw .severalPatients }
            guard seen.insert(kept.fingerprint).inserted else { throw .twice(at: index) }
        }
        return subject
    }
}

extension Kept {
    /// The coincident time stamp that its time rests on.
    var timeStamp: TimeStamp? { isStamped ? pair.map { TimeStamp(device: device, pair: $0) } : nil }
}
