import Core
import Testing

@Suite struct CurveTests {
    private static let flow = Curve(
        .flowAway, .litrePerSecond, every: .milliseconds(10), exponent: -3, [0, 310, -7, 2_147_483_647])

    @Test func aCurveIsPartOfTheNotation() throws {
        let curve = try #require(Self.flow)
        #expect(curve.description == "curve flow L/s every 10000 -3 0,310,-7,2147483647")
        #expect(curve.duration == .milliseconds(30))
        let line = "fev1 3.27 L \(curve) curve volume L every 10000 -3 0,3 at 2026-03-02T10:11:12 #from-storage"
        let reading = try #require(Reading(notation: line))
        #expect(reading.description == line)
        #expect(reading.curves.map(\.quantity) == [.flowAway, .volumeAway] && reading.curves[0] == curve)
    }

    @Test(arguments: [
        "curve", "curve flow", "curve flow L/s every 0 -3 0,1", "curve flow L/s every 10000 -3 0",
        "curve flow L/s every 10000 -3 0,,1", "curve flow L/s every 10000 -300 0,1", "curve flow L/s at 10000 -3 0,1",
        "curve flow L/s every 99999999999999 -3 0,1", "curve flow L/s every -1 0 0,1",
        "curve flow L/s every 1 0 0,2147483648",
    ])
    func whatIsNoCurveIsRefused(_ line: String) { #expect(Reading(notation: line + " now") == nil) }

    @Test func withoutTimeBetweenSamplesThereIsNone() {
        #expect(Curve(.flowAway, .litrePerSecond, every: .zero, exponent: 0, [1, 2]) == nil)
        #expect(Curve(.flowAway, .litrePerSecond, every: .seconds(1), exponent: 0, [1]) == nil)
    }
}
