/// What can be said after a verb, read from the synopsis that `help` prints: so nothing that is written from it can drift.
struct Synopsis {
    struct Option: Equatable {
        /// Without the two hyphens.
        var name: String
        /// What comes after it, such as FILE; nil for a flag.
        var value: String?

        /// `da|en`: the words there are. Empty where anything may stand.
        var choices: [String] {
            let words = value?.split(separator: "|").map { String($0) } ?? []
            return words.count > 1 && words.allSatisfy(isLiteral) ? words : []
        }
    }

    private(set) var options: [Option] = []
    /// Words that stand for themselves, such as `retry` of `queue`.
    private(set) var words: [String] = []
    /// Words that stand for something else, such as ADDRESS.
    private(set) var operands: [String] = []

    init(_ arguments: String) {
        var opened: String?
        for token in arguments.split(separator: " ") {
            // `--json]` is complete; after `--file` comes its value, unless a bracket or a bar does.
            let isComplete = token.hasSuffix("]")
            let bare = token.filter { $0 != "[" && $0 != "]" }
            if let name = opened {
                opened = nil
                if !token.hasPrefix("["), !token.hasPrefix("|"), !token.hasPrefix("--") {
                    options.append(Option(name: name, value: bare))
                    continue
                }
                options.append(Option(name: name, value: nil))
            }
            for piece in bare.split(separator: "|") {
                if piece.hasPrefix("--") {
                    let name = String(piece.dropFirst(2))
                    if isComplete { options.append(Option(name: name, value: nil)) } else { opened = name }
                } else if isLiteral(piece) {
                    words.append(String(piece))
                } else if piece.contains(where: \.isLetter) {
                    operands.append(String(piece))
                }
            }
        }
        if let opened { options.append(Option(name: opened, value: nil)) }
    }
}

/// Whether a word of a synopsis stands for itself: in small letters or digits.
private func isLiteral(_ word: some StringProtocol) -> Bool {
    !word.isEmpty && word.allSatisfy { $0.isLowercase || $0.isNumber }
}
