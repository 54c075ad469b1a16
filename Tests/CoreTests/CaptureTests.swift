import Core
import Testing

@Suite struct CaptureTests {
    private let head = "# device:   A&D UA-651BLE\n# display:  128/82\n# source:   specification\n"
    private let adv = "adv 00:09:1F:80:00:22 name \"A&D_UA-651BLE_8A11\" services 1810 180A\n"

    private func mistake(_ text: String) -> String? {
        do throws(Capture.Mistake) {
            _ = try Capture(text)
            return nil
        } catch {
            return error.description
        }
    }

    @Test func everyKindOfLine() throws {
        let capture = try Capture(
            head + adv + """

                @ 0001 2800 1018             the service
                @ 0003 2A35
                @ 00ff 233BF001-5A34-1B6D-975C-000D5690ABE4 01 02
                > 12 0400 0200               we ask
                < 13
                ~
                = clock at 2026-03-02T10:12:12
                = information manufacturer "A&D"
                = systolic 128 mm[Hg] at 2026-03-02T10:11:12
                """)
        #expect(capture.headers == ["device": "A&D UA-651BLE", "display": "128/82", "source": "specification"])
        let uuid = try #require(BluetoothUUID("233BF001-5A34-1B6D-975C-000D5690ABE4"))
        #expect(
            capture.attributes == [
                Attribute(handle: 1, type: 0x2800, value: [0x10, 0x18]), Attribute(handle: 3, type: 0x2A35),
                Attribute(handle: 255, type: uuid, value: [1, 2]),
            ])
        let clock = try #require(RawTime(notation: "at 2026-03-02T10:12:12"))
        let reading = try #require(Reading(notation: "systolic 128 mm[Hg] at 2026-03-02T10:11:12"))
        #expect(
            capture.lines == [
                .sent([0x12, 4, 0, 2, 0]), .heard([0x13]), .silence, .clock(clock),
                .information("manufacturer \"A&D\""), .reported(reading),
            ])
        guard case .advertisement(let seen) = capture.sighting.way else {
            Issue.record("no advertisement")
            return
        }
        #expect(seen.name == "A&D_UA-651BLE_8A11" && seen.services == [0x1810, 0x180A])
        #expect(seen.notation == adv.dropFirst(4).dropLast())
    }

    @Test func aLineOfASerialDevice() throws {
        let capture = try Capture(head + "tty /dev/ttyUSB0\n")
        #expect(capture.sighting == Sighting(.line(SerialLine(path: "/dev/ttyUSB0"))))
        #expect(capture.attributes.isEmpty && capture.lines.isEmpty)
    }

    @Test(arguments: [
        ("", "line 1: expected an adv or a tty line"), ("hello", "line 1: expected one of # adv tty @ > < ~ hub ="),
        ("\n\nadv 00:09 name \"x\"", "line 3: expected adv <address> name \"…\" services <uuid>…"),
        ("adv 00:09:1F:80:00:22 name \"x\" services 18", "line 1: expected adv <address> name \"…\" services <uuid>…"),
        ("= systolic 128", "line 1: expected = <reading>"), ("= clock noon", "line 1: expected = clock <time>"),
        (">", "line 1: expected > <bytes>"), ("< nothing", "line 1: expected < <bytes>"),
        ("< 1", "line 1: expected < <bytes>"), ("@ 1 2800", "line 1: expected @ <handle, rising> <type> <bytes>"),
        ("@ 0000 2800", "line 1: expected @ <handle, rising> <type> <bytes>"),
        ("@ 0001 28", "line 1: expected @ <handle, rising> <type> <bytes>"),
        ("@ 0002 2800\n@ 0002 2803", "line 2: expected @ <handle, rising> <type> <bytes>"),
        ("tty /dev/ttyUSB0", "line 1: expected # device: …"),
    ])
    func mistakesNameTheirLine(text: String, expected: String) { #expect(mistake(text) == expected) }

    @Test(arguments: ["device", "display", "source"])
    func headersAreRequired(name: String) {
        let rest = (head + adv).split(separator: "\n").filter { !$0.contains("\(name):") }.joined(separator: "\n")
        #expect(mistake(rest) == "line 1: expected # \(name): …")
        #expect(mistake(head + adv) == nil)
    }

    @Test func informationIsWrittenInOneLine() {
        var information = DeviceInformation()
        information.manufacturer = "A&D"
        information.serial = "12"
        information.systemID = 0x0009_1FFF_FE80_0022
        #expect(information.description == "manufacturer \"A&D\" serial \"12\" system 00091FFFFE800022")
    }
}

@Suite struct AdvertisementNotationTests {
    @Test(arguments: [
        "00:09:1F:80:00:22 name \"A&D_UA-651BLE\" services 1810 180A",
        "C0:09:1F:80:00:22 name \"\" services random maker 59 0102 data 181D 22c4",
        "00:09:1F:80:00:22 name \"PBT\" services classic",
    ])
    func whatIsReadIsWrittenAgain(line: String) { #expect(Advertisement(notation: line)?.notation == line) }

    @Test(arguments: [
        "00:09:1F:80:00:22 name \"x\" 1810", "00:09:1F:80:00:22 name \"x\" services maker 59",
        "00:09:1F:80:00:22 name \"x\" services maker zz 00", "00:09:1F:80:00:22 name \"x\" services data 181D 2",
    ])
    func anythingElseIsRefused(line: String) { #expect(Advertisement(notation: line) == nil) }
}
