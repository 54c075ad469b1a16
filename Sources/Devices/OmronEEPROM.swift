import Core

extension Driver {
    /// Omron HEM-7322T (M7 Intelli IT, BP786), HEM-7600T (EVOLV) and HEM-7361T (M7 Intelli IT of 2020): upper-arm cuffs
    /// whose memory is read as it lies in its EEPROM, block by block. See `OmronEEPROM`.
    ///
    /// Their names hold no model, so it is asked for (0x2A24), and one whose memory is not known is left alone.
    ///
    /// Sources: userx14/omblepy; eigger/hass-omron, whose tests hold records that devices kept.
    package static let omronEEPROM = Driver(
        id: "omron-eeprom", manufacturer: "Omron", model: "HEM-7322T, 7600T, 7361T", kind: .bloodPressure,
        evidence: .captured,
        claims: [
            .advertised(name: "BLESmart_", service: OmronEEPROM.service),
            .advertised(name: "BLEsmart_", service: OmronEEPROM.service),
            .advertised(name: "HEM-7322T", service: nil), .advertised(name: "HEM-7600T", service: nil),
            .advertised(name: "HEM-7361T", service: nil),
        ],
        endpoints: [
            Endpoint(.bytes("omron-14"), all: OmronEEPROM.place(OmronEEPROM.record14)),
            Endpoint(.bytes("omron-16"), all: OmronEEPROM.place(OmronEEPROM.record16)),
            Endpoint(.bytes("omron-14-le"), all: OmronEEPROM.place(OmronEEPROM.record14LE)),
        ],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.discover()
            let information = try await peer.deviceInformation()
            if let information { try await report.information(information) }
            let model = information?.model ?? ""
            guard let memory = OmronEEPROM.memories.first(where: { model.hasPrefix($0.model) }) else {
                throw .device(.lacking("a memory whose layout is known (its model is \"\(model)\")"))
            }
            var session = OmronSession(peer)
            try await session.unlock()
            try await session.begin()
            let clock = try await session.tellClock(memory, to: report)
            for (index, start) in memory.users.enumerated() {
                try await session.fetch(memory, from: start, user: index + 1, clock: clock, report)
            }
            try await session.end()
        }, pairing: .holdBluetooth)
}

