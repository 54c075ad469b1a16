import Core
import Devices
import Testing

@Suite struct SpirometerTests {
    /// A high bit of each of the seven bytes in turn, so that one that lands in the wrong place shows.
    @Test func theCurveIsReadPointByPoint() throws {
        let header: [UInt8] = [0xE2, 0x01, 0x00, 0x02, 0x00]
        // 60.0000 s = 0927C0, 9.330 L/s = 2472, 5.100 L = 13EC; then 0.0128 s = 000080, 0.128 L/s = 0080, 65.408 L = FF80
        let points: [UInt8] = [
            0b0100001, 0x40, 0x27, 0x09, 0x72, 0x24, 0x6C, 0x13,
            0b1101001, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x7F,
        ]
        let curve = try ContecSpirometer.curve((header + points).span)
        #expect(curve.map(\.time.description) == ["60.0000", "0.0128"])
        #expect(curve.map(\.flow.description) == ["9.330", "0.128"])
        #expect(curve.map(\.volume.description) == ["5.100", "65.408"])
    }

    /// Points at equal distances are a curve; others stay with the raw bytes, and the reading says so.
    @Test(arguments: [
        ([0, 100, 200, 300], true), ([100, 200, 300, 400], true), ([0, 100, 250, 300], false), ([5, 5], false),
    ])
    func pointsAtEqualDistancesAreACurve(_ times: [Int], _ isCurve: Bool) throws {
        let vector = try #require(Vector.spirometers.first { $0.id == "contec-sp10bt-rec-001" })
        let record = try #require(bytes(hex: vector.hex)).prefix(44)
        // Flow 2.000 L/s and volume 0.300 L, each one thousandth more a point.
        let points = times.enumerated().flatMap { index, time -> [UInt8] in
            let numbers = [time & 0xFF, time >> 8, 0, 0xD0 + index, 0x07, 0x2C + index, 0x01].map { UInt8($0) }
            let high = numbers.enumerated().reduce(UInt8(0)) { $0 | ($1.element >> 7) << UInt8($1.offset) }
            return [high] + numbers.map { $0 & 0x7F }
        }
        let sent = Array(record) + [0xE2, 1, 0, UInt8(times.count), 0] + points
        let reading = try ContecSpirometer.test(sent.span)
        let numbers = times.indices.map { Int32($0) }
        let wanted = [
            Curve(.flowAway, .litrePerSecond, every: .milliseconds(10), exponent: -3, numbers.map { 2000 + $0 }),
            Curve(.volumeAway, .litre, every: .milliseconds(10), exponent: -3, numbers.map { 300 + $0 }),
        ].compactMap(\.self)
        #expect(reading.curves == (isCurve ? wanted : []))
        #expect(reading.remarks.contains(.partlyDecoded) == !isCurve)
    }

    @Test func aCurveThatIsCutOffIsNone() {
        #expect(throws: Malformed.length(got: 12, expected: 13)) {
            try ContecSpirometer.curve([0xE2, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0].span)
        }
    }

    /// A vital capacity (kind 2) is no forced breath out; its record is refused, so that it is kept as it came.
    @Test func anotherKindOfTestIsNotMistaken() throws {
        let vector = try #require(Vector.spirometers.first { $0.id == "contec-sp10bt-rec-001" })
        var record = try #require(bytes(hex: vector.hex))
        record[2] = 2
        record[43] = record[..<43].reduce(0, &+) & 0x7F
        #expect(throws: Malformed.invalid(at: 2, expected: .knownType)) { try ContecSpirometer.test(record.span) }
    }

    @Test func aFailedBlowIsQuestionable() throws {
        let vector = try #require(Vector.spirometers.first { $0.id == "vitalograph-btsmart-001" })
        var frame = try #require(bytes(hex: vector.hex))
        frame[65] = UInt8(ascii: "1")
        frame[70] ^= 1
        #expect(try Vitalograph.testData(frame.span).remarks.contains(.questionable))
    }

    @Test func everyBlowOfANotificationIsGiven() throws {
        let sent = try #require(bytes(hex: "dd802a03600e014501a52a03609801a101"))
        #expect(
            try AndesFitADFB22.blows(sent.span).map(\.description) == [
                "fev1 2.70 L pef 325 L/min at 2021-01-16T18:03:44 #from-storage",
                "fev1 4.08 L pef 417 L/min at 2021-01-16T18:04:21 #from-storage",
            ])
    }

    /// What is between two blows costs neither.
    @Test(arguments: [[], [0x06], [0x02], [0x02, 0x47, 0x54, 0x44], [0xFF, 0x03, 0x00]] as [[UInt8]])
    func rubbishBetweenBlowsIsPassedOver(_ rubbish: [UInt8]) throws {
        let vector = try #require(Vector.spirometers.first { $0.id == "vitalograph-classic-001" })
        let frame = try #require(bytes(hex: vector.hex))
        var frames = Frames(.vitalograph)
        frames.append(rubbish + frame + rubbish + frame)
        #expect(frames.next() == frame && frames.next() == frame)
        #expect(frames.noise == 2 * rubbish.count)
    }
}
