import Core

/// Weight Scale Service 1.0.
package enum WeightScale {
    /// Weight Measurement (0x2A9D)
    ///
    ///     flags  weight  [date time]  [user]  [BMI, height]
    ///     u8     u16     7 bytes      u8      2 × u16
    ///                    bit 1        bit 2   bit 3           bit 0: lb and in instead of kg and m
    ///
    /// Weight counts 0.005 kg or 0.01 lb, BMI 0.1, height 0.001 m or 0.1 in: the service's fixed resolutions, although
    /// some makers' documents say otherwise. Weight 0xFFFF is a measurement that failed. BMI or height 0 is one that
    /// the scale does not know. Where all three are there, the index proves or disproves the resolution.
    @inline(__always) package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1111_0000)
        let isImperial = flags & 1 != 0
        let weight = try field.mass(isImperial: isImperial)
        values.append(Value(.bodyWeight, weight.map(Outcome.amount) ?? .absent(.error), .mass(isImperial)))
        let taken = flags & 2 != 0 ? try field.dateTime(&remarks) : .now
        let user = flags & 4 != 0 ? try field.user() : nil
        if flags & 8 != 0 {
            let index = Amount(Int32(try field.u16()), exponent: -1)
            let height = Amount(Int32(try field.u16()), exponent: isImperial ? -1 : -3)
            values.append(Value(.bodyMassIndex, known(index), .kilogramPerSquareMetre))
            values.append(Value(.bodyHeight, known(height), .length(isImperial)))
            if let weight, index.mantissa > 0, height.mantissa > 0,
                !confirms(index, weight, height, isImperial: isImperial)
            {
                remarks.insert(.weightNotConfirmedByIndex)
            }
        }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, user: user, remarks: remarks)
    }

    private static func known(_ amount: Amount) -> Outcome {
        amount.mantissa == 0 ? .absent(.unknown) : .amount(amount)
    }

    /// Whether weight is index · height², but for 3 %; of what the record counts.
    private static func confirms(_ index: Amount, _ weight: Amount, _ height: Amount, isImperial: Bool) -> Bool {
        let metres = Unit.length(isImperial).metric(height.approximate) / 100
        let kilograms = Unit.mass(isImperial).metric(weight.approximate)
        let expected = index.approximate * metres * metres
        return abs(expected - kilograms) <= 0.03 * expected
    }
}

extension Unit {
    static func mass(_ isImperial: Bool) -> Unit { isImperial ? .pound : .kilogram }
    static func length(_ isImperial: Bool) -> Unit { isImperial ? .inch : .metre }
}

extension ByteReader {
    /// A mass of the scale services: u16 in 0.005 kg or 0.01 lb; nil for 0xFFFF.
    mutating func mass(isImperial: Bool) throws(Malformed) -> Amount? {
        let count = try u16()
        guard count != 0xFFFF else { return nil }
        return isImperial ? Amount(Int32(count), exponent: -2) : Amount(Int32(count) * 5, exponent: -3)
    }
}
