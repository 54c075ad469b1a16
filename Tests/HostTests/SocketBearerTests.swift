import Core
import Glibc
import Host
import TestLoop
import Testing

@Suite struct SocketBearerTests {
    @Test func onePacketIsOnePDU() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            try await hub.send([0x02, 0x05, 0x02])
            try await hub.send([0x0A, 0x03, 0x00])
            #expect(try await device.receive(within: .seconds(600)) == [0x02, 0x05, 0x02])
            #expect(try await device.receive(within: .seconds(600)) == [0x0A, 0x03, 0x00])
            let longest = (0..<517).map { UInt8(truncatingIfNeeded: $0) }
            try await device.send(longest)
            #expect(try await hub.receive(within: .seconds(600)) == longest)
        }
    }

    @Test func aPDUThatNoATTHasIsRefusedAndNotCutShort() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            try await device.send([UInt8](repeating: 0x1D, count: 518))
            await #expect(throws: Fault.device(.malformed(.length(got: 518, expected: 517)))) {
                try await hub.receive(within: .seconds(600))
            }
        }
    }

    @Test func anEmptyPacketIsNoEnd() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            try await device.send([])
            try await device.send([0x13])
            #expect(try await hub.receive(within: .seconds(600)) == [0x13])
            try await device.send([])
            device.hangUp()
            #expect(try await hub.receive(within: .seconds(600)) == nil)
        }
    }

    @Test func silenceIsAFault() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            await #expect(throws: Fault.device(.silent)) { try await hub.receive(within: .milliseconds(2)) }
            // And no end: what comes later is heard.
            try await device.send([0x13])
            #expect(try await hub.receive(within: .seconds(600)) == [0x13])
        }
    }

    @Test func whatWasSentBeforeAHangUpIsStillHeard() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            try await device.send([0x1D, 1])
            try await device.send([0x1D, 2])
            device.hangUp()
            #expect(try await hub.receive(within: .seconds(600)) == [0x1D, 1])
            #expect(try await hub.receive(within: .seconds(600)) == [0x1D, 2])
            #expect(try await hub.receive(within: .seconds(600)) == nil)
            await #expect(throws: Fault.device(.hungUp)) { try await hub.send([0x1E]) }
        }
    }

    /// A peer that goes without reading what we sent: Linux reports ECONNRESET before the packets that it still has.
    @Test func whatWasSentBeforeAResetIsStillHeard() async throws {
        try await onLoop {
            var ends: [CInt] = [-1, -1]
            try #require(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
            let hub = SocketBearer(Descriptor(ends[0]))
            try await hub.send([0x0A, 3, 0])
            #expect(write(ends[1], [0x1D, 7] as [UInt8], 2) == 2)
            close(ends[1])
            #expect(try await hub.receive(within: .seconds(600)) == [0x1D, 7])
            #expect(try await hub.receive(within: .seconds(600)) == nil)
        }
    }

    /// Nobody knows what the device still had to say, so it is not taken for its end.
    @Test func aLinkThatIsLostIsNoHangUp() async throws {
        try await onLoop {
            let hub = SocketBearer(try abandoned())
            for _ in 0..<2 {
                await #expect(throws: Fault.device(.hungUp)) { try await hub.receive(within: .seconds(600)) }
            }
            // The kernel says it once, to whoever comes first.
            let other = SocketBearer(try abandoned())
            await loop.sleep(for: .seconds(2))
            await #expect(throws: Fault.device(.hungUp)) { try await other.send([0x1E]) }
            await #expect(throws: Fault.device(.hungUp)) { try await other.receive(within: .seconds(600)) }
        }
    }

    /// Before there is no room for more: the next one would be the end of the process, in the kernel.
    @Test func thatManyEndedLinksAreKeptIsToldOnceAndNoneOfThemIsClosed() async throws {
        try await onLoop {
            let calls = Locked(0), before = EndedLinks.count
            EndedLinks.watch(for: before + 2) { calls.with { $0 += 1 } }
            var kept: Set<ino_t> = []
            for number in 1...3 {
                kept.insert(try endLink())
                #expect(EndedLinks.count == before + number)
                #expect(calls.with { $0 } == (number < 2 ? 0 : 1))
                #expect(kept.isSubset(of: openSockets()))
            }
        }
    }

    @Test func hangingUpEndsOnesOwnWaiting() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            async let waiting = hub.receive(within: .seconds(600))
            await loop.sleep(for: .milliseconds(1))
            hub.hangUp()
            #expect(try await waiting == nil)
            #expect(try await device.receive(within: .seconds(600)) == nil)
        }
    }

    @Test func aFullChannelHoldsTheSenderBack() async throws {
        try await onLoop {
            let (hub, device) = try SocketBearer.pair()
            async let heard = sum(device, packets: 2000)
            for number in 0..<2000 { try await hub.send([UInt8(number % 251)] + [UInt8](repeating: 0, count: 500)) }
            #expect(try await heard == (0..<2000).reduce(0) { $0 + $1 % 251 })
        }
    }

    @Test func aSimulatedDeviceIsReachedByItsPath() async throws {
        try await onLoop {
            let directory = TemporaryDirectory()
            let path = directory("cuff")
            #expect(throws: Fault.device(.silent)) { try SocketBearer.connect(to: path) }
            let listener = try SocketListener(path)
            async let accepted = listener.accept()
            let hub = try SocketBearer.connect(to: path)
            let device = try #require(try await accepted)
            try await hub.send([0x02, 0x05, 0x02])
            #expect(try await device.receive(within: .seconds(600)) == [0x02, 0x05, 0x02])
            async let nobody = listener.accept()
            await loop.sleep(for: .milliseconds(1))
            listener.close()
            #expect(try await nobody == nil)
            #expect(try Files.names(in: directory.path).isEmpty)
        }
    }
}

/// A link that ends before the device has said a word, and which socket it had.
@Hub private func endLink() throws -> ino_t {
    var ends: [CInt] = [-1, -1], about = stat()
    try #require(socketpair(AF_UNIX, CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
    let bearer = SocketBearer(Descriptor(ends[0]), isLink: true)
    try #require(fstat(ends[0], &about) == 0)
    close(ends[1])
    withExtendedLifetime(bearer) {}
    return about.st_ino
}

private func openSockets() -> Set<ino_t> {
    var found: Set<ino_t> = []
    for descriptor in CInt(0)..<1024 {
        var about = stat()
        if fstat(descriptor, &about) == 0, about.st_mode & S_IFMT == S_IFSOCK { found.insert(about.st_ino) }
    }
    return found
}

@Hub private func sum(_ bearer: SocketBearer, packets: Int) async throws -> Int {
    var sum = 0
    for _ in 0..<packets { sum += try await bearer.receive(within: .seconds(600)).map { Int($0[0]) } ?? 0 }
    return sum
}
