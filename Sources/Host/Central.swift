import Bluetooth
import Core

/// GAP's central role: hears who advertises, connects, pairs. The kernel's radio is one, a simulated air another.
@Hub package protocol Central: AnyObject, Sendable {
    /// Holds the radio, whatever becomes of it, until it is stopped.
    func run() async
    func stop()
    /// The next advertisement. Waits. Throws what stands in the way of hearing, once for each change, and may be called again;
    /// nil once nothing does any more.
    func next() async throws(Fault) -> Advertisement?
    /// Connects to exactly these as soon as they are heard, each given as it was seen with its name; `next` reports them.
    /// Those in `resting` wait. Those in `reporting` say all in their advertisements, and are not connected to.
    /// A classic device cannot be heard: it is let in when it calls, and reported at once, for only a call tells whether it is
    /// there.
    func follow(_ devices: [Advertisement], resting: Set<Management.Address>, reporting: Set<BluetoothAddress>)
    /// Asks everybody who is near for their names, from now on for so long: `next` reports them all. Zero ends it.
    func discover(for time: Duration)
    /// How many devices it can be connected to at once.
    var links: Int { get }
    /// Opens an ATT channel. The device is not connected to again before `leave`, which follows also where this throws.
    func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer
    /// Calls a classic device at its serial port.
    func call(_ device: BluetoothAddress) async throws(Fault) -> RFCOMMSocket
    /// The next classic device that calls; only those come that are followed. Waits; nil where there are no calls any more.
    func nextCall() async -> RFCOMMSocket?
    /// After a visit, once its channel is closed: returns when the link has ended.
    func leave(_ advertisement: Advertisement) async
    /// Pairs for good, asking what the device wants to know. Returns the bond, which `nextBond` reports as well.
    func pair(
        _ device: Management.Address, as capability: Management.IOCapability, within time: Duration,
        answering: @Hub (PairingQuestion) async -> PairingAnswer
    ) async throws(Fault) -> Bond
    /// What it is called: `hci0`; nil while there is none.
    var name: String? { get }
    /// What stands in its way at present; nil where nothing does.
    var fault: Fault? { get }
    /// Why classic devices that are followed cannot call, though nothing else stands in its way; nil where they can, or where
    /// none is followed.
    var callFault: Fault? { get }
    /// How strong the signal of a connected device is, in dBm; nil where nobody can say.
    func signal(of device: Management.Address) async -> Int?
    /// What was tried to keep it alive, in this hub's life.
    var counters: RadioHealth.Counters { get set }
    /// Forgets a device's keys.
    func forget(_ device: Management.Address) async throws(Fault)
    /// The next bond whose keys are new or have changed: to be kept. Waits; nil once stopped.
    func nextBond() async -> Bond?
}
