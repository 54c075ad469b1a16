import Bluetooth
import CLinux
import Core
import Glibc

extension SocketBearer {
    /// Connects over the kernel: at once where it has a link to the device already, else as soon as the device advertises.
    ///
    /// `device` may be the identity behind a private address, once the kernel knows its key. `adapter` is our own
    /// identity. Throws `device(.silent)` when `time` passes first, `pairing(.keyForgotten)` where the device refuses the
    /// bond's key, and `noRadio`, `radioOff` or `radioFailing`.
    package static func connect(
        to device: Management.Address, from adapter: Management.Address, security: LinkSecurity, within time: Duration
    ) async throws(Fault) -> SocketBearer {
        let socket = try BluetoothSocket.open(.sequencedPackets, .l2cap), raw = socket.raw
        guard BluetoothSocket.secure(raw, security) else { throw .link("setsockopt", errno) }
        guard BluetoothSocket.bind(raw, to: BluetoothSocket.att(adapter)) else { throw .link("bind", errno) }
        if !BluetoothSocket.connect(raw, to: BluetoothSocket.att(device)) {
            guard errno == EINPROGRESS || errno == EAGAIN else { throw .link("connect", errno) }
            guard await loop.ready(raw, write: true, before: .now + time) else { throw .device(.silent) }
            let number = BluetoothSocket.error(of: raw)
            if number != 0 { throw .link("connect", number) }
        }
        return SocketBearer(socket)
    }

    /// Encrypts an open link with the bond's key. Returns when it is, and throws as `connect` does.
    package func encrypt(within time: Duration = .seconds(30)) async throws(Fault) {
        guard BluetoothSocket.secure(socket.raw, .encrypted) else { throw .link("setsockopt", errno) }
        // The kernel takes nothing for the channel until the link is encrypted.
        guard await loop.ready(socket.raw, write: true, before: .now + time) else { throw .device(.silent) }
        let number = BluetoothSocket.error(of: socket.raw)
        if number != 0 { throw .link("encrypt", number) }
    }
}
