import Bluetooth
import Core

/// What the kernel asks the technician while pairing.
package struct PairingQuestion: Equatable, Sendable {
    package enum Kind: Equatable, Sendable {
        /// Whether the device may be paired at all: nothing is shown on it.
        case agreement
        /// Whether the device shows the same six digits.
        case comparison(UInt32)
        /// The six digits that the device shows.
        case passkey
        /// The PIN of its manual, 1 to 16 characters.
        case pin
        /// To be typed into the device: needs no answer.
        case show(UInt32)
    }
    package var device: Management.Address
    package var kind: Kind

    init?(_ event: Management.Event) {
        switch event {
        case .userConfirmationRequest(let device, nil): (self.device, kind) = (device, .agreement)
        case .userConfirmationRequest(let device, let value?): (self.device, kind) = (device, .comparison(value))
        case .userPasskeyRequest(let device): (self.device, kind) = (device, .passkey)
        case .pinCodeRequest(let device, _): (self.device, kind) = (device, .pin)
        case .passkeyNotify(let device, let passkey, _): (self.device, kind) = (device, .show(passkey))
        default: return nil
        }
    }

    /// The command that gives this answer; nil where none is wanted.
    func command(_ answer: PairingAnswer) -> Management.Command? {
        switch (kind, answer) {
        case (.agreement, .yes), (.comparison, .yes): .confirm(device, true)
        case (.passkey, .passkey(let passkey)) where passkey <= 999_999: .passkey(device, passkey)
        case (.pin, .pin(let code)): .pin(device, code)
        default: refusal
        }
    }

    var refusal: Management.Command? {
        switch kind {
        case .agreement, .comparison: .confirm(device, false)
        case .passkey: .passkey(device, nil)
        case .pin: .pin(device, nil)
        case .show: nil
        }
    }
}

package enum PairingAnswer: Equatable, Sendable { case yes, no, passkey(UInt32), pin(String) }

/// A pairing that is going on.
@Hub final class Pairing {
    let device: Management.Address
    let bell: Bell
    private(set) var questions: [PairingQuestion] = []
    var outcome: Result<[UInt8], Fault>?

    init(_ device: Management.Address) throws(Fault) {
        self.device = device
        bell = try Bell()
    }

    /// True where the event was a question of this pairing.
    func take(_ event: Management.Event) -> Bool {
        guard let question = PairingQuestion(event) else { return false }
        // Behind a private address the kernel may already speak of the identity; there is one pairing at a time.
        questions.append(question)
        bell.ring()
        return true
    }

    func next() -> PairingQuestion? { questions.isEmpty ? nil : questions.removeFirst() }

    func finish(_ outcome: Result<[UInt8], Fault>) {
        if self.outcome == nil { self.outcome = outcome }
        bell.ring()
    }

    /// The adapter, or the channel to it, is gone.
    func end() { finish(.failure(.hub(.noRadio))) }
}

extension Radio {
    /// Pairs with a device for good: the technician's verb, and the only way to a bond. An old bond with it is replaced.
    ///
    /// `capability` says what the technician can do here: `noInputNoOutput` for Just Works, `keyboardOnly` to type the
    /// device's passkey or PIN, `keyboardDisplay` for all. Returns with the bond, which `nextBond` reports as well. Throws
    /// `rejected`, `silent` when `time` passes first, and what stands in the way of the radio.
    @Hub package func pair(
        _ device: Management.Address, as capability: Management.IOCapability = .noInputNoOutput,
        within time: Duration = .seconds(60),
        answering: @Hub (PairingQuestion) async -> PairingAnswer = { $0.kind == .agreement ? .yes : .no }
    ) async throws(Fault) -> Bond {
        if let fault { throw fault }
        guard isOn, let channel, let adapter else { throw .hub(.radioOff) }
        guard pairing == nil else { throw .hub(.radioFailing("another pairing is going on")) }
        let pairing = try Pairing(device), old = bonds[device]
        self.pairing = pairing
        defer {
            self.pairing = nil
            change.ring()
        }
        do throws(Fault) {
            try await set(.setBondable(true), channel)
            try await withdraw(from: device, channel, adapter.index)
            try await unpair(device, adapter.index, channel)
            // The kernel has forgotten whose its private addresses are as well. It looks for the identity, which such a device
            // does not advertise.
            if old?.identityKey != nil { try await loadIdentities(channel, adapter.index) }
            bonds[device] = nil
            let identity = try await converse(pairing, capability, within: time, answering)
            try await set(.setBondable(false), channel)
            guard let bond = bonds[identity], bond.hasKey else { throw .pairing(.rejected) }
            return bond
        } catch {
            discard(channels.removeValue(forKey: device))
            // What was lost by trying comes back; that it cannot, where the adapter is gone, is told elsewhere.
            if let old, bonds[device] == nil { bonds[device] = old }
            try? await set(.setBondable(false), channel)
            if old != nil { try? await loadKeys(channel, adapter) }
            throw error
        }
    }

