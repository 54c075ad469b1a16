import Core
import Glibc
import Host
import TestLoop
import Testing

@Suite struct SerialPortTests {
    @Test func bytesGoBothWaysAsTheyAre() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(9600))
            // Every byte, those among them that a terminal would take for itself: ^C, ^D, ^Q, ^S, CR, LF.
            let all = (0...255).map { UInt8($0) }
            try await device.write(all)
            #expect(try await bytes(port, 256) == all)
            try await port.write(all)
            #expect(try await bytes(device, 256) == all)
        }
    }

    @Test func nothingIsEchoed() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            try await device.write([0x41, 0x0D])
            #expect(try await device.read(within: .milliseconds(2)) == .silence)
            let port = try SerialPort(device.path, LineSettings(9600))
            #expect(try await bytes(port, 2) == [0x41, 0x0D])
            #expect(try await device.read(within: .milliseconds(2)) == .silence)
        }
    }

    @Test(arguments: [(9600, B9600), (19_200, B19200), (115_200, B115200), (4800, B4800)])
    func settingsAreTheKernels(speed: Int, constant: Int32) async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(300))
            try port.change(LineSettings(speed))
            var terminal = termios()
            let other = Descriptor(open(device.path, O_RDONLY | O_NOCTTY | O_NONBLOCK))
            #expect(tcgetattr(other.raw, &terminal) == 0)
            #expect(cfgetispeed(&terminal) == speed_t(constant))
            #expect(cfgetospeed(&terminal) == speed_t(constant))
            #expect(terminal.c_lflag & tcflag_t(ICANON | ECHO | ISIG | IEXTEN) == 0)
            #expect(terminal.c_oflag & tcflag_t(OPOST) == 0)
            #expect(terminal.c_iflag & tcflag_t(IXON | IXOFF | ICRNL | ISTRIP) == 0)
            #expect(terminal.c_cflag & tcflag_t(CSIZE) == tcflag_t(CS8))
            #expect(terminal.c_cflag & tcflag_t(CSTOPB) == 0)
        }
    }

    @Test func achangeThrowsAwayWhatWasHeardBefore() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(9600))
            try await device.write([1, 2, 3])
            await loop.sleep(for: .milliseconds(5))
            try port.change(LineSettings(19_200))
            try await device.write([4])
            #expect(try await bytes(port, 1) == [4])
        }
    }

    @Test func aSpeedThatTermiosLacksIsRefused() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            #expect(throws: Fault.hub(.badConfiguration("no serial line has 12345 bits per second"))) {
                try SerialPort(device.path, LineSettings(12_345))
            }
        }
    }

    @Test func silenceIsNoHangUp() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(9600))
            #expect(try await port.read(within: .milliseconds(2)) == .silence)
            try await device.write([7])
            #expect(try await port.read(within: nil) == .bytes([7]))
        }
    }

    @Test func aLineThatVanishesWhileReadHangsUp() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(9600))
            async let arrival = port.read(within: nil)
            await loop.sleep(for: .milliseconds(1))
            device.hangUp()
            #expect(try await arrival == .hungUp)
            #expect(try await port.read(within: .seconds(600)) == .hungUp)
            await #expect(throws: Fault.hub(.portGone)) { try await port.write([1]) }
        }
    }

    @Test func hangingUpEndsOnesOwnReading() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(9600))
            async let arrival = port.read(within: nil)
            await loop.sleep(for: .milliseconds(1))
            port.hangUp()
            #expect(try await arrival == .hungUp)
            // The line is free again, and the device has not noticed.
            let next = try SerialPort(device.path, LineSettings(9600))
            try await device.write([9])
            #expect(try await bytes(next, 1) == [9])
        }
    }

    @Test func aFullLineHoldsTheWriterBackAndLosesNothing() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let port = try SerialPort(device.path, LineSettings(115_200))
            let much = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
            async let heard = bytes(device, much.count)
            try await port.write(much)
            #expect(try await heard == much)
        }
    }

    @Test func aLineHasOneUser() async throws {
        try await onLoop {
            let device = try PseudoTerminal()
            let first = try SerialPort(device.path, LineSettings(9600))
            #expect(throws: Fault.hub(.portBusy(device.path))) {
                try SerialPort(device.path, LineSettings(9600))
            }
            first.hangUp()
            _ = try SerialPort(device.path, LineSettings(9600))
        }
    }

    /// As of an adapter that is stuck, with something unsent.
    @Test func aSlowCloseHoldsNobodyUp() async throws {
        try await onLoop {
            let device = try PseudoTerminal(), isClosed = Locked(false)
            let port = try SerialPort(device.path, LineSettings(9600)) { descriptor in
                usleep(2_000_000)
                close(descriptor)
                isClosed.with { $0 = true }
            }
            async let arrival = port.read(within: nil)
            await loop.sleep(for: .milliseconds(1))
            port.hangUp()
            #expect(try await arrival == .hungUp)
            await loop.sleep(for: .milliseconds(50))
            // Who wants the same line waits, and nobody else does.
            let other = try PseudoTerminal()
            await SerialPort.closed(other.path)
            #expect(!isClosed.with { $0 })
            await SerialPort.closed(device.path)
            #expect(isClosed.with { $0 })
            let next = try SerialPort(device.path, LineSettings(9600))
            try await device.write([9])
            #expect(try await bytes(next, 1) == [9])
        }
    }

    @Test func whatIsNoLineIsRefused() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let file = directory("file")
            try Files.write([1], to: file)
            for path in [file, directory.path, "/dev/null"] {
                #expect(throws: Fault.hub(.badConfiguration("\(path) is no serial line"))) {
                    try SerialPort(path, LineSettings(9600))
                }
            }
            #expect(throws: Fault.hub(.portGone)) { try SerialPort(directory("gone"), LineSettings(9600)) }
        }
    }
}

/// Reads exactly `count` bytes, in whatever pieces they come; fewer where the line ends before.
@Hub func bytes(_ line: any Line, _ count: Int) async throws -> [UInt8] {
    var all: [UInt8] = []
    while all.count < count, case .bytes(let piece) = try await line.read(within: .seconds(60)) { all += piece }
    return all
}
