import Core

extension Driver {
    /// Microlife BP B6 Connect, BP B3 BT, BP A6 BT and the BP3… of other markets: upper-arm blood pressure. It is asked
    /// for its whole memory, which it keeps.
    ///
    /// Sources: derdilla/blood-pressure-monitor-fl; joergmlpts/blood-pressure-monitor.
    package static let microlifeBloodPressure = Driver(
        id: "microlife-bp", manufacturer: "Microlife", model: "BP B6 Connect", kind: .bloodPressure,
        evidence: .specification,
        claims: [
            .advertised(name: "B6 Connect", service: nil), .advertised(name: "B3 BT", service: nil),
            .advertised(name: "A6 BT", service: nil), .advertised(name: "BP3G", service: nil),
            .advertised(name: "BP3K", service: nil),
        ],
        endpoints: [Endpoint(.bytes("microlife-record"), MicrolifeBloodPressure.record)],
        visit: .gatt { peer, report async throws(Fault) in
            try await peer.introduce(to: report)
            let line = try await GATTLine(peer, to: 0xFFF2, from: 0xFFF1)
            var frames = Frames(.microlife)
            defer { report.tellGaps(of: &frames) }
            let request = MicrolifeBloodPressure.command([0, 0, 0, 0, 0, 0, 0, 0xFD])
            let answer = try await line.ask(request, &frames, within: .seconds(30)) { $0.count > 6 }
            guard let answer else { throw .device(.silent) }
            let payload = answer.dropFirst(4).dropLast()
            var undated = UndatedRecords()
            for start in stride(from: 38, through: payload.count - 10, by: 10) {
                let place = Array(payload.dropFirst(start).prefix(10))
                guard place.contains(where: { $0 != 0 }) else { continue }
                try await report(undated.numbered(decoded(place, by: MicrolifeBloodPressure.record)))
            }
            if let now = report.localTime {
                let isSet = try await line.ask(MicrolifeBloodPressure.setClock(now), &frames) { _ in true }
                if isSet == nil { throw .device(.silent) }
                try await report.clockWasSet(to: now)
            }
            try await line.write(MicrolifeBloodPressure.command([0x04]))
        })
}

extension Framing {
    /// `4D 3A length payload… sum`: the length, u16 BE, counts payload and sum; the sum is the low byte of all before
    /// it.
    package static let microlife = Framing("microlife", longest: 4 + 4096) { bytes in
        for (at, mark) in [UInt8(0x4D), 0x3A].enumerated() {
            guard at < bytes.count else { return .more }
            if bytes[at] != mark { return .noise(max(1, at)) }
        }
        guard bytes.count > 3 else { return .more }
        let size = 4 + Int(bytes[2]) << 8 + Int(bytes[3])
        guard 6...4100 ~= size else { return .noise(2) }
        guard bytes.count >= size else { return .more }
        let frame = bytes.array(0, size)
        return CheckSum.sum(frame.dropLast()) == frame[size - 1] ? .frame(size) : .noise(2)
    }
}

package enum MicrolifeBloodPressure {
    /// `4D FF length payload… sum`.
    static func command(_ payload: [UInt8]) -> [UInt8] {
        let bytes = [0x4D, 0xFF, 0x00, UInt8(truncatingIfNeeded: payload.count + 1)] + payload
        return bytes + [CheckSum.sum(bytes)]
    }

    static func setClock(_ time: LocalTime) -> [UInt8] {
        command(
            [0x0D]
                + [time.year % 100, time.month, time.day, time.hour, time.minute, time.second]
                .map { UInt8(truncatingIfNeeded: $0) })
    }

    /// A place in its memory, ten bytes from the 38th of the answer's payload on; all zero is an empty one.
    ///
    ///     systolic  diastolic  pulse  year  month  day  hour  minute  flags
    ///     u8        u8         u8     u8    u8     u8   u8    u8      2 bytes
    ///
    /// What the flags say (irregular beats, the mean of three) is not public. Its clock shows no seconds.
    package static func record(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        guard bytes.count == 10 else { throw .length(got: bytes.count, expected: 10) }
        var remarks: Remarks = [.fromStorage]
        if bytes[8] != 0 || bytes[9] != 0 { remarks.insert(.partlyDecoded) }
        let taken = LocalTime(2000 + Int(bytes[3]), Int(bytes[4]), Int(bytes[5]), Int(bytes[6]), Int(bytes[7]), 0)
        if taken == nil, bytes[4] != 0 || bytes[5] != 0 { remarks.insert(.invalidTime) }
        return Reading(
            [
                Value(.systolic, zeroIsNone(Int32(bytes[0])), .millimetreOfMercury),
                Value(.diastolic, zeroIsNone(Int32(bytes[1])), .millimetreOfMercury),
                Value(.pulseRate, zeroIsNone(Int32(bytes[2])), .perMinute),
            ], taken: taken.map { .clock($0) } ?? .unknown, remarks: remarks)
    }
}
