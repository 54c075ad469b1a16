import Core

/// Pulse Oximeter Service 1.0.1.
package enum PulseOximeter {
    /// PLX Spot-Check Measurement (0x2A5E)
    ///
    ///     flags  SpO2    pulse   [date time]  [measurement status]  [device status]  [pulse amplitude index]
    ///     u8     SFLOAT  SFLOAT  7 bytes      u16                   u24              SFLOAT
    ///                            bit 0        bit 1                 bit 2            bit 3    bit 4: clock not set
    ///
    /// Without a stamp it was measured just now, unless it says that it comes from storage.
    @inline(__always) package static func spotCheck(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1110_0000)
        try field.pair(into: &values, .spot)
        var taken = flags & 1 != 0 ? try field.dateTime(&remarks) : .now
        if flags & 2 != 0 { try field.measurementStatus(&remarks) }
        if flags & 4 != 0 { try field.deviceStatus(&remarks) }
        if flags & 8 != 0 { values.append(Value(.perfusionIndex, try field.sfloat(), .percent, .spot)) }
        if flags & 16 != 0 { remarks.insert(.deviceClockNotSet) }
        if taken == .now, remarks.contains(.fromStorage) { taken = .unknown }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, remarks: remarks)
    }

    /// PLX Continuous Measurement (0x2A5F)
    ///
    ///     flags  SpO2, pulse  [fast pair]  [slow pair]  [measurement status]  [device status]  [pulse amplitude index]
    ///     u8     2 × SFLOAT   2 × SFLOAT   2 × SFLOAT   u16                   u24              SFLOAT
    ///                         bit 0        bit 1        bit 2                 bit 3            bit 4
    @inline(__always) package static func continuous(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1110_0000)
        try field.pair(into: &values, .plain)
        if flags & 1 != 0 { try field.pair(into: &values, .fast) }
        if flags & 2 != 0 { try field.pair(into: &values, .slow) }
        if flags & 4 != 0 { try field.measurementStatus(&remarks) }
        if flags & 8 != 0 { try field.deviceStatus(&remarks) }
        if flags & 16 != 0 { values.append(Value(.perfusionIndex, try field.sfloat(), .percent)) }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: .now, remarks: remarks)
    }
}

extension ByteReader {
    fileprivate mutating func pair(into values: inout Values, _ aspect: Aspect) throws(Malformed) {
        values.append(Value(.oxygenSaturation, try sfloat(), .percent, aspect))
        values.append(Value(.pulseOximeterRate, try sfloat(), .perMinute, aspect))
    }

    /// Measurement Status: bit 5 ongoing … bit 15 invalid, in the order of the remarks; 0 to 4 are reserved. Even what
    /// is called invalid keeps its values: the remark goes with them.
    fileprivate mutating func measurementStatus(_ remarks: inout Remarks) throws(Malformed) {
        let status = try u16()
        remarks.insert(bits: UInt32(status), from: 5, count: 11, as: .measurementOngoing)
        if status & 0x1F != 0 { remarks.insert(.partlyDecoded) }
    }

    /// Device and Sensor Status: bits 0 to 15 in the order of the remarks; the rest is reserved.
    fileprivate mutating func deviceStatus(_ remarks: inout Remarks) throws(Malformed) {
        let status = try u24()
        remarks.insert(bits: status, from: 0, count: 16, as: .extendedDisplayUpdate)
        if status >> 16 != 0 { remarks.insert(.partlyDecoded) }
    }
}
