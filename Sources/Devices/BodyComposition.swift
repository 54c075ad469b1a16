import Core

/// Body Composition Service 1.0.
package enum BodyComposition {
    /// Body Composition Measurement (0x2A9C): flags, body fat, and then a field for each flag, in the order of the bits.
    ///
    ///     flags  fat        bit 1      bit 2  bit 3       bit 4     bit 5   bit 6     bit 7      bit 8  bit 9      bit 10  bit 11
    ///     u16    u16 0.1 %  date time  user   metabolism  muscle    muscle  fat-free  soft lean  water  impedance  weight  height
    ///                       7 bytes    u8     u16 kJ      u16 0.1%  mass    mass      mass       mass   0.1 Ohm    mass
    ///
    /// Bit 0: lb and in instead of kg and m. Bit 12: the rest comes in another packet. Masses and height as in the
    /// Weight Scale Service. Fat 0xFFFF is a measurement that failed. A 0 means that nothing was measured: someone with
    /// shoes on has no current through the feet.
    @inline(__always) package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.u16()
        guard flags & 0xE000 == 0 else { throw .reserved(at: 0, bits: UInt32(flags & 0xE000)) }
        let isImperial = flags & 1 != 0
        func has(_ bit: Int) -> Bool { flags >> UInt16(bit) & 1 != 0 }

        let fat = try field.u16()
        values.append(Value(.bodyFat, fat == 0xFFFF ? .absent(.error) : measured(fat, exponent: -1), .percent))
        let taken = has(1) ? try field.dateTime(&remarks) : .now
        let user = has(2) ? try field.user() : nil
        if has(3) { values.append(Value(.basalMetabolism, measured(try field.u16(), exponent: 0), .kilojoule)) }
        if has(4) { values.append(Value(.bodyMuscle, measured(try field.u16(), exponent: -1), .percent)) }
        if has(5) { values.append(try field.mass(.muscleMass, isImperial)) }
        if has(6) { values.append(try field.mass(.fatFreeMass, isImperial)) }
        if has(7) { values.append(try field.mass(.softLeanMass, isImperial)) }
        if has(8) { values.append(try field.mass(.bodyWater, isImperial)) }
        if has(9) { values.append(Value(.bodyImpedance, measured(try field.u16(), exponent: -1), .ohm)) }
        if has(10) { values.append(try field.mass(.bodyWeight, isImperial)) }
        if has(11) {
            let height = measured(try field.u16(), exponent: isImperial ? -1 : -3)
            values.append(Value(.bodyHeight, height, .length(isImperial)))
        }
        if has(12) { remarks.insert(.multiplePackets) }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, user: user, remarks: remarks)
    }

    fileprivate static func measured(_ count: UInt16, exponent: Int8) -> Outcome {
        count == 0 ? .absent(.notPerformed) : .amount(Amount(Int32(count), exponent: exponent))
    }
}

extension ByteReader {
    fileprivate mutating func mass(_ quantity: Quantity, _ isImperial: Bool) throws(Malformed) -> Value {
        guard let mass = try mass(isImperial: isImperial) else {
            return Value(quantity, absent: .error, .mass(isImperial))
        }
        return mass.mantissa == 0
            ? Value(quantity, absent: .notPerformed, .mass(isImperial)) : Value(quantity, mass, .mass(isImperial))
    }
}
