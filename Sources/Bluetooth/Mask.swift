import Core

/// What is taken out of a visit before it is given away, each to as many bytes that say nothing:
///
/// - the address but for the maker's part, and the name behind what the driver knows the device by,
/// - serial numbers, System IDs and names of people, in the characteristics that hold them and in what the visit reports,
/// - what the driver's own disguise finds in its frames,
/// - the code of a consent,
/// - and wherever else they are said again: address, name and serial number.
///
/// What was measured stays, and when.
struct Mask {
    private let driver: Driver
    private let table: AttributeTable?
    private let isBroadcast: Bool
    private let consents: [Consent]
    /// The longest first, so that none hides in another.
    private var secrets: [(find: [UInt8], put: [UInt8])] = []

    init(
        of driver: Driver, _ sighting: Sighting, _ table: AttributeTable?, _ consents: [Consent],
        _ events: [Recording.Event]
    ) {
        self.driver = driver
        self.table = table
        self.consents = consents
        isBroadcast = driver.isBroadcast
        if case .advertisement(let seen) = sighting.way {
            let address = octets(seen.address), other = octets(Self.masked(seen.address, seen.kind))
            hide(address, behind: other)
            hide(address.reversed(), behind: other.reversed())
            hide(hex(address), behind: hex(other))
            hide(hex(address).uppercased(), behind: hex(other).uppercased())
            hide(seen.name, behind: masked(name: seen.name))
            let rest = String(seen.name.utf8.dropFirst(known(of: seen.name))) ?? ""
            for word in rest.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) { hide(String(word)) }
        }
        for case .information(let information) in events {
            if let serial = information.serial { hide(serial) }
            if let id = information.systemID {
                let bytes = (0..<8).map { UInt8(truncatingIfNeeded: id >> (8 * UInt64($0))) }
                hide(bytes, behind: Self.masked(systemID: bytes))
                hide(bytes.reversed(), behind: Self.masked(systemID: bytes).reversed())
            }
        }
        secrets.sort { $0.find.count > $1.find.count }
    }

    func masked(_ sighting: Sighting) -> Sighting {
        switch sighting.way {
        case .line(let line): return Sighting(.line(SerialLine(path: "recorded", driver: line.driver)))
        case .advertisement(var seen):
            seen.address = Self.masked(seen.address, seen.kind)
            seen.name = masked(name: seen.name)
            seen.signal = nil
            // What its maker adds is as often as not the address once more.
            seen.manufacturerData = [:]
            seen.serviceData = isBroadcast ? seen.serviceData.mapValues(searched) : [:]
            return Sighting(.advertisement(seen))
        }
    }

    func masked(_ events: [Recording.Event]) -> [Capture.Line] {
        var lines = events.map { event -> Capture.Line in
            switch event {
            case .line(let line): return line
            case .information(var information):
                information.serial = information.serial?.anonymous
                information.systemID = information.systemID.map { $0 & 0xFFFF_FF00_0000_0000 | 0xFF_FE00_0000 }
                return .information(information.description)
            }
        }
        if table != nil { maskCharacteristics(in: &lines) }
        disguise(&lines)
        return lines.map { line in
            switch line {
            case .sent(let bytes): .sent(searched(bytes))
            case .heard(let bytes): .heard(searched(bytes))
            default: line
            }
        }
    }

    // MARK: Characteristics that everybody knows

    /// Strings of the User Data Service that say who somebody is: email, first and last name; and the date of birth.
    private static let personal: Set<BluetoothUUID> = [0x2A87, 0x2A8A, 0x2A90, 0x2A85]

    private func maskCharacteristics(in lines: inout [Capture.Line]) {
        var read: BluetoothUUID?
        for index in lines.indices {
            switch lines[index] {
            case .sent(var pdu):
                guard let opcode = pdu.first.flatMap(ATT.Opcode.init), let handle = pdu.u16(at: 1) else { continue }
                let characteristic = table?.characteristic(at: handle)?.uuid
                switch opcode {
                case .readRequest, .readBlobRequest: read = characteristic
                case .writeRequest where characteristic == 0x2A9F:
                    // `01 code` makes a slot, `02 user code` opens it.
                    let code = pdu.count > 3 && pdu[3] == 0x01 ? 4 : 5
                    for at in code..<max(code, min(code + 2, pdu.count)) { pdu[at] = 0 }
                    lines[index] = .sent(pdu)
                default: break
                }
            case .heard(let pdu):
                switch pdu.first.flatMap(ATT.Opcode.init) {
                case .readResponse, .readBlobResponse:
                    lines[index] = .heard([pdu[0]] + masked(Array(pdu.dropFirst()), of: read, pdu[0]))
                    read = nil
                case .errorResponse: read = nil
                default: break
                }
            default: break
            }
        }
    }

    private func masked(_ value: [UInt8], of characteristic: BluetoothUUID?, _ opcode: UInt8) -> [UInt8] {
        switch characteristic {
        case 0x2A25: value.map(\.anonymous)
        case 0x2A00 where opcode == ATT.Opcode.readResponse.rawValue:
            Array(masked(name: String(decoding: value, as: UTF8.self)).utf8)
        case 0x2A00: value.map(\.anonymous)
        case 0x2A23: Self.masked(systemID: value)
        case .some(let uuid) where Self.personal.contains(uuid): value.map { _ in 0 }
        default: value
        }
    }

    /// IEEE 11073-20601 EUI-64, least significant byte first: the maker's three bytes stay.
    private static func masked(systemID bytes: [UInt8]) -> [UInt8] {
        bytes.count == 8 ? [0, 0, 0, 0xFE, 0xFF] + bytes[5...] : bytes.map { _ in 0 }
    }

    // MARK: Frames of the maker's own

    /// A stream from one question to the next: where its bytes stand.
    private struct Stretch { var question: [UInt8], handle: UInt16?, pieces: [(line: Int, from: Int)] = [] }

    private func disguise(_ lines: inout [Capture.Line]) {
        guard let disguise = driver.disguise else { return }
        var stretches: [Stretch] = [], question: [UInt8] = [], first = 0
        for index in lines.indices {
            switch lines[index] {
            case .sent(let bytes):
                let value: ArraySlice<UInt8>?
                if table == nil {
                    value = bytes[...]
                } else {
                    value = bytes.first == 0x12 || bytes.first == 0x52 ? bytes.dropFirst(3) : nil
                }
                if let value {
                    question = Array(value)
                    first = stretches.count
                }
            case .heard(let bytes):
                let isValue = table == nil || bytes.first == 0x1B || bytes.first == 0x1D
                guard isValue else { continue }
                let handle = table == nil ? nil : bytes.u16(at: 1), from = table == nil ? 0 : min(3, bytes.count)
                let at = stretches[first...].firstIndex { $0.handle == handle } ?? stretches.count
                if at == stretches.count { stretches.append(Stretch(question: question, handle: handle)) }
                stretches[at].pieces.append((index, from))
            default: break
            }
        }
        for stretch in stretches {
            func bytes(_ line: Int) -> [UInt8] { if case .heard(let bytes) = lines[line] { bytes } else { [] } }
            let heard = stretch.pieces.flatMap { bytes($0.line).dropFirst($0.from) }
            var rest = disguise.disguised(heard, stretch.question)[...]
            guard rest.count == heard.count else { continue }
            for (line, from) in stretch.pieces {
                let old = bytes(line), count = old.count - from
                lines[line] = .heard(Array(old.prefix(from)) + Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
        }
    }

    // MARK: Whatever is said again

    /// What is shorter is no secret, and would be found where it is none.
    private static let shortest = 4

    private mutating func hide(_ find: [UInt8], behind put: [UInt8]) {
        guard find.count >= Self.shortest, find.count == put.count, find != put else { return }
        secrets.append((find, put))
    }

    private mutating func hide(_ text: String, behind put: String? = nil) {
        hide(Array(text.utf8), behind: Array((put ?? text.anonymous).utf8))
    }

    private func searched(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        for (find, put) in secrets where bytes.count >= find.count {
            for at in 0...bytes.count - find.count where bytes[at..<at + find.count].elementsEqual(find) {
                bytes.replaceSubrange(at..<at + find.count, with: put)
            }
        }
        return bytes
    }

    // MARK: Address and name

    /// The maker's half of a public address; nothing of a random one.
    private static func masked(_ address: BluetoothAddress, _ kind: AddressKind) -> BluetoothAddress {
        BluetoothAddress(kind == .leRandom ? 0xC000_0000_0000 : address.value & 0xFFFF_FF00_0000)
    }

    private func octets(_ address: BluetoothAddress) -> [UInt8] {
        (0..<6).map { UInt8(truncatingIfNeeded: address.value >> (40 - 8 * UInt64($0))) }
    }

    /// How many bytes the driver knows the device by.
    private func known(of name: String) -> Int {
        driver.claims.map { claim in
            switch claim {
            case .advertised(let known, _), .serialPort(let known, _): name.hasPrefix(known) ? known.utf8.count : 0
            case .service, .usb, .talks, .answers, .assigned: 0
            }
        }.max() ?? 0
    }

    private func masked(name: String) -> String {
        let count = known(of: name)
        let rest = name.utf8.dropFirst(count).map(\.anonymous)
        return String(decoding: Array(name.utf8.prefix(count)) + rest, as: UTF8.self)
    }
}
