import Bluetooth
import Core
import Glibc
import TestLoop
import Testing

@testable import Host

/// The far end of a control channel: what a kernel would say, by script.
@Hub final class ScriptedKernel {
    let channel: ManagementSocket
    private let socket: Descriptor
    private(set) var heard: [String] = []

    init() throws {
        var ends: [CInt] = [-1, -1]
        let type = CInt(SOCK_SEQPACKET.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, type, 0, &ends) == 0)
        socket = Descriptor(ends[1])
        channel = try ManagementSocket(Descriptor(ends[0]))
    }

    /// Says a packet in hexadecimal digits.
    func say(_ digits: String) throws {
        let packet = try #require(bytes(hex: digits))
        #expect(write(socket.raw, packet, packet.count) == packet.count)
    }

    /// Returns once all that was said has been read.
    func isHeard() async throws {
        var waiting: CInt = 1
        while waiting > 0 {
            try #require(ioctl(socket.raw, UInt(TIOCOUTQ), &waiting) == 0)
            if waiting > 0 { await loop.sleep(for: .milliseconds(1)) }
        }
    }

    /// The next command; nil once the other side has closed, or none comes for a minute.
    func command() async -> [UInt8]? {
        var buffer = [UInt8](repeating: 0, count: 1024)
        while true {
            let count = read(socket.raw, &buffer, buffer.count)
            if count > 0 {
                heard.append(hex(buffer[..<count]))
                return Array(buffer[..<count])
            }
            guard count < 0, errno == EAGAIN, await loop.ready(socket.raw, before: .now + .seconds(60)) else {
                return nil
            }
        }
    }

    /// Ends the channel from the kernel's side.
    func end(_ how: CInt = CInt(SHUT_RDWR)) { shutdown(socket.raw, how) }
}

/// Runs `body` beside the channel's reader, and closes the channel behind it.
@Hub private func withKernel(_ body: @Hub (ScriptedKernel) async throws -> Void) async throws {
    let kernel = try ScriptedKernel()
    async let reading: Void = kernel.channel.read()
    do {
        try await body(kernel)
    } catch {
        kernel.channel.close()
        await reading
        throw error
    }
    kernel.channel.close()
    await reading
}

private let hci0 = Management.Index(rawValue: 0), hci1 = Management.Index(rawValue: 1)

extension ManagementSocket {
    fileprivate func outcome(
        _ command: Management.Command, of index: Management.Index = .none
    ) async -> Result<[UInt8], Fault> {
        do throws(Fault) {
            return .success(try await ask(command, of: index))
        } catch {
            return .failure(error)
        }
    }
}

@Suite struct ManagementSocketTests {
    @Test func answersOutOfOrderFindTheirCommands() async throws {
        try await onLoop {
            try await withKernel { kernel in
                async let first = kernel.channel.ask(.setPowered(true), of: hci0)
                #expect(await kernel.command() == bytes(hex: "0500 0000 0100 01"))
                async let second = kernel.channel.ask(.setPowered(true), of: hci1)
                #expect(await kernel.command() == bytes(hex: "0500 0100 0100 01"))
                async let third = kernel.channel.ask(.readVersion)
                #expect(await kernel.command() == bytes(hex: "0100 ffff 0000"))
                // News between, an answer to nobody, one to another adapter, and then the answers, last first.
                try kernel.say("0600 0000 0400 01020000")
                try kernel.say("0100 0000 0300 0700 00")
                try kernel.say("0100 ffff 0600 0100 00 01 1600")
                try kernel.say("0100 0100 0700 0500 00 03020000")
                try kernel.say("0100 0000 0700 0500 00 01020000")
                #expect(try await third == [1, 22, 0])
                #expect(try await second == [3, 2, 0, 0])
                #expect(try await first == [1, 2, 0, 0])
                #expect(await kernel.channel.next()?.event == .newSettings([.powered, .lowEnergy]))
                #expect(kernel.channel.isDrained)
            }
        }
    }

