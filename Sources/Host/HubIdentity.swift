import Core

/// Who the hub is, for as long as its hardware or its installation lasts.
package enum HubIdentity {
    /// An EUI-64, most significant byte first: from the first built-in network card's own address, else from the
    /// machine's id, which is not revealed by it. Throws where the machine has neither.
    package static func eui64(sysfs: String = "/sys", machineID: String = "/etc/machine-id") throws(Fault) -> UInt64 {
        for card in (try? Files.names(in: "\(sysfs)/class/net")) ?? [] {
            if let address = permanentAddress("\(sysfs)/class/net/\(card)", sysfs) {
                // IEEE: the maker's three bytes, FF-FE, the card's three bytes.
                return (address >> 24) << 40 | 0xFFFE << 24 | address & 0xFF_FFFF
            }
        }
        var hash = SHA256()
        hash.update(Array("vitalsd hub identity\n".utf8) + (try Files.read(machineID)).filter { $0 != 0x0A })
        let number = hash.digest().prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // Locally administered, and not a group's.
        return number & ~(0x01 << 56) | 0x02 << 56
    }

    /// The address that the card was made with: of an Ethernet-like card (type 1) that is part of the hub, neither
    /// virtual nor on a USB plug, and whose address nobody has changed (assignment type 0).
    private static func permanentAddress(_ card: String, _ sysfs: String) -> UInt64? {
        let files = Sysfs(root: sysfs)
        guard files.attribute("\(card)/type") == "1", files.attribute("\(card)/addr_assign_type") == "0",
            let hardware = Files.resolved("\(card)/device"), !hardware.contains("/usb"),
            let address = files.attribute("\(card)/address").flatMap({ BluetoothAddress($0) }), address.value != 0
        else { return nil }
        return address.value
    }
}
