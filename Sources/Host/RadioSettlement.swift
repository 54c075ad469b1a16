import Bluetooth
import Core

/// The comparison of what is wanted with what is.
extension Radio {
    /// Commands what is wanted and is not yet. Returns when to compare again though nothing has happened.
    func settle(_ channel: ManagementSocket) async throws(Fault) -> ContinuousClock.Instant? {
        if mustChoose { try await makeWay(channel) }
        if adapter == nil {
            added = [:]
            dropped = []
            forgetLinks()
            isDiscovering = false
            adapter = try await choice.best(of: channel)
            warnOfStrangers()
            // Somebody's list of devices is on it. Off, for it cannot be cleared while the kernel connects: see `settleList`.
            mustRestart = mustRestart || has(.powered)
        }
        guard let index = adapter?.index else { throw .hub(.noRadio) }
        if configured == nil, masters.isBluetoothdRunning {
            // Once it is gone: its keys and its list of devices are in the place of ours.
            adapter = nil
            throw .hub(.radioShared("bluetoothd and vitalsd"))
        }
        if let trace = foreignTrace {
            foreignTrace = nil
            adapter?.isPrepared = false
            added = [:]
            throw .hub(.radioShared("\(trace) by somebody else"))
        }
        if let fault = trouble {
            trouble = nil
            throw fault
        }
        if mustRestart {
            adapter?.isPrepared = false
            try await set(.setPowered(false), channel)
            forgetLinks()
            isDiscovering = false
            (mustRestart, isDoubtful) = (false, false)
        }
        if adapter?.isPrepared == false { try await prepare(channel) }
        if adapter?.settings.contains(.powered) == false { try await switchOn(channel) }
        if adapter?.isInherited == true { try await sortOut(channel, index) }
        settleChannels()
        try await settleList(channel, index)
        settleCalls()
        if isDoubtful, connected.isEmpty, visited.isEmpty, pairing == nil, discoveryEnds == nil { restart() }
        let dues = [
            try await settleDiscovery(channel, index), try await takeCensus(channel, index),
            try await probeController(index),
        ]
        return dues.compactMap { $0 }.min()
    }

    private var choice: AdapterChoice {
        AdapterChoice(configured: configured, bonds: Array(bonds.values), rfkill: rfkill)
    }

    /// How many devices were paired with another adapter than ours.
    private var strangers: Int {
        guard let own = adapter?.identity else { return 0 }
        return bonds.values.count { $0.own != nil && $0.own != own }
    }

    /// They refuse our key, or call where nobody hears them, and nothing that is said of them then tells why.
    private func warnOfStrangers() {
        guard strangers > 0, let name else { return }
        Systemd.log(
            .warning,
            "hub: \(name) is another Bluetooth adapter than \(strangers) of \(bonds.count) devices were paired with; "
                + "put that back, or pair them again")
    }

    /// Gives the adapter up where a better one has come: the one that the devices were paired with, put back or late at start.
    private func makeWay(_ channel: ManagementSocket) async throws(Fault) {
        guard pairing == nil, visited.isEmpty else { return }
        mustChoose = false
        guard let adapter, strangers > 0 else { return }
        guard let best = try await choice.best(of: channel), best.identity != adapter.identity else { return }
        try await set(.setPowered(false), channel)
        self.adapter = nil
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
        if let adapter, rfkill.state(of: adapter.index.description) != .free {
            // Where all are blocked, the first that is let go may be another's turn.
            mustChoose = true
            throw .hub(.radioBlocked)
        }
        try await set(.setPowered(true), channel)
    }

    /// Takes over the links that there are on an adapter that was not ours: those of followed devices are reported, all
    /// others ended. They would stay for ever, and nobody can hear a device that is connected.
    private func sortOut(_ channel: ManagementSocket, _ index: Management.Index) async throws(Fault) {
        let devices = try read(try await channel.ask(.getConnections, of: index), Management.connections)
        adapter?.isInherited = false
        for device in devices {
            connected.insert(device)
            // Of a classic device only the link is left: its serial port ended with the daemon that had it.
            if isAwaited(device), device.kind != .classic {
                announced.insert(device)
                report(Advertisement(device, []))
            } else {
                await hangUp(device, channel)
            }
        }
    }
}
