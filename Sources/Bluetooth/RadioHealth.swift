import Core

/// Whether the radio is dead, and what is tried then, one rung after the other.
///
/// Evidence alone counts: a command that fails, a controller that reports an error, a neighbourhood that was full of
/// advertisers and is silent all at once. That nobody measures is none: a quiet home is not a dead radio.
package struct RadioHealth: Equatable, Sendable {
    /// What is tried. After the last there is nothing left but to say so, and to begin again later.
    package enum Rung: Int, CaseIterable, Sendable { case restartScanning, powerCycle, resetUSB, giveUp }

    /// What was tried in this hub's life, for a technician to judge the adapter by.
    package struct Counters: Equatable, Sendable {
        package var tried: [Int]
        package init() { tried = [Int](repeating: 0, count: Rung.allCases.count) }

        package subscript(_ rung: Rung) -> Int { tried[rung.rawValue] }

        /// `3 1 0 0`, in the order of the rungs.
        package var notation: String { tried.map(String.init).joined(separator: " ") }

        /// Reads what `notation` writes; nil for anything else.
        package init?(notation: String) {
            let numbers = notation.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == Rung.allCases.count else { return nil }
            tried = numbers
        }
    }

    package var counters = Counters()
    private var next = 0
    /// How many devices an examination heard at most since the radio was last well; what silence is compared with.
    private var usual = 0
    private var silences = 0

    package init() {}

    /// It works: whatever was tried before has helped.
    package mutating func isWell() { next = 0 }

    /// What stands before this rung is known to be of no help.
    package mutating func skip(to rung: Rung) { next = max(next, rung.rawValue) }

    /// It fails. Answers what to try now.
    package mutating func fails() -> Rung {
        let rung = Rung.allCases[next]
        counters.tried[next] += 1
        next = (next + 1) % Rung.allCases.count
        return rung
    }

    /// An examination has heard so many devices. Answers what was usual where that is evidence of a dead radio: nobody,
    /// twice in a row, where there were three and more.
    package mutating func examined(_ heard: Int) -> Int? {
        guard heard == 0 else {
            usual = max(heard, usual / 2)
            silences = 0
            isWell()
            return nil
        }
        silences += 1
        guard usual >= 3, silences >= 2 else { return nil }
        let before = usual
        // Everything was tried, and still it is silent: perhaps the hub has moved to a lonely place.
        if next == Rung.giveUp.rawValue { usual = 0 }
        return before
    }
}
