import Core

/// An observation of the Generic Health Sensor Service 1.0, put together from its segments.
///
///     [record number]  class  length  flags  type     time     [duration]  [status]  [id]  [person]  …  value
///      u32, if stored   u8     u16     u16    u32      9 bytes  FLOAT       u16       u32   u8
///                              of it all      bit 0    bit 1    bit 2       bit 3     bit 4 bit 5
///
///     bit 6 supplemental types, 7 derived from, 8 member of: count u8, so many u32
///     bit 9 more: count u8, so many (u32, length u16, type u8, …)
///
/// Class 1 is a number (unit u16, FLOAT); 7 a compound: count u8, so many (type u32, class u8, value). Type and unit are
/// codes of ISO/IEEE 11073-10101. Curves, texts and states are not read here, and are kept as they came.
///
/// Sources that agree: philips-labs/BLE-GHS-Server-Simulator, Observation.kt; public file 67355617674.
package enum HealthSensor {
    package static func live(_ bytes: Span<UInt8>) throws(Malformed) -> Reading { try observation(bytes) }

    /// With its record number in front.
    package static func stored(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes)
        let number = try field.u32()
        do throws(Malformed) {
            var reading = try observation(bytes.extracting(4..<bytes.count))
            reading.sequence = Int(number)
            reading.remarks.insert(.fromStorage)
            if reading.taken == .now { reading.taken = .unknown }
            return reading
        } catch {
            throw error.moved(by: 4)
        }
    }

    private static func observation(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), reading = Reading([], taken: .now)
        let kind = try field.u8(), length = Int(try field.u16())
        guard length == bytes.count else { throw .length(got: bytes.count, expected: length) }
        let flags = try field.u16()
        func has(_ bit: UInt16) -> Bool { flags >> bit & 1 != 0 }
        guard flags >> 10 == 0 else { throw .reserved(at: 3, bits: UInt32(flags & 0xFC00)) }
        let type = has(0) ? try field.u32() : nil
        if has(1) { reading.taken = try field.elapsedTime(&reading.remarks) }
        if has(2), case .amount(let seconds) = try field.float(), 0...1e6 ~= seconds.approximate {
            reading.duration = .seconds(seconds.approximate)
        }
        // Which bit means what is not certain.
        if has(3), try field.u16() != 0 { reading.remarks.insert(.partlyDecoded) }
        if has(4) { try field.skip(4) }
        if has(5) { reading.user = try field.user() }
        var aspect = Aspect.plain
        if has(6) {
            for _ in 0..<(try field.u8()) {
                switch try field.u32() {
                case 150580: aspect = .fast
                case 150584: aspect = .slow
                case 150588: aspect = .spot
                default: break
                }
            }
        }
        for bit in [7, 8] as [UInt16] where has(bit) { try field.skip(4 * Int(try field.u8())) }
        if has(9) {
            for _ in 0..<(try field.u8()) {
                try field.skip(4)
                try field.skip(1 + Int(try field.u16()))
            }
        }
        switch (kind, type) {
        case (1, let type?): try field.number(type, aspect, into: &reading)
        case (7, _):
            for _ in 0..<(try field.u8()) {
                let type = try field.u32(), at = field.offset
                guard try field.u8() == 1 else { throw .invalid(at: at, expected: .knownType) }
                try field.number(type, aspect, into: &reading)
            }
        default: throw .invalid(at: 0, expected: .knownType)
        }
        field.remarkTrailing(in: &reading.remarks)
        return reading
    }

    /// Current Elapsed Time (0x2BF2): the device's clock as every stamp is written, and its state and its abilities behind
    /// it, a byte each.
    package static func clock(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), reading = Reading([], taken: .unknown)
        reading.taken = try field.elapsedTime(&reading.remarks)
        if field.remaining == 2 { try field.skip(2) }
        field.remarkTrailing(in: &reading.remarks)
        return reading
    }

    /// Segments on their way to being an observation: the first byte of each says whether it is the first (bit 0) or the
    /// last (bit 1), and counts (bits 2 to 7).
    struct Assembly {
        private var bytes: [UInt8] = [], next: UInt8?

        /// The whole, once its last segment has come. One whose segments do not follow each other is given as far as it came,
        /// to be kept as it is.
        mutating func take(_ segment: [UInt8]) -> [UInt8]? {
            guard let header = segment.first else { return nil }
            let isFirst = header & 1 != 0, count = header >> 2
            if isFirst { bytes = [] }
            let isInTurn = isFirst || next == count
            bytes += segment.dropFirst()
            next = (count + 1) & 0x3F
            guard header & 2 != 0 || !isInTurn || bytes.count > 65_535 else { return nil }
            defer { (bytes, next) = ([], nil) }
            return bytes
        }
    }
}

extension ByteReader {
    /// `flags u8  count u48  source u8  zone i8`: flags bit 0 a tick counter, 2–3 its step (1 s, 100 ms, 1 ms, 100 µs). A
    /// clock counts from 2000; whether from UTC's or from a local one makes no difference to how long ago something was.
    fileprivate mutating func elapsedTime(_ remarks: inout Remarks) throws(Malformed) -> RawTime {
        try need(9)
        let flags = try u8(), low = UInt64(try u32()), count = low | UInt64(try u16()) << 32
        try skip(2)
        let step: [Int] = [1_000_000, 100_000, 1_000, 100], microseconds = step[Int(flags >> 2 & 3)]
        if flags & 1 != 0 { return .ticks(count, resolution: .microseconds(microseconds)) }
        guard count != 0 else { return .unknown }
        let perSecond = UInt64(1_000_000 / microseconds), seconds = Int(count / perSecond)
        let time = LocalTime(
            seconds: 946_684_800 + seconds, microsecond: Int(count % perSecond) * microseconds,
            decimals: [0, 1, 3, 4][Int(flags >> 2 & 3)])
        if time == nil { remarks.insert(.invalidTime) }
        return time.map { .clock($0) } ?? .unknown
    }

    fileprivate mutating func number(_ type: UInt32, _ aspect: Aspect, into reading: inout Reading) throws(Malformed) {
        let unit = Unit(mdc: try u16()), outcome = try float()
        guard let quantity = Quantity(rawValue: type), let unit else {
            reading.remarks.insert(.partlyDecoded)
            return
        }
        reading.values.append(Value(quantity, outcome, unit, aspect))
    }
}
