import Core

/// Records without a stamp in a memory that is told whole at each visit and never erased: only what they say tells one from
/// another, and it says the same at the next visit.
struct UndatedRecords {
    private var told: [[UInt8]: Int] = [:]

    /// An undated record with how many equal ones stand before it as its number, so that two that are truly equal stay two. Not
    /// one of which nothing was understood: the stamp is somewhere among its bytes.
    mutating func numbered(_ reading: Reading) -> Reading {
        guard reading.taken == .unknown, reading.sequence == nil, !reading.remarks.contains(.undecoded) else {
            return reading
        }
        var reading = reading
        reading.sequence = told[reading.bytes, default: 0]
        told[reading.bytes, default: 0] += 1
        return reading
    }
}
