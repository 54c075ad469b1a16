import Core
import Host

extension Diagnosis {
    /// Lines for a terminal of 80 columns: the verdict first, then every finding with what shows it and what to do.
    func lines(in language: Language, width: Int = 80) -> [String] {
        var lines: [String] = []
        if let verdict {
            let text = verdictLine(verdict, language)
            lines += wrapped(text, first: "", rest: "  ", width)
            if let cause = verdict.cause {
                lines += wrapped(Label.next[language] + cause.remedy[language].unbroken, first: "  ", rest: "  ", width)
            }
        } else {
            lines.append(Label.allWell[language])
        }
        if tellsAll { lines += wrapped(Label.allTold[language], first: "", rest: "  ", width) }
        lines.append("")
        let levels = [Finding.Level.ok, .warning, .fault, .unknown].map { $0.name[language].count }.max() ?? 0
        let parts = Finding.Part.allCases.map { $0.name[language].count }.max() ?? 0
        let margin = String(repeating: " ", count: levels + parts + 4)
        for finding in findings {
            let start =
                padded(finding.level.name[language], levels) + "  " + padded(finding.part.name[language], parts) + "  "
            lines += wrapped(line(finding, language), first: start, rest: margin, width)
            if let cause = finding.cause, finding.level == .fault || finding.level == .warning {
                lines += wrapped("→ " + cause.remedy[language].unbroken, first: margin, rest: margin + "  ", width)
            }
        }
        for device in devices where !device.values.isEmpty {
            lines += ["", "\(device.name), \(device.address)"] + device.values.map { "  " + $0 }
        }
        lines += ["", (Label.made + .moment(made))[language] + ", vitalsd \(version)"]
        return lines
    }

    func verdictLine(_ verdict: Finding, _ language: Language) -> String {
        let subject = verdict.subject.map { " (\($0[language]))" } ?? ""
        let more = others > 0 ? " (\(Label.more(others)[language]))" : ""
        let sentence = verdict.cause?.sentence[language].unbroken ?? ""
        return "\(verdict.level.name[language]): \(verdict.layer.name[language])\(subject): \(sentence)\(more)"
    }

    /// The subject, what shows it, the sentence where there is a cause, and its code to look up.
    func line(_ finding: Finding, _ language: Language) -> String {
        var words = [finding.subject, finding.evidence.english.isEmpty ? nil : finding.evidence]
            .compactMap { $0?[language] }.joined(separator: ": ")
        if let cause = finding.cause, finding.level != .ok {
            let detail = finding.detail.isEmpty || words.contains(finding.detail) ? "" : " (\(finding.detail))"
            words =
                (words.isEmpty ? "" : words + ". ") + cause.sentence[language].unbroken + detail + " [\(cause.code)]"
        }
        return words
    }
}

extension String {
    /// Without the backticks around commands, which only a printed page shows.
    var plain: String { replacing("`", with: "") }

    /// The same for `wrapped`, which leaves a command whole: it is to be typed.
    fileprivate var unbroken: String {
        split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .map { $0.offset % 2 == 1 ? String($0.element).replacing(" ", with: "\u{A0}") : String($0.element) }
            .joined()
    }
}

func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
}

/// Rows whose cells stand below each other, two spaces apart; the last is as long as it is.
func columns(_ rows: [[String]]) -> [String] {
    let count = rows.map(\.count).max() ?? 0
    let widths = (0..<count).map { place in rows.map { place < $0.count ? $0[place].count : 0 }.max() ?? 0 }
    return rows.map { row in
        row.enumerated().filter { widths[$0.offset] > 0 }
            .map { $0.offset < row.count - 1 ? padded($0.element, widths[$0.offset]) : $0.element }
            .joined(separator: "  ")
    }
}

/// Prints a line; at a terminal what finds no room in it goes below, so far in.
func printHanging(_ line: String, by margin: Int, width: Int = 80) {
    guard Console.isTerminal else { return printLine(line) }
    let text = line.dropFirst(margin).replacing("  ", with: "\u{A0}\u{A0}")
        .replacing(" kl. ", with: "\u{A0}kl.\u{A0}")
    let start = String(line.prefix(margin)), rest = String(repeating: " ", count: margin)
    for line in wrapped(String(text), first: start, rest: rest, width) { printLine(line) }
}

/// Words put into lines of at most `width`; one that is longer stands alone. A no-break space holds two together.
func wrapped(_ text: String, first: String, rest: String, _ width: Int) -> [String] {
    var lines: [String] = [], line = first, isEmpty = true
    for word in text.split(separator: " ") {
        if !isEmpty, line.count + 1 + word.count > width {
            lines.append(line)
            (line, isEmpty) = (rest, true)
        }
        line += (isEmpty ? "" : " ") + word
        isEmpty = false
    }
    return (lines + [line]).map { $0.replacing("\u{A0}", with: " ") }
}