    /// Forgets the device, and the kernel with us, which does so at once only while the adapter is on: else it is given all
    /// keys anew, without these, before it is on again. The journal's copy is its keeper's to remove.
    @Hub package func forget(_ device: Management.Address) async throws(Fault) {
        bonds[device] = nil
        followed[device] = nil
        defer { change.ring() }
        guard let channel, let adapter else { return }
        do throws(Fault) {
            try await unpair(device, adapter.index, channel)
        } catch .device(.hungUp) {
            return
        } catch {
            self.adapter?.isPrepared = false
            guard error == .hub(.radioOff) || error == .hub(.noRadio) else { throw error }
        }
    }

    /// Lets the kernel forget a device's keys, and with them it takes the device off its action list.
    func unpair(
        _ device: Management.Address, _ index: Management.Index, _ channel: ManagementSocket
    ) async throws(Fault) {
        do throws(Fault) {
            try await channel.ask(.unpair(device), of: index)
            added[device] = nil
        } catch {
            guard error == .pairing(.notPaired) else { throw error }
        }
    }

    /// Asks the kernel to pair and answers what it asks back, to the end. Returns the device's identity.
    private func converse(
        _ pairing: Pairing, _ capability: Management.IOCapability, within time: Duration,
        _ answering: @Hub (PairingQuestion) async -> PairingAnswer
    ) async throws(Fault) -> Management.Address {
        guard let channel, let index = adapter?.index else { throw .hub(.noRadio) }
        let due = ContinuousClock.now + time
        async let asking: Void = ask(
            .pair(pairing.device, capability), pairing, of: index, on: channel, within: time * 2)
        var isLate = false
        while pairing.outcome == nil {
            if let question = pairing.next() {
                if let command = question.command(await answering(question)) {
                    do throws(Fault) {
                        try await channel.ask(command, of: index)
                    } catch {
                        pairing.finish(.failure(error))
                    }
                }
            } else if !(await pairing.bell.rung(before: isLate ? nil : due)), !isLate {
                isLate = true
                // The kernel then ends the pairing itself, as cancelled.
                _ = try? await channel.ask(.cancelPair(pairing.device), of: index)
            }
        }
        await asking
        // The keys came before the answer, but perhaps nobody has looked at them yet.
        while !channel.isDrained { await loop.sleep(for: .milliseconds(1)) }
        guard case .success(let parameters)? = pairing.outcome else {
            if isLate { throw .device(.silent) }
            if case .failure(let fault)? = pairing.outcome { throw fault }
            throw .pairing(.rejected)
        }
        return try read(parameters, Management.device)
    }

    private func ask(
        _ command: Management.Command, _ pairing: Pairing, of index: Management.Index, on channel: ManagementSocket,
        within time: Duration
    ) async {
        do throws(Fault) {
            pairing.finish(.success(try await channel.ask(command, of: index, within: time)))
        } catch {
            pairing.finish(.failure(error))
        }
    }
}
