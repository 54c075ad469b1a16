/// Chance that can be repeated (SplitMix64).
package struct Chance: RandomNumberGenerator, Sendable {
    private var state: UInt64
    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Even, from 0 to 1.
    package mutating func share() -> Double { between(0, 1) }
    package mutating func between(_ low: Double, _ high: Double) -> Double {
        Double.random(in: low...high, using: &self)
    }
    package mutating func happens(_ share: Double) -> Bool { between(0, 1) < share }
    package mutating func pick<Element>(_ choices: [Element]) -> Element {
        choices[Int.random(in: 0..<choices.count, using: &self)]
    }
    /// About normal, with a deviation of one.
    package mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + share() } }
}
