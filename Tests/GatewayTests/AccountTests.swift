import Core
import Testing

@testable import vitalsd

/// What the daemon tells `diagnose`.
@Suite struct AccountTests {
    @Test func saysWhatItMeansAndNothingElse() {
        var account = Account()
        account.version = "1.2.3"
        account.started = Instant(milliseconds: 1_800_000_000_000)
        account.hasRadio = true
        account.radio = "hci0"
        account.radioTrouble = Trouble(.hub(.radioFailing("no answer\tto\nset powered")))
        account.callTrouble = Trouble(.hub(.radioShared("Bluetooth service discovery is held by another program")))
        account.resumes = Instant(milliseconds: 1_800_000_300_000)
        account.courierTrouble = Trouble(.clinic(.failing(status: 503)))
        account.devices["bluetooth:00:09:1F:80:00:22"] = Hearing.Device(
            lastHeard: Instant(milliseconds: 1_800_000_100_000), signal: -71,
            hours: [Hearing.Hour(hour: 500_000, count: 2, sum: -150, weakest: -80, strongest: -70)],
            trouble: Trouble(.pairing(.keyForgotten)))
        account.strangers["bluetooth:00:00:00:00:00:01"] = Hearing.Stranger(
            model: "Beurer BM77", lastHeard: Instant(milliseconds: 1_800_000_200_000))
        account.lines["/dev/ttyUSB0"] = Hearing.Line(
            driver: "nonin-format-13", trouble: nil, identity: "usb:0403:6001:A9012")
        account.setAside = ["bluetooth:00:00:00:00:00:02"]
        var read = Account(notation: account.notation)
        // A tab and a new line would be another word and another line.
        #expect(read.radioTrouble?.detail == "no answer to set powered")
        read.radioTrouble = account.radioTrouble
        #expect(read == account)
    }

    /// One packet is all that its reader takes.
    @Test func aHouseholdThatWasHeardForAWeekFitsIntoAPacket() {
        var account = Account()
        for number in 0..<64 {
            let end = number + 100
            account.devices["bluetooth:00:09:1F:80:00:\(end)"] = Hearing.Device(
                lastHeard: Instant(milliseconds: 1_800_000_100_000), signal: -71,
                hours: (0..<Hearing.mostHours).map { hour in
                    Hearing.Hour(
                        hour: 500_000 + hour, count: 36_000, sum: -36_000 * 71, weakest: -100, strongest: -50)
                },
                lastVisit: Instant(milliseconds: 1_800_000_100_000),
                trouble: Trouble(.hub(.radioFailing(String(repeating: "æ", count: 5000)))))
            account.strangers["bluetooth:00:00:00:00:00:\(end)"] = Hearing.Stranger(
                model: "Health o meter Professional 349KLX", lastHeard: Instant(milliseconds: 1_800_000_200_000),
                signal: -90)
        }
        for number in 0..<8 {
            account.lines["/dev/ttyUSB\(number)"] = Hearing.Line(
                driver: "nonin-format-13", trouble: Trouble(.device(.unrecognised)),
                identity: "usb:0403:6001:A\(number)", socket: "1-1.\(number)")
        }
        account.setAside = account.devices.keys.sorted()
        let notation = account.notation, read = Account(notation: notation)
        #expect(notation.utf8.count <= Control.longest)
        #expect(Set(read.devices.keys) == Set(account.devices.keys))
        #expect(read.strangers == account.strangers)
        #expect(read.lines == account.lines)
        #expect(read.setAside == account.setAside)
        // Each has as many as the next, the newest, in their order.
        let kept = read.devices.values.map(\.hours.count)
        #expect(kept.min() ?? 0 > 0 && (kept.max() ?? 0) - (kept.min() ?? 0) <= 1)
        for (identity, device) in read.devices {
            let all = account.devices[identity]?.hours ?? []
            #expect(device.hours == Array(all.suffix(device.hours.count)))
        }
    }

    @Test(arguments: [1, 5])
    func ofAFewDevicesEveryHourIsTold(_ devices: Int) {
        var account = Account()
        for number in 0..<devices {
            account.devices["bluetooth:00:09:1F:80:00:0\(number)"] = Hearing.Device(
                hours: (0..<Hearing.mostHours).map { hour in
                    Hearing.Hour(hour: 500_000 + hour, count: 36_000, sum: -36_000 * 71, weakest: -100, strongest: -50)
                })
        }
        #expect(Account(notation: account.notation) == account)
    }

    /// An adapter without a serial number goes by its path.
    /// An adapter with two ports has one serial number for both, and a device on one of them.
    @Test func linesOfOneAdapterAreNoTwins() {
        var lines = ["/dev/ttyUSB0", "/dev/ttyUSB1"].reduce(into: [String: Hearing.Line]()) { lines, path in
            lines[path] = Hearing.Line(driver: nil, trouble: nil, identity: "usb:10c4:ea70:0001", socket: "1-1.2")
        }
        lines["/dev/ttyUSB1"]?.driver = "nonin-format-13"
        #expect(lines.twins(of: "usb:10c4:ea70:0001") == nil)
        lines["/dev/ttyUSB0"]?.driver = "nonin-format-13"
        #expect(lines.twins(of: "usb:10c4:ea70:0001") == .hub(.linesAlike(["/dev/ttyUSB0", "/dev/ttyUSB1"])))
        lines["/dev/ttyUSB0"]?.driver = nil
        lines["/dev/ttyUSB0"]?.socket = "1-1.3"
        #expect(lines.twins(of: "usb:10c4:ea70:0001") != nil)
    }

    @Test func linesOfOneIdentityAreTold() {
        func identity(_ path: String, _ serial: String?) -> String {
            let usb = SerialLine.USB(vendor: 0x10C4, product: 0xEA60, serial: serial)
            return Sighting(.line(SerialLine(path: path, usb: usb))).identity
        }
        var lines: [String: Hearing.Line] = [:]
        func plug(_ path: String, _ serial: String?) {
            lines[path] = Hearing.Line(driver: nil, trouble: nil, identity: identity(path, serial))
        }
        plug("/dev/ttyUSB0", "0001")
        plug("/dev/ttyUSB1", nil)
        plug("/dev/ttyUSB2", nil)
        #expect(lines.values.allSatisfy { $0.identity.flatMap(lines.twins) == nil })
        plug("/dev/ttyUSB3", "0001")
        let alike = identity("/dev/ttyUSB0", "0001")
        #expect(lines.twins(of: alike) == .hub(.linesAlike(["/dev/ttyUSB0", "/dev/ttyUSB3"])))
        lines["/dev/ttyUSB0"] = nil
        #expect(lines.twins(of: alike) == nil)
    }

    @Test(arguments: [
        "", "\n\n", "device", "device\tx", "hour\ta\tb\tc\td\te\tf", "radio\tyes\thci0\tnothing.such\t", "\t\t\t",
    ])
    func takesNothingFromWhatItDoesNotUnderstand(_ text: String) {
        let account = Account(notation: text)
        #expect(account.devices.isEmpty && account.radioTrouble == nil && account.lines.isEmpty)
    }

    @Test func masksWhoseADeviceIs() {
        #expect(masked("bluetooth:00:09:1F:80:00:22") == "00:09:1F:…:22")
        #expect(masked("usb:0403:6001:A9012") == "usb:0403:6001:…")
        #expect(masked("line:/dev/ttyS0") == "/dev/ttyS0")
    }
}
