import Core

extension Driver {
    /// Nonin Onyx II 9560, WristOx2 3150, Xpod and OEM modules that are set to serial data format 2: the waveform, five bytes
    /// 75 times a second, unasked.
    ///
    /// Sources: Nonin 9560 OEM Specification and Technical Information, and what a 9560 sent (both in
    /// mattjlewis/NoninPulseOx).
    package static let noninFormat2 = Driver(
        id: "nonin-format-2", manufacturer: "Nonin", model: "oximeter (serial format 2)", kind: .pulseOximeter,
        evidence: .captured, claims: [.talks(.noninFormat2, frames: 2)],
        endpoints: [Endpoint(.frames(.noninFormat2), NoninFormat2.sample)],
        visit: .line { line, report async throws(Fault) in
            let oximeter = LiveOximeter(framing: .noninFormat2, framesPerSecond: 3, decode: NoninFormat2.sample)
            try await oximeter.watch(line, report)
        })
}

extension Framing {
    /// 25 of the device's frames, in whose fourth bytes the numbers come one by one; the first alone has SYNC.
    package static let noninFormat2 = Framing("format-2", LineSettings(9600), longest: NoninFormat2.size) { bytes in
        for at in stride(from: 0, to: min(bytes.count, NoninFormat2.size), by: 5) {
            guard bytes[at] == 0x01 else { return .noise(max(1, at)) }
            guard at + 5 <= bytes.count else { return .more }
            guard bytes[at + 1] & 0x81 == (at == 0 ? 0x81 : 0x80), NoninFormat2.isSum(bytes, at) else {
                return .noise(max(1, at))
            }
        }
        return bytes.count < NoninFormat2.size ? .more : .frame(NoninFormat2.size)
    }
}

package enum NoninFormat2 {
    fileprivate static let size = 25 * 5

    /// The sum of the four bytes before it.
    fileprivate static func isSum(_ bytes: Span<UInt8>, _ at: Int) -> Bool {
        bytes[at] &+ bytes[at + 1] &+ bytes[at + 2] &+ bytes[at + 3] == bytes[at + 4]
    }

    /// A third of a second: 25 frames of
    ///
    ///     01  status  waveform  number  sum
    ///
    ///     status   7  6        5         4             3             2  1       0
    ///              1  sensor   artifact  out of track  sensor alarm  perfusion  SYNC, in frame 1 only
    ///     number   1 HR8 HR7   2 HR6…0   3 SpO2   8 status: 20 SmartPoint, 01 low battery
    ///
    /// The same numbers follow in other averages: 9 to 11 and 14 to 23. Perfusion is 1 for a good pulse, 2 for a weak one and 3
    /// for one between, and 0 where there is none. Pulse 511 and saturation 127 mean that there is none; a sensor alarm, that
    /// what it sees is not to be used: there is no finger.
    package static func sample(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == size else { throw .length(got: bytes.count, expected: size) }
        var status: UInt8 = 0, isWeak = false
        for at in stride(from: 0, to: size, by: 5) {
            guard bytes[at] == 0x01 else { throw .header(at: at, got: bytes[at], expected: 0x01) }
            guard bytes[at + 1] & 0x81 == (at == 0 ? 0x81 : 0x80) else {
                throw .invalid(at: at + 1, expected: .flagByte)
            }
            guard isSum(bytes, at) else {
                let sum = bytes[at] &+ bytes[at + 1] &+ bytes[at + 2] &+ bytes[at + 3]
                throw .checksum(at: at + 4, got: UInt16(bytes[at + 4]), expected: UInt16(sum))
            }
            status |= bytes[at + 1]
            isWeak = isWeak || bytes[at + 1] & 0x04 != 0
        }
        func number(_ frame: Int) -> UInt8 { bytes[(frame - 1) * 5 + 3] }
        let more = number(8)
        var remarks = Remarks()
        if status & 0x40 != 0 { remarks.insert(.sensorDisconnected) }
        if status & 0x20 != 0 { remarks.insert(.artifact) }
        if status & 0x10 != 0 { remarks.insert(.inadequateSignal) }
        if status & 0x08 != 0 { remarks.insert(.sensorUnconnectedToUser) }
        if isWeak { remarks.insert(.lowPerfusion) }
        if more & 0x20 != 0 { remarks.insert(.smartPoint) }
        if more & 0x01 != 0 { remarks.insert(.lowBattery) }
        let pulse = UInt16(number(1) & 3) << 7 | UInt16(number(2) & 0x7F)
        return Reading(
            [
                Value(.oxygenSaturation, nonin(saturation: number(3) & 0x7F), .percent),
                Value(.pulseOximeterRate, nonin(pulse: pulse), .perMinute),
            ], taken: .now, remarks: remarks)
    }
}
