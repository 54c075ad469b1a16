import Core
import Host
import Testing

@testable import vitalsd

/// What people are told, in every language there is.
@Suite struct TextTests {
    /// Words of the trade for which there is one of everyday use. What stands in backticks is to be typed, and may be both.
    static let jargon = [
        "rfkill", "errno", "DNS", "TCP", "TLS", "HTTP", "OAuth", "socket", "daemon", "dæmon", "ATT", "GATT", "bundle",
        "payload", "endpoint", "RSSI", "dBm", "adapter", "journal", "token", "credentials", "CA ", "UTC", "host",
        "timeout", "bonding", "bond ", "kernel", "udev",
    ]

    private func spoken(_ text: String) -> String {
        text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset % 2 == 0 ? String($0.element) : nil }.joined()
    }

    @Test(arguments: Cause.all.map(\.code))
    func everyCodeIsToldInPlainWordsInBothLanguages(_ code: String) throws {
        let cause = try #require(Cause(code: code))
        for text in [cause.sentence, cause.remedy] {
            #expect(text.english != text.danish)
            for language in Language.allCases {
                let said = text[language]
                #expect(
                    said.hasSuffix(".") && !said.contains("  ") && said.first?.isUppercase == true
                        || said.hasPrefix("vitalsd"))
                #expect(said.count <= 120, "too long to be read aloud: \(said)")
                #expect(said.split(separator: "`", omittingEmptySubsequences: false).count % 2 == 1, "\(said)")
                for word in Self.jargon { #expect(!spoken(said).contains(word), "\(word): \(said)") }
            }
        }
    }

    /// The same commands in both: what is typed has no language, but for the word that is to be replaced.
    @Test(arguments: Cause.all.map(\.code))
    func bothLanguagesGiveTheSameCommands(_ code: String) throws {
        let remedy = try #require(Cause(code: code)).remedy
        func commands(_ text: String) -> [Substring] {
            let text = ["ADRESSE": "ADDRESS", "NUMMER": "NUMBER"].reduce(text) { $0.replacing($1.key, with: $1.value) }
            return text.split(separator: "`", omittingEmptySubsequences: false).enumerated()
                .compactMap { $0.offset % 2 == 1 ? $0.element[...] : nil }.map { Substring(String($0)) }
        }
        #expect(commands(remedy.english) == commands(remedy.danish))
    }

    /// What is to be typed is a verb that there is.
    @Test func commandsThatAreNamedExist() {
        for cause in Cause.all {
            for text in [cause.sentence.english, cause.remedy.english] {
                let pieces = text.split(separator: "`", omittingEmptySubsequences: false)
                for (index, piece) in pieces.enumerated() where index % 2 == 1 && piece.hasPrefix("vitalsd ") {
                    let verb = piece.split(separator: " ")[1]
                    #expect(commands.contains { $0.verb == verb }, "\(piece)")
                }
            }
        }
    }

    @Test func codesAreUniqueAndBeginWithTheirLayer() {
        let codes = Cause.all.map(\.code)
        #expect(Set(codes).count == codes.count)
        for code in codes { #expect(Layer(rawValue: String(code.prefix { $0 != "." })) != nil, "\(code)") }
        for code in Fault.Code.allCases {
            #expect(code.example.code == code)
            #expect(code.rawValue.hasPrefix(code.example.layer + "."))
        }
    }

    @Test func thePageOfFaultsIsTheTable() throws {
        let path = "Sources/vitalsd/vitalsd.docc/Faults.md"
        let page = String(#filePath.dropLast("Tests/GatewayTests/TextTests.swift".count)) + path
        #expect(String(decoding: try Files.read(page), as: UTF8.self) == faultPage.joined(separator: "\n") + "\n")
    }

    @Test func numbersAndTimesAreWrittenAsEachCountryWritesThem() throws {
        #expect(Text.number(-2.54, decimals: 1) == Text(en: "-2.5", da: "-2,5"))
        #expect(Text.number(3, decimals: 1) == Text(same: "3"))
        #expect(Text.size(bytes: 45_056) == Text(same: "45 kB"))
        #expect(Text.size(bytes: 1_540_000_000) == Text(en: "1.5 GB", da: "1,5 GB"))
        #expect(Text.time(.seconds(45)) == Text(en: "45 s", da: "45 sek."))
        #expect(Text.time(.seconds(5400)) == Text(en: "1.5 h", da: "1,5 timer"))
        #expect(Text.time(.seconds(-86_400 * 5)) == Text(en: "5 days", da: "5 dage"))
        #expect(Text.readings(1) == Text(en: "1 reading", da: "1 måling"))
        let day = try #require(LocalTime(2026, 3, 2, 14, 5, 0))
        #expect(Text.day(day) == Text(en: "2 Mar 2026", da: "2.3.2026"))
    }
}
