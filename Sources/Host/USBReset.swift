import CLinux
import Core
import Glibc

/// Resetting the USB device behind a Bluetooth adapter: what pulling it out and plugging it in again does. The kernel
/// unbinds its driver and binds it anew (usb_reset_device in drivers/usb/core/hub.c does so with each driver that has no
/// pre_reset of its own, and btusb has none), and the adapter comes back as a new one. To unbind and bind through sysfs would
/// leave the device's firmware as it hangs.
struct USBReset {
    var sysfs = "/sys", devices = "/dev/bus/usb"
    /// USBDEVFS_RESET, _IO('U', 20).
    private static let reset: UInt = 0x5514

    /// The device file of the adapter `hci0`; nil for an adapter that is not on USB, as on the board itself.
    func device(of adapter: String) -> String? {
        let files = Sysfs(root: sysfs)
        guard let interface = Files.resolved("\(sysfs)/class/bluetooth/\(adapter)/device") else { return nil }
        let place = Files.directory(of: interface)
        guard let bus = files.attribute("\(place)/busnum").flatMap({ Int($0) }),
            let device = files.attribute("\(place)/devnum").flatMap({ Int($0) })
        else { return nil }
        return "\(devices)/\(padded(bus, 3))/\(padded(device, 3))"
    }

    /// Throws `radioFailing` where there is nothing to reset, and `noPermission`.
    func perform(on adapter: String) throws(Fault) {
        guard let path = device(of: adapter) else { throw .hub(.radioFailing("\(adapter) is not on USB")) }
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw .failed("open", errno, at: path) }
        defer { close(file) }
        guard ioctl(file, Self.reset, 0) == 0 else { throw .failed("USBDEVFS_RESET", errno, at: path) }
    }
}
