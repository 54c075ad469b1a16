import Host
import Testing

@testable import vitalsd

@Suite struct ReadmeTests {
    /// What the README has between `<!-- name -->` and `<!-- /name -->`.
    private func readme(_ name: String) throws -> Substring {
        let readme = String(#filePath.dropLast("Tests/GatewayTests/ReadmeTests.swift".count)) + "README.md"
        let text = String(decoding: try Files.read(readme), as: UTF8.self)
        let begin = try #require(text.firstRange(of: "<!-- \(name) -->\n")),
            end = try #require(text.firstRange(of: "<!-- /\(name) -->"))
        return text[begin.upperBound..<end.lowerBound]
    }

    /// The README's tables are what `vitalsd devices` prints.
    @Test func deviceTablesAreTheDrivers() throws {
        #expect(try readme("devices") == deviceTable(in: .english).joined(separator: "\n") + "\n")
        #expect(try readme("not-yet") == notYetTable(in: .english).joined(separator: "\n") + "\n")
    }

    /// Every verb has a help text whose synopsis is the table's.
    @Test func everyVerbIsExplained() {
        #expect(Set(commands.map(\.verb)).count == commands.count)
        for command in commands { #expect(!command.explanation.isEmpty && !command.summary.isEmpty) }
    }
}
