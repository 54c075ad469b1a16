import Core
import Glibc
import TestLoop
import Testing

@testable import Host

@Suite struct LineWatchTests {
    @Test func aLinkedLineComesGoesAndComesBack() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("meter")
            let watch = try LineWatch(configured: [SerialLine(path: path)])
            for _ in 0..<3 {
                async let appeared = watch.next()
                await loop.sleep(for: .milliseconds(1))
                let device = try PseudoTerminal(named: path)
                #expect(try await appeared == .appeared(SerialLine(path: path)))
                async let vanished = watch.next()
                await loop.sleep(for: .milliseconds(1))
                device.hangUp()
                #expect(try await vanished == .vanished(path))
            }
        }
    }

    @Test func whatIsThereAtTheStartAppearsOnce() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let first = try PseudoTerminal(named: directory("a")), second = try PseudoTerminal(named: directory("b"))
            let names = [first.name, second.name].compactMap { $0 }
            let watch = try LineWatch(configured: (names + [first.path]).map { SerialLine(path: $0) })
            #expect(try await watch.next() == .appeared(SerialLine(path: names[0])))
            #expect(try await watch.next() == .appeared(SerialLine(path: names[1])))
            // The first one's other name brings nothing new.
            async let next = watch.next()
            await loop.sleep(for: .milliseconds(1))
            second.hangUp()
            #expect(try await next == .vanished(names[1]))
        }
    }

    @Test func aLineThatWasExchangedUnseenVanishesAndAppears() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("meter")
            let watch = try LineWatch(configured: [SerialLine(path: path)])
            let first = try PseudoTerminal(named: path)
            #expect(try await watch.next() == .appeared(SerialLine(path: path)))
            first.hangUp()
            // The kernel mostly gives the number out again, and then path, device and inode are the same as before.
            let second = try PseudoTerminal(named: path)
            #expect(try await watch.next() == .vanished(path))
            #expect(try await watch.next() == .appeared(SerialLine(path: path)))
            second.hangUp()
        }
    }

    @Test func aDanglingLinkIsNoLine() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("meter"), target = directory("target")
            #expect(symlink(target, path) == 0)
            let watch = try LineWatch(configured: [SerialLine(path: path)])
            async let appeared = watch.next()
            await loop.sleep(for: .milliseconds(1))
            let device = try PseudoTerminal(named: target)
            #expect(try await appeared == .appeared(SerialLine(path: path)))
            // The link stays, what it leads to goes.
            device.hangUp()
            #expect(try await watch.next() == .vanished(path))
        }
    }

    @Test func aTerminalThatEndsUnderItsLinkVanishes() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("meter")
            let device = try PseudoTerminal()
            #expect(symlink(device.path, path) == 0)
            let watch = try LineWatch(configured: [SerialLine(path: path)])
            #expect(try await watch.next() == .appeared(SerialLine(path: path)))
            async let vanished = watch.next()
            await loop.sleep(for: .milliseconds(1))
            device.hangUp()
            #expect(try await vanished == .vanished(path))
        }
    }

    @Test func theDirectoryMayComeLater() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("serial/by-id/meter")
            let watch = try LineWatch(configured: [SerialLine(path: path)])
            async let appeared = watch.next()
            await loop.sleep(for: .milliseconds(1))
            #expect(mkdir(directory("serial"), 0o700) == 0)
            await loop.sleep(for: .milliseconds(1))
            #expect(mkdir(directory("serial/by-id"), 0o700) == 0)
            await loop.sleep(for: .milliseconds(1))
            let device = try PseudoTerminal(named: path)
            #expect(try await appeared == .appeared(SerialLine(path: path)))
            device.hangUp()
            #expect(rmdir(directory("serial/by-id")) == 0)
            #expect(try await watch.next() == .vanished(path))
            #expect(mkdir(directory("serial/by-id"), 0o700) == 0)
            let again = try PseudoTerminal(named: path)
            #expect(try await watch.next() == .appeared(SerialLine(path: path)))
            again.hangUp()
        }
    }

    @Test func theConfiguredPathsMayChange() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let old = try PseudoTerminal(named: directory("old")), new = try PseudoTerminal(named: directory("new"))
            let watch = try LineWatch(configured: [SerialLine(path: directory("old"))])
            #expect(try await watch.next() == .appeared(SerialLine(path: directory("old"))))
            async let first = watch.next()
            await loop.sleep(for: .milliseconds(1))
            watch.configure([SerialLine(path: directory("new"))])
            #expect(try await first == .vanished(directory("old")))
            #expect(try await watch.next() == .appeared(SerialLine(path: directory("new"))))
            async let last = watch.next()
            await loop.sleep(for: .milliseconds(1))
            watch.stop()
            #expect(try await last == nil)
            old.hangUp()
            new.hangUp()
        }
    }

    /// The tree that Linux shows for an FTDI adapter: the tty, its port, the interface, and then the USB device.
    @Test func theIdentityIsTheUSBDevicesOwn() throws {
        let root = TemporaryDirectory()
        let device = root("devices/pci0000:00/0000:00:14.0/usb1/1-2")
        try Files.makeDirectory("\(device)/1-2:1.0/ttyUSB0/tty/ttyUSB0")
        try Files.makeDirectory(root("dev/char"))
        #expect(symlink("\(device)/1-2:1.0/ttyUSB0/tty/ttyUSB0", root("dev/char/188:0")) == 0)
        try Files.write(Array("0403\n".utf8), to: "\(device)/idVendor")
        try Files.write(Array("6015\n".utf8), to: "\(device)/idProduct")
        // The controller above is a USB device too (1d6b:0002); the nearest one counts.
        try Files.write(Array("1d6b\n".utf8), to: root("devices/pci0000:00/0000:00:14.0/usb1/idVendor"))
        try Files.write(Array("0002\n".utf8), to: root("devices/pci0000:00/0000:00:14.0/usb1/idProduct"))
        let number: dev_t = 188 << 8
        var adapter = SerialLine.USB(vendor: 0x0403, product: 0x6015, serial: nil, interface: "1-2:1.0")
        #expect(Sysfs(root: root.path).usb(of: number) == adapter)
        // Without a number of its own it goes by its socket: lines are numbered as they come.
        for path in ["/dev/ttyUSB0", "/dev/ttyUSB1"] {
            #expect(Sighting(.line(SerialLine(path: path, usb: adapter))).identity == "usb:403:6015:1-2:1.0")
        }
        try Files.write(Array("DN01XYZ\n".utf8), to: "\(device)/serial")
        adapter.serial = "DN01XYZ"
        #expect(Sysfs(root: root.path).usb(of: number) == adapter)
        #expect(Sighting(.line(SerialLine(path: "/dev/ttyUSB0", usb: adapter))).identity == "usb:403:6015:DN01XYZ")
        #expect(Sysfs(root: root.path).usb(of: number + 1) == nil)
    }
}
