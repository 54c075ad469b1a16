import Bluetooth
import Core

/// The kernel's action list: whom it connects to by itself.
///
/// In Linux (6.1.192 was read, net/bluetooth/hci_conn.c and mgmt.c) nothing may end a connection that is being made: Remove
/// Device, Unpair Device and Disconnect abort it, and where LE Create Connection is not on its way yet, or the link is there
/// already, the abort hits nothing. What stays is a connection that is being made for ever, and as there may be only one, the
/// adapter connects to nobody any more before it is switched off. So a device is taken off the list in the one moment in
/// which it is certainly not being connected to: as soon as it is connected. It comes on again when its visit is over, its
/// link has ended, and it does not rest. Who goes to rest without a link stays on the list, and is hung up on if he comes.
/// Who is bound no more goes at once, and the adapter is switched off and on as soon as it has no link: that ends what may
/// have stayed.
/// Being taken off also makes the kernel forget that we once asked for a link ourselves, for which it would keep each link
/// that it makes later for ever (`explicit_connect`).
extension Radio {
    /// Whether a device is to be connected to when it is heard.
    func isAwaited(_ device: Management.Address) -> Bool {
        followed[device] != nil && !resting.contains(device) && !visited.contains(device) && pairing?.device != device
    }

    /// Whether a device is let in, or only listened to, and never connected to.
    func isHarmless(_ device: Management.Address) -> Bool {
        device.kind == .classic || broadcasters.contains(device.address)
    }

    /// What the kernel is to do when a device is near.
    private func action(for device: Management.Address) -> Management.Action {
        device.kind == .classic ? .allowIncoming : broadcasters.contains(device.address) ? .report : .connect
    }

    /// Makes the list what it should be, as far as that can be done now.
    func settleList(_ channel: ManagementSocket, _ index: Management.Index) async throws(Fault) {
        for device in added.keys where followed[device] == nil || device.kind == .classic && resting.contains(device) {
            dropped.insert(device)
            try await takeOff(device, channel, index)
            if connected.contains(device) {
                unwanted.insert(device)
            } else if !isHarmless(device) {
                isDoubtful = true
            }
        }
        let ending = unwanted.union(resting.filter { followed[$0] != nil })
        for device in ending.intersection(connected) where !visited.contains(device) && pairing == nil {
            await hearAWord(from: device)
            // Meanwhile somebody may have come for it.
            guard !visited.contains(device), pairing == nil, connected.contains(device) else { continue }
            await hangUp(device, channel)
            unwanted.remove(device)
        }
        refused.formIntersection(followed.keys)
        for device in followed.keys.filter(isAwaited) where !announced.contains(device) && !refused.contains(device) {
            let action = action(for: device)
            // Another action takes the place of the former, and leaves a connection alone that is being made.
            guard added[device] != action else { continue }
            // It may be connected before we have read the answer.
            added[device] = action
            dropped.remove(device)
            do throws(Fault) {
                try await channel.ask(.add(device, action), of: index)
            } catch {
                added[device] = nil
                // No fault of the adapter, and no reason to leave the other devices alone: see `refuses`.
                guard error == Fault(.invalidParameters, from: .addDevice) else { throw error }
                refuses(device)
                continue
            }
            if bonds[device]?.parameters != nil { try await loadParameters(channel, index) }
            // A classic device is not heard: only a call tells whether it is there.
            if device.kind == .classic { report(Advertisement(device, [])) }
            // The kernel tells of new links only; with a device that was just paired there is one already.
            guard added[device] != nil, connected.contains(device), !isHarmless(device) else { continue }
            try await takeOff(device, channel, index)
            announced.insert(device)
            report(Advertisement(device, []))
        }
    }

    /// The kernel waits for nobody whose random address is no static one (mgmt.c, add_device), and never will. Said once.
    private func refuses(_ device: Management.Address) {
        refused.insert(device)
        Systemd.log(
            .warning,
            "pairing: the kernel does not wait for \(device.address), an address that the device changes; pair it, or bind "
                + "it by the address that it keeps")
    }

