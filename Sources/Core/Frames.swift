/// Bytes on their way to being frames. Pieces go in as they arrive, whole frames come out.
package struct Frames: Sendable {
    package let framing: Framing
    private var waiting: [UInt8] = []
    /// Bytes so far that belonged to no frame. Where it has not grown between two frames, they came in a row.
    package private(set) var noise = 0
    /// In how many places they lay: before, between and in the midst of frames.
    package private(set) var gaps = 0
    private var isInGap = false
    private var told = (gaps: 0, bytes: 0)

    package init(_ framing: Framing) { self.framing = framing }

    /// Bytes that are not yet a frame.
    package var unfinished: Int { waiting.count }

    package mutating func append(_ bytes: [UInt8]) { waiting += bytes }

    /// The next whole frame, or nil while the bytes so far hold none.
    package mutating func next() -> [UInt8]? {
        var at = 0
        search: while at < waiting.count {
            let rest = waiting.count - at
            switch framing.cut(waiting.span.extracting(at..<waiting.count)) {
            case .frame(let count) where 1...rest ~= count:
                let frame = Array(waiting[at..<at + count])
                waiting.removeFirst(at + count)
                isInGap = false
                return frame
            case .more where rest <= framing.longest: break search
            case .noise(let count) where 1...rest ~= count:
                at += count
                passOver(count)
            case .filler(let count) where 1...rest ~= count: at += count
            // A cut that answers nonsense must neither spin nor trap: its first byte is noise.
            case .frame, .noise, .filler, .more:
                at += 1
                passOver(1)
            }
        }
        waiting.removeFirst(at)
        return nil
    }

    /// What was lost since this was last asked; nil where nothing was.
    fileprivate mutating func takeLoss() -> (gaps: Int, bytes: Int)? {
        guard noise > told.bytes else { return nil }
        defer { told = (gaps, noise) }
        return (gaps - told.gaps, noise - told.bytes)
    }

    private mutating func passOver(_ count: Int) {
        noise += count
        if !isInGap { gaps += 1 }
        isInGap = true
    }
}

extension Report {
    /// Says what was lost of a stream since it was last said, if anything was: at its end, and between its frames where it
    /// may go on for days.
    package func tellGaps(of frames: inout Frames) {
        if let loss = frames.takeLoss() { lost(gaps: loss.gaps, bytes: loss.bytes) }
    }
}

extension Line {
    /// The next whole frame; nil once the line has hung up or has been silent for `time`.
    package func next(_ frames: inout Frames, within time: Duration?) async throws(Fault) -> [UInt8]? {
        while true {
            if let frame = frames.next() { return frame }
            guard case .bytes(let bytes) = try await read(within: time) else { return nil }
            frames.append(bytes)
        }
    }
}

/// Decodes a whole value; bytes that cannot be read become a reading without values, which is kept like any other.
package func decoded(_ bytes: [UInt8], by decode: Decode) -> Reading {
    do {
        var reading = try decode(bytes.span)
        reading.bytes = bytes
        return reading
    } catch {
        return .undecoded(bytes)
    }
}
