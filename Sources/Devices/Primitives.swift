import Core

/// The number formats of IEEE 11073-20601, bare and little-endian, for `vitalsd decode`.
package enum Primitives {
    /// SFLOAT: two bytes, 4-bit exponent above a 12-bit mantissa.
    package static func sfloat(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        return try alone(Value(.basicNumericValue, field.sfloat(), .one), field)
    }

    /// FLOAT: four bytes, 8-bit exponent above a 24-bit mantissa.
    package static func float(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        return try alone(Value(.simpleNumericValue, field.float(), .one), field)
    }

    private static func alone(_ value: Value, _ rest: borrowing ByteReader) throws(Malformed) -> Reading {
        guard rest.isAtEnd else {
            throw .length(got: rest.offset + rest.remaining, expected: rest.offset)
        }
        var values = Values()
        values.append(value)
        return Reading(consume values, taken: .now)
    }
}
