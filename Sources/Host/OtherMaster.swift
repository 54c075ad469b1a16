import Bluetooth
import Core

/// Who else may command our adapter. bluetoothd takes every adapter that it sees, and replaces the kernel's keys with its
/// own when it starts.
struct OtherMaster {
    var cgroups = "/sys/fs/cgroup", processes = "/proc"

    /// Whether bluetoothd runs. systemd's account of its units comes first, because a sandboxed service sees no processes
    /// but its own.
    var isBluetoothdRunning: Bool {
        for root in [cgroups, "\(cgroups)/systemd", "\(cgroups)/unified"] {
            let list = "\(root)/system.slice/bluetooth.service/cgroup.procs"
            if let processes = try? Files.read(list), !processes.isEmpty { return true }
        }
        return ((try? Files.names(in: processes)) ?? []).contains { name in
            guard Int(name) != nil, let comm = try? Files.read("\(processes)/\(name)/comm") else { return false }
            return comm == Array("bluetoothd\n".utf8)
        }
    }

    /// What an event shows that we did not do: the kernel tells of these to everybody but who asked for them. Nil for an
    /// event that shows nothing.
    static func trace(in event: Management.Event, areWeDiscovering: Bool) -> String? {
        switch event {
        case .added: "a device was added"
        case .removed: "a device was removed"
        case .unpaired: "a device was unpaired"
        case .blocked, .unblocked: "a device was blocked or unblocked"
        case .discovering(_, true) where !areWeDiscovering: "a discovery was started"
        case .other(code: 0x0008, _): "the adapter was renamed"
        case .other(code: 0x0023, _): "an advertisement was added"
        default: nil
        }
    }
}
