import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// The environment is the whole process's, so these take turns.
@Suite(.serialized) struct SystemdTests {
    @Test(arguments: [true, false]) func noticesArriveAsOneDatagram(isAbstract: Bool) throws {
        let directory = TemporaryDirectory()
        let name = isAbstract ? "@vitalsd-test-\(getpid())" : directory("notify")
        let manager = try ServiceManager(name)
        setenv("NOTIFY_SOCKET", name, 1)
        defer { unsetenv("NOTIFY_SOCKET") }

        try Systemd.notify(.ready, .status("2 devices\nREADY=0"))
        #expect(manager.next() == "READY=1\nSTATUS=2 devices\u{FFFD}READY=0")
        try Systemd.notify(.watchdog)
        #expect(manager.next() == "WATCHDOG=1")
        try Systemd.notify(.stopping)
        #expect(manager.next() == "STOPPING=1")

        var before = timespec(), after = timespec()
        clock_gettime(CLOCK_MONOTONIC, &before)
        try Systemd.notify(.reloading)
        clock_gettime(CLOCK_MONOTONIC, &after)
        let reloading = manager.next()
        #expect(reloading.hasPrefix("RELOADING=1\nMONOTONIC_USEC="))
        let time = try #require(Int(String(reloading.dropFirst("RELOADING=1\nMONOTONIC_USEC=".count))))
        #expect(microseconds(before)...microseconds(after) ~= time)
    }

    @Test func withoutAManagerNothingIsSaid() throws {
        unsetenv("NOTIFY_SOCKET")
        try Systemd.notify(.ready)
    }

    @Test func aManagerThatIsGoneIsAFault() {
        setenv("NOTIFY_SOCKET", "/nonexistent/notify", 1)
        defer { unsetenv("NOTIFY_SOCKET") }
        #expect(throws: Fault.hub(.system("sendto /nonexistent/notify", ENOENT))) { try Systemd.notify(.ready) }
    }

    @Test(
        arguments: [
            ("60000000", nil, Duration.seconds(30)), ("60000000", "0", nil), ("soon", nil, nil), ("", nil, nil),
            (nil, nil, nil),
        ] as [(String?, String?, Duration?)])
    func theWatchdogIsFedTwiceInItsTime(allowed: String?, process: String?, interval: Duration?) {
        if let allowed { setenv("WATCHDOG_USEC", allowed, 1) } else { unsetenv("WATCHDOG_USEC") }
        if let process { setenv("WATCHDOG_PID", process, 1) } else { setenv("WATCHDOG_PID", String(getpid()), 1) }
        #expect(Systemd.watchdogInterval == interval)
        unsetenv("WATCHDOG_USEC")
        unsetenv("WATCHDOG_PID")
    }

    @Test func aLineCarriesItsPriorityOnlyToTheJournal() {
        #expect(Systemd.logLine(.error, "hub: no", toJournal: true) == "<3>hub: no")
        #expect(Systemd.logLine(.debug, "hub: no", toJournal: true) == "<7>hub: no")
        #expect(Systemd.logLine(.error, "hub: no", toJournal: false) == "hub: no")
    }

    @Test func aNameNeverBreaksTheLine() {
        let name = "Cuff\n<0>fake\r\u{1B}[31m\u{0}\u{85}\u{2028}\u{202E}å心"
        let line = Systemd.logLine(.info, name, toJournal: true)
        #expect(line == "<6>Cuff\u{FFFD}<0>fake\u{FFFD}\u{FFFD}[31m\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}å心")
        #expect(Systemd.logLine(.info, String(repeating: "x", count: 100_000), toJournal: false).count == 2000)
    }

    @Test func theJournalIsKnownByItsDeviceAndInode() throws {
        let directory = TemporaryDirectory()
        try Files.write([], to: directory("stream"))
        let stream = Descriptor(open(directory("stream"), O_RDONLY))
        var file = stat()
        #expect(stat(directory("stream"), &file) == 0)
        #expect(Systemd.isJournal("\(file.st_dev):\(file.st_ino)", stream.raw))
        #expect(!Systemd.isJournal("\(file.st_dev):\(file.st_ino + 1)", stream.raw))
        #expect(!Systemd.isJournal(nil, stream.raw))
        #expect(!Systemd.isJournal("", -1))
    }

    private func microseconds(_ time: timespec) -> Int { time.tv_sec * 1_000_000 + time.tv_nsec / 1000 }
}

/// The receiving end of sd_notify.
private final class ServiceManager {
    private let socket: Descriptor

    init(_ name: String) throws {
        socket = Descriptor(Glibc.socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue), 0))
        let raw = socket.raw
        let address = try UnixAddress(name)
        try #require(address.with { bind(raw, $0, $1) } == 0)
    }

    func next() -> String {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket.raw, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
