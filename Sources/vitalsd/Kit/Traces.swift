import Bluetooth
import Core
import Devices
import Host
import Journal

/// What would tell on the citizen wherever it still stood: gathered before something is wiped, and looked for afterwards.
struct Traces {
    enum Kind: String, CaseIterable, Sendable { case person, address, name, serial, key, reading }

    /// Bytes that stand for one thing, in the forms in which it is written.
    private struct Needle {
        let kind: Kind, forms: [[UInt8]]
    }

    /// A place where one was found.
    struct Find: Equatable {
        var place: String, kind: Kind, count: Int
    }

    private var needles: [Needle] = []
    /// So many of the newest readings stand for all: they were overwritten by one statement.
    private static let readings = 256

    init() {}

    /// All that the journal knows of a device, or of everybody where `device` is nil. What another device says too, which
    /// stays, tells on nobody.
    init(of device: String?, in journal: JournalConnection) throws(Fault) {
        try gather(from: journal, ofPersons: device == nil) { device == nil || $0 == device }
        guard let device else { return }
        var others = Traces()
        try others.gather(from: journal, ofPersons: false) { $0 != device }
        let common = Set(others.needles.flatMap(\.forms))
        needles.removeAll { !common.isDisjoint(with: $0.forms) }
    }

    private mutating func gather(
        from journal: JournalConnection, ofPersons: Bool, where isMeant: (String) -> Bool
    ) throws(Fault) {
        for binding in try journal.bindings() where isMeant(binding.device) {
            add(address: binding.device)
            // Of a person whose other devices stay, something must be left.
            if ofPersons { add(binding.subject) }
        }
        for known in try journal.devices() where isMeant(known.identity) {
            add(address: known.identity)
            if let serial = known.information.serial { add(.serial, [Array(serial.utf8)]) }
            if let id = known.information.systemID {
                let bytes = (0..<8).map { UInt8(truncatingIfNeeded: id >> (8 * UInt64($0))) }
                add(.serial, [bytes, bytes.reversed()])
            }
        }
        for wireless in try journal.wireless() where isMeant(wireless.device) {
            add(address: wireless.device)
            if let name = wireless.sighting?.name { add(name: name) }
            // A key is 16 bytes within the bond: wherever one lies, one of these lies with it.
            for start in stride(from: 8, to: wireless.bond.count - 15, by: 8) {
                add(.key, [Array(wireless.bond[start..<start + 16])])
            }
        }
        for row in try journal.rows(limit: Self.readings) {
            guard let kept = row.kept, isMeant(kept.device.identity) else { continue }
            if ofPersons, let subject = kept.subject { add(subject) }
            add(.reading, [kept.reading.bytes])
        }
    }

    mutating func add(_ subject: Subject) {
        switch subject {
        case .reference(let reference):
            // The id alone says it too, in a path or an answer of the clinic's.
            let id = reference.split(separator: "/").last.map { Array($0.utf8) } ?? []
            add(.person, [isTelling(id) ? id : Array(reference.utf8)])
        case .identifier(_, let value): add(.person, [Array(value.utf8)])
        }
    }

    /// A name that says no more than the model is nobody's.
    private mutating func add(name: String) {
        let model = drivers.flatMap(\.claims).compactMap { claim -> String? in
            switch claim {
            case .advertised(let start, _), .serialPort(let start, _): name.hasPrefix(start) ? start : nil
            case .service, .usb, .talks, .answers, .assigned: nil
            }
        }.max { $0.count < $1.count }
        if name.count - (model?.count ?? 0) >= 4 { add(.name, [Array(name.utf8)]) }
    }

    private mutating func add(address identity: String) {
        let text = addressed(identity)
        // A socket of the hub's, or a path, names no device.
        if identity.hasPrefix("usb:"), let serial = identity.split(separator: ":", maxSplits: 3).dropFirst(3).first,
            !serial.contains(where: { $0 == ":" || $0 == "/" })
        {
            add(.serial, [Array(serial.utf8)])
        }
        guard let address = BluetoothAddress(text) else { return }
        let octets = (0..<6).map { UInt8(truncatingIfNeeded: address.value >> (8 * UInt64($0))) }
        let written = ["", ":", "-"].map { octets.reversed().map(capitalHex).joined(separator: $0) }
        add(.address, (written + written.map { $0.lowercased() }).map { Array($0.utf8) } + [octets, octets.reversed()])
    }

    /// Bytes that are few or all alike stand by chance in many places.
    private func isTelling(_ form: [UInt8]) -> Bool { form.count >= 5 && Set(form).count >= 4 }

    private mutating func add(_ kind: Kind, _ forms: [[UInt8]]) {
        let telling = forms.filter(isTelling)
        guard !telling.isEmpty, !needles.contains(where: { $0.kind == kind && $0.forms == telling }) else { return }
        needles.append(Needle(kind: kind, forms: telling))
    }

    /// What each is written with, the longest first, so that none hides in another.
    var texts: [(kind: Kind, text: String)] {
        needles.flatMap { needle in needle.forms.map { (needle.kind, $0) } }
            .filter { $0.1.allSatisfy { 0x20...0x7E ~= $0 || $0 >= 0x80 } }
            .sorted { $0.1.count > $1.1.count }
            .map { (kind: $0.0, text: String(decoding: $0.1, as: UTF8.self)) }
    }

    /// Whether one of them stands in the bytes.
    func isFound(in bytes: [UInt8]) -> Bool {
        needles.flatMap(\.forms).contains { ByteSearch.count(of: $0, in: bytes) > 0 }
    }

    /// Only what says whose the kit was.
    var persons: Traces {
        var persons = Traces()
        persons.needles = needles.filter { $0.kind == .person }
        return persons
    }

    var isEmpty: Bool { needles.isEmpty }

    /// How many of a kind are looked for.
    func count(of kind: Kind) -> Int { needles.count { $0.kind == kind } }

    /// Looks into a file.
    func finds(in path: String) throws(Fault) -> (finds: [Find], size: Int) {
        let forms = needles.flatMap(\.forms), (counts, size) = try ByteSearch.counts(of: forms, in: path)
        var next = 0, totals: [Kind: Int] = [:]
        for needle in needles {
            totals[needle.kind, default: 0] += counts[next..<next + needle.forms.count].reduce(0, +)
            next += needle.forms.count
        }
        let finds = Kind.allCases.compactMap { kind in
            totals[kind].flatMap { $0 > 0 ? Find(place: path, kind: kind, count: $0) : nil }
        }
        return (finds, size)
    }
}
