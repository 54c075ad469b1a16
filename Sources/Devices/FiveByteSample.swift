import Core

/// The five bytes a sample that Contec's old protocol and the BCI protocol have in common. What the other bits mean is each
/// maker's own.
///
///          7  6     5 … 0
///     0    1  beep  status
///     1    0  pulse waveform
///     2    0  PR7   more status
///     3    0  PR6 … PR0
///     4    0  SpO2
struct FiveByteSample {
    let status: UInt8, more: UInt8, pulse: UInt8, saturation: UInt8

    init(_ bytes: Span<UInt8>) throws(Malformed) {
        var field = ByteReader(bytes)
        status = try field.u8()
        guard status & 0x80 != 0 else { throw .invalid(at: 0, expected: .flagByte) }
        _ = try field.sevenBits()
        more = try field.sevenBits()
        pulse = (more & 0x40) << 1 | (try field.sevenBits())
        saturation = try field.sevenBits()
        guard field.isAtEnd else { throw .length(got: bytes.count, expected: 5) }
    }
}
