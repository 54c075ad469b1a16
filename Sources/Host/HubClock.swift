import CLinux
import Core
import Glibc

/// The hub's clocks and its zone.
package enum HubClock {
    /// All clocks, read together.
    package static func now() -> HubTime {
        let uptime = read(CLOCK_BOOTTIME), wall = read(CLOCK_REALTIME)
        return HubTime(
            boot: boot, uptime: uptime, wall: Instant(milliseconds: 0) + wall, synchronised: error() != nil)
    }

    /// How far the wall clock may be off, as the kernel reckons; nil while nothing keeps it.
    package static func error() -> Duration? {
        var clock = timex()
        let state = adjtimex(&clock)
        // Refused, it counts as a clock that nobody keeps.
        guard state >= 0, state != TIME_ERROR, clock.status & STA_UNSYNC == 0 else { return nil }
        return .microseconds(clock.maxerror)
    }

    /// Sets the zone of the house, such as `Europe/Copenhagen`, for as long as the process lives. Once, before any
    /// thread starts. Throws `badConfiguration` where the zone is unknown: glibc would take it for UTC without a word.
    package static func useZone(_ name: String) throws(Fault) {
        let steps = name.split(separator: "/", omittingEmptySubsequences: false)
        guard !name.utf8.contains(0), !steps.contains(where: { $0.isEmpty || $0 == "." || $0 == ".." }),
            let file = try? Files.read("/usr/share/zoneinfo/\(name)"), file.starts(with: "TZif".utf8)
        else { throw .hub(.badConfiguration("there is no time zone \(name)")) }
        if setenv("TZ", name, 1) != 0 { throw .failed("setenv", errno) }
        tzset()
    }

    /// What a clock on the wall of the house shows, in whole seconds; nil outside the years 1 to 9999.
    package static func localTime(at instant: Instant) -> LocalTime? {
        LocalTime(seconds: seconds(of: instant) + secondsEastOfUTC(at: instant))
    }

    /// Minutes by which local time is ahead of UTC, −720 to 840.
    package static func offset(at instant: Instant) -> Int { secondsEastOfUTC(at: instant) / 60 }

    /// The kernel's name for this boot. Without one, every process is a boot of its own: timelines that may differ
    /// must not compare.
    private static let boot: String = {
        // In a service that sees nothing but processes in /proc.
        if let told = getenv("BOOT_ID"), let id = boot(digits: String(cString: told)) { return id }
        if let id = Sysfs().attribute("/proc/sys/kernel/random/boot_id") { return id }
        return vitalsdUUID((0..<16).map { _ in UInt8.random(in: 0...255) })
    }()

    /// The name of a boot as the kernel writes it, of the 32 hexadecimal digits that systemd gives a service for `%b`; nil for
    /// anything else.
    static func boot(digits: String) -> String? {
        let isHexadecimal = digits.utf8.allSatisfy { 0x30...0x39 ~= $0 || 0x61...0x66 ~= $0 }
        guard digits.utf8.count == 32, isHexadecimal else { return nil }
        var groups: [Substring] = [], rest = digits[...]
        for length in [8, 4, 4, 4, 12] {
            groups.append(rest.prefix(length))
            rest = rest.dropFirst(length)
        }
        return groups.joined(separator: "-")
    }

    private static func read(_ clock: CInt) -> Duration {
        var time = timespec()
        clock_gettime(clock, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }

    private static func seconds(of instant: Instant) -> Int {
        let milliseconds = Int(instant.milliseconds)
        return milliseconds / 1000 - (milliseconds % 1000 < 0 ? 1 : 0)
    }

    private static func secondsEastOfUTC(at instant: Instant) -> Int {
        var time = time_t(seconds(of: instant)), local = tm()
        // Only a year beyond 2^31 fails; it has no zone.
        return localtime_r(&time, &local) == nil ? 0 : local.tm_gmtoff
    }
}
