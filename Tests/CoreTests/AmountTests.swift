import Core
import Testing

@Suite struct AmountTests {
    @Test(
        arguments: [
            (360, -1, "36.0"), (36, 0, "36"), (-5, -2, "-0.05"), (12, 1, "120"), (0, -1, "0.0"), (0, 3, "0"),
            (78810, -3, "78.810"), (-1, 0, "-1"), (5, -3, "0.005"), (8_388_607, 0, "8388607"),
            (Int32.max, 0, "2147483647"), (Int32.min, 0, "-2147483648"), (1, -5, "0.00001"),
        ] as [(Int32, Int8, String)])
    func digitsAreThoseThatWereSent(mantissa: Int32, exponent: Int8, text: String) {
        #expect(Amount(mantissa, exponent: exponent).description == text)
    }

    @Test(arguments: ["36.0", "36", "-0.05", "120", "0.0", "0", "78.810", "2147483647", "0.00001", "1971210000"])
    func whatIsReadIsWrittenAgain(text: String) {
        #expect(Amount(text)?.description == text)
    }

    @Test func zerosBehindThePointAreKept() {
        #expect(Amount("36.0") == Amount(360, exponent: -1))
        #expect(Amount("36.0") != Amount("36"))
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "1e3", "+1", " 1", "1 ", "1,5", "0x10", "--1", "1.2.3", "2147483648", "21474836470.5",
        "99999999999.9", "½", "１",
    ])
    func anythingElseIsRefused(text: String) { #expect(Amount(text) == nil) }

    @Test func theLargestAndSmallestOfTheWirePrintAndParse() {
        for mantissa in [-8_388_605, -1, 1, 8_388_605] as [Int32] {
            for exponent in Int8.min...Int8.max {
                let amount = Amount(mantissa, exponent: exponent)
                let digits = amount.description
                #expect(digits.utf8.count <= 7 + 128 + 3)
                if let read = Amount(digits) { #expect(read.description == digits) }
            }
        }
    }

    @Test func aPowerOfTenMovesThePointOnly() {
        #expect(Amount(5, exponent: -3).scaled(byPowerOfTen: 3)?.description == "5")
        #expect(Amount(5, exponent: 127).scaled(byPowerOfTen: 1) == nil)
        #expect(Amount(5, exponent: -128).scaled(byPowerOfTen: -1) == nil)
    }

    /// IEEE 11073-20601, F.8: 4-bit exponent above a 12-bit mantissa.
    @Test(
        arguments: [
            (0x0000, "0"), (0x0080, "128"), (0x07FD, "2045"), (0x0803, "-2045"), (0x0FFF, "-1"), (0xF0B0, "17.6"),
            (0x8062, "0.00000098"), (0x7001, "10000000"), (0xF16C, "36.4"), (0xE168, "3.60"),
        ] as [(UInt16, String)])
    func sfloats(raw: UInt16, text: String) throws {
        guard case .amount(let amount) = Outcome(sfloat: raw) else {
            Issue.record("no amount")
            return
        }
        #expect(amount.description == text)
    }

    @Test(
        arguments: [
            (0x07FF, .notANumber), (0x07FE, .positiveInfinity), (0x0802, .negativeInfinity), (0x0800, .error),
            (0x0801, .error),
        ] as [(UInt16, Absence)])
    func sfloatSpecials(raw: UInt16, reason: Absence) { #expect(Outcome(sfloat: raw) == .absent(reason)) }

    @Test func onlyFiveSFLOATsAreNoNumber() {
        let absent = (UInt16.min...UInt16.max).filter { if case .absent = Outcome(sfloat: $0) { true } else { false } }
        #expect(absent == [0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802])
    }

    @Test(
        arguments: [
            (0xFF00_016C, "36.4"), (0x0403_0201, "1971210000"), (0x0000_0000, "0"), (0xFFFF_FFFF, "-0.1"),
            (0x007F_FFFD, "8388605"), (0x0080_0003, "-8388605"),
        ] as [(UInt32, String)])
    func floats(raw: UInt32, text: String) {
        guard case .amount(let amount) = Outcome(float: raw) else {
            Issue.record("no amount")
            return
        }
        #expect(amount.description == text)
    }

    @Test(
        arguments: [
            (0x007F_FFFF, .notANumber), (0x007F_FFFE, .positiveInfinity), (0x0080_0002, .negativeInfinity),
            (0x0080_0000, .error), (0x0080_0001, .error),
        ] as [(UInt32, Absence)])
    func floatSpecials(raw: UInt32, reason: Absence) { #expect(Outcome(float: raw) == .absent(reason)) }
}
