import Testing

@testable import Host

@Suite struct ConsoleTests {
    @Test func whatATerminalWouldObeyIsReplaced() {
        #expect(
            Console.harmless("a\u{1B}]52;c;AAAA\u{07}\u{9B}2J\u{202E}b")
                == "a\u{FFFD}]52;c;AAAA\u{FFFD}\u{FFFD}2J\u{FFFD}b")
        #expect(Console.harmless("æ\tb\n  ø · –") == "æ\tb\n  ø · –")
    }
}

@Suite struct TerminalTests {
    private typealias Line = Terminal.Line

    /// Applies what was written, as a terminal does, to a page of characters.
    private func applied(_ bytes: String, to page: [String]) -> [String] {
        var page = page.map { Array($0) }, row = 0, column = 0, rest = bytes[...]
        while let letter = rest.popFirst() {
            guard letter == "\u{1B}" else {
                while page.count <= row { page.append([]) }
                while page[row].count <= column { page[row].append(" ") }
                page[row][column] = letter
                column += 1
                continue
            }
            rest.removeFirst()
            let words = rest.prefix { !$0.isLetter }
            rest = rest.dropFirst(words.count)
            switch rest.removeFirst() {
            case "H":
                let place = words.split(separator: ";").compactMap { Int($0) }
                (row, column) = (place[0] - 1, place[1] - 1)
            case "K": if row < page.count { page[row] = Array(page[row].prefix(column)) }
            default: break
            }
        }
        return page.map { String($0) }
    }

    @Test func whatIsWrittenLeadsFromOnePageToTheOther() {
        let pages: [[String]] = [
            [], ["a", "bc", "def"], ["a", "bx", "de"], ["", "bc", "defg"], ["aå→", "", ""], ["aæ→ 1", "x", "", "last"],
        ]
        for old in pages {
            for new in pages {
                let bytes = Terminal.difference(from: old.map { Line($0) }, to: new.map { Line($0) })
                let seen = applied(bytes, to: old)
                for row in 0..<max(old.count, new.count) {
                    let wanted = row < new.count ? new[row] : "", shown = row < seen.count ? seen[row] : ""
                    #expect(shown == wanted, "\(old) \(new)")
                }
            }
        }
    }

    @Test func littleIsWritten() {
        let old = [Line("vitalsd  14:05:07", .heading), Line("all the same"), Line("x")]
        let new = [Line("vitalsd  14:05:08", .heading), Line("all the same"), Line("x", .bad)]
        #expect(
            Terminal.difference(from: old, to: new) == "\u{1B}[1;17H\u{1B}[1m8\u{1B}[m\u{1B}[3;1H\u{1B}[31mx\u{1B}[m")
        #expect(Terminal.difference(from: new, to: new).isEmpty)
    }
}
