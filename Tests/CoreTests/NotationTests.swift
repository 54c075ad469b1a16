import Core
import Dice
import Testing

@Suite struct NotationTests {
    @Test(arguments: [
        "systolic 128 mm[Hg] diastolic 82 mm[Hg] mean ?not-a-number mm[Hg] at 2026-03-02T10:11:12 user 1 #irregular-pulse",
        "spo2 97.0 % average spo2 12 s below-90 ticks 300 1000000 lasting 900 sequence 7 #session-part", "undated",
        "now",
        "weight 78.810 kg at 2026-03-19T17:01:47.000",
        "pulse-oximeter-rate 72 /min age 12 60000000 sequence 3",
    ])
    func whatIsReadIsWrittenAgain(line: String) { #expect(Reading(notation: line)?.description == line) }

    @Test func randomReadingsComeBackWhole() {
        var random = Chance(2026)
        for _ in 0..<2000 {
            let reading = reading(&random)
            #expect(Reading(notation: reading.description) == reading, "\(reading)")
        }
    }

    @Test func everyLengthOfADayComesBack() {
        let lengths = (0...86_400).filter { seconds in
            let reading = Reading([], taken: .ticks(1, resolution: .microseconds(seconds)), duration: .seconds(seconds))
            return Reading(notation: reading.description) != reading
        }
        #expect(lengths == [])
    }

    private func reading(_ random: inout Chance) -> Reading {
        var values = Values()
        for _ in 0..<Int.random(in: 0...20, using: &random) {
            guard let quantity = Quantity.allCases.randomElement(using: &random),
                let unit = Unit.allCases.randomElement(using: &random),
                let aspect = Aspect.allCases.randomElement(using: &random),
                let absence = Absence.allCases.randomElement(using: &random)
            else { continue }
            // Zeros before the point become part of the mantissa when they are read, so exponents are not positive here.
            let amount = Amount(
                .random(in: -99999...99999, using: &random), exponent: .random(in: -6...0, using: &random))
            values.append(
                Value(quantity, Bool.random(using: &random) ? .amount(amount) : .absent(absence), unit, aspect))
        }
        let time = LocalTime(
            seconds: .random(in: 0...4_000_000_000, using: &random),
            microsecond: .random(in: 0...999, using: &random) * 1000,
            decimals: 3)
        let times: [RawTime] = [
            .now, .unknown, time.map { .clock($0) } ?? .now,
            .ticks(
                .random(in: 0...9_999_999, using: &random),
                resolution: .microseconds(Int.random(in: 1...9_999, using: &random))),
        ]
        var remarks = Remarks()
        for remark in Remark.allCases where Int.random(in: 0..<8, using: &random) == 0 { remarks.insert(remark) }
        return Reading(
            values, taken: times.randomElement(using: &random) ?? .now,
            duration: Bool.random(using: &random) ? .seconds(Int.random(in: 0...3600, using: &random)) : nil,
            sequence: Bool.random(using: &random) ? .random(in: 0...65_535, using: &random) : nil,
            user: Bool.random(using: &random) ? .random(in: 0...9, using: &random) : nil, remarks: remarks)
    }

    @Test(arguments: [
        "systolic", "systolic 128", "systolic 128 mmHg", "systolic x mm[Hg]", "systolic ?tired mm[Hg]",
        "Systolic 128 mm[Hg]",
        "at", "at yesterday", "ticks 1", "ticks -1 1", "lasting", "lasting long", "#", "#no-such-remark", "user",
        "hello 1",
        "systolic 128 mm[Hg] below", "now 1",
    ])
    func garbageIsRefused(line: String) { #expect(Reading(notation: line) == nil) }

    @Test func wordsAreUniqueAndReadBack() {
        #expect(Set(Quantity.allCases.map(\.name)).count == Quantity.allCases.count)
        #expect(Quantity.allCases.allSatisfy { Quantity(name: $0.name) == $0 && !$0.name.contains(" ") })
        #expect(Unit.allCases.allSatisfy { Unit(ucum: $0.ucum) == $0 })
        #expect(Remark.allCases.allSatisfy { Remark(name: $0.name) == $0 })
        #expect(Aspect.allCases.dropFirst().allSatisfy { Aspect(name: $0.name) == $0 })
        #expect(Remark.irregularPulse.name == "irregular-pulse")
        let verbs: Set = ["now", "at", "ticks", "undated", "lasting", "sequence", "user"]
        #expect(verbs.isDisjoint(with: Quantity.allCases.map(\.name)))
    }

    @Test func moreValuesThanLiveInsideAReadingAreKept() {
        var values = Values()
        for index in 0..<40 { values.append(Value(.bodyWeight, Amount(Int32(index)), .kilogram)) }
        #expect(values.count == 40 && values.map { $0.amount?.mantissa } == (0..<40).map { Int32($0) })
        values[20] = Value(.bodyWeight, Amount(99), .kilogram)
        #expect(values[20].amount == Amount(99))
    }
}