    @Test func ofTwoCommandsAlikeTheSecondWaits() async throws {
        try await onLoop {
            try await withKernel { kernel in
                let cuff = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)
                let scale = Management.Address(BluetoothAddress(0x0009_1F80_0023), .lePublic)
                async let first = kernel.channel.ask(.disconnect(cuff), of: hci0)
                #expect(await kernel.command() == bytes(hex: "1400 0000 0700 2200801f0900 01"))
                async let second = kernel.channel.outcome(.disconnect(scale), of: hci0)
                // The third is of another kind, and must not wait.
                async let third = kernel.channel.ask(.getConnections, of: hci0)
                #expect(await kernel.command() == bytes(hex: "1500 0000 0000"))
                try kernel.say("0100 0000 0500 1500 00 0000")
                #expect(try await third == [0, 0])
                try kernel.say("0100 0000 0a00 1400 00 2200801f0900 01")
                #expect(try await first == bytes(hex: "2200801f0900 01"))
                #expect(await kernel.command() == bytes(hex: "1400 0000 0700 2300801f0900 01"))
                try kernel.say("0200 0000 0300 1400 02")
                #expect(await second == .failure(.device(.hungUp)))
            }
        }
    }

    @Test func aRefusalIsAFault() async throws {
        try await onLoop {
            try await withKernel { kernel in
                for (status, fault) in [
                    ("12", Fault.hub(.radioBlocked)), ("11", .hub(.noRadio)),
                    ("14", .hub(.noPermission("Bluetooth management (CAP_NET_ADMIN)"))),
                    ("ee", .hub(.radioFailing("setPowered: status ee"))),
                ] {
                    async let asked = kernel.channel.outcome(.setPowered(true), of: hci0)
                    _ = await kernel.command()
                    try kernel.say("0200 0000 0300 0500 \(status)")
                    #expect(await asked == .failure(fault))
                }
            }
        }
    }

    @Test func aCommandWithoutAnAnswerClosesTheChannel() async throws {
        try await onLoop {
            try await withKernel { kernel in
                let silent = Fault.hub(.radioFailing("no answer to setPowered"))
                async let waiting = kernel.channel.outcome(.getConnections, of: hci0)
                _ = await kernel.command()
                await #expect(throws: silent) {
                    try await kernel.channel.ask(.setPowered(true), of: hci0, within: .milliseconds(5))
                }
                #expect(await waiting == .failure(silent))
                await #expect(throws: silent) { try await kernel.channel.ask(.readVersion) }
                #expect(await kernel.channel.next() == nil)
                #expect(kernel.channel.failure == silent)
            }
        }
    }

    @Test func whatCannotBeReadIsCountedAndPassedOver() async throws {
        try await onLoop {
            try await withKernel { kernel in
                try kernel.say("0400")
                try kernel.say("0a00 0000 0200 0102")
                try kernel.say("0100 0000 0100 05")
                try kernel.say("3412 0000 0100 07")
                #expect(await kernel.channel.next() == .init(index: hci0, event: .other(code: 0x1234, parameters: [7])))
                #expect(kernel.channel.malformed == 3)
            }
        }
    }

    @Test func aChannelThatEndsWakesEverybody() async throws {
        try await onLoop {
            try await withKernel { kernel in
                async let news = kernel.channel.next()
                async let asked = kernel.channel.outcome(.readVersion)
                _ = await kernel.command()
                kernel.end()
                #expect(await asked == .failure(.hub(.system("recv", ECONNRESET))))
                #expect(await news == nil)
            }
        }
    }

    @Test func aFloodOfAdvertisersDropsNoOtherNews() async throws {
        try await onLoop {
            try await withKernel { kernel in
                for number in 0..<1500 {
                    try kernel.say("1200 0000 0e00 \(hex(UInt16(0x1000 + number)))801f0900 02 b9 00000000 0000")
                    // The reader has its turn, nobody takes what it queues.
                    if number % 50 == 49 { try await kernel.isHeard() }
                }
                try kernel.say("0500 0000 0000")
                try await kernel.isHeard()
                var found = 0
                while let news = await kernel.channel.next() {
                    if news.event == .indexRemoved { break }
                    found += 1
                }
                #expect(found == 1024)
            }
        }
    }

    /// The machine that builds has no Bluetooth; where there is one, its kernel answers with a version.
    @Test func theKernelSaysWhetherItKnowsBluetooth() async throws {
        try await onLoop {
            do throws(Fault) {
                let channel = try ManagementSocket()
                channel.close()
            } catch {
                #expect([.hub(.noRadio), .hub(.noPermission("Bluetooth management"))].contains(error))
            }
        }
    }
}
