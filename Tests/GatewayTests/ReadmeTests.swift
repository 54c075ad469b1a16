import Host
import Testing

@testable import vitalsd

@Suite struct ReadmeTests {
    /// The README's table is what `vitalsd devices` prints.
    @Test func deviceTableIsTheDrivers() throws {
        let readme = String(#filePath.dropLast("Tests/GatewayTests/ReadmeTests.swift".count)) + "README.md"
        let text = String(decoding: try Files.read(readme), as: UTF8.self)
        let begin = try #require(text.firstRange(of: "<!-- devices -->\n")),
            end = try #require(text.firstRange(of: "<!-- /devices -->"))
        #expect(text[begin.upperBound..<end.lowerBound] == deviceTable.joined(separator: "\n") + "\n")
    }

    /// Every verb has a help text whose synopsis is the table's.
    @Test func everyVerbIsExplained() {
        #expect(Set(commands.map(\.verb)).count == commands.count)
        for command in commands { #expect(!command.explanation.isEmpty && !command.summary.isEmpty) }
    }
}
