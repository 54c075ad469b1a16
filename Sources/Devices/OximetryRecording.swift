import Core

/// A recording in an oximeter's memory, a sample a second. It is one reading, whose bytes are the recording, however long
/// it lasted: nobody looked at a display, so there is no spot check in it.
enum OximetryRecording {
    /// Nil where nothing was measured from its beginning to its end.
    static func reading(_ samples: [OximetrySample], ended: RawTime) -> Reading? {
        var summary = OximetrySummary()
        for sample in samples { summary.add(sample, keepsStream: true) }
        guard summary.observed > 0 else { return nil }
        var reading = summary.reading(isPart: false)
        reading.taken = ended
        reading.remarks.insert(.fromStorage)
        return reading
    }
}
