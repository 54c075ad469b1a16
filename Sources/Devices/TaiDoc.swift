import Core

/// What TaiDoc's meters speak, which FORA and many others sell under their names: one characteristic in both
/// directions, and the same frames as on their cables.
///
///     51  command  d0 d1 d2 d3  stop  sum        stop A3 from the hub, A5 from the device; the sum is the low byte of all before
///     51  command  length  data…  stop  sum      the scales' records
///
///     23  clock: day 5, month 4, year 7 bits from the lowest, LE; minute; hour
///     27 28  serial number, low and high half, each least significant byte first
///     2B  how many records: u16 LE; asked with the user in d0
///     25 26  when and what record n was: n u16 LE, 0 the newest, the user in d3
///     33  sets the clock
///     50  off
///     54  the device has begun to listen
///
/// 52 clears the memory, and is never sent: the journal knows what it has. The clock has no seconds, and is set only
/// behind the last record, because the stamps in the memory are of the old one.
///
/// Sources: protocols.glucometers.tech (TaiDoc); advmeds-service/advmeds-bluetooth-lib; weliem/LivecareBluetoothSDK.
package enum TaiDoc {
    package static let characteristic = BluetoothUUID(full: 0x00001524_1212_EFDE_1523_785FEABCD123)

    static func request(_ command: UInt8, _ d0: UInt8 = 0, _ d1: UInt8 = 0, _ d2: UInt8 = 0, _ d3: UInt8 = 0) -> [UInt8]
    {
        let bytes = [0x51, command, d0, d1, d2, d3, 0xA3]
        return bytes + [CheckSum.sum(bytes)]
    }

    /// The conversation with every meter whose records are pairs of answers.
    static func visit(
        _ peer: any Peer, _ report: any Report, users: ClosedRange<UInt8> = 1...1, _ decode: Decode
    ) async throws(Fault) {
        try await peer.discover()
        var meter = try await Meter(peer)
        defer { report.tellGaps(of: &meter.frames) }
        try await meter.introduce(to: report)
        try await meter.fetch(users: users, report, decode)
        try await meter.end(report)
    }

    /// A connected meter and what of its stream is still to be read.
    struct Meter {
        let line: GATTLine
        var frames: Frames

        init(_ peer: any Peer, _ framing: Framing = .taiDoc) async throws(Fault) {
            line = try await GATTLine(peer, to: characteristic, from: characteristic)
            frames = Frames(framing)
        }

        /// The frame that answers a request; nil where the meter keeps silent.
        mutating func ask(_ request: [UInt8]) async throws(Fault) -> [UInt8]? {
            try await line.ask(request, &frames) { $0.count > 1 && $0[1] == request[1] }
        }

        /// Reports the serial number and the clock.
        mutating func introduce(to report: any Report) async throws(Fault) {
            if let low = try await ask(request(0x27)), let high = try await ask(request(0x28)) {
                var information = DeviceInformation()
                information.serial = hex((low[2..<6] + high[2..<6]).reversed())
                try await report.information(information)
            }
            try await tellClock(to: report)
        }

        private mutating func tellClock(to report: any Report) async throws(Fault) {
            let asked = ContinuousClock.now
            guard let answer = try await ask(request(0x23)), case .clock(let now) = clock(answer).time else { return }
            // What the meter does not show of its time is as uncertain as what the asking took.
            try await report.clock(.clock(now), error: .seconds(60) + (ContinuousClock.now - asked) / 2)
        }

        /// Reports every record of every user, oldest first. A meter that knows no users gives each the same records:
        /// what was told for one is not told for another.
        mutating func fetch(
            users: ClosedRange<UInt8>, _ report: any Report, _ decode: Decode
        ) async throws(Fault) {
            var told: Set<[UInt8]> = []
            for user in users {
                var own: Set<[UInt8]> = [], undated = UndatedRecords()
                defer { told.formUnion(own) }
                guard let answer = try await ask(request(0x2B, user)) else {
                    if user > users.lowerBound { return }
                    throw .device(.silent)
                }
                let count = UInt16(answer[2]) | UInt16(answer[3]) << 8
                // More records than any of these meters has is no count.
                for index in (0..<min(count, 2000)).reversed() {
                    let low = UInt8(truncatingIfNeeded: index), high = UInt8(truncatingIfNeeded: index >> 8)
                    guard let when = try await ask(request(0x25, low, high, 0, user)),
                        let what = try await ask(request(0x26, low, high, 0, user))
                    else { throw .device(.silent) }
                    guard !told.contains(when + what) else { continue }
                    own.insert(when + what)
                    var reading = decoded(when + what, by: decode)
                    if users.count > 1 { reading.user = Int(user) }
                    try await report(undated.numbered(reading))
                }
            }
        }

        /// Sets the clock, reads it back and switches the meter off.
        mutating func end(_ report: any Report) async throws(Fault) {
            if let now = report.localTime {
                guard try await ask(TaiDoc.setClock(now)) != nil else { throw .device(.silent) }
                try await report.clockWasSet(to: now, error: .seconds(60))
                try await unlessGone { () throws(Fault) in try await tellClock(to: report) }
            }
            try await line.write(request(0x50))
        }
    }

    static func setClock(_ time: LocalTime) -> [UInt8] {
        let date = UInt16(truncatingIfNeeded: time.day | time.month << 5 | (time.year % 100) << 9)
        return request(
            0x33, UInt8(truncatingIfNeeded: date), UInt8(date >> 8), UInt8(truncatingIfNeeded: time.minute),
            UInt8(truncatingIfNeeded: time.hour))
    }
}

