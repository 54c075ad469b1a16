import Core
import Devices
import Testing

/// A stream with garbage before, between and inside its frames loses the frames that it damages and no other, and the
/// loss is counted. Of every framing there is.
@Suite struct ResynchronisationTests {
    struct Stream: Sendable, CustomTestStringConvertible {
        let framing: Framing
        /// Whole frames, as the captures and vectors have them.
        let frames: [[UInt8]]
        var testDescription: String { framing.name }
    }

    static let streams: [Stream] = (drivers + profiles).flatMap { driver in
        driver.endpoints.compactMap { endpoint -> Stream? in
            guard case .frames(let framing) = endpoint.source else { return nil }
            var found: [[UInt8]] = []
            func look(in bytes: [UInt8]) {
                var frames = Frames(framing)
                frames.append(bytes)
                while let frame = frames.next(), found.count < 6 { found.append(frame) }
            }
            for file in CaptureFile.all where file.driver == driver.id {
                // A value over GATT stands behind its opcode and handle.
                let isPlain = file.capture.attributes.isEmpty
                look(in: file.heard.flatMap { isPlain ? $0 : Array($0.dropFirst(3)) })
            }
            for vector in Vector.all where vector.driver == driver.id && vector.endpoint == endpoint.name {
                look(in: bytes(hex: vector.hex) ?? [])
            }
            return Stream(framing: framing, frames: found)
        }
    }

    @Test func everyFramingIsTried() {
        #expect(Set(Self.streams.map(\.framing.name)).count >= 15)
        for stream in Self.streams { #expect(!stream.frames.isEmpty, "\(stream.framing.name): no frame is known") }
    }

    /// Bytes with which no frame begins, so that they are garbage beyond doubt.
    private func garbage(_ framing: Framing, _ count: Int) throws -> [UInt8] {
        let strange = (0...255).map { UInt8($0) }.filter { byte in
            let alone = [byte]
            return if case .noise = framing.cut(alone.span) { true } else { false }
        }
        try #require(!strange.isEmpty)
        return (0..<count).map { strange[($0 * 7 + 3) % strange.count] }
    }

    private func cut(_ stream: [UInt8], _ framing: Framing, _ piece: Int) -> (frames: [[UInt8]], Frames) {
        var frames = Frames(framing), found: [[UInt8]] = [], rest = stream[...]
        while !rest.isEmpty {
            frames.append(Array(rest.prefix(piece)))
            rest = rest.dropFirst(piece)
            while let frame = frames.next() { found.append(frame) }
        }
        return (found, frames)
    }

    @Test(arguments: streams)
    func garbageBeforeAndBetweenCostsNothing(_ stream: Stream) throws {
        let rubbish = try garbage(stream.framing, 5), whole = stream.frames
        let bytes = whole.flatMap { rubbish + $0 } + rubbish
        for piece in [1, 7, bytes.count] {
            let (found, frames) = cut(bytes, stream.framing, piece)
            #expect(found == whole)
            #expect(frames.noise == rubbish.count * (whole.count + 1) && frames.gaps == whole.count + 1)
        }
    }

    /// The frame in the middle is damaged in each place and in each way; those beside it come out all the same. Not A&D's,
    /// which have nothing but a length: one that lost a byte takes it from the next. They come over a link that loses none.
    @Test(arguments: streams.filter { $0.framing.name != "and-pbt" })
    func garbageInsideCostsTheDamagedFrameAlone(_ stream: Stream) throws {
        let victim = try #require(stream.frames.first), other = try #require(stream.frames.last)
        let strange = try garbage(stream.framing, 3)
        // Whatever a false start waits for, it gets: two more frames and then silence of the longest kind.
        let end = other + other + (try garbage(stream.framing, stream.framing.longest))
        for at in 1..<victim.count where at < 40 || victim.count - at < 8 {
            var shorter = victim, changed = victim
            shorter.remove(at: at)
            changed[at] ^= 0xFF
            for damaged in [Array(victim[..<at]) + strange + victim[at...], shorter, changed, Array(victim[..<at])] {
                let bytes = other + damaged + end
                let (found, frames) = cut(bytes, stream.framing, 16)
                // Without a check value a damaged frame may pass for one; the others are not to be missed for it.
                #expect(isSubsequence([other, other, other], of: found), "\(stream.framing.name) at \(at)")
                #expect(found.reduce(frames.noise + frames.unfinished) { $0 + $1.count } == bytes.count)
                #expect(frames.gaps > 0)
            }
        }
    }

    /// Ends of lines, and what an A&D says between its measurements, are no loss.
    @Test func whatStandsBetweenFramesByRightIsNoGap() throws {
        for (name, between) in [("tanita", "}\r\n"), ("and-pbt", "PWCAPI"), ("and-pbt", "PWRQPI00PWCAPI")] {
            let stream = try #require(Self.streams.first { $0.framing.name == name })
            let bytes = stream.frames.flatMap { $0 + Array(between.utf8) }
            for piece in [1, 5, bytes.count] {
                let (found, frames) = cut(bytes, stream.framing, piece)
                #expect(found == stream.frames && frames.noise == 0 && frames.gaps == 0 && frames.unfinished == 0)
            }
        }
    }

    /// What a visit reports as lost adds up, however often it is said.
    @Test func aLossIsToldOnce() async throws {
        let report = Losses()
        var frames = Frames(.noninFormat8)
        for bytes in [[0x11, 0x12, 0x80, 0x48, 0x61, 0x20, 0x01], [0x02, 0x80], [0x48, 0x61, 0x20]] as [[UInt8]] {
            frames.append(bytes)
            while frames.next() != nil { report.tellGaps(of: &frames) }
        }
        report.tellGaps(of: &frames)
        #expect(report.said == [[1, 2], [1, 2]])
    }

    private func isSubsequence(_ wanted: [[UInt8]], of found: [[UInt8]]) -> Bool {
        var rest = wanted[...]
        for frame in found where frame == rest.first { rest.removeFirst() }
        return rest.isEmpty
    }
}

/// Notes what it is told of losses.
private final class Losses: Report {
    var said: [[Int]] = []
    let localTime: LocalTime? = nil, wantsStream = false
    func callAsFunction(_ reading: Reading) async throws(Fault) {}
    func clock(_ device: RawTime, error: Duration) async throws(Fault) {}
    func information(_ information: DeviceInformation) async throws(Fault) {}
    func lost(gaps: Int, bytes: Int) { said.append([gaps, bytes]) }
}
