import Bluetooth
import Core

/// What the kernel tells by itself.
extension Radio {
    /// Takes the news in their order until the channel has ended.
    func take(from channel: ManagementSocket) async {
        while let news = await channel.next() {
            switch news.event {
            case .indexAdded:
                mustChoose = true
                change.ring()
            case .indexRemoved where news.index == adapter?.index:
                adapter = nil
                pairing?.end()
                change.ring()
            default:
                guard news.index == adapter?.index else { continue }
                if let trace = OtherMaster.trace(in: news.event, areWeDiscovering: isDiscovering) {
                    foreignTrace = trace
                    change.ring()
                }
                await take(news.event, channel)
            }
        }
        pairing?.end()
    }

    private func take(_ event: Management.Event, _ channel: ManagementSocket) async {
        switch event {
        case .newSettings(let settings):
            adapter?.settings = settings
            if !settings.contains(.powered) { forgetLinks() }
            change.ring()
        case .controllerError(let code):
            trouble = .hub(.radioFailing("hardware error \(hex(code))"))
            change.ring()
        case .discovering(_, let on):
            isDiscovering = on
            if !on { change.ring() }
        case .found(let device, let signal, let flags, let data):
            hear(Advertisement(device, data, signal: signal))
            if examination != nil, !flags.contains(.notConnectable) { reachable.insert(device) }
            // The kernel asks a device for its name where we do not know it, and then reports it again.
            if flags.contains(.confirmName) {
                let isKnown = !Advertisement(device, data).name.isEmpty || followed[device]?.name.isEmpty == false
                await answer(.confirmName(device, isKnown: isKnown), channel)
            }
        case .connected(let device, let data):
            await meet(device, data, channel)
        case .disconnected(let device, _): part(from: device)
        case .newLongTermKey(let key, store: true): keep(paired(key.device) { $0.take(key) })
        case .newIdentityResolvingKey(let key, let random, store: true):
            keep(changed(key.device) { $0.take(key) })
            rename(Management.Address(random, .leRandom), to: key.device)
        case .newLinkKey(let key, store: true): keep(paired(key.device) { $0.take(key) })
        case .newConnectionParameters(let parameters, _):
            // Of a device that is not bonded with us nothing is kept. The kernel would have us store only what is in its list,
            // from which we have taken it.
            if bonds[parameters.device] != nil { keep(changed(parameters.device) { $0.take(parameters) }) }
        case .pinCodeRequest, .userConfirmationRequest, .userPasskeyRequest, .passkeyNotify:
            if let pairing, pairing.take(event) { return }
            // Nobody asked for this pairing.
            if let refusal = PairingQuestion(event)?.refusal { await answer(refusal, channel) }
        default: break
        }
    }

    /// The link with a device has ended.
    func part(from device: Management.Address) {
        connected.remove(device)
        announced.remove(device)
        unwanted.remove(device)
        discard(channels.removeValue(forKey: device))
        change.ring()
    }

    private func changed(_ device: Management.Address, _ change: (inout Bond) -> Void) -> Bond {
        var bond = bonds[device] ?? Bond(device)
        change(&bond)
        return bond
    }

    /// What it encrypts with from now on was made with our adapter.
    private func paired(_ device: Management.Address, _ change: (inout Bond) -> Void) -> Bond {
        changed(device) { bond in
            change(&bond)
            bond.own = adapter?.identity
        }
    }

    /// A device has encrypted a link with the key of its bond: so it knows us by this identity of ours.
    func recognised(_ own: Management.Address, by device: Management.Address) {
        guard bonds[device]?.hasKey == true else { return }
        keep(changed(device) { $0.own = own })
    }

    /// Commands without which only one device suffers.
    func answer(_ command: Management.Command, _ channel: ManagementSocket) async {
        guard let index = adapter?.index else { return }
        do throws(Fault) {
            try await channel.ask(command, of: index)
        } catch {
            if channel.failure == nil { Systemd.log(.notice, error.description) }
        }
    }
}

/// What was heard and not yet taken: the latest of each device, the device that has waited longest first. So a busy
/// neighbourhood costs memory for its devices, not for their advertisements, and nobody's crowds out another's.
struct Sightings {
    private static let limit = 1024
    private var latest: [Management.Address: Advertisement] = [:]
    private var order: [Management.Address] = []
    /// Names from scan responses, for the advertisements that come without.
    private var seen: [Management.Address: Advertisement] = [:]

    mutating func take(_ advertisement: Advertisement, knowing known: Advertisement?) {
        let device = advertisement.device
        var whole = advertisement
        if let earlier = latest[device] ?? seen[device] { whole = whole.completed(from: earlier) }
        if let known { whole = whole.completed(from: known) }
        if latest[device] == nil {
            guard order.count < Self.limit else { return }
            order.append(device)
        }
        latest[device] = whole
        // Strangers change their addresses; what is known of them may be forgotten at any time.
        if seen.count >= Self.limit { seen = [:] }
        seen[device] = whole
    }

    mutating func next() -> Advertisement? {
        guard !order.isEmpty else { return nil }
        return latest.removeValue(forKey: order.removeFirst())
    }
}