extension Disguise {
    /// The halves of the serial number, answers to 27 and 28.
    static let taiDoc = Disguise.frames(.taiDocScale) { frame in
        guard frame[1] == 0x27 || frame[1] == 0x28, frame.count == 8 else { return }
        for at in 2..<6 { frame[at] = 0 }
        frame[7] = CheckSum.sum(frame.dropLast())
    }
}

extension Framing {
    /// Every frame but the scales' records: eight bytes.
    package static let taiDoc = Framing("taidoc", longest: 8) { bytes in .taiDoc(bytes, size: 8) }
}

extension Cut {
    /// `size` bytes from 51 to the sum, with the stop byte ahead of it.
    static func taiDoc(_ bytes: Span<UInt8>, size: Int) -> Cut {
        guard bytes.count > 0 else { return .more }
        guard bytes[0] == 0x51 else { return .noise(1) }
        guard bytes.count >= size else { return .more }
        let frame = bytes.array(0, size)
        return frame[size - 2] == 0xA5 && CheckSum.sum(frame.dropLast()) == frame[size - 1] ? .frame(size) : .noise(1)
    }
}

extension TaiDoc {
    /// The stamp in the answer to 23 or 25, and what else its two last bytes carry: minute in six bits, hour in five.
    static func clock(_ frame: [UInt8]) -> (time: RawTime, isInvalid: Bool, minuteBits: UInt8, hourBits: UInt8) {
        guard frame.count >= 6 else { return (.unknown, true, 0, 0) }
        let date = Int(frame[2]) | Int(frame[3]) << 8, minute = Int(frame[4] & 0x3F), hour = Int(frame[5] & 0x1F)
        let time = LocalTime(2000 + date >> 9, date >> 5 & 15, date & 31, hour, minute, 0)
        return (time.map { .clock($0) } ?? .unknown, time == nil, frame[4] >> 6, frame[5] >> 5)
    }

    /// The two answers that make a record, each proven: its stamp, the four bytes of its result, and what the spare
    /// bits of minute and hour say. The second answer alone is a result without a stamp.
    static func record(
        _ bytes: Span<UInt8>, _ remarks: inout Remarks
    ) throws(Malformed) -> (taken: RawTime, result: [UInt8], minuteBits: UInt8, hourBits: UInt8) {
        if bytes.count == 8 {
            try prove(bytes, 0, 0x26)
            return (.unknown, bytes.array(2, 4), 0, 0)
        }
        guard bytes.count == 16 else { throw .length(got: bytes.count, expected: 16) }
        try prove(bytes, 0, 0x25)
        try prove(bytes, 8, 0x26)
        let stamp = clock(bytes.array(0, 8))
        if stamp.isInvalid { remarks.insert(.invalidTime) }
        return (stamp.time, bytes.array(10, 4), stamp.minuteBits, stamp.hourBits)
    }

    private static func prove(_ bytes: Span<UInt8>, _ start: Int, _ command: UInt8) throws(Malformed) {
        guard bytes[start] == 0x51 else { throw .header(at: start, got: bytes[start], expected: 0x51) }
        guard bytes[start + 1] == command else {
            throw .header(at: start + 1, got: bytes[start + 1], expected: command)
        }
        guard bytes[start + 6] == 0xA5 else { throw .invalid(at: start + 6, expected: .endOfFrame) }
        let sum = CheckSum.sum(bytes.array(start, 7)), sent = bytes[start + 7]
        guard sent == sum else { throw .checksum(at: start + 7, got: UInt16(sent), expected: UInt16(sum)) }
    }
}
