import Core
import Glibc
import Testing

@testable import Host

/// One process has one zone, so these take turns.
@Suite(.serialized) struct HubClockTests {
    /// Instants from `date -u -d … +%s`; the rule is the European Union's: 01:00 UTC on the last Sundays of March and
    /// October.
    @Test(arguments: [
        // 2026-03-29T00:59:59Z and one second later
        (1_774_745_999, 60, "2026-03-29T01:59:59"), (1_774_746_000, 120, "2026-03-29T03:00:00"),
        // 2026-10-25T00:59:59Z and one second later: the same hour on the wall, twice
        (1_792_889_999, 120, "2026-10-25T02:59:59"), (1_792_890_000, 60, "2026-10-25T02:00:00"),
        // 1969-12-31T23:59:59Z
        (-1, 60, "1970-01-01T00:59:59"),
    ])
    func copenhagenChangesItsOffsetOnTheSecond(seconds: Int64, offset: Int, local: String) throws {
        try HubClock.useZone("Europe/Copenhagen")
        #expect(HubClock.offset(at: Instant(milliseconds: seconds * 1000)) == offset)
        #expect(HubClock.localTime(at: Instant(milliseconds: seconds * 1000))?.description == local)
        // The second's last millisecond still belongs to it.
        #expect(HubClock.localTime(at: Instant(milliseconds: seconds * 1000 + 999))?.description == local)
    }

    @Test(arguments: [("America/St_Johns", -210), ("Asia/Kathmandu", 345), ("UTC", 0), ("Pacific/Kiritimati", 840)])
    func offsetsAreInMinutesEastOfUTC(zone: String, offset: Int) throws {
        try HubClock.useZone(zone)
        #expect(HubClock.offset(at: Instant(milliseconds: 1_768_435_200_000)) == offset)
    }

    @Test(arguments: [
        "Europe/Kopenhagen", "", "Europe", "zone.tab", "../../../etc/localtime", "/etc/localtime", "CET-1\0",
    ])
    func anUnknownZoneIsRefused(name: String) {
        #expect(throws: Fault.hub(.badConfiguration("there is no time zone \(name)"))) { try HubClock.useZone(name) }
    }

    @Test func aBootIsTheSameFromTheKernelAndFromSystemd() {
        #expect(
            HubClock.boot(digits: "0a1b2c3d4e5f60718293a4b5c6d7e8f9") == "0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9")
        for other in ["", "%b", "0a1b2c3d4e5f60718293a4b5c6d7e8f", "0A1b2c3d4e5f60718293a4b5c6d7e8f9"] {
            #expect(HubClock.boot(digits: other) == nil)
        }
    }

    @Test func theEndsOfTimeDoNotTrap() {
        for milliseconds in [Int64.min, .min + 1, -62_135_596_800_001, 253_402_300_800_000, .max] {
            #expect(HubClock.localTime(at: Instant(milliseconds: milliseconds)) == nil)
        }
    }

    @Test func theClocksAreTheKernels() throws {
        let first = HubClock.now(), second = HubClock.now()
        let boot = try String(decoding: Files.read("/proc/sys/kernel/random/boot_id"), as: UTF8.self)
        #expect(first.boot + "\n" == boot)
        #expect(second.boot == first.boot)
        #expect(second.uptime > first.uptime)
        // /proc/uptime counts the same timeline, in hundredths of a second, and was read after both.
        let uptime = try String(decoding: Files.read("/proc/uptime"), as: UTF8.self)
        let seconds = try #require(uptime.split(separator: " ").first.flatMap { Double(String($0)) })
        #expect(second.uptime <= .seconds(seconds + 0.01))
        #expect(.seconds(seconds) - first.uptime < .seconds(60))
        // Which shows the second a tick late.
        let wall = Int64(time(nil)) * 1000
        #expect(first.wall.milliseconds <= wall + 1100)
        #expect(wall - first.wall.milliseconds < 60_000)
        #expect(first.synchronised == (HubClock.error() != nil))
    }
}