/// The memory of a family of Omron's cuffs.
package enum OmronEEPROM {
    static let service = BluetoothUUID(full: 0xECBE3980_C9A2_11E1_B1BD_0002A5D5C51B)

    /// Where things are, in bytes from the beginning of the EEPROM.
    struct Memory: Sendable {
        let model: String
        /// Where each user's hundred records begin.
        let users: [UInt16]
        /// Bytes of a record, and how many of them are read at once.
        let size: Int
        let perBlock: Int
        let decode: Decode
        /// Where its clock is, and where in that the year, month, day, hour, minute and second are.
        let clock: UInt16
        let clockSize: Int
        let fields: [Int]
    }

    static let memories = [
        Memory(
            model: "HEM-7322T", users: [0x02AC, 0x0824], size: 14, perBlock: 3, decode: record14, clock: 0x0274,
            clockSize: 10, fields: [3, 2, 5, 4, 7, 6]),
        Memory(
            model: "HEM-7600T", users: [0x02AC], size: 14, perBlock: 3, decode: record14, clock: 0x0274, clockSize: 10,
            fields: [3, 2, 5, 4, 7, 6]),
        Memory(
            model: "HEM-7361T", users: [0x0098, 0x06D8], size: 16, perBlock: 1, decode: record16, clock: 0x003C,
            clockSize: 16,
            fields: [8, 9, 10, 11, 12, 13]),
    ]

    /// A record of the HEM-7322T and HEM-7600T, bits from the highest of the first byte:
    ///
    ///     0          8              16    24     32     33         34     38   43    48  52      58      64 … 111
    ///     diastolic  systolic − 25  year  pulse  moved  irregular  month  day  hour  ?   minute  second  ?
    package static func record14(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 14 else { throw .length(got: bytes.count, expected: 14) }
        let bits = bytes.array(0, 8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        func field(_ first: Int, _ last: Int) -> Int { Int((bits << UInt64(first)) >> UInt64(63 - last + first)) }
        return reading(
            diastolic: field(0, 7), systolic: field(8, 15), pulse: field(24, 31), moved: field(32, 32),
            irregular: field(33, 33), date: [field(16, 23), field(34, 37), field(38, 42)],
            time: [field(43, 47), field(52, 57), field(58, 63)])
    }

    /// A record of the HEM-7361T, which is the same number with its bytes turned round; bits from the highest of the
    /// last byte:
    ///
    ///     68      74      80     81         82     86   91    96  98    104    112        120
    ///     minute  second  moved  irregular  month  day  hour  ?   year  pulse  diastolic  systolic − 25
    package static func record16(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 16 else { throw .length(got: bytes.count, expected: 16) }
        let bits = bytes.array(0, 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        func field(_ first: Int, _ last: Int) -> Int {
            Int((bits << UInt64(first - 64)) >> UInt64(63 - last + first))
        }
        return reading(
            diastolic: field(112, 119), systolic: field(120, 127), pulse: field(104, 111), moved: field(80, 80),
            irregular: field(81, 81), date: [field(98, 103), field(82, 85), field(86, 90)],
            time: [field(91, 95), field(68, 73), field(74, 79)])
    }

    /// A record of the HEM-7142T2 and its kin, whose memory is not visited yet: bytes, and two numbers least significant byte
    /// first, bits from the lowest.
    ///
    ///     0              1          2      3           4 … 5                                          6 … 7           8 … 13
    ///     systolic − 25  diastolic  pulse  year: bits  hour 0–4  day 5–9  month 10–13                 second 0–5      ?
    ///     u8             u8         u8     0–5         irregular 14  moved 15                         minute 6–11
    package static func record14LE(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 14 else { throw .length(got: bytes.count, expected: 14) }
        let date = Int(bytes[4]) | Int(bytes[5]) << 8, time = Int(bytes[6]) | Int(bytes[7]) << 8
        return reading(
            diastolic: Int(bytes[1]), systolic: Int(bytes[0]), pulse: Int(bytes[2]), moved: date >> 15,
            irregular: date >> 14 & 1, date: [Int(bytes[3] & 0x3F), date >> 10 & 15, date >> 5 & 31],
            time: [date & 31, time >> 6 & 63, time & 63])
    }

    /// Seconds run to 63 on some of them; what is beyond the minute is its last second.
    private static func reading(
        diastolic: Int, systolic: Int, pulse: Int, moved: Int, irregular: Int, date: [Int], time: [Int]
    ) -> Reading {
        var remarks: Remarks = [.fromStorage]
        if moved != 0 { remarks.insert(.bodyMovement) }
        if irregular != 0 { remarks.insert(.irregularPulse) }
        let taken = LocalTime(2000 + date[0], date[1], date[2], time[0], time[1], min(59, time[2]))
        if taken == nil, date[1] != 0 || date[2] != 0 { remarks.insert(.invalidTime) }
        return Reading(
            [
                Value(.systolic, Amount(Int32(systolic + 25)), .millimetreOfMercury),
                Value(.diastolic, Amount(Int32(diastolic)), .millimetreOfMercury),
                Value(.pulseRate, zeroIsNone(Int32(pulse)), .perMinute),
            ], taken: taken.map { .clock($0) } ?? .unknown, remarks: remarks)
    }

    /// What a place in the memory holds: a record, or none.
    fileprivate static func place(_ decode: @escaping Decode) -> DecodeAll {
        { bytes throws(Malformed) in
            isEmpty(bytes.array(0, bytes.count)[...]) && !bytes.isEmpty ? [] : [try decode(bytes)]
        }
    }

    /// The places of a full memory, the oldest first. They are a ring, in which the newest overwrites the oldest: it goes on behind
    /// the newest stamp that the clock has come to, if that is followed by an earlier one.
    static func oldestFirst(_ places: [Reading], clock: LocalTime?) -> [Reading] {
        let stamped = places.indices.compactMap { place -> (place: Int, seconds: Int)? in
            guard case .clock(let time) = places[place].taken else { return nil }
            return (place, time.seconds)
        }
        let ends = zip(stamped, stamped.dropFirst()).filter { $0.seconds > $1.seconds }.map(\.0) + stamped.suffix(1)
        // Of equal ones the last: then they are in order as they lie.
        let newest = ends.filter { clock == nil || $0.seconds <= clock?.seconds ?? 0 }
            .max { ($0.seconds, $0.place) < ($1.seconds, $1.place) }
        guard let newest, newest.place != stamped.last?.place else { return places }
        return Array(places[(newest.place + 1)...] + places[...newest.place])
    }

    /// Whether a place in the memory holds no record: never written, or written with nothing.
    static func isEmpty(_ record: ArraySlice<UInt8>) -> Bool {
        record.allSatisfy { $0 == 0xFF } || record.allSatisfy { $0 == 0 }
    }
}
