import Core

/// A fault as `watch` shows it.
struct SceneFault: Equatable, Sendable {
    /// See `explain`.
    var code: String
    /// Those of the log, which are English and name what is particular about it.
    var words: String

    init(_ fault: Fault) {
        code = fault.code.rawValue
        words = fault.description
    }

    /// The code, a space, and the words.
    var notation: String { "\(code) \(words)" }

    /// Reads what `notation` writes; nil for an empty text.
    init?(notation: String) {
        guard let end = notation.firstIndex(of: " ") else { return nil }
        code = String(notation[..<end])
        words = String(notation[notation.index(after: end)...])
    }

    func told(in language: Language) -> String { vitalsd.told(code, words, in: language) }
}
