import Bluetooth
import Core

extension Radio {
    /// An adapter as far as it is known.
    struct Adapter {
        let index: Management.Index
        let controller: Management.Controller
        /// What it does at present.
        var settings: Management.Settings
        /// Whether it has our settings, our keys and an action list that is ours.
        var isPrepared = false
        /// Whether there may be links on it that are not ours.
        var isInherited = true
        /// Our own identity: the public address, or the static one where there is none.
        var identity: Management.Address
    }
}

/// How an adapter is chosen and prepared.
struct AdapterChoice {
    let configured: UInt16?
    let bonds: [Bond]
    let rfkill: RFKill

    /// The configured adapter, or of those with LE the one that most devices were paired with, for they know no other; then
    /// the one with Secure Connections, then with the newest Bluetooth, then with the lowest number. Nil where there is none.
    @Hub func best(of channel: ManagementSocket) async throws(Fault) -> Radio.Adapter? {
        var best: Radio.Adapter?
        for index in try await read(channel.ask(.readIndexList), Management.indexes).sorted() {
            if let configured, index.rawValue != configured { continue }
            do throws(Fault) {
                let reply = try await channel.ask(.readControllerInformation, of: index)
                let controller = try read(reply) { bytes throws(Malformed) in try Management.Controller(bytes) }
                guard controller.supported.contains(.lowEnergy) else { continue }
                let adapter = Radio.Adapter(
                    index: index, controller: controller, settings: controller.current,
                    identity: try identity(controller))
                if let best, rank(best) >= rank(adapter) { continue }
                best = adapter
            } catch {
                // It was pulled out while we asked.
                if error != .hub(.noRadio) { throw error }
            }
        }
        return best
    }

    private func rank(_ adapter: Radio.Adapter) -> (Int, Int, UInt8) {
        // One that is blocked may be so because another is to take its place.
        let isFree = rfkill.state(of: adapter.index.description) == .free
        let paired = isFree ? bonds.count { $0.own == adapter.identity } : 0
        return (paired, adapter.controller.supported.contains(.secureConnections) ? 1 : 0, adapter.controller.version)
    }

    /// The public address. Where there is none, a static one that stays the same for as long as the hub is the hub, or the
    /// devices would not know us again.
    private func identity(_ controller: Management.Controller) throws(Fault) -> Management.Address {
        if controller.address.value != 0 { return Management.Address(controller.address, .lePublic) }
        let number = try HubIdentity.eui64()
        // The two highest bits mark a static address. FF-FE in the middle of an EUI-64 says nothing of its own.
        let address = (number >> 16 ^ number) & 0x3FFF_FFFF_FFFF | 0xC000_0000_0000
        return Management.Address(BluetoothAddress(address), .leRandom)
    }
}

/// What an answer means; one that means nothing is the kernel's fault.
func read<Value>(
    _ parameters: [UInt8], _ parse: ([UInt8]) throws(Malformed) -> Value
) throws(Fault) -> Value {
    do throws(Malformed) {
        return try parse(parameters)
    } catch {
        throw .hub(.radioFailing("an answer that cannot be read, \(error)"))
    }
}

extension Radio {
    /// Sets one thing, and takes over what the adapter then does.
    func set(_ command: Management.Command, _ channel: ManagementSocket) async throws(Fault) {
        guard let index = adapter?.index else { throw .hub(.noRadio) }
        let settings = try read(try await channel.ask(command, of: index), Management.settings)
        if adapter?.index == index { adapter?.settings = settings }
    }

    /// Gives the adapter our settings, our keys and an empty action list, whatever somebody left there.
    func prepare(_ channel: ManagementSocket) async throws(Fault) {
        guard let adapter else { throw .hub(.noRadio) }
        let supported = adapter.controller.supported
        if adapter.identity.kind == .leRandom, !adapter.settings.contains(.staticAddress) {
            try await set(.setStaticAddress(adapter.identity.address), channel)
        }
        for (setting, command) in [
            (Management.Settings.lowEnergy, Management.Command.setLowEnergy(true)), (.classic, .setClassic(true)),
            (.secureSimplePairing, .setSecureSimplePairing(true)), (.secureConnections, .setSecureConnections(true)),
        ] where supported.contains(setting) && !has(setting) {
            // Classic Bluetooth wants a public address. Simple pairing belongs to it, and cannot be set where it is off.
            if setting == .secureSimplePairing, !has(.classic) { continue }
            if setting == .classic {
                // Where somebody has switched it off for good, the hub does without.
                if adapter.identity.kind == .lePublic { try? await set(command, channel) }
            } else {
                try await set(command, channel)
            }
        }
        // Only a technician's `pair` makes bonds, and of classic devices the kernel lets only those in that are in its action
        // list, as long as it is not connectable for everybody.
        if has(.bondable) { try await set(.setBondable(false), channel) }
        if has(.connectable) { try await set(.setConnectable(false), channel) }
        try await channel.ask(.setIOCapability(.noInputNoOutput), of: adapter.index)
        do throws(Fault) {
            try await channel.ask(.loadBlockedKeys(Management.BlockedKey.known), of: adapter.index)
        } catch {
            // Linux before 5.6 knows no such list.
            guard case .hub(.radioFailing) = error, channel.failure == nil else { throw error }
        }
        try await loadKeys(channel, adapter)
        // What is ours on it stays while the kernel may be connecting: see `settleList`.
        if added.isEmpty || !has(.powered) {
            try await channel.ask(.remove(.any), of: adapter.index)
            added = [:]
        }
        self.adapter?.isPrepared = true
    }

    /// Whether the adapter does so at present.
    func has(_ setting: Management.Settings) -> Bool { adapter?.settings.contains(setting) == true }

    /// Gives the kernel all keys again; each list replaces its own.
    func loadKeys(_ channel: ManagementSocket, _ adapter: Adapter) async throws(Fault) {
        // Looked at for each list: a device may be forgotten while another is loaded.
        if adapter.controller.supported.contains(.classic) {
            try await channel.ask(.loadLinkKeys(orderedBonds.compactMap(\.linkKey)), of: adapter.index)
        }
        try await channel.ask(.loadLongTermKeys(orderedBonds.flatMap(\.longTermKeys)), of: adapter.index)
        try await loadIdentities(channel, adapter.index)
        try await loadParameters(channel, adapter.index)
    }

    private var orderedBonds: [Bond] { bonds.values.sorted { $0.device.address.value < $1.device.address.value } }

    /// Whose private addresses are whose.
    func loadIdentities(_ channel: ManagementSocket, _ index: Management.Index) async throws(Fault) {
        try await channel.ask(.loadIdentityResolvingKeys(orderedBonds.compactMap(\.identityKey)), of: index)
    }

    /// How each device likes its links to be. The kernel forgets it with each Remove Device.
    func loadParameters(_ channel: ManagementSocket, _ index: Management.Index) async throws(Fault) {
        try await channel.ask(.loadConnectionParameters(orderedBonds.compactMap(\.parameters)), of: index)
    }
}
