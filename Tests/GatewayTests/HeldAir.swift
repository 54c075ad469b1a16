import Bluetooth
import Core
import Host
import TestLoop

@testable import vitalsd

/// A radio whose connections come to be when the test says so, with devices that hang up.
@Hub final class HeldAir: Central {
    var isHeld = false
    private(set) var asked = 0
    /// Who answers when a classic device is called.
    var line: RFCOMMSocket?
    /// Whom it was told to follow last, and how.
    private(set) var resting: Set<Management.Address> = [], reporting: Set<BluetoothAddress> = []
    /// Whose links were to end, one after the other.
    private(set) var parted: [Management.Address] = []
    /// Whose keys were to go, and what stands in the way of it.
    private(set) var forgotten: Set<Management.Address> = []
    var stubbornness: Fault?
    /// Those that are to be kept.
    var changedBonds: [Bond] = []
    let links = 7
    let name: String? = "held"
    let fault: Fault? = nil
    var callFault: Fault?
    var counters = RadioHealth.Counters()

    nonisolated init() {}

    func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer {
        asked += 1
        while isHeld { await loop.sleep(for: .milliseconds(1)) }
        let (hub, device) = try SocketBearer.pair()
        device.hangUp()
        return hub
    }

    func call(_ device: BluetoothAddress) async throws(Fault) -> RFCOMMSocket {
        guard let line else { throw .hub(.noRadio) }
        return line
    }

    func follow(
        _ devices: [Advertisement], resting: Set<Management.Address>, reporting: Set<BluetoothAddress>
    ) {
        self.resting = resting
        self.reporting = reporting
    }

    func leave(_ advertisement: Advertisement) async { parted.append(advertisement.device) }

    func next() async throws(Fault) -> Advertisement? { throw .hub(.noRadio) }
    func run() async {}
    func stop() {}
    func discover(for time: Duration) {}
    func nextCall() async -> RFCOMMSocket? { nil }
    func forget(_ device: Management.Address) async throws(Fault) {
        forgotten.insert(device)
        if let stubbornness { throw stubbornness }
    }
    func signal(of device: Management.Address) async -> Int? { nil }
    func nextBond() async -> Bond? { changedBonds.popLast() }
    func pair(
        _ device: Management.Address, as capability: Management.IOCapability, within time: Duration,
        answering: @Hub (PairingQuestion) async -> PairingAnswer
    ) async throws(Fault) -> Bond { throw .hub(.noRadio) }
}
