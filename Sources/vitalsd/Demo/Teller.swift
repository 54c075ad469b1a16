import Core
import Glibc
import Host

/// Tells the story as it happens: coloured in a terminal, plain lines elsewhere.
@Hub final class Teller {
    enum Voice: String { case hub, device, journal, clinic, trouble, story }

    private let start = ContinuousClock.now
    private let isTerminal = Console.isTerminal

    /// `12.3 s  device   text`
    func tell(_ voice: Voice, _ text: String) {
        let tenths = Int((ContinuousClock.now - start) / .milliseconds(100))
        let time = "\(tenths / 10).\(tenths % 10) s"
        let clock = String(repeating: " ", count: max(0, 7 - time.count)) + time
        let name = voice.rawValue + String(repeating: " ", count: 8 - voice.rawValue.count)
        put("\(dim(clock))  \(coloured(name, voice)) \(text)")
    }

    func heading(_ text: String) { put("\n\(isTerminal ? "\u{1B}[1m\(text)\u{1B}[0m" : text)") }

    /// With our own colours: `printLine` lets none through.
    private func put(_ line: String) { Console.put(line + "\n") }

    private func dim(_ text: String) -> String { isTerminal ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

    private func coloured(_ text: String, _ voice: Voice) -> String {
        guard isTerminal else { return text }
        let colour =
            switch voice {
            case .hub: 36
            case .device: 34
            case .journal: 32
            case .clinic: 35
            case .trouble: 31
            case .story: 37
            }
        return "\u{1B}[\(colour)m\(text)\u{1B}[0m"
    }
}

/// Columns that line up, each as wide as its widest cell.
func table(_ rows: [[String]]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
        zip(row, widths).map { cell, width in cell + String(repeating: " ", count: width - cell.count) }
            .joined(separator: "  ")
    }
}
