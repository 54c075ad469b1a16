import CLinux
import Core
import Glibc

/// The kernel's own account of its devices, which is there with and without udev.
struct Sysfs {
    /// Where it is mounted.
    var root = "/sys"

    /// The USB device behind a character device: the first of its ancestors that has a vendor. Nil for a line that is
    /// not on USB.
    func usb(of device: dev_t) -> SerialLine.USB? {
        let link = "\(root)/dev/char/\(gnu_dev_major(device)):\(gnu_dev_minor(device))"
        guard var place = Files.resolved(link), let top = Files.resolved(root) else { return nil }
        var interface: String?
        while place.utf8.count > top.utf8.count {
            if let vendor = number("\(place)/idVendor"), let product = number("\(place)/idProduct") {
                return SerialLine.USB(
                    vendor: vendor, product: product, serial: attribute("\(place)/serial"), interface: interface)
            }
            interface = place.split(separator: "/").last.map { String($0) }
            place = Files.directory(of: place)
        }
        return nil
    }

    /// An attribute's text without its newline; nil where the device has none.
    func attribute(_ path: String) -> String? {
        guard let bytes = try? Files.read(path) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isNewline }
        return text.isEmpty ? nil : text
    }

    private func number(_ path: String) -> UInt16? { attribute(path).flatMap { UInt16($0, radix: 16) } }
}
