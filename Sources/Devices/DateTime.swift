import Core

/// The SIG's two calendar clocks. Both are the device's local time, without a zone.
package enum DateTime {
    /// Date Time (0x2A08)
    ///
    ///     year    month  day  hour  minute  second
    ///     u16 LE  u8     u8   u8    u8      u8          year, month or day 0: not known
    package static func dateTime(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        let taken = try field.dateTime(&remarks)
        field.remarkTrailing(in: &remarks)
        return Reading(Values(), taken: taken, remarks: remarks)
    }

    /// Current Time (0x2A2B)
    ///
    ///     date time  weekday         fractions    adjust reason
    ///     7 bytes    u8, 0 unknown   u8, 1/256 s  u8             the last says why the clock was set, not what it shows
    package static func currentTime(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), remarks = Remarks()
        try field.need(10)
        var taken = try field.dateTime(&remarks)
        try field.skip(1)
        let milliseconds = Int(try field.u8()) * 1000 / 256
        if case .clock(let second) = taken {
            let finer = LocalTime(
                second.year, second.month, second.day, second.hour, second.minute, second.second,
                microsecond: milliseconds * 1000, decimals: 3)
            if let finer { taken = .clock(finer) }
        }
        try field.skip(1)
        field.remarkTrailing(in: &remarks)
        return Reading(Values(), taken: taken, remarks: remarks)
    }
}

extension ByteReader {
    /// The seven bytes of Date Time. A date that no calendar has is no time stamp, but no reason to lose the reading.
    mutating func dateTime(_ remarks: inout Remarks) throws(Malformed) -> RawTime {
        let stamp = try u56()
        func byte(_ index: UInt64) -> Int { Int(stamp &>> (index &* 8) & 0xFF) }
        let year = Int(stamp & 0xFFFF), month = byte(2), day = byte(3)
        let hour = byte(4), minute = byte(5), second = byte(6)
        guard year != 0, month != 0, day != 0 else { return .unknown }
        guard let time = LocalTime(year, month, day, hour, minute, second) else {
            remarks.insert(.invalidTime)
            return .unknown
        }
        return .clock(time)
    }
}
