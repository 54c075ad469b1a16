import Bluetooth
import CLinux
import Core
import Glibc

/// The kernel's Bluetooth socket interface, which the C library has no headers for: its few numbers and its addresses,
/// byte by byte (Linux, include/net/bluetooth). Nothing of BlueZ is needed to build or to run.
enum BluetoothSocket {
    enum Kind { case sequencedPackets, raw, stream }
    enum `Protocol`: CInt { case l2cap = 0, hci = 1, rfcomm = 3 }

    private static let optionLevel: CInt = 274
    private static let security: CInt = 4

    /// A socket that does not block. Throws `noRadio` where the kernel knows no Bluetooth.
    static func open(_ kind: Kind, _ proto: Protocol) throws(Fault) -> Descriptor {
        let type =
            switch kind {
            case .sequencedPackets: SOCK_SEQPACKET
            case .raw: SOCK_RAW
            case .stream: SOCK_STREAM
            }
        let flags = CInt(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let raw = Glibc.socket(AF_BLUETOOTH, flags, proto.rawValue)
        guard raw < 0 else { return Descriptor(raw) }
        switch errno {
        case EAFNOSUPPORT, EPROTONOSUPPORT: throw .hub(.noRadio)
        case let number: throw .failed("socket", number, at: "Bluetooth")
        }
    }

    /// The control channel, for all adapters.
    ///
    ///     family (2) adapter (2) = none channel (2) = 3
    static let control: [UInt8] = family + UInt16.max.attBytes + UInt16(3).attBytes

    /// The fixed channel of ATT, which every LE link has (Bluetooth Core, Vol 3, Part A, 2.1).
    ///
    ///     family (2) PSM (2) = none address (6) channel (2) = 4 kind (1) padding (1)
    static func att(_ device: Management.Address) -> [UInt8] {
        family + [0, 0] + device.address.managementBytes + UInt16(4).attBytes + [device.kind.rawValue, 0]
    }

    static func bind(_ socket: CInt, to address: [UInt8]) -> Bool { with(address) { Glibc.bind(socket, $0, $1) } == 0 }

    static func connect(_ socket: CInt, to address: [UInt8]) -> Bool {
        with(address) { Glibc.connect(socket, $0, $1) } == 0
    }

    /// Asks for a level of security: level (1) key size (1), where 0 leaves the size to the kernel.
    static func secure(_ socket: CInt, _ level: LinkSecurity) -> Bool {
        let wanted = [level.rawValue, 0]
        return setsockopt(socket, optionLevel, security, wanted, socklen_t(wanted.count)) == 0
    }

    /// How many bytes of key encrypt a connected link; 0 where nothing does.
    static func keySize(of socket: CInt) -> UInt8 {
        var present: [UInt8] = [0, 0], size = socklen_t(present.count)
        return getsockopt(socket, optionLevel, security, &present, &size) == 0 ? present[1] : 0
    }

    /// Why the last step that was waited for failed; 0 where it did not.
    static func error(of socket: CInt) -> CInt {
        var number: CInt = 0, size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno
    }

    private static let family = UInt16(AF_BLUETOOTH).hostBytes

    private static func with(_ address: [UInt8], _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt) -> CInt {
        address.withUnsafeBytes { bytes in
            bytes.baseAddress.map { call($0.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count)) } ?? -1
        }
    }
}

/// How safe a link must be, in the kernel's numbers.
enum LinkSecurity: UInt8 {
    case none = 1
    /// Encrypted, with whatever key the bond has. Where there is no bond the kernel would begin to make one.
    case encrypted = 2
}

extension UInt16 {
    fileprivate var hostBytes: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}

extension Fault {
    /// What errno means on a Bluetooth link, where the kernel has put the adapter's own error code into it.
    static func link(_ call: String, _ number: CInt) -> Fault {
        switch number {
        // Page timeout, connection timeout.
        case EHOSTDOWN where call == "connect", ETIMEDOUT where call == "connect": return .device(.silent)
        case EPIPE, ECONNRESET, ECONNABORTED, ECONNREFUSED, ENOTCONN, EHOSTDOWN, ETIMEDOUT, ESHUTDOWN:
            return .device(.hungUp)
        // Authentication failure, and a PIN or key that is missing.
        case EACCES, EBADE: return .pairing(.keyForgotten)
        case EAFNOSUPPORT, EPROTONOSUPPORT, ENODEV, EHOSTUNREACH, EADDRNOTAVAIL: return .hub(.noRadio)
        case ENETDOWN: return .hub(.radioOff)
        case ERFKILL: return .hub(.radioBlocked)
        // An end of the link that errno has no name for: it never came to be (0x3E), the two keys differ (0x3D).
        case ENOSYS: return .device(.hungUp)
        // Too many links, no memory for one, one already in the making, and what else the adapter may say.
        case EMLINK, ENOMEM, ENOBUFS, EBUSY, EALREADY, EIO, EPROTO, EOPNOTSUPP:
            return .hub(.radioFailing("\(call), errno \(number)"))
        default: return failed(call, number)
        }
    }
}
