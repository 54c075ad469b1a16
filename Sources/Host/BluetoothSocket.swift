import Bluetooth
import CBluetooth
import CLinux
import Core
import Glibc

/// The kernel's Bluetooth sockets (Linux, include/net/bluetooth), laid out by libbluetooth's headers. Nothing of BlueZ is
/// needed to run.
enum BluetoothSocket {
    enum Kind { case sequencedPackets, raw, stream }
    enum `Protocol` { case l2cap, hci, rfcomm }

    /// A socket that does not block. Throws `noRadio` where the kernel knows no Bluetooth.
    static func open(_ kind: Kind, _ proto: Protocol) throws(Fault) -> Descriptor {
        let type =
            switch kind {
            case .sequencedPackets: SOCK_SEQPACKET
            case .raw: SOCK_RAW
            case .stream: SOCK_STREAM
            }
        let number =
            switch proto {
            case .l2cap: BTPROTO_L2CAP
            case .hci: BTPROTO_HCI
            case .rfcomm: BTPROTO_RFCOMM
            }
        let flags = CInt(type.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let raw = Glibc.socket(AF_BLUETOOTH, flags, number)
        guard raw < 0 else { return Descriptor(raw) }
        switch errno {
        case EAFNOSUPPORT, EPROTONOSUPPORT: throw .hub(.noRadio)
        case let number: throw .failed("socket", number, at: "Bluetooth")
        }
    }

    /// The control channel, for all adapters.
    static var control: sockaddr_hci {
        sockaddr_hci(
            hci_family: family, hci_dev: UInt16(HCI_DEV_NONE), hci_channel: UInt16(HCI_CHANNEL_CONTROL))
    }

    /// One adapter's commands and events, as they pass.
    static func raw(_ index: Management.Index) -> sockaddr_hci {
        sockaddr_hci(hci_family: family, hci_dev: index.rawValue, hci_channel: UInt16(HCI_CHANNEL_RAW))
    }

    /// The fixed channel 4 of ATT, which every LE link has (Bluetooth Core, Vol 3, Part A, 2.1).
    static func att(_ device: Management.Address) -> sockaddr_l2 {
        sockaddr_l2(
            l2_family: family, l2_psm: 0, l2_bdaddr: device.address.kernel, l2_cid: UInt16(4).littleEndian,
            l2_bdaddr_type: device.kind.rawValue)
    }

    /// A classic device's L2CAP port; 0 is any.
    static func l2cap(_ device: BluetoothAddress, port: UInt16) -> sockaddr_l2 {
        sockaddr_l2(
            l2_family: family, l2_psm: port.littleEndian, l2_bdaddr: device.kernel, l2_cid: 0,
            l2_bdaddr_type: UInt8(BDADDR_BREDR))
    }

    /// A device's RFCOMM channel, 1 to 30; 0 is any.
    static func rfcomm(_ device: BluetoothAddress, channel: UInt8) -> sockaddr_rc {
        sockaddr_rc(rc_family: family, rc_bdaddr: device.kernel, rc_channel: channel)
    }

    static func bind<Address: BitwiseCopyable>(_ socket: CInt, to address: Address) -> Bool {
        with(address) { Glibc.bind(socket, $0, $1) } == 0
    }

    static func connect<Address: BitwiseCopyable>(_ socket: CInt, to address: Address) -> Bool {
        with(address) { Glibc.connect(socket, $0, $1) } == 0
    }

    /// Asks for a level of security, and leaves the size of the key to the kernel.
    static func secure(_ socket: CInt, _ level: LinkSecurity) -> Bool {
        var wanted = bt_security(level: level.rawValue, key_size: 0)
        return setsockopt(socket, SOL_BLUETOOTH, BT_SECURITY, &wanted, socklen_t(MemoryLayout.size(ofValue: wanted)))
            == 0
    }

    /// Room for what a device tells while its readings wait for the disk: the kernel drops a packet of L2CAP's basic mode that
    /// does not fit, and neither end hears of it. Where the hub may not have so much it has what there is.
    static func widen(_ socket: CInt) {
        var bytes: CInt = 4 << 20
        for option in [SO_RCVBUFFORCE, SO_RCVBUF] {
            if setsockopt(socket, SOL_SOCKET, option, &bytes, socklen_t(MemoryLayout.size(ofValue: bytes))) == 0 {
                return
            }
        }
    }

    /// How safe a link is, and with how many bytes of key, 0 where it has none or has ended. Of a link that has ended the level is
    /// what was asked for; and there is a key before the link is encrypted with it. So neither says it alone.
    static func security(of socket: CInt) -> (isEncrypted: Bool, keySize: UInt8) {
        var present = bt_security(), size = socklen_t(MemoryLayout.size(ofValue: present))
        guard getsockopt(socket, SOL_BLUETOOTH, BT_SECURITY, &present, &size) == 0 else { return (false, 0) }
        return (present.level >= LinkSecurity.encrypted.rawValue, present.key_size)
    }

    /// Why the last step that was waited for failed; 0 where it did not.
    static func error(of socket: CInt) -> CInt {
        var number: CInt = 0, size = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(socket, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno
    }

    private static let family = sa_family_t(AF_BLUETOOTH)

    private static func with<Address: BitwiseCopyable>(
        _ address: Address, _ call: (UnsafePointer<sockaddr>, socklen_t) -> CInt
    ) -> CInt {
        withUnsafeBytes(of: address) { bytes in
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

extension BluetoothAddress {
    /// As the kernel has it, the least significant byte first.
    fileprivate var kernel: bdaddr_t {
        var address = bdaddr_t()
        withUnsafeMutableBytes(of: &address) { $0.copyBytes(from: managementBytes) }
        return address
    }

    init(_ address: bdaddr_t) {
        self.init(withUnsafeBytes(of: address) { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } })
    }
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
