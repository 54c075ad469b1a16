import Bluetooth
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
        guard BluetoothSocket.bind(socket.raw, to: address(adapter, channel: 0)) else { throw .link("bind", errno) }
        let number = await connection(of: socket.raw, to: address(device, channel: channel), within: time)
        switch number {
        case 0: return RFCOMMSocket(socket, to: device)
        case ECONNREFUSED: throw .device(.lacking("RFCOMM channel \(channel)"))
        default: throw .link("connect", number)
        }
    }

    /// Hangs up: whoever waits in `read` gets `.hungUp`.
    package func hangUp() { line.hangUp() }

    @Hub package func write(_ bytes: [UInt8]) async throws(Fault) { try await line.write(bytes) }

    @Hub package func read(within time: Duration?) async throws(Fault) -> Arrival { try await line.read(within: time) }

    /// As the kernel takes it; channel 0 is any.
    ///
    ///     family (2, the hub's byte order) address (6, least significant first) channel (1) padding (1)
    package nonisolated static func address(_ device: BluetoothAddress, channel: UInt8) -> [UInt8] {
        family + device.managementBytes + [channel, 0]
    }
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
        guard BluetoothSocket.bind(socket.raw, to: RFCOMMSocket.address(adapter, channel: channel)) else {
            throw errno == EADDRINUSE ? .hub(.portBusy("RFCOMM channel \(channel)")) : .link("bind", errno)
        }
        if listen(socket.raw, 4) != 0 { throw .link("listen", errno) }
        self.channel = try name(of: socket.raw) { getsockname($0, $1, $2) }[8]
    }

    /// The next device that calls; nil once closed.
    package func accept() async throws(Fault) -> RFCOMMSocket? {
        while isOpen {
            guard let peer = try await accepted(at: socket.raw) else { continue }
            let address = try name(of: peer.raw) { getpeername($0, $1, $2) }
            return RFCOMMSocket(peer, to: BluetoothAddress(managementBytes: address[2..<8]))
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
        guard BluetoothSocket.bind(socket.raw, to: SocketBearer.address(adapter, port: SDP.port)) else {
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
        guard BluetoothSocket.bind(socket.raw, to: address(adapter, port: 0)) else { throw .link("bind", errno) }
        let number = await connection(of: socket.raw, to: address(device, port: SDP.port), within: time)
        if number != 0 { throw .link("connect", number) }
        return SocketBearer(socket)
    }

    /// A classic device's L2CAP port.
    ///
    ///     family (2) port (2) address (6, least significant first) channel (2) = none kind (1) = classic padding (1)
    package nonisolated static func address(_ device: BluetoothAddress, port: UInt16) -> [UInt8] {
        family + port.attBytes + device.managementBytes + [0, 0, 0, 0]
    }
}

extension BluetoothAddress {
    fileprivate init(managementBytes bytes: ArraySlice<UInt8>) {
        self.init(bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) })
    }
}

private let family = withUnsafeBytes(of: sa_family_t(AF_BLUETOOTH)) { Array($0) }

/// Waits until a socket is connected: 0, or the errno that says why not; ETIMEDOUT when `time` passes first.
@Hub private func connection(of socket: CInt, to address: [UInt8], within time: Duration) async -> CInt {
    if BluetoothSocket.connect(socket, to: address) { return 0 }
    let number = errno
    guard number == EINPROGRESS || number == EAGAIN else { return number }
    guard await loop.ready(socket, write: true, before: .now + time) else { return ETIMEDOUT }
    return BluetoothSocket.error(of: socket)
}

/// Who connected; nil where the waiting is over and it must be looked again.
@Hub private func accepted(at socket: CInt) async throws(Fault) -> Descriptor? {
    let peer = accept4(socket, nil, nil, CInt(SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue))
    if peer >= 0 { return Descriptor(peer) }
    switch errno {
    case EINTR, ECONNABORTED: break
    case EAGAIN: _ = await loop.ready(socket)
    default: throw .link("accept", errno)
    }
    return nil
}

/// One end's RFCOMM address, 10 bytes.
private func name(
    of socket: CInt, _ ask: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt
) throws(Fault) -> [UInt8] {
    var address = sockaddr(), size = socklen_t(MemoryLayout<sockaddr>.size)
    guard ask(socket, &address, &size) == 0 else { throw .link("getsockname", errno) }
    return withUnsafeBytes(of: address) { Array($0.prefix(10)) }
}
