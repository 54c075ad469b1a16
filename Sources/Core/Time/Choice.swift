/// One of the times at which a record may have been taken.
struct Choice {
    let window: Window
    let best: Int64
    /// Of this one, if no other is left.
    let basis: Basis
    /// Whether it is the likelier of them, as far as that can be told.
    let isLikely: Bool
    /// Where it rests, as in `Conclusion`.
    let from: Int?, to: Int?
}

extension Chronology {
    /// The record is of one of these times: the window holds them all, and the likeliest of them is the best.
    mutating func conclude(_ index: Int, oneOf choices: [Choice]) {
        guard let last = choices.last(where: \.isLikely) ?? choices.last else { return }
        let hull = choices.reduce(last.window) { $0.hull($1.window) }
        // Lines that lie closer than a coarse stamp tells are one.
        let widest = choices.map(\.window.half).max() ?? 0
        let isOne = choices.allSatisfy { $0.basis != .ambiguous } && hull.half <= widest + 5_000_000
        conclude(
            index, hull, best: last.best, choices.count == 1 ? last.basis : isOne ? .paired : .ambiguous,
            from: choices.compactMap(\.from).last, to: choices.compactMap(\.to).last)
        self.choices[index] = choices
    }

    /// Gives up the times that its neighbours in the memory rule out, as long as one is left.
    mutating func strike(_ index: Int, outside bound: Window) {
        let left = choices[index].filter { !$0.window.intersection(bound).isEmpty }
        if !left.isEmpty, left.count < choices[index].count { conclude(index, oneOf: left) }
    }
}
