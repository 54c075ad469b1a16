import Core

/// An oximeter that sends what it shows, all the time and unasked.
struct LiveOximeter: Sendable {
    let framing: Framing
    let framesPerSecond: Int
    let decode: Decode
    /// Tells the frames that are a second apart from whatever else is in the stream.
    var isSample: @Sendable ([UInt8]) -> Bool = { _ in true }
    /// What is done once, when nobody has worn it for fifteen seconds and so nobody waits. Gives back what it heard of the
    /// stream meanwhile.
    var whenUnworn: @Sendable (any Line, any Report) async throws(Fault) -> [UInt8] = {
        (_: any Line, _: any Report) async throws(Fault) in []
    }

    /// Listens until the device falls silent or goes, and reports what its seconds come to. What was worn so far is
    /// reported even when the line fails.
    func watch(_ line: any Line, _ report: any Report) async throws(Fault) {
        var frames = Frames(framing), session = OximetrySession(keepsStream: report.wantsStream)
        var count = 0, silence = 0, noise = 0, unworn = 0
        defer { report.tellGaps(of: &frames) }
        var fault: Fault?
        listening: while fault == nil {
            let arrival: Arrival
            do throws(Fault) {
                arrival = try await line.read(within: .seconds(10))
            } catch {
                fault = error
                break
            }
            switch arrival {
            case .bytes(let bytes):
                frames.append(bytes)
                while fault == nil, let frame = frames.next() {
                    noise = frames.noise
                    report.tellGaps(of: &frames)
                    guard isSample(frame) else { continue }
                    count += 1
                    guard count % framesPerSecond == 0 else { continue }
                    let sample = OximetrySample(decoded(frame, by: decode))
                    do throws(Fault) { try await report.each(session.add(sample)) } catch { fault = error }
                    unworn = sample.isWorn ? min(unworn, 0) : unworn + 1
                    guard fault == nil, unworn == 15 else { continue }
                    // Once: from here on it counts no more.
                    unworn = .min
                    do throws(Fault) { frames.append(try await whenUnworn(line, report)) } catch { fault = error }
                }
                // Another device on the same cable, perhaps: whoever it is must be asked anew.
                if frames.noise - noise > 4096 { fault = .device(.unrecognised) }
            case .silence:
                silence = 10
                break listening
            case .hungUp: break listening
            }
        }
        // What failed first says more than what failed behind it.
        do throws(Fault) { try await report.each(session.end(silence: silence)) } catch { throw fault ?? error }
        if let fault { throw fault }
    }
}
