/// Local time as the Bluetooth SIG writes it (GATT Specification Supplement).
extension LocalTime {
    /// As Date Time (0x2A08) is written.
    package var dateTimeBytes: [UInt8] {
        [
            UInt8(truncatingIfNeeded: year), UInt8(truncatingIfNeeded: year >> 8), UInt8(truncatingIfNeeded: month),
            UInt8(truncatingIfNeeded: day), UInt8(truncatingIfNeeded: hour), UInt8(truncatingIfNeeded: minute),
            UInt8(truncatingIfNeeded: second),
        ]
    }

    /// As Current Time (0x2A2B) is written: the weekday, 256ths of a second, and no reason.
    package var currentTimeBytes: [UInt8] {
        // 1 January 1970 was a Thursday, the fourth day of the week.
        let days = (seconds - (hour * 3600 + minute * 60 + second)) / 86_400, weekday = (days % 7 + 10) % 7 + 1
        return dateTimeBytes + [UInt8(weekday), UInt8(microsecond * 256 / 1_000_000), 0]
    }
}
