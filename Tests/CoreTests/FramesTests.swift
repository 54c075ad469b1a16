import Core
import Dice
import Testing

@Suite struct FramesTests {
    /// `7E count bytes…`, at most 10 bytes.
    private static let framing = Framing("test", LineSettings(9600), longest: 10) { bytes in
        guard bytes.count > 0 else { return .more }
        guard bytes[0] == 0x7E else { return .noise(1) }
        guard bytes.count >= 2 else { return .more }
        guard bytes[1] <= 8 else { return .noise(1) }
        let size = 2 + Int(bytes[1])
        return bytes.count >= size ? .frame(size) : .more
    }

    @Test func framesComeOutWholeHoweverTheyArrive() {
        let whole: [[UInt8]] = [
            [0x7E, 0], [0x7E, 3, 1, 2, 3], [0x7E, 8, 0x7E, 1, 9, 4, 5, 6, 7, 8], [0x7E, 1, 0xFF],
        ]
        let stream = [0x00, 0x01] + whole[0] + whole[1] + [0x55] + whole[2] + [0x7E, 0xFF] + whole[3]
        var random = Chance(3)
        for _ in 0..<500 {
            var frames = Frames(Self.framing), found: [[UInt8]] = [], rest = stream[...]
            while !rest.isEmpty {
                let piece = rest.prefix(Int.random(in: 1...7, using: &random))
                rest = rest.dropFirst(piece.count)
                frames.append(Array(piece))
                while let frame = frames.next() { found.append(frame) }
            }
            #expect(found == whole && frames.unfinished == 0)
        }
    }

    @Test func noiseGrowsOnlyBetweenFramesThatAreNotInARow() {
        var frames = Frames(Self.framing)
        frames.append([1, 2, 3])
        #expect(frames.next() == nil && frames.noise == 3)
        frames.append([0x7E, 0, 0x7E, 0, 9, 0x7E, 0])
        #expect(frames.next() == [0x7E, 0] && frames.noise == 3)
        #expect(frames.next() == [0x7E, 0] && frames.noise == 3)
        #expect(frames.next() == [0x7E, 0] && frames.noise == 4)
    }

    @Test func aCutThatAnswersNonsenseNeitherSpinsNorTraps() {
        for cut in [Cut.frame(0), .frame(99), .frame(-1), .noise(0), .noise(99), .noise(-1), .more] {
            var frames = Frames(Framing("bad", LineSettings(9600), longest: 4) { _ in cut })
            frames.append([UInt8](repeating: 7, count: 50))
            #expect(frames.next() == nil && frames.unfinished <= 4)
        }
    }

    @Test func whatNeverBecomesAFrameIsNotKept() {
        var frames = Frames(Framing("waits", LineSettings(9600), longest: 16) { _ in .more })
        for _ in 0..<1000 {
            frames.append([1, 2, 3])
            #expect(frames.next() == nil && frames.unfinished <= 16)
        }
    }

    @Test func bytesThatCannotBeReadAreKept() {
        let reading = decoded([1, 2, 3]) { _ throws(Malformed) in throw .length(got: 3, expected: 4) }
        #expect(reading == .undecoded([1, 2, 3]) && reading.remarks.contains(.undecoded))
        let read = decoded([9]) { bytes throws(Malformed) in
            Reading([Value(.bodyWeight, Amount(Int32(bytes[0])), .kilogram)], taken: .now)
        }
        #expect(read.bytes == [9] && read.values.first?.amount == Amount(9))
    }
}
