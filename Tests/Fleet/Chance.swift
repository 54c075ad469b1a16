import Core

/// Chance that can be repeated (SplitMix64).
struct Chance: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Even, from 0 to 1.
    mutating func share() -> Double { Double.random(in: 0...1, using: &self) }
    /// About normal, with a deviation of one.
    mutating func normal() -> Double { (0..<12).reduce(-6) { sum, _ in sum + share() } }
}
