import Core

extension Curve {
    /// `valueSampledData`: samples as the device counted them, `factor` times each is the amount in the origin's unit.
    /// The range that the device could have drawn is not known, so there are no limits.
    func write(into json: inout JSONWriter) {
        json.object("valueSampledData") { json in
            json.object("origin") { json in
                json.member("value", 0)
                json.member("unit", unit.display)
                json.member("system", CodeSystem.ucum)
                json.member("code", unit.ucum)
            }
            json.member("period", milliseconds)
            if exponent != 0 { json.member("factor", Amount(1, exponent: exponent)) }
            json.member("dimensions", 1)
            json.member("data", samples.map(String.init).joined(separator: " "))
        }
    }

    /// The period without zeros at its end.
    private var milliseconds: Amount {
        var number = Int32(clamping: Int64(period / .microseconds(1))), exponent: Int8 = -3
        while exponent < 0, number % 10 == 0 { (number, exponent) = (number / 10, exponent + 1) }
        return Amount(number, exponent: exponent)
    }
}
