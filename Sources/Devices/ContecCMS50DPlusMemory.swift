import Core

/// The recording in a CMS50D+'s memory, a sample a second, without a date.
///
///     F5 F5              give it
///     F2 80 00 × 3  length, 3 × 7 bits, high first, less one      then three bytes a second
///     F6 F6 F6           enough
///
/// The device keeps it, and would give it again in every visit. Its bytes tell it from another one, and 0, for the only one
/// there is, serves as its number, so what comes again is recognised.
///
/// Source: atbrask/CMS50Dplus.
extension ContecCMS50DPlus {
    private static let give: [UInt8] = [0xF5, 0xF5], enough: [UInt8] = [0xF6, 0xF6, 0xF6]
    private static let preamble: [UInt8] = [0xF2, 0x80, 0x00, 0xF2, 0x80, 0x00, 0xF2, 0x80, 0x00]

    /// Fetches and reports it. Gives back what was heard of the live stream where the device has none.
    static func fetch(_ line: any Line, _ report: any Report) async throws(Fault) -> [UInt8] {
        try await line.write(give)
        var bytes: [UInt8] = []
        // Three seconds of the live stream without a preamble: there is no recording.
        while bytes.count < 900 {
            guard case .bytes(let more) = try await line.read(within: .seconds(3)) else { return bytes }
            bytes += more
            guard let start = bytes.indices.first(where: { bytes[$0...].starts(with: preamble) }),
                bytes.count >= start + 12
            else { continue }
            let length = Array(bytes[start + 9..<start + 12])
            guard length[0] & 0x80 != 0, length[1] & 0x80 != 0, length[2] & 0x80 == 0 else { return bytes }
            let count = Int(length[0] & 0x7F) << 14 | Int(length[1] & 0x7F) << 7 | Int(length[2]) + 1
            try await take(count, Array(bytes[(start + 12)...]), line, report)
            try await line.write(enough)
            return []
        }
        return bytes
    }

    private static func take(
        _ count: Int, _ begun: [UInt8], _ line: any Line, _ report: any Report
    ) async throws(Fault) {
        var bytes = begun
        while bytes.count < count {
            // What is cut off stays in the device, and is whole the next time.
            guard case .bytes(let more) = try await line.read(within: .seconds(3)) else { return }
            bytes += more
        }
        let samples = stride(from: 0, to: count - count % 3, by: 3).map { at in
            OximetrySample(decoded(Array(bytes[at..<at + 3]), by: recorded))
        }
        guard var reading = OximetryRecording.reading(samples, ended: .unknown) else { return }
        reading.sequence = 0
        try await report(reading)
    }
}
