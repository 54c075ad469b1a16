import Bluetooth
import Core

/// The comparison of what is wanted with what is.
extension Radio {
    /// Commands what is wanted and is not yet. Returns when to compare again though nothing has happened.
    func settle(_ channel: ManagementSocket) async throws(Fault) -> ContinuousClock.Instant? {
        if adapter == nil {
            added = []
            dropped = []
            connected = []
            isDiscovering = false
            adapter = try await AdapterChoice(configured: configured).best(of: channel)
        }
        guard let index = adapter?.index else { throw .hub(.noRadio) }
        if configured == nil, masters.isBluetoothdRunning { throw .hub(.radioShared("bluetoothd and vitalsd")) }
        if let trace = foreignTrace {
            foreignTrace = nil
            adapter?.isPrepared = false
            throw .hub(.radioShared("\(trace) by somebody else"))
        }
        if let fault = trouble {
            trouble = nil
            throw fault
        }
        if mustRestart {
            adapter?.isPrepared = false
            try await set(.setPowered(false), channel)
            mustRestart = false
        }
        if adapter?.isPrepared == false { try await prepare(channel) }
        if adapter?.settings.contains(.powered) == false { try await switchOn(channel) }
        if adapter?.isInherited == true { try await sortOut(channel, index) }
        for device in added.subtracting(followed.keys) {
            do throws(Fault) {
                try await channel.ask(.remove(device), of: index)
            } catch {
                // Who was unpaired in this moment is off the list already.
                guard error == Fault(.invalidParameters, from: .removeDevice) else { throw error }
            }
            added.remove(device)
            dropped.insert(device)
            // A link that the kernel made for us would stay, and the device be silent on it.
            if connected.contains(device) { await hangUp(device, channel) }
        }
        for device in Set(followed.keys).subtracting(added) {
            let action: Management.Action =
                device.kind == .classic ? .allowIncoming : broadcasters.contains(device.address) ? .report : .connect
            try await channel.ask(.add(device, action), of: index)
            added.insert(device)
            dropped.remove(device)
            // The kernel tells of new links only; with a device that was just paired there is one already.
            if connected.contains(device) { report(Advertisement(device, [])) }
            // A classic device is not heard: only a call tells whether it is there.
            if device.kind == .classic { report(Advertisement(device, [])) }
        }
        settleCalls()
        let due = try await settleDiscovery(channel, index)
        return try await probeController(index).map { min($0, due ?? $0) } ?? due
    }

    /// A discovery that cannot be had now, because the adapter is connecting for example, is no fault of the radio.
    private func settleDiscovery(
        _ channel: ManagementSocket, _ index: Management.Index
    ) async throws(Fault) -> ContinuousClock.Instant? {
        if discoveryEnds == nil, examinationIsDue {
            examination = []
            discoveryEnds = .now + Self.examinationTime
        }
        guard let end = discoveryEnds else { return followed.isEmpty ? nil : lastSign + Self.quietTime }
        let isOver = end <= .now
        if isOver {
            discoveryEnds = nil
            try conclude()
        }
        // The kernel ends a discovery by itself after ten seconds.
        guard isDiscovering == isOver else { return isOver ? nil : end }
        // A pairing waits until the kernel has ended its discovery, and must not find another.
        guard isOver || pairing == nil else { return end }
        isDiscovering = true
        do throws(Fault) {
            let transports: Management.Transports = has(.classic) ? [.lowEnergy, .classic] : .lowEnergy
            try await channel.ask(isOver ? .stopDiscovery(transports) : .startDiscovery(transports), of: index)
        } catch {
            isDiscovering = false
            guard case .hub(.radioFailing) = error, channel.failure == nil else { throw error }
            return isOver ? nil : .now + .seconds(1)
        }
        return isOver ? nil : end
    }

    private func switchOn(_ channel: ManagementSocket) async throws(Fault) {
        if let adapter, rfkill.state(of: adapter.index.description) != .free { throw .hub(.radioBlocked) }
        try await set(.setPowered(true), channel)
    }

    /// Takes over the links that a daemon before us has left, or the kernel has made for it since: those of followed devices
    /// are reported, all others ended. They would stay for ever, and nobody can hear a device that is connected.
    private func sortOut(_ channel: ManagementSocket, _ index: Management.Index) async throws(Fault) {
        let devices = try read(try await channel.ask(.getConnections, of: index), Management.connections)
        adapter?.isInherited = false
        for device in devices {
            connected.insert(device)
            // Of a classic device only the link is left: its serial port ended with the daemon that had it.
            if followed[device] != nil, device.kind != .classic {
                report(Advertisement(device, []))
            } else {
                await hangUp(device, channel)
            }
        }
    }

    /// Ends the link with a device.
    private func hangUp(_ device: Management.Address, _ channel: ManagementSocket) async {
        guard let index = adapter?.index else { return }
        // It may have ended meanwhile.
        _ = try? await channel.ask(.disconnect(device), of: index)
    }
}
