import CUdev
import Core
import Glibc

/// The USB serial lines that udev knows, and its news of them.
final class UdevMonitor {
    private let udev: OpaquePointer
    private let monitor: OpaquePointer

    /// Nil where no udev runs, as in a container: libudev would make a monitor that hears nothing.
    init?() {
        guard Files.exists("/run/udev/control"), let udev = udev_new() else { return nil }
        guard let monitor = udev_monitor_new_from_netlink(udev, "udev") else {
            udev_unref(udev)
            return nil
        }
        self.udev = udev
        self.monitor = monitor
        udev_monitor_filter_add_match_subsystem_devtype(monitor, "tty", nil)
        if udev_monitor_enable_receiving(monitor) < 0 { return nil }
    }

    deinit {
        udev_monitor_unref(monitor)
        udev_unref(udev)
    }

    /// Readable when there is news. The monitor closes it.
    var descriptor: CInt { udev_monitor_get_fd(monitor) }

    /// Whether udev has told of anything since the last call, or of so much that some was lost.
    func hasNews() -> Bool {
        var hasNews = false
        while true {
            if let device = udev_monitor_receive_device(monitor) {
                udev_device_unref(device)
            } else if errno != ENOBUFS {
                return hasNews
            }
            hasNews = true
        }
    }

    /// The lines behind USB adapters, and the USB devices that are lines themselves. A board's own lines and virtual
    /// consoles are none of these: they are there whether or not something is connected.
    func lines() -> [String] {
        guard let search = udev_enumerate_new(udev) else { return [] }
        defer { udev_enumerate_unref(search) }
        udev_enumerate_add_match_subsystem(search, "tty")
        udev_enumerate_add_match_sysname(search, "ttyUSB*")
        udev_enumerate_add_match_sysname(search, "ttyACM*")
        udev_enumerate_scan_devices(search)
        var lines: [String] = []
        var entry = udev_enumerate_get_list_entry(search)
        while let found = entry {
            entry = udev_list_entry_get_next(found)
            guard let device = udev_device_new_from_syspath(udev, udev_list_entry_get_name(found)) else { continue }
            defer { udev_device_unref(device) }
            // Before its rules have run, the line is not yet ours to open; its news follows.
            if udev_device_get_is_initialized(device) == 1, let path = text(udev_device_get_devnode(device)) {
                lines.append(path)
            }
        }
        return lines
    }

    /// Whether udev has still to run its rules for a device; never for what it does not know, such as a pty.
    func isPending(_ number: dev_t) -> Bool {
        guard let device = udev_device_new_from_devnum(udev, CChar(UInt8(ascii: "c")), number) else { return false }
        defer { udev_device_unref(device) }
        return udev_device_get_is_initialized(device) == 0
    }

    private func text(_ string: UnsafePointer<CChar>?) -> String? { string.map { String(cString: $0) } }
}
