import Core

/// Health Thermometer Service 1.0.
package enum HealthThermometer {
    /// Temperature Measurement (0x2A1C)
    ///
    ///     flags  temperature  [date time]  [site]
    ///     u8     FLOAT        7 bytes      u8
    ///                         bit 1        bit 2      bit 0: Fahrenheit instead of Celsius
    @inline(__always) package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1111_1000)
        let temperature = try field.float()
        let taken = flags & 2 != 0 ? try field.dateTime(&remarks) : .now
        let quantity = flags & 4 != 0 ? site(try field.u8(), &remarks) : .bodyTemperature
        values.append(Value(quantity, temperature, flags & 1 != 0 ? .fahrenheit : .celsius))
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, remarks: remarks)
    }

    /// Puts a temperature that does not say where it was measured to where its thermometer always measures: Temperature
    /// Type (0x2A1D).
    static func place(_ reading: inout Reading, at type: UInt8) {
        guard let flags = reading.bytes.first, flags & 4 == 0, let value = reading.values.first else { return }
        reading.values[0] = Value(site(type, &reading.remarks), value.outcome, value.unit)
    }

    /// Temperature Type. 0xFF is a forehead thermometer's object mode (Beurer FT95): milk or a room, never a person.
    private static func site(_ type: UInt8, _ remarks: inout Remarks) -> Quantity {
        switch type {
        case 1: return .axillaryTemperature
        case 2: return .bodyTemperature
        case 3: return .earTemperature
        case 4: return .fingerTemperature
        case 5: return .gastrointestinalTemperature
        case 6: return .oralTemperature
        case 7: return .rectalTemperature
        case 8: return .toeTemperature
        case 9: return .tympanicTemperature
        case 0xFF: return .roomTemperature
        default:
            remarks.insert(.partlyDecoded)
            return .bodyTemperature
        }
    }
}
