import Core

/// Blood Pressure Service 1.1.1.
package enum BloodPressure {
    /// Blood Pressure Measurement (0x2A35)
    ///
    ///     flags  systolic  diastolic  mean    [date time]  [pulse]  [user]  [status]
    ///     u8     SFLOAT    SFLOAT     SFLOAT  7 bytes      SFLOAT   u8      u16
    ///                                         bit 1        bit 2    bit 3   bit 4      bit 0: kPa instead of mmHg
    ///
    /// A mean of 0 is a device's way to send none. A cuff that failed sends NaN (0x07FF) for every pressure. The stamp
    /// may be left out only of what is sent as it is measured.
    @inline(__always) package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1110_0000)
        let unit: Unit = flags & 1 != 0 ? .kilopascal : .millimetreOfMercury
        values.append(Value(.systolic, try field.sfloat(), unit))
        values.append(Value(.diastolic, try field.sfloat(), unit))
        var mean = try field.sfloat()
        if case .amount(let amount) = mean, amount.mantissa == 0 { mean = .absent(.unsupported) }
        values.append(Value(.meanPressure, mean, unit))
        let taken = flags & 2 != 0 ? try field.dateTime(&remarks) : .now
        if flags & 4 != 0 { values.append(Value(.pulseRate, try field.sfloat(), .perMinute)) }
        let user = flags & 8 != 0 ? try field.user() : nil
        if flags & 16 != 0 { remark(status: try field.u16(), in: &remarks) }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, user: user, remarks: remarks)
    }

    /// Intermediate Cuff Pressure (0x2A36): the same layout, with the cuff's pressure in the first place and NaN in the
    /// two behind it.
    package static func cuffPressure(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var reading = try measurement(bytes)
        var values = Values()
        for value in reading.values {
            switch value.quantity {
            case .systolic: values.append(Value(.cuffPressure, value.outcome, value.unit))
            case .diastolic, .meanPressure: if value.amount != nil { reading.remarks.insert(.partlyDecoded) }
            default: values.append(value)
            }
        }
        reading.values = values
        return reading
    }

    /// Measurement Status: bit 0 movement, 1 loose cuff, 2 irregular pulse, 3–4 pulse above (1) or below (2) its range,
    /// 5 improper position. The rest is reserved, and used by makers as they like.
    private static func remark(status: UInt16, in remarks: inout Remarks) {
        remarks.insert(bits: UInt32(status), from: 0, count: 3, as: .bodyMovement)
        switch status >> 3 & 3 {
        case 1: remarks.insert(.pulseRateOver)
        case 2: remarks.insert(.pulseRateUnder)
        case 3: remarks.insert(.partlyDecoded)
        default: break
        }
        if status & 1 << 5 != 0 { remarks.insert(.improperPosition) }
        if status >> 6 != 0 { remarks.insert(.partlyDecoded) }
    }
}
