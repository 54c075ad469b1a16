import Core
import Glibc
import Host
import TestLoop
import Testing

@Suite struct HubIdentityTests {
    private let root = TemporaryDirectory()

    /// A card as sysfs shows it. `hardware` is where it sits; nil for one that is only software.
    private func card(_ name: String, _ address: String, assigned: String = "0", hardware: String?) throws {
        let place = root("class/net/\(name)")
        try Files.makeDirectory(place)
        try Files.write(Array("1\n".utf8), to: "\(place)/type")
        try Files.write(Array("\(assigned)\n".utf8), to: "\(place)/addr_assign_type")
        try Files.write(Array("\(address)\n".utf8), to: "\(place)/address")
        guard let hardware else { return }
        try Files.makeDirectory(root("devices/\(hardware)"))
        try #require(symlink(root("devices/\(hardware)"), "\(place)/device") == 0)
    }

    @Test func theFirstBuiltInCardNamesTheHub() throws {
        try card("br0", "02:00:00:00:00:01", hardware: nil)
        try card("enx1", "00:e0:4c:68:00:01", hardware: "pci0000:00/usb1/1-1/1-1:1.0")
        try card("eth0", "e4:5f:01:0a:fb:9c", hardware: "platform/soc/fd580000.ethernet")
        try card("wlan0", "e4:5f:01:0a:fb:9d", hardware: "platform/soc/mmc1")
        #expect(try HubIdentity.eui64(sysfs: root.path) == 0xE45F_01FF_FE0A_FB9C)
    }

    @Test func anAddressThatSomebodySetDoesNotCount() throws {
        try card("eth0", "e4:5f:01:0a:fb:9c", assigned: "3", hardware: "platform/soc/fd580000.ethernet")
        try card("wlan0", "e4:5f:01:0a:fb:9d", hardware: "platform/soc/mmc1")
        #expect(try HubIdentity.eui64(sysfs: root.path) == 0xE45F_01FF_FE0A_FB9D)
    }

    /// printf 'vitalsd hub identity\n0123456789abcdef0123456789abcdef' | sha256sum → 50b7dfbc7377ba1a…
    @Test func withoutACardTheMachineIDNamesTheHub() throws {
        let machine = root("machine-id")
        try Files.write(Array("0123456789abcdef0123456789abcdef\n".utf8), to: machine)
        let identity = try HubIdentity.eui64(sysfs: root.path, machineID: machine)
        #expect(identity == 0x52B7_DFBC_7377_BA1A)
        #expect(identity >> 56 & 0x03 == 0x02)
    }

    @Test func withoutEitherThereIsNone() {
        #expect(throws: Fault.hub(.system("open \(root("none"))", ENOENT))) {
            try HubIdentity.eui64(sysfs: root.path, machineID: root("none"))
        }
    }
}