    /// The kernel has a link with a device: reported where it was waited for, ended where nobody would speak on it.
    func meet(_ device: Management.Address, _ data: [UInt8], _ channel: ManagementSocket) async {
        guard let index = adapter?.index else { return }
        connected.insert(device)
        unreached.remove(device)
        let wasAdded = added[device] != nil, isWanted = isAwaited(device)
        // First of all: the device may have a question already, and there is nobody yet who hears it.
        if wasAdded, isWanted {
            announced.insert(device)
            hear(Advertisement(device, data))
        }
        do throws(Fault) {
            if wasAdded, !isHarmless(device) { try await takeOff(device, channel, index) }
        } catch {
            if channel.failure == nil { Systemd.log(.notice, error.description) }
        }
        // With a link it could not advertise. It is ended where there is time to hear a word first.
        if wasAdded || dropped.contains(device), !isWanted, !visited.contains(device), pairing?.device != device {
            unwanted.insert(device)
            change.ring()
        }
    }

    private func takeOff(
        _ device: Management.Address, _ channel: ManagementSocket, _ index: Management.Index
    ) async throws(Fault) {
        added[device] = nil
        do throws(Fault) {
            try await channel.ask(.remove(device), of: index)
        } catch {
            // Who was unpaired in this moment is off the list already.
            guard error == Fault(.invalidParameters, from: .removeDevice) else { throw error }
        }
    }

    /// Ends the link with a device.
    func hangUp(_ device: Management.Address, _ channel: ManagementSocket) async {
        guard let index = adapter?.index else { return }
        // It may have ended meanwhile.
        _ = try? await channel.ask(.disconnect(device), of: index)
    }

    /// There are no links on an adapter that is switched off, whether or not the kernel has told of their ends.
    func forgetLinks() {
        connected = []
        announced = []
        unwanted = []
        for bearer in channels.values { discard(bearer) }
        channels = [:]
    }

    /// The device behind a private address has said who it is, and the kernel calls its link by that from now on.
    func rename(_ random: Management.Address, to identity: Management.Address) {
        guard random != identity, connected.remove(random) != nil else { return }
        connected.insert(identity)
        if let bearer = channels.removeValue(forKey: random) { channels[identity] = bearer }
    }

    // MARK: visits

    /// How long the kernel may take to end a link that nobody uses: 2 s, and what a busy machine adds.
    private static let farewell = Duration.seconds(3)

    @Hub package func leave(_ advertisement: Advertisement) async {
        let device = advertisement.device
        guard device.kind != .classic, connected.contains(device) || visited.contains(device) else { return }
        if visited.contains(device) {
            await linkEnds(device, within: Self.farewell)
        } else if pairing?.device != device {
            await hearAWord(from: device)
        }
        // The link that there is now may be that of its pairing.
        if connected.contains(device), pairing?.device != device, let channel {
            await hangUp(device, channel)
            await linkEnds(device, within: Self.farewell)
        }
        visited.remove(device)
        change.ring()
    }

    /// Gets a device off the list and its link ended, so that the kernel does nothing about it by itself. It is near: what is
    /// on the list is connected within seconds.
    func withdraw(
        from device: Management.Address, _ channel: ManagementSocket, _ index: Management.Index
    ) async throws(Fault) {
        let due = ContinuousClock.now + .seconds(5)
        while added[device] != nil, ContinuousClock.now < due { await loop.sleep(for: .milliseconds(20)) }
        if added[device] != nil { try await takeOff(device, channel, index) }
        if connected.contains(device) { await hangUp(device, channel) }
        await linkEnds(device, within: Self.farewell)
    }

    private func linkEnds(_ device: Management.Address, within time: Duration) async {
        let due = ContinuousClock.now + time
        while connected.contains(device), ContinuousClock.now < due { await loop.sleep(for: .milliseconds(20)) }
    }
}
