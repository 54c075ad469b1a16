/// Decides from what a line says whose it is: a device that talks is recognised by its frames in a row, one that waits
/// by its answer to its own hello.
package struct Listening {
    private struct Candidate {
        let driver: Driver
        let wanted: Int
        var frames: Frames
        var row = 0, noise = 0
    }
    private var candidates: [Candidate]
    /// Everything heard so far, for the visit that follows: the first frame may hold a reading.
    package private(set) var heard: [UInt8] = []

    /// Listens for the drivers that talk with these settings, or that answered `hello`.
    package init(for drivers: [Driver], settings: LineSettings, hello: [UInt8]? = nil) {
        candidates = drivers.flatMap { driver in
            driver.claims.compactMap { claim in
                switch claim {
                case .talks(let framing, let frames) where framing.settings == settings:
                    Candidate(driver: driver, wanted: frames, frames: Frames(framing))
                case .answers(let framing, hello) where framing.settings == settings,
                    .assigned(let framing, hello) where framing.settings == settings:
                    Candidate(driver: driver, wanted: 1, frames: Frames(framing))
                default: nil
                }
            }
        }
    }

    /// The claimants after these bytes. More than one is a bug of the drivers, which a test looks for.
    package mutating func hear(_ bytes: [UInt8]) -> [Driver] {
        heard += bytes
        return candidates.indices.compactMap { index in
            candidates[index].frames.append(bytes)
            while candidates[index].row < candidates[index].wanted, candidates[index].frames.next() != nil {
                let noise = candidates[index].frames.noise
                candidates[index].row = noise == candidates[index].noise ? candidates[index].row + 1 : 1
                candidates[index].noise = noise
            }
            return candidates[index].row >= candidates[index].wanted ? candidates[index].driver : nil
        }
    }
}

/// The ways in which a line can be set so that some driver understands it, each with the hellos that may be said there.
///
/// First come those of devices that say each thing once: what they say while the line is set for another is lost.
package func lineSettings(of drivers: [Driver]) -> [(settings: LineSettings, hellos: [[UInt8]])] {
    var all: [(settings: LineSettings, hellos: [[UInt8]])] = []
    let claims = drivers.flatMap(\.claims)
    for claim in claims.filter(\.isSaidOnce) + claims.filter({ !$0.isSaidOnce }) {
        let (framing, hello): (Framing, [UInt8]?)
        switch claim {
        case .talks(let talked, _): (framing, hello) = (talked, nil)
        case .answers(let answered, let said): (framing, hello) = (answered, said)
        case .advertised, .serialPort, .service, .usb, .assigned: continue
        }
        guard let settings = framing.settings else { continue }
        let at = all.firstIndex { $0.settings == settings } ?? all.count
        if at == all.count { all.append((settings, [])) }
        if let hello { all[at].hellos.append(hello) }
    }
    return all
}

extension Driver {
    /// How a line is set that is said to be its, and what is said there until it answers; nil for one that is never said to
    /// have a line.
    package var assignment: (settings: LineSettings, hellos: [[UInt8]])? {
        for case .assigned(let framing, let hello) in claims {
            if let settings = framing.settings { return (settings, [hello]) }
        }
        return nil
    }
}

extension Claim {
    /// A single frame is the whole claim, so each may be a reading that never comes again.
    fileprivate var isSaidOnce: Bool { if case .talks(_, frames: 1) = self { true } else { false } }
}
