import Bluetooth
import CLinux
import Core
import Glibc

extension SocketBearer {
    /// Connects over the kernel: at once where it has a link to the device already, else as soon as the device advertises.
    ///
    /// `device` may be the identity behind a private address, once the kernel knows its key. `adapter` is our own
    /// identity. With `encrypted`, which is for a device with a bond, nothing that the device says counts before the link
    /// is encrypted with the bond's key, so that nobody else can speak in its place. Throws `device(.silent)` when `time`
    /// passes first, `pairing(.keyForgotten)`, and `noRadio`, `radioOff` or `radioFailing`.
    package static func connect(
        to device: Management.Address, from adapter: Management.Address, encrypted: Bool, within time: Duration
    ) async throws(Fault) -> SocketBearer {
        let socket = try BluetoothSocket.open(.sequencedPackets, .l2cap), raw = socket.raw
        guard BluetoothSocket.secure(raw, .none) else { throw .link("setsockopt", errno) }
        guard BluetoothSocket.bind(raw, to: BluetoothSocket.att(adapter)) else { throw .link("bind", errno) }
        let isConnected = BluetoothSocket.connect(raw, to: BluetoothSocket.att(device)), number = errno
        let bearer = SocketBearer(socket, isLink: true)
        // The first word comes before the key, see EndedLinks.
        bearer.mustEncrypt = encrypted
        if isConnected { return bearer }
        guard number == EINPROGRESS || number == EAGAIN else { throw .link("connect", number) }
        guard await loop.ready(raw, write: true, before: .now + time) else { throw .device(.silent) }
        let outcome = BluetoothSocket.error(of: raw)
        if outcome != 0 { throw .link("connect", outcome) }
        return bearer
    }

    /// Encrypts an open link with the bond's key. Returns when it is, and throws as `connect` does.
    ///
    /// Linux (6.1) takes nothing for the channel until then, but whatever the device says meanwhile opens it (l2cap_core.c,
    /// l2cap_data_channel), and the key's size is there as soon as the key is asked for (smp.c, smp_ltk_encrypt). Only the
    /// level of security rises with success and nothing else (hci_core.h, hci_encrypt_cfm): until it has, it is asked again.
    package func encrypt(within time: Duration = .seconds(30)) async throws(Fault) {
        do throws(Fault) {
            try await useKey(within: time)
        } catch {
            // It has forgotten nothing: with this adapter it was never paired.
            throw isStrange && error == .pairing(.keyForgotten) ? .pairing(.notPaired) : error
        }
        mustEncrypt = false
        onEncryption()
    }

    private func useKey(within time: Duration) async throws(Fault) {
        // What is simulated has no keys.
        guard isLink else { throw .pairing(.notPaired) }
        let due = ContinuousClock.now + time
        while true {
            if !BluetoothSocket.secure(socket.raw, .encrypted) {
                let number = errno, present = BluetoothSocket.security(of: socket.raw)
                // So the kernel says, too, that there is nothing to do.
                if number == EINVAL, present.isEncrypted, present.keySize > 0 { break }
                throw .link("setsockopt", number)
            }
            guard await loop.ready(socket.raw, write: true, before: due) else { throw .device(.silent) }
            let number = BluetoothSocket.error(of: socket.raw), present = BluetoothSocket.security(of: socket.raw)
            if number != 0 { throw .link("encrypt", number) }
            guard present.keySize > 0 else { throw .pairing(.keyForgotten) }
            if present.isEncrypted { break }
            guard .now < due else { throw .device(.silent) }
            // Whoever talks all the time would keep us asking.
            await loop.sleep(for: .milliseconds(20))
        }
    }
}

/// Sockets that stay open though their links have ended, until the process does.
///
/// In Linux 6.1.192, which is Debian 12's, a channel's last reference frees its link's hci_chan a second time if the link
/// has ended: a kernel oops that ends the process (l2cap_conn_free, hci_chan_del: list_del corruption). Any whole frame
/// from the device prevents it, because the kernel then forgets to give a reference back. What is left are links that end
/// before the device has said a word: out of range during the first moments is enough, and so is a refused key, if
/// encryption is asked for first. gatttool meets the same end. So encryption waits for the first word, and a link that
/// ends without one costs a descriptor now and the exit status later, instead of the daemon at once.
package enum EndedLinks {
    private struct State {
        var sockets: [CInt] = []
        var mark = Int.max
        var onMark: @Sendable () -> Void = {}
    }

    /// Beyond this many none is kept: without descriptors nothing else works either.
    package static let limit: Int = {
        var descriptors = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 else { return 256 }
        return Int(min(descriptors.rlim_cur, 4096)) * 3 / 4
    }()
    private static let kept = Locked(State())

    /// How many there are.
    package static var count: Int { kept.with { $0.sockets.count } }

    /// Has `act` called, from anywhere, once so many are kept. Whoever comes after the last for which there is room
    /// meets the oops, so the process should end before.
    package static func watch(for mark: Int, _ act: @escaping @Sendable () -> Void) {
        let areMany = kept.with { kept in
            (kept.mark, kept.onMark) = (mark, act)
            return kept.sockets.count >= mark
        }
        if areMany { act() }
    }

    /// Keeps the socket open behind the back of its owner, if its link has ended.
    static func keep(_ socket: CInt) {
        var state = pollfd(fd: socket, events: 0, revents: 0)
        guard poll(&state, 1, 0) == 1, state.revents & Int16(POLLHUP | POLLERR) != 0 else { return }
        let act = kept.with { kept -> (@Sendable () -> Void)? in
            if kept.sockets.isEmpty { atexit { EndedLinks.release() } }
            guard kept.sockets.count < limit else { return nil }
            kept.sockets.append(fcntl(socket, F_DUPFD_CLOEXEC, 0))
            return kept.sockets.count == kept.mark ? kept.onMark : nil
        }
        act?()
    }

    /// Closes them as the last thing of all. Were it left to the kernel, an oops in the middle of its own cleaning up would
    /// leave a process that nobody can reap. Each oops ends the thread in which it comes, so each has one of its own. For a
    /// process that ends without `exit`, to be called by itself.
    package static func release() {
        let sockets = kept.with { kept in
            defer { kept.sockets = [] }
            return kept.sockets
        }
        for socket in sockets {
            var thread = pthread_t()
            let refusal = pthread_create(
                &thread, nil,
                { raw in
                    close(CInt(truncatingIfNeeded: Int(bitPattern: raw)))
                    return nil
                }, UnsafeMutableRawPointer(bitPattern: Int(socket)))
            // One after the other: what an oops leaves is told in one piece. No longer than it should take.
            var due = timespec()
            clock_gettime(CLOCK_REALTIME, &due)
            due.tv_sec += 1
            if refusal == 0 { _ = pthread_timedjoin_np(thread, nil, &due) } else { close(socket) }
        }
    }
}
