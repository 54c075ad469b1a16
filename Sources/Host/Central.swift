import Core

/// GAP's central role: hears who advertises, and connects. The kernel's radio is one, a simulated air another.
@Hub package protocol Central: AnyObject {
    /// The next advertisement. Waits. Throws what stands in the way of hearing, once for each change, and may be called again.
    func next() async throws(Fault) -> Advertisement
    /// Opens an ATT channel.
    func connect(_ advertisement: Advertisement) async throws(Fault) -> SocketBearer
}
