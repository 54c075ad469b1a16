/// Something that was heard of: an advertisement, or a line that appeared.
package struct Sighting: Equatable, Sendable {
    package enum Way: Equatable, Sendable {
        case advertisement(Advertisement)
        case line(SerialLine)
    }
    package var way: Way
    package init(_ way: Way) { self.way = way }

    /// What names the device until a visit learns something better: never a random address.
    package var identity: String {
        switch way {
        case .advertisement(let advertisement): "bluetooth:\(advertisement.address)"
        case .line(let line):
            line.usb.map { usb in
                "usb:\(hex(usb.vendor)):\(hex(usb.product)):\(usb.serial ?? usb.interface ?? line.path)"
            } ?? "line:\(line.path)"
        }
    }
}

/// What a device says of itself on the air.
package struct Advertisement: Equatable, Sendable {
    package var address: BluetoothAddress
    package var kind: AddressKind
    package var name: String
    package var services: [BluetoothUUID]
    /// What its maker adds, by the company identifier of the Bluetooth SIG.
    package var manufacturerData: [UInt16: [UInt8]]
    package var serviceData: [BluetoothUUID: [UInt8]]
    /// Received signal strength in dBm, −127 to 20; nil where the controller does not say.
    package var signal: Int?

    package init(
        address: BluetoothAddress, kind: AddressKind = .lePublic, name: String, services: [BluetoothUUID],
        manufacturerData: [UInt16: [UInt8]] = [:], serviceData: [BluetoothUUID: [UInt8]] = [:], signal: Int? = nil
    ) {
        self.address = address
        self.kind = kind
        self.name = name
        self.services = services
        self.manufacturerData = manufacturerData
        self.serviceData = serviceData
        self.signal = signal
    }
}

/// Whose number a 48-bit address is, as the kernel's management interface counts: the same 48 bits of another kind are
/// another device.
package enum AddressKind: UInt8, CaseIterable, Sendable {
    /// The public address of a device that speaks classic Bluetooth (BR/EDR).
    case classic = 0
    case lePublic = 1
    /// Made up by the device: for good (static), or for some minutes (private).
    case leRandom = 2
}

extension AddressKind: CustomStringConvertible {
    package var description: String {
        switch self {
        case .classic: "classic"
        case .lePublic: "public"
        case .leRandom: "random"
        }
    }
}

/// A 48-bit device address, most significant byte first as people write it.
package struct BluetoothAddress: Hashable, Sendable, CustomStringConvertible {
    package let value: UInt64

    package init(_ value: UInt64) { self.value = value & 0xFFFF_FFFF_FFFF }

    /// `00:09:1F:80:00:22`, in either case, with `:` or `-`.
    package init?(_ text: some StringProtocol) {
        var value: UInt64 = 0, digits = 0
        for byte in text.utf8 where byte != UInt8(ascii: ":") && byte != UInt8(ascii: "-") {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            default: return nil
            }
            value = value << 4 | UInt64(digit)
            digits += 1
        }
        guard digits == 12 else { return nil }
        self.init(value)
    }

    package var description: String { octets.joined(separator: ":") }

    /// Six pairs of capital hexadecimal digits.
    package var octets: [String] {
        (0..<6).map { capitalHex(UInt8(truncatingIfNeeded: value >> (40 - 8 * UInt64($0)))) }
    }
}

/// A tty that is there.
package struct SerialLine: Equatable, Sendable {
    package struct USB: Equatable, Sendable {
        package var vendor: UInt16, product: UInt16, serial: String?
        /// Which socket it is plugged into, as Linux names the interface: bus, ports, configuration and number, like
        /// `1-1.2:1.0`. It stays when lines are numbered in another order; nil where Linux does not say.
        package var interface: String?
        package init(vendor: UInt16, product: UInt16, serial: String?, interface: String? = nil) {
            self.vendor = vendor
            self.product = product
            self.serial = serial
            self.interface = interface
        }
    }
    package var path: String
    /// Nil for a line that is not on USB.
    package var usb: USB?
    /// The driver that a technician says is its; nil where that is found out by listening.
    package var driver: String?

    package init(path: String, usb: USB? = nil, driver: String? = nil) {
        self.path = path
        self.usb = usb
        self.driver = driver
    }
}

/// `/dev/ttyUSB0`, or `/dev/ttyUSB0=contec-cms50-v7`, in configurations and captures.
extension SerialLine {
    package init(notation: some StringProtocol) {
        let parts = notation.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
        self.init(path: parts[0], driver: parts.count > 1 ? parts[1] : nil)
    }

    package var notation: String { driver.map { "\(path)=\($0)" } ?? path }
}

extension Claim {
    /// Whether an advertisement or a USB identity alone is this claim's. Talking and answering are found by listening.
    package func matches(_ sighting: Sighting) -> Bool {
        switch (self, sighting.way) {
        case (.advertised(let name, let service), .advertisement(let seen)) where seen.kind != .classic:
            seen.name.hasPrefix(name) && service.map(seen.services.contains) ?? true
        case (.service(let service), .advertisement(let seen)) where seen.kind != .classic:
            seen.services.contains(service)
        case (.serialPort(let name, _), .advertisement(let seen)):
            seen.kind == .classic && seen.name.hasPrefix(name)
        case (.usb(let vendor, let product), .line(let line)):
            line.usb.map { $0.vendor == vendor && $0.product == product } ?? false
        default: false
        }
    }
}

extension Claim {
    /// Whether it holds only for a device that no other claim matches.
    fileprivate var isLastResort: Bool { if case .service = self { true } else { false } }
}

extension [Driver] {
    /// Whose an advertisement or a USB identity is: those who know the device itself, or else those who know a service
    /// that it offers. More than one is nobody.
    package func claimants(of sighting: Sighting) -> [Driver] {
        if case .line(let line) = sighting.way, let id = line.driver { return filter { $0.id == id } }
        func claimants(lastResort: Bool) -> [Driver] {
            filter { $0.claims.contains { $0.isLastResort == lastResort && $0.matches(sighting) } }
        }
        let own = claimants(lastResort: false)
        return own.isEmpty ? claimants(lastResort: true) : own
    }

    /// The driver that alone claims it; nil where none does, or more than one.
    package func soleClaimant(of sighting: Sighting) -> Driver? {
        let claimants = claimants(of: sighting)
        return claimants.count == 1 ? claimants[0] : nil
    }
}

extension Driver {
    /// Whether the device opens the connection itself, so that it is waited for and never called.
    package var calls: Bool {
        claims.contains { if case .serialPort(_, .initiator) = $0 { true } else { false } }
    }

    /// Whether it knows a service and not a model: what it says of manufacturer and model is not the device's.
    package var isGeneric: Bool { claims.allSatisfy(\.isLastResort) }

    /// Whether its device says all in its advertisements, so that nobody connects to it.
    package var isBroadcast: Bool { if case .advertisement = visit { true } else { false } }
}
