import Bluetooth
import CBluetooth
import CLinux
import Core
import Glibc

/// A serial line without a cable: an RFCOMM channel of the kernel's (Bluetooth RFCOMM 1.2, Serial Port Profile 1.2).
@Hub package final class RFCOMMSocket: Line {
    /// Who is at the other end.
    package let device: BluetoothAddress
    private let line: ByteLine

    fileprivate init(_ socket: consuming Descriptor, to device: BluetoothAddress) {
        self.device = device
        line = ByteLine(socket, at: "bluetooth:\(device)")
    }

    /// Two ends of one channel: ours, to `device`, and the device's.
    package static func pair(to device: BluetoothAddress) throws(Fault) -> (RFCOMMSocket, RFCOMMSocket) {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        if socketpair(AF_UNIX, type, 0, &ends) != 0 { throw .failed("socketpair", errno) }
        return (RFCOMMSocket(Descriptor(ends[0]), to: device), RFCOMMSocket(Descriptor(ends[1]), to: device))
    }

    /// Connects to a device's channel, 1 to 30, which SDP tells. `adapter` is our own address.
    ///
    /// With `encrypted` the kernel asks for the bond's key first, and for a pairing where there is no bond. Throws
    /// `device(.silent)` when `time` passes first, `device(.lacking)` where nobody serves the channel, `pairing`, and
    /// `hub` where the radio is not there or off.
    package static func connect(
        to device: BluetoothAddress, channel: UInt8, from adapter: BluetoothAddress, encrypted: Bool,
        within time: Duration
    ) async throws(Fault) -> RFCOMMSocket {
        let socket = try BluetoothSocket.open(.stream, .rfcomm)
        guard BluetoothSocket.secure(socket.raw, encrypted ? .encrypted : .none) else {
            throw .link("setsockopt", errno)
        }
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.rfcomm(adapter, channel: 0)) else {
            throw .link("bind", errno)
        }
        let number = await connection(
            of: socket.raw, to: BluetoothSocket.rfcomm(device, channel: channel), within: time)
        switch number {
        case 0: return RFCOMMSocket(socket, to: device)
        case ECONNREFUSED: throw .device(.lacking("RFCOMM channel \(channel)"))
        default: throw .link("connect", number)
        }
    }

    /// Hangs up: whoever waits in `read` gets `.hungUp`.
    package func hangUp() { line.hangUp() }

    /// Takes what has arrived and nobody has read yet, so that it can be read after `hangUp`.
    package func drain() { line.drain() }

    @Hub package func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub package func read(within time: Duration?) async throws(Fault) -> Arrival { try await line.read(within: time) }
}

/// Where devices call us: an RFCOMM channel of ours, of which an SDP record tells them.
@Hub package final class RFCOMMListener {
    /// The channel, chosen by the kernel where none was asked for.
    package let channel: UInt8
    private let socket: Descriptor
    private var isOpen = true

    /// Listens at one adapter. With `encrypted` the kernel lets nobody in whom it cannot ask for the bond's key.
    package init(at adapter: BluetoothAddress, channel: UInt8 = 0, encrypted: Bool) throws(Fault) {
        socket = try BluetoothSocket.open(.stream, .rfcomm)
        guard BluetoothSocket.secure(socket.raw, encrypted ? .encrypted : .none) else {
            throw .link("setsockopt", errno)
        }
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.rfcomm(adapter, channel: channel)) else {
            throw errno == EADDRINUSE ? .hub(.portBusy("RFCOMM channel \(channel)")) : .link("bind", errno)
        }
        if listen(socket.raw, 4) != 0 { throw .link("listen", errno) }
        self.channel = try name(of: socket.raw) { getsockname($0, $1, $2) }.rc_channel
    }

    /// The next device that calls; nil once closed.
    package func accept() async throws(Fault) -> RFCOMMSocket? {
        while isOpen {
            guard let peer = try await accepted(at: socket.raw) else { continue }
            let caller = try name(of: peer.raw) { getpeername($0, $1, $2) }
            return RFCOMMSocket(peer, to: BluetoothAddress(caller.rc_bdaddr))
        }
        return nil
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        loop.forget(socket.raw)
    }
}

/// Where devices that call us ask for our services: the server's end of SDP.
@Hub package final class SDPListener {
    private let socket: Descriptor
    private let server: SDPServer
    private var isOpen = true

    /// Only one program on the hub can be asked; where bluetoothd runs, it is. Throws `portBusy` then.
    package init(at adapter: BluetoothAddress, serving server: SDPServer) throws(Fault) {
        self.server = server
        socket = try BluetoothSocket.open(.sequencedPackets, .l2cap)
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.l2cap(adapter, port: SDP.port)) else {
            throw errno == EADDRINUSE ? .hub(.portBusy("Bluetooth service discovery")) : .link("bind", errno)
        }
        if listen(socket.raw, 4) != 0 { throw .link("listen", errno) }
    }

    /// The next device that asks; nil once closed. Give it to `serve`.
    package func accept() async throws(Fault) -> SocketBearer? {
        while isOpen {
            guard let peer = try await accepted(at: socket.raw) else { continue }
            return SocketBearer(peer)
        }
        return nil
    }

    /// Answers until the device hangs up, or asks nothing for half a minute.
    package func serve(_ peer: SocketBearer) async throws(Fault) {
        while let request = try await peer.receive(within: .seconds(30)) {
            if let answer = server.answer(request) { try await peer.send(answer) }
        }
    }

    package func close() {
        guard isOpen else { return }
        isOpen = false
        loop.forget(socket.raw)
    }
}

extension SocketBearer {
    /// Connects to a device's SDP server, which asks for no security.
    package static func connect(
        toServicesOf device: BluetoothAddress, from adapter: BluetoothAddress, within time: Duration
    ) async throws(Fault) -> SocketBearer {
        let socket = try BluetoothSocket.open(.sequencedPackets, .l2cap)
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.l2cap(adapter, port: 0)) else {
            throw .link("bind", errno)
        }
        let number = await connection(of: socket.raw, to: BluetoothSocket.l2cap(device, port: SDP.port), within: time)
        if number != 0 { throw .link("connect", number) }
        return SocketBearer(socket)
    }
}

/// Waits until a socket is connected: 0, or the errno that says why not; ETIMEDOUT when `time` passes first.
@Hub private func connection<Address: BitwiseCopyable>(
    of socket: CInt, to address: Address, within time: Duration
) async -> CInt {
    if BluetoothSocket.connect(socket, to: address) { return 0 }
    let number = errno
    guard number == EINPROGRESS || number == EAGAIN else { return number }
    guard await loop.ready(socket, write: true, before: .now + time) else { return ETIMEDOUT }
    return BluetoothSocket.error(of: socket)
}

/// Who connected; nil where the waiting is over and it must be looked again.
@Hub func accepted(at socket: CInt) async throws(Fault) -> Descriptor? {
    let peer = accept4(socket, nil, nil, CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
    if peer >= 0 { return Descriptor(peer) }
    switch errno {
    case EINTR, ECONNABORTED: break
    case EAGAIN: _ = await loop.ready(socket)
    default: throw .link("accept", errno)
    }
    return nil
}

/// One end's address.
private func name(
    of socket: CInt, _ ask: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
) throws(Fault) -> sockaddr_rc {
    var address = sockaddr_rc(), size = socklen_t(MemoryLayout.size(ofValue: address))
    let outcome = withUnsafeMutablePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { ask(socket, $0, &size) }
    }
    guard outcome == 0 else { throw .link("getsockname", errno) }
    return address
}
