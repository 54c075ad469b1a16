import Bluetooth
import Core

/// What a technician is told of the radio. Nothing is changed by asking.
extension Radio {
    /// The adapter that a daemon with these bonds would take: `hci0`. Throws `noRadio`, `noPermission`,
    /// `radioBlocked`, `radioShared`, or `radioFailing` where the kernel does not answer.
    package static func look(adapter: UInt16?, bonds: [Bond]) async throws(Fault) -> String {
        let channel = try ManagementSocket()
        defer { channel.close() }
        async let reading: Void = channel.read()
        let result: Result<String, Fault>
        do throws(Fault) {
            let choice = AdapterChoice(configured: adapter, bonds: bonds, rfkill: RFKill())
            result = .success(try await look(choice, channel))
        } catch {
            result = .failure(error)
        }
        channel.close()
        await reading
        return try result.get()
    }

    private static func look(_ choice: AdapterChoice, _ channel: ManagementSocket) async throws(Fault) -> String {
        guard let best = try await choice.best(of: channel) else { throw .hub(.noRadio) }
        let name = best.index.description
        if choice.rfkill.state(of: name) != .free { throw .hub(.radioBlocked) }
        if choice.configured == nil, OtherMaster().isBluetoothdRunning { throw .hub(.radioShared("bluetoothd")) }
        return name
    }
}
