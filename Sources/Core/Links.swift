/// One open ATT channel. The kernel's socket and a capture both speak this. One call is one PDU.
package protocol Bearer: AnyObject {
    func send(_ pdu: [UInt8]) async throws(Fault)
    /// The next PDU; nil once the peer has hung up. Throws `device(.silent)` when `time` passes first, and `device(.hungUp)`
    /// where the link to it was lost.
    func receive(within time: Duration) async throws(Fault) -> [UInt8]?
}

/// A connected GATT device, as a driver sees it. Characteristics are named by UUID; handles stay inside.
package protocol Peer: AnyObject {
    /// Learns the services and characteristics.
    func discover() async throws(Fault)
    /// Whether the device has the characteristic, once discovered.
    func has(_ characteristic: BluetoothUUID) -> Bool
    func read(_ characteristic: BluetoothUUID) async throws(Fault) -> [UInt8]
    func write(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault)
    /// Reads a descriptor, such as Valid Range (0x2906), of a characteristic.
    func read(descriptor: BluetoothUUID, of characteristic: BluetoothUUID) async throws(Fault) -> [UInt8]
    /// Writes what the device does not answer: whether it took it is not to be known.
    func writeWithoutResponse(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault)
    /// Writes in the way that the characteristic has: with an answer where it can, else without.
    func send(_ value: [UInt8], to characteristic: BluetoothUUID) async throws(Fault)
    /// Asks for indications where the characteristic has them, else for notifications.
    func subscribe(_ characteristic: BluetoothUUID) async throws(Fault)
    /// The next value that the device sends by itself, from any subscription; nil once it has hung up or kept silent
    /// for `time`. An indication stays unconfirmed until `confirm`. Throws `device(.hungUp)` where the link was lost: then the
    /// device may have had more to say.
    func next(within time: Duration) async throws(Fault) -> Update?
    /// The next value from this characteristic; those of others wait for their turn. An indication among those holds
    /// back every further one until it is taken and confirmed.
    func next(from characteristic: BluetoothUUID, within time: Duration) async throws(Fault) -> Update?
    /// Tells the device that its last indication is safe. Call only after `report` has returned.
    func confirm() async throws(Fault)
    /// Lets a device that asks the hub for the time have it. Call only once the device's clock was read: it may set
    /// itself by the answer.
    func tellTime() async throws(Fault)
}

/// A value that a device sent by itself.
package struct Update: Equatable, Sendable {
    package var characteristic: BluetoothUUID
    package var value: [UInt8]
    /// An indication waits for its confirmation; a notification does not.
    package var isIndication: Bool

    package init(_ characteristic: BluetoothUUID, _ value: [UInt8], isIndication: Bool) {
        self.characteristic = characteristic
        self.value = value
        self.isIndication = isIndication
    }
}

/// A byte stream: a tty, a pty or an RFCOMM channel.
package protocol Line: AnyObject {
    func write(_ bytes: [UInt8]) async throws(Fault)
    /// What arrives next, in whatever pieces; nil time waits for ever. Throws `device(.hungUp)` where the link was lost.
    func read(within time: Duration?) async throws(Fault) -> Arrival
}

package enum Arrival: Equatable, Sendable { case bytes([UInt8]), silence, hungUp }

/// How a serial line is set: 9600 8N1 is `LineSettings(9600)`.
package struct LineSettings: Hashable, Sendable, CustomStringConvertible {
    package enum Parity: String, Sendable { case none = "N", odd = "O", even = "E" }
    /// Bits per second, one of the speeds of termios.
    package var speed: Int
    package var parity: Parity

    package init(_ speed: Int, parity: Parity = .none) {
        self.speed = speed
        self.parity = parity
    }

    package var description: String { "\(speed) 8\(parity.rawValue)1" }
}

/// A 16-bit UUID of the Bluetooth SIG, or a full one.
package struct BluetoothUUID: Hashable, Sendable, ExpressibleByIntegerLiteral {
    package let value: UInt128
    private static let base: UInt128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB

    package init(_ short: UInt16) { value = UInt128(short) << 96 | Self.base }
    package init(integerLiteral short: UInt16) { self.init(short) }
    package init(full: UInt128) { value = full }

    /// The 16-bit form, where there is one.
    package var short: UInt16? {
        value << 32 == Self.base << 32 && value >> 112 == 0 ? UInt16(truncatingIfNeeded: value >> 96) : nil
    }

    /// `2A35`, `0x2A35` or `46A970E0-0D5F-11E2-8B5E-0002A5D5C51B`, in either case.
    package init?(_ text: some StringProtocol) {
        let digits = String((text.hasPrefix("0x") ? String(text.dropFirst(2)) : String(text)).filter { $0 != "-" })
        guard digits.allSatisfy(\.isHexDigit), let number = UInt128(digits, radix: 16) else { return nil }
        switch digits.count {
        case 4: self.init(UInt16(truncatingIfNeeded: number))
        case 32: self.init(full: number)
        default: return nil
        }
    }
}

extension BluetoothUUID: CustomStringConvertible {
    package var description: String {
        if let short {
            let digits = String(short, radix: 16, uppercase: true)
            return String(repeating: "0", count: 4 - digits.count) + digits
        }
        let digits = String(value, radix: 16, uppercase: true)
        var text = String(repeating: "0", count: 32 - digits.count) + digits
        for place in [20, 16, 12, 8] { text.insert("-", at: text.index(text.startIndex, offsetBy: place)) }
        return text
    }
}
