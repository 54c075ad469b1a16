import Host
import Testing

@testable import vitalsd

@Suite struct SynopsisTests {
    private func option(_ name: String, _ value: String? = nil) -> Synopsis.Option { .init(name: name, value: value) }

    @Test func tellsFlagsFromValues() {
        let synopsis = Synopsis("ADDRESS [--user SLOT] [--wipe [--undelivered]] [--configuration FILE]")
        #expect(
            synopsis.options == [
                option("user", "SLOT"), option("wipe"), option("undelivered"), option("configuration", "FILE"),
            ])
        #expect(synopsis.operands == ["ADDRESS"] && synopsis.words.isEmpty)
    }

    @Test func readsAlternatives() {
        let synopsis = Synopsis("[retry ID… | assign ID… --patient Patient/ID] [--json]")
        #expect(synopsis.words == ["retry", "assign"] && synopsis.operands == ["ID…", "ID…"])
        #expect(synopsis.options == [option("patient", "Patient/ID"), option("json")])
        #expect(Synopsis("[--passkey N | --pin N]").options == [option("passkey", "N"), option("pin", "N")])
        #expect(
            Synopsis("--driver ID HEX…|--file FILE|-").options == [option("driver", "ID"), option("file", "FILE|-")])
        #expect(Synopsis("--everything [--undelivered]").options == [option("everything"), option("undelivered")])
    }

    @Test func knowsChoices() {
        #expect(Synopsis("[--man 8|5]").options.map(\.choices) == [["8", "5"]])
        #expect(Synopsis("[--completion bash|zsh] [--file FILE|-]").options.map(\.choices) == [["bash", "zsh"], []])
    }
}

@Suite struct ManualTests {
    @Test func hasEveryVerbAndKey() {
        for command in commands { #expect(Manual.daemon.contains("\\fB\(command.verb)\\fR")) }
        for code in Exit.allCases { #expect(Manual.daemon.contains("\\fB\(code.rawValue)\\fR")) }
        for key in Configuration.keys {
            #expect(!key.explanation.isEmpty && Manual.configuration.contains("\\fB\(key.name)=\\fR"))
        }
    }

    /// The sample configuration has every key but the demonstration's own.
    @Test func theSampleHasNoOtherKeys() throws {
        let path = String(#filePath.dropLast("Tests/GatewayTests/ManualTests.swift".count)) + "systemd/vitalsd.conf"
        let sample = String(decoding: try Files.read(path), as: UTF8.self)
        var uncommented = ""
        for line in sample.split(separator: "\n") {
            let bare = line.hasPrefix("#") && line.contains("=") && !line.contains(" ") ? line.dropFirst() : line
            uncommented += bare + "\n"
        }
        var configuration = Configuration()
        try configuration.merge(uncommented, from: "sample")
        for key in Configuration.keys where key.section != "Simulation" {
            #expect(sample.contains("\n\(key.name)=") || sample.contains("\n#\(key.name)="), "\(key.name)")
        }
    }

    /// No line of a page is a request by accident, and none is long.
    @Test func isRoff() {
        let requests = ["TH", "SH", "SS", "TP", "PP", "IP", "EX", "EE", "br"]
        for line in (Manual.daemon + Manual.configuration).split(separator: "\n") {
            #expect(!line.hasPrefix("'") && line.allSatisfy(\.isASCII))
            if line.hasPrefix(".") {
                #expect(requests.contains(String(line.dropFirst().prefix { $0 != " " })), "\(line)")
            }
        }
    }
}
