/// A recorded conversation: documentation, demonstration and test in one.
///
///     # device:   A&D UA-651BLE, firmware 1.05
///     # display:  128/82, pulse 71, 10:11         what a person saw
///     # source:   specification                   or the public place where the bytes come from
///     # hub:      2026-03-02T10:12:30             the hub's local time, where it knows it
///     # consent:  1 1234                          a person's slot and its code, where the device asks for it
///     # mtu:      185                             what the device offers, where it is not 23
///     adv 00:09:1F:80:00:22 name "A&D_UA-651BLE_8A11" services 1810
///     @ 0001 2800 1018                            an attribute of the device: handle, type, value
///     @ 0002 2803 20 0300 352a
///     @ 0003 2A35
///     @ 0004 2902 0000
///     > 12 0400 0200                              we send (to a line too)
///     < 13                                        the device sends
///     ~                                           the device is silent for as long as anybody waits
///     hub 2026-03-02T10:12:31                     the hub looks at its clock, which has gone on
///     = clock at 2026-03-02T10:12:12              the visit reports the device's clock
///     = clock set to 2026-03-02T10:12:31          … and to what it has set it
///     = information manufacturer "A&D" …          the visit reports who the device is
///     = systolic 128 mm[Hg] … at 2026-03-02T10:11:12     the visit reports a reading, and it is kept
///     > 1e                                        so this comes after it, never before
///     = lost 12 bytes in 2 places                 the visit reports what of a stream belonged to no frame
///     = fault device: the device hung up          the visit ends with this
///
/// The `@` lines are the device's attribute table. It answers the exchange of MTUs and the discovery, in whatever order
/// and pieces the client asks; the conversation holds the rest (reads, writes, indications, confirmations) PDU by PDU.
///
/// A `tty` line instead of `adv` begins the capture of a serial device; behind its path stands `=` and the driver where a
/// technician has to say whose the line is. Hexadecimal digits may be grouped at will; the first word that is not made of pairs
/// of them begins a comment.
package struct Capture: Sendable {
    package enum Line: Equatable, Sendable {
        case sent([UInt8]), heard([UInt8]), silence
        case reported(Reading), clock(RawTime), clockSet(LocalTime), information(String)
        /// The hub's local time, each time that it is looked at.
        case time(LocalTime)
        /// What of a stream belonged to no frame.
        case lost(gaps: Int, bytes: Int)
        /// What the visit ends with: layer and sentence.
        case fault(String)
    }

    package var headers: [String: String] = [:]
    package var sighting: Sighting
    /// The device's attribute table, its handles rising; empty for a serial device.
    package var attributes: [Attribute] = []
    package var lines: [Line] = []

    package init(headers: [String: String], sighting: Sighting, attributes: [Attribute], lines: [Line]) {
        self.headers = headers
        self.sighting = sighting
        self.attributes = attributes
        self.lines = lines
    }

    /// Throws the number of the first line that is wrong, and what it should be.
    package init(_ text: String) throws(Mistake) {
        var sighting: Sighting?
        for (index, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() {
            let words = line.split { $0 == " " }
            guard let first = words.first else { continue }
            let rest = String(line.drop { $0 == " " }.dropFirst(first.count).drop { $0 == " " })
            func wrong(_ expected: String) -> Mistake { Mistake(line: index + 1, expected: expected) }
            switch first {
            case "#":
                let parts = rest.split(separator: ":", maxSplits: 1)
                guard parts.count == 2 else { continue }
                headers[String(parts[0])] = String(parts[1].drop { $0 == " " })
            case "adv":
                guard let advertisement = Advertisement(notation: rest) else {
                    throw wrong("adv <address> name \"…\" services <uuid>…")
                }
                sighting = Sighting(.advertisement(advertisement))
            case "tty": sighting = Sighting(.line(SerialLine(notation: rest)))
            case "@":
                guard let attribute = Attribute(notation: rest), attribute.handle > attributes.last?.handle ?? 0 else {
                    throw wrong("@ <handle, rising> <type> <bytes>")
                }
                attributes.append(attribute)
            case ">", "<":
                let bytes = leadingBytes(rest)
                guard !bytes.isEmpty else { throw wrong("\(first) <bytes>") }
                lines.append(first == ">" ? .sent(bytes) : .heard(bytes))
            case "~": lines.append(.silence)
            case "hub":
                guard words.count == 2, let time = LocalTime(words[1]) else { throw wrong("hub <local time>") }
                lines.append(.time(time))
            case "=" where rest.hasPrefix("clock set to "):
                guard words.count == 5, let time = LocalTime(words[4]) else {
                    throw wrong("= clock set to <local time>")
                }
                lines.append(.clockSet(time))
            case "=" where words.count > 1 && words[1] == "clock":
                guard let raw = RawTime(notation: rest.dropFirst(5)) else { throw wrong("= clock <time>") }
                lines.append(.clock(raw))
            case "=" where words.count > 1 && words[1] == "information":
                lines.append(.information(String(rest.dropFirst(11).drop { $0 == " " })))
            case "=" where words.count > 1 && words[1] == "lost":
                guard words.count == 7, let bytes = Int(words[2]), let gaps = Int(words[5]) else {
                    throw wrong("= lost <number> bytes in <number> places")
                }
                lines.append(.lost(gaps: gaps, bytes: bytes))
            case "=" where words.count > 1 && words[1] == "fault":
                lines.append(.fault(String(rest.dropFirst(5).drop { $0 == " " })))
            case "=":
                guard let reading = Reading(notation: rest) else { throw wrong("= <reading>") }
                lines.append(.reported(reading))
            default: throw wrong("one of # adv tty @ > < ~ hub =")
            }
        }
        guard let sighting else { throw Mistake(line: 1, expected: "an adv or a tty line") }
        for header in ["device", "display", "source"] where headers[header] == nil {
            throw Mistake(line: 1, expected: "# \(header): …")
        }
        self.sighting = sighting
    }

    package struct Mistake: Error, Equatable, CustomStringConvertible {
        package let line: Int, expected: String
        package var description: String { "line \(line): expected \(expected)" }
    }
}

/// One row of a GATT device's attribute table.
package struct Attribute: Equatable, Sendable {
    /// 1 to 65535.
    package var handle: UInt16
    package var type: BluetoothUUID
    package var value: [UInt8]

    package init(handle: UInt16, type: BluetoothUUID, value: [UInt8] = []) {
        self.handle = handle
        self.type = type
        self.value = value
    }

    /// `0002 2803 20 0300 352a`: four hexadecimal digits of handle, the type, the value's bytes as they are on the wire.
    package init?(notation: some StringProtocol) {
        let words = String(notation).split(separator: " ", maxSplits: 2)
        guard words.count >= 2, words[0].utf8.count == 4, let handle = UInt16(words[0], radix: 16), handle > 0,
            let type = BluetoothUUID(words[1])
        else { return nil }
        self.init(handle: handle, type: type, value: words.count > 2 ? leadingBytes(String(words[2])) : [])
    }
}

extension Advertisement {
    /// `00:09:1F:80:00:22 name "A&D_UA-651BLE" services 1810 180A`, and where there is more to say, behind it
    /// `random` or `classic`, `maker 0059 01020304` and `data 181D 22c4` (company or service, then its bytes).
    package init?(notation: String) {
        let quoted = notation.split(separator: "\"", omittingEmptySubsequences: false)
        guard quoted.count == 3 else { return nil }
        let before = quoted[0].split { $0 == " " }
        guard before.count == 2, before[1] == "name", let address = BluetoothAddress(before[0]) else { return nil }
        self.init(address: address, name: String(quoted[1]), services: [])
        var words = quoted[2].split { $0 == " " }[...], listsServices = false
        while let word = words.popFirst() {
            switch word {
            case "services": listsServices = true
            case "random": kind = .leRandom
            case "classic": kind = .classic
            case "maker":
                guard let company = words.popFirst().flatMap({ UInt16($0, radix: 16) }),
                    let data = words.popFirst().flatMap({ bytes(hex: $0) })
                else { return nil }
                manufacturerData[company] = data
            case "data":
                guard let service = words.popFirst().flatMap({ BluetoothUUID($0) }),
                    let data = words.popFirst().flatMap({ bytes(hex: $0) })
                else { return nil }
                serviceData[service] = data
            default:
                guard listsServices, let service = BluetoothUUID(word) else { return nil }
                services.append(service)
            }
        }
    }

    /// Data without a single byte are left out: they have no word.
    package var notation: String {
        var words = ["\(address) name \"\(name)\" services"] + services.map(\.description)
        switch kind {
        case .lePublic: break
        case .leRandom: words.append("random")
        case .classic: words.append("classic")
        }
        for (company, data) in manufacturerData.sorted(by: { $0.key < $1.key }) where !data.isEmpty {
            words.append("maker \(hex(company)) \(hex(data))")
        }
        for (service, data) in serviceData.sorted(by: { $0.key.value < $1.key.value }) where !data.isEmpty {
            words.append("data \(service) \(hex(data))")
        }
        return words.joined(separator: " ")
    }
}

extension DeviceInformation: CustomStringConvertible {
    /// `manufacturer "A&D" model "UA-651BLE" serial "…" firmware "…" hardware "…" system 001122FFFE334455`
    package var description: String {
        var words: [String] = []
        for (name, text) in [
            ("manufacturer", manufacturer), ("model", model), ("serial", serial), ("firmware", firmware),
            ("hardware", hardware),
        ] {
            if let text { words.append("\(name) \"\(text)\"") }
        }
        if let systemID { words.append("system \(systemID.bigEndianDigits)") }
        return words.joined(separator: " ")
    }
}

extension UInt64 {
    /// Sixteen capital hexadecimal digits.
    package var bigEndianDigits: String {
        let digits = String(self, radix: 16, uppercase: true)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}

/// The bytes that a line begins with; the first word that is not pairs of hexadecimal digits begins a comment.
private func leadingBytes(_ text: String) -> [UInt8] {
    var found: [UInt8] = []
    for word in text.split(whereSeparator: { $0 == " " }) {
        guard let more = bytes(hex: word) else { break }
        found += more
    }
    return found
}
