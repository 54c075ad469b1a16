import Core

/// The kernel's switches for radios: by software, or a real one on the case.
struct RFKill {
    enum State: Equatable { case free, soft, hard }
    var sysfs = "/sys"

    /// The switch of one adapter, `hci0`; free where it has none.
    func state(of adapter: String) -> State {
        let place = "\(sysfs)/class/bluetooth/\(adapter)", files = Sysfs(root: sysfs)
        var state = State.free
        for name in (try? Files.names(in: place)) ?? [] where name.hasPrefix("rfkill") {
            if files.attribute("\(place)/\(name)/hard") == "1" { return .hard }
            if files.attribute("\(place)/\(name)/soft") == "1" { state = .soft }
        }
        return state
    }
}
