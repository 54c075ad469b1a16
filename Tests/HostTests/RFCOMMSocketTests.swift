import Bluetooth
import CBluetooth
import Core
import Glibc
@testable import Host
import TestLoop
import Testing

/// What can be proved without a radio; the rest is proved in the virtual home.
@Suite struct RFCOMMSocketTests {
    private let adapter = BluetoothAddress(0x00_1A_7D_DA_71_13), device = BluetoothAddress(0x00_1C_05_00_5D_9A)

    /// struct sockaddr_rc and struct sockaddr_l2 of the kernel, on a little-endian hub; it wants the last, empty byte too.
    @Test func addressesAreTheKernels() {
        let family = withUnsafeBytes(of: UInt16(31)) { Array($0) },
            address: [UInt8] = [0x9A, 0x5D, 0x00, 0x05, 0x1C, 0x00]
        let channel = withUnsafeBytes(of: BluetoothSocket.rfcomm(device, channel: 5)) { Array($0) }
        #expect(channel.dropLast() == family + address + [5])
        let port = withUnsafeBytes(of: BluetoothSocket.l2cap(device, port: 1)) { Array($0) }
        #expect(port.dropLast() == family + [1, 0] + address + [0, 0, 0])
        let cuff = Management.Address(device, .leRandom)
        let link = withUnsafeBytes(of: BluetoothSocket.att(cuff)) { Array($0) }
        #expect(link.dropLast() == family + [0, 0] + address + [4, 0, 2])
        let control = withUnsafeBytes(of: BluetoothSocket.control) { Array($0) }
        #expect(control == family + [0xFF, 0xFF, 3, 0])
    }

    /// The machine that runs the tests has no Bluetooth, or at least no adapter with this address.
    @Test func withoutARadioTheHubIsToBlame() async throws {
        try await onLoop {
            await #expect(throws: Fault.hub(.noRadio)) {
                try await RFCOMMSocket.connect(
                    to: device, channel: 5, from: adapter, encrypted: true, within: .seconds(600))
            }
            await #expect(throws: Fault.hub(.noRadio)) {
                try await SocketBearer.connect(toServicesOf: device, from: adapter, within: .seconds(600))
            }
            #expect(throws: Fault.hub(.noRadio)) { try RFCOMMListener(at: adapter, encrypted: true) }
            #expect(throws: Fault.hub(.noRadio)) { try SDPListener(at: adapter, serving: .init([])) }
        }
    }

    /// A close throws away what the kernel has: what was said by then is heard all the same, also by who waits for it just now.
    @Test(arguments: [true, false]) func whatHasArrivedIsHeardBehindTheEnd(_ isAwaited: Bool) async throws {
        try await onLoop {
            let (line, far) = try RFCOMMSocket.pair(to: device)
            async let heard = line.read(within: .seconds(60))
            if isAwaited { await loop.sleep(for: .milliseconds(20)) }
            try await far.write([0x50, 0x57])
            line.drain()
            line.hangUp()
            #expect(try await heard == .bytes([0x50, 0x57]))
            #expect(try await line.read(within: nil) == .hungUp)
            await #expect(throws: Fault.hub(.portGone)) { try await line.write([0x06]) }
        }
    }

    /// What a driver sees: bytes in whatever pieces, silence, and the end from either side.
    @Test func isALineUntilOneSideHangsUp() async throws {
        try await onLoop {
            let (line, far) = try RFCOMMSocket.pair(to: device)
            #expect(line.device == device)
            #expect(try await line.read(within: .milliseconds(1)) == .silence)
            try await far.write([0x50, 0x57])
            #expect(try await line.read(within: .seconds(60)) == .bytes([0x50, 0x57]))
            try await line.write([0x06])
            #expect(try await far.read(within: .seconds(60)) == .bytes([0x06]))
            try await far.write([0x07])
            far.hangUp()
            #expect(try await line.read(within: .seconds(60)) == .bytes([0x07]))
            #expect(try await line.read(within: nil) == .hungUp)
            line.hangUp()
            #expect(try await line.read(within: nil) == .hungUp)
        }
    }
}
