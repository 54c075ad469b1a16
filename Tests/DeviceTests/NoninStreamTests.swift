import Core
import Devices
import Testing

@Suite struct NoninStreamTests {
    /// The third of a second of which the bytes are public.
    private func packet() throws -> [UInt8] {
        let file = try #require(CaptureFile.all.first { $0.driver == "nonin-format-2" })
        return Array(try #require(file.heard.first).prefix(125))
    }

    /// The packet with other bytes in these places, its sums right.
    private func reading(_ changes: [Int: UInt8]) throws -> Reading {
        var bytes = try packet()
        for (at, byte) in changes { bytes[at] = byte }
        for at in stride(from: 0, to: 125, by: 5) {
            bytes[at + 4] = bytes[at] &+ bytes[at + 1] &+ bytes[at + 2] &+ bytes[at + 3]
        }
        return try NoninFormat2.sample(bytes.span)
    }

    private static let bits: [(UInt8, Remark)] = [
        (0x40, .sensorDisconnected), (0x20, .artifact), (0x10, .inadequateSignal), (0x08, .sensorUnconnectedToUser),
        (0x04, .lowPerfusion),
    ]

    @Test func eachBitOfFormat2IsRead() throws {
        let plain = try reading([:])
        #expect(plain.description == "spo2 96 % pulse-oximeter-rate 74 /min now")
        for (bit, remark) in Self.bits {
            let remarks = Array(try reading([61: 0x80 | bit]).remarks)
            #expect(remarks == [remark])
        }
        let smart = Array(try reading([38: 0x20]).remarks), low = Array(try reading([38: 0x01]).remarks)
        #expect(smart == [.smartPoint] && low == [.lowBattery])
        let fast = try reading([3: 2, 8: 0x62])
        #expect(fast.values.last?.amount == Amount(354))
        let none = try reading([3: 3, 8: 0x7F, 13: 0x7F])
        #expect(none.values.allSatisfy { $0.absence == .unknown })
    }

    @Test func aDamagedFrameCostsThePacketAndNoOther() throws {
        let packet = try packet()
        for at in packet.indices {
            var damaged = packet
            damaged[at] ^= 0x10
            var frames = Frames(.noninFormat2)
            frames.append(packet + damaged + packet)
            let found = [frames.next(), frames.next(), frames.next()]
            #expect(found == [packet, packet, nil])
            #expect(frames.noise == 125 && frames.gaps == 1)
        }
    }

    /// Format 7: status, waveform (two bytes), number, and no check value. What it says must not be taken for the
    /// saturation of format 8.
    @Test(arguments: 30...200)
    func format7IsTakenForNothing(_ pulse: Int) {
        var stream: [UInt8] = []
        let numbers: [Int: Int] = [
            1: pulse >> 7, 2: pulse & 0x7F, 3: 97, 4: 0x94, 8: 4, 9: 97, 10: 97, 11: 97, 14: pulse >> 7,
            15: pulse & 0x7F,
            16: 97, 17: 97, 20: pulse >> 7, 21: pulse & 0x7F, 22: pulse >> 7, 23: pulse & 0x7F,
        ]
        for third in 0..<60 {
            for frame in 1...25 {
                let waveform = 9000 + (third * 25 + frame) * 523 % 14_000
                stream += [
                    frame == 1 ? 0x81 : 0x80, UInt8(waveform >> 8), UInt8(waveform & 0xFF), UInt8(numbers[frame] ?? 0),
                ]
            }
        }
        var listening = Listening(for: drivers, settings: LineSettings(9600))
        #expect(listening.hear(stream).map(\.id) == [])
    }
}
