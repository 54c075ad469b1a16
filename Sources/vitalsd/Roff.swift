/// Text as man(7) wants it, in lines of at most 72 characters.
struct Roff {
    var text: String

    init(_ title: String, section: Int, _ manual: String) {
        text = ".TH \(title) \(section) \(released) \"vitalsd \(version)\" \"\(manual)\"\n"
    }

    mutating func section(_ title: String) { text += ".SH \(title)\n" }
    mutating func subsection(_ title: String) { text += ".SS \(title)\n" }
    mutating func item(_ tag: String) { text += ".TP\n\(tag)\n" }
    mutating func example(_ lines: String) {
        text +=
            ".PP\n.EX\n" + lines.split(separator: "\n").map { Self.line(escaped(String($0))) + "\n" }.joined() + ".EE\n"
    }

    /// A paragraph of its own.
    mutating func paragraph(_ words: String) {
        text += ".PP\n"
        fill(words)
    }

    /// Words that go on where the last ones ended; what stands between backquotes is bold.
    mutating func fill(_ words: String) {
        var line = "", column = 0
        for word in styled(words).split(whereSeparator: \.isWhitespace) {
            if column > 0, column + word.count > 72 {
                text += Self.line(line) + "\n"
                (line, column) = ("", 0)
            }
            line += (column > 0 ? " " : "") + word
            column += word.count + 1
        }
        if column > 0 { text += Self.line(line) + "\n" }
    }

    /// A synopsis: what is typed as it stands in bold, what stands for something else in italics.
    static func synopsis(_ arguments: String) -> String {
        arguments.split(separator: " ").map { token in
            var out = "", word = ""
            func flush() {
                guard !word.isEmpty else { return }
                let isItalic = !word.hasPrefix("-") && word.contains(where: \.isUppercase)
                out += "\\f\(isItalic ? "I" : "B")\(escaped(word))\\fR"
                word = ""
            }
            for letter in token {
                if "[]|…".contains(letter) {
                    flush()
                    out += letter == "…" ? "..." : String(letter)
                } else {
                    word.append(letter)
                }
            }
            flush()
            return out
        }.joined(separator: " ")
    }

    /// A line that begins with a full stop or an apostrophe would be a request.
    private static func line(_ line: String) -> String {
        line.hasPrefix(".") || line.hasPrefix("'") ? "\\&" + line : line
    }

    private func styled(_ words: String) -> String {
        words.split(separator: "`", omittingEmptySubsequences: false).enumerated().map { place, piece in
            // Blanks inside stay: a command is not broken between two lines.
            place % 2 == 0
                ? escaped(prose: String(piece))
                : "\\fB" + escaped(String(piece)).split(separator: " ").joined(separator: "\\ ") + "\\fR"
        }.joined()
    }
}

/// The same for prose, where only what is typed has hyphens to be copied: options, and the dash between name and purpose.
private func escaped(prose text: String) -> String {
    text.split(separator: " ", omittingEmptySubsequences: false).map { word in
        word.hasPrefix("--") || word == "-"
            ? escaped(String(word))
            : word.split(separator: "-", omittingEmptySubsequences: false).map { escaped(String($0)) }.joined(
                separator: "-")
    }.joined(separator: " ")
}

/// Hyphens that are typed, backslashes, and what is not ASCII.
private func escaped(_ text: String) -> String {
    text.map { letter in
        switch letter {
        case "\\": "\\e"
        case "-": "\\-"
        case "…": "..."
        case let letter where letter.isASCII: String(letter)
        case let letter:
            letter.unicodeScalars.map { "\\[u\(hexadecimal($0.value))]" }.joined()
        }
    }.joined()
}

/// At least four digits, as groff_char(7) wants them.
private func hexadecimal(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
}
