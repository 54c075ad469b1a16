import Bluetooth
import CBluetooth
import CLinux
import Core
import Glibc

/// Where the ATT channels of links begin that the kernel makes by itself.
///
/// Without it a device that speaks first is not heard: the kernel drops what comes on a fixed channel for which there is no
/// socket yet. The device then waits 30 s for its answer, and may ask nothing more on that link (Core, Vol 3, Part F, 3.3.3).
/// With it the channel is there before the first packet is looked at.
@Hub final class ATTListener {
    /// Ours.
    let identity: Management.Address
    private let socket: Descriptor
    private var isOpen = true

    init(at identity: Management.Address) throws(Fault) {
        self.identity = identity
        socket = try BluetoothSocket.open(.sequencedPackets, .l2cap)
        guard BluetoothSocket.secure(socket.raw, .none) else { throw .link("setsockopt", errno) }
        guard BluetoothSocket.bind(socket.raw, to: BluetoothSocket.att(identity)) else {
            throw errno == EADDRINUSE ? .hub(.portBusy("Bluetooth's attribute protocol")) : .link("bind", errno)
        }
        if listen(socket.raw, 16) != 0 { throw .link("listen", errno) }
    }

    /// The next link's channel, and with whom; nil once closed.
    func accept() async throws(Fault) -> (device: Management.Address, bearer: SocketBearer)? {
        while isOpen {
            guard let peer = try await accepted(at: socket.raw) else { continue }
            let bearer = SocketBearer(peer, isLink: true)
            // It has ended already.
            guard let device = BluetoothSocket.peer(of: bearer.socket.raw) else { continue }
            return (device, bearer)
        }
        return nil
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        loop.forget(socket.raw)
    }
}

extension BluetoothSocket {
    /// With whom an L2CAP channel is; nil where it has ended, or with what no mgmt address type names.
    static func peer(of socket: CInt) -> Management.Address? {
        var address = sockaddr_l2(), size = socklen_t(MemoryLayout.size(ofValue: address))
        let outcome = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getpeername(socket, $0, &size) }
        }
        guard outcome == 0, let kind = AddressKind(rawValue: address.l2_bdaddr_type) else { return nil }
        return Management.Address(BluetoothAddress(address.l2_bdaddr), kind)
    }
}

extension Radio {
    /// Opens the listener once the adapter is ours, and another when we have another identity.
    func settleChannels() {
        guard listener?.identity != adapter?.identity else { return }
        listener?.close()
        listener = nil
        if let own = adapter?.identity {
            do throws(Fault) {
                listener = try ATTListener(at: own)
                listenerFault = nil
            } catch {
                // What a device says first is lost; the rest is not.
                if listenerFault != error { Systemd.log(.warning, error.description) }
                listenerFault = error
            }
        }
        accepting.ring()
    }

    /// Holds the channel of each link until its visit takes it, or the link ends.
    func acceptChannels() async {
        while isOpen {
            do throws(Fault) {
                if let listener, let (device, bearer) = try await listener.accept() {
                    // A link that somebody else has made is not to be held by us.
                    let isOurs = followed[device] != nil || dropped.contains(device) || pairing != nil
                    discard(isOurs ? channels.updateValue(bearer, forKey: device) : bearer)
                    continue
                }
            } catch {
                Systemd.log(.warning, error.description)
            }
            if isOpen { _ = await accepting.rung(before: listener == nil ? nil : .now + .seconds(1)) }
        }
    }

    /// Closes a channel that no visit takes, but not at once: its link may be ending in this moment, which the kernel says
    /// sooner than it is so, and only of an ended link the socket can be kept open as it must be. See `EndedLinks`.
    func discard(_ bearer: SocketBearer?) {
        guard let bearer else { return }
        bearer.hangUp()
        discarded.append(bearer)
        if discarded.count > 8 { discarded.removeFirst() }
    }

    /// The channel of a link that there is; nil where the kernel has made none within the time that it takes to do so.
    private func channel(of device: Management.Address) async -> SocketBearer? {
        let due = ContinuousClock.now + .seconds(2)
        while listener != nil, connected.contains(device), ContinuousClock.now < due {
            if let bearer = channels.removeValue(forKey: device) { return bearer }
            await loop.sleep(for: .milliseconds(5))
        }
        return nil
    }

    /// Has a device say something on a link on which nobody has spoken, before that is ended: see `EndedLinks`.
    func hearAWord(from device: Management.Address) async {
        guard device.kind != .classic, let bearer = await channel(of: device) else { return }
        // Whatever it answers.
        try? await bearer.send([ATT.Opcode.exchangeMTURequest.rawValue] + UInt16(ATT.defaultMTU).attBytes)
        _ = try? await bearer.receive(within: .seconds(3))
        discard(bearer)
    }

    @Hub package func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer {
        let device = advertisement.device
        visited.insert(device)
        if let fault { throw fault }
        guard isOn, let adapter else { throw .hub(.radioOff) }
        // A technician comes first.
        guard pairing?.device != device else { throw .device(.hungUp) }
        let own = adapter.identity, isBonded = bonds[device]?.hasKey == true
        if let bearer = await channel(of: device) { return secured(bearer, of: device, from: own) }
        do throws(Fault) {
            let bearer = try await SocketBearer.connect(
                to: device, from: own, encrypted: isBonded, within: .seconds(25))
            return secured(bearer, of: device, from: own)
        } catch {
            // The link has come to be meanwhile, and with it its channel.
            guard error == .link("connect", EBUSY), let bearer = await channel(of: device) else {
                // A connection that did not come to be may be left behind, and there may be only one: see `settleList`.
                if error == .device(.silent) || error == .device(.hungUp) { isDoubtful = true }
                throw error
            }
            return secured(bearer, of: device, from: own)
        }
    }

    /// A channel as a visit is to have it: where there is a bond, with nothing heard before its key was used.
    private func secured(
        _ bearer: SocketBearer, of device: Management.Address, from own: Management.Address
    ) -> SocketBearer {
        guard let bond = bonds[device], bond.hasKey else { return bearer }
        bearer.mustEncrypt = true
        bearer.isStrange = bond.own.map { $0 != own } ?? false
        bearer.onEncryption = { [weak self] in self?.recognised(own, by: device) }
        return bearer
    }

    @Hub package func signal(of device: Management.Address) async -> Int? {
        guard isOn, device.kind != .classic, let channel, let adapter else { return nil }
        // No more than a line in a report: a radio that cannot say is no fault.
        guard let answer = try? await channel.ask(.connectionInformation(device), of: adapter.index) else { return nil }
        return (try? Management.signal(answer)) ?? nil
    }
}
