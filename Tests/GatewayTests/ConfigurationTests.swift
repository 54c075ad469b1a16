import Clinic
import Core
import Glibc
import Testing

@testable import vitalsd

/// A file for as long as the value lives.
final class TemporaryFile {
    let path: String
    struct Trouble: Error {}

    init(_ text: String) throws {
        var template = Array((P_tmpdir + "/vitalsd-XXXXXX").utf8CString)
        let descriptor = mkstemp(&template)
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { close(descriptor) }
        guard write(descriptor, text, text.utf8.count) == text.utf8.count else { throw Trouble() }
    }

    deinit { unlink(path) }
}

@Suite struct ConfigurationTests {
    private func merged(_ text: String) throws(ConfigurationMistake) -> Configuration {
        var configuration = Configuration()
        try configuration.merge(text, from: "a.conf")
        return configuration
    }

    @Test func readsSystemdsForm() throws {
        let configuration = try merged(
            """
            # comment
            ; another
            [Clinic]
            URL = https://clinic.example/fhir

            [Serial]
            Lines=/dev/ttyS0 /dev/ttyS1=contec-cms50-v7
            [Journal]
            MaximumSize=64M
            """)
        #expect(configuration.recipients.first?.url == "https://clinic.example/fhir")
        #expect(configuration.serialLines.map(\.notation) == ["/dev/ttyS0", "/dev/ttyS1=contec-cms50-v7"])
        #expect(configuration.journalMaximumBytes == 64 << 20)
    }

    @Test func aFileThatIsMissingIsSaidToBe() {
        #expect(throws: ConfigurationMistake(file: "/none.conf", line: 0, text: "there is no such file")) {
            try Configuration(path: "/none.conf")
        }
    }

    /// As an editor of another system writes them.
    @Test func linesMayEndAsTheyLike() throws {
        let configuration = try merged(
            "# of 2026\r\n[Patient]\r\nReference=Patient/7\r\n\r\n[Journal]\r\nMaximumSize=64M\r\n")
        #expect(configuration.subject == .reference("Patient/7"))
        #expect(configuration.journalMaximumBytes == 64 << 20)
        #expect(
            throws: ConfigurationMistake(
                file: "a.conf", line: 3, text: "unknown section [Pateint]; the nearest is [Patient]")
        ) {
            try merged("# of 2026\r\n\r\n[Pateint]\r\n")
        }
    }

    @Test(arguments: [
        ("[Clinc]", "a.conf:1: unknown section [Clinc]; the nearest is [Clinic]"),
        ("[Clinic]\nULR=x", "a.conf:2: unknown key ULR in [Clinic]; the nearest is URL= in [Clinic]"),
        (
            "[Serial]\nMaximumSize=1G",
            "a.conf:2: unknown key MaximumSize in [Serial]; the nearest is MaximumSize= in [Journal]"
        ),
        ("URL=x", "a.conf:1: URL stands before any [Section]"),
        ("[Clinic]\n\nURL=https://a\nURL=https://b", "a.conf:4: URL was already given in line 3"),
        ("[Clinic]\nURL=http://clinic.example", "a.conf:2: URL takes an https:// URL, or http:// on the loopback"),
        (
            "[Clinic]\nURL=http://127.0.0.1.evil.example",
            "a.conf:2: URL takes an https:// URL, or http:// on the loopback"
        ),
        ("[Oximetry]\nKeepStream=maybe", "a.conf:2: KeepStream takes yes or no"),
        ("[Journal]\nMaximumDays=999999999999999999", "a.conf:2: MaximumDays takes a whole number from 1 to 100000"),
        ("[Journal]\nMaximumSize=12", "a.conf:2: MaximumSize takes a size such as 256M"),
        ("[Journal]\nMaximumSize=99999999999G", "a.conf:2: MaximumSize takes a size such as 256M"),
        (
            "[Patient]\nSystem=urn:oid:1.2.208.176.1.2",
            "a.conf:2: System takes a system of pseudonyms; a civil registration number is refused"
        ),
        (
            // A driver that listens needs nobody to say so, and one that is none helps nobody.
            "[Serial]\nLines=/dev/ttyS0=nonin-format-13",
            "a.conf:2: Lines takes absolute paths, with blanks between, or PATH=DRIVER for a device that only answers"
        ),
        ("[Clinic]\nnonsense", "a.conf:2: expected Key=Value or [Section]"),
    ])
    func namesFileLineAndNearestKey(_ text: String, _ said: String) {
        #expect(throws: ConfigurationMistake.self) { try merged(text) }
        do throws(ConfigurationMistake) { _ = try merged(text) } catch { #expect(error.description == said) }
    }

    @Test(arguments: ["http://127.0.0.1:8080/fhir", "http://localhost/fhir", "http://[::1]:1/x", "https://x"])
    func takesTheseAddresses(_ url: String) throws {
        #expect(try merged("[Clinic]\nURL=\(url)").recipients.first?.url == url)
    }

    @Test func aCredentialIsWhereSystemdPutsIt() throws {
        let configuration = try merged("[Clinic]\nKeyFile=credential:hub.key\nCertificateFile=/etc/hub.crt")
        #expect(configuration.recipients.first?.keyFile == "/run/credentials/vitalsd.service/hub.key")
        #expect(configuration.recipients.first?.certificateFile == "/etc/hub.crt")
        #expect(throws: ConfigurationMistake.self) { try merged("[Clinic]\nKeyFile=credential:../hub.key") }
    }

    @Test(arguments: [
        "User=hub", "PasswordFile=/p", "ClientID=c", "TokenURL=https://login", "TokenScope=s",
        "TokenURL=https://login\nClientID=c",
        "User=u\nPasswordFile=/p\nTokenURL=https://login\nClientID=c\nClientSecretFile=/s",
    ])
    func credentialsAreWhole(_ lines: String) throws {
        let file = try TemporaryFile("[Clinic]\nURL=https://clinic.example\n\(lines)\n")
        #expect(throws: ConfigurationMistake.self) { try Configuration(path: file.path) }
    }

    @Test(arguments: [
        "User=hub\nPasswordFile=/p", "TokenURL=https://login\nClientID=c\nClientSecretFile=/s",
        "TokenURL=https://login\nClientID=c\nCertificateFile=/c\nKeyFile=/k\nTokenScope=a b",
    ])
    func wholeCredentialsAreTaken(_ lines: String) throws {
        let file = try TemporaryFile("[Clinic]\nURL=https://clinic.example\n\(lines)\n")
        #expect(
            try Configuration(path: file.path).recipients.first?.settings.credentials
                != Clinic.Settings.Credentials.none)
    }

    @Test func laterFilesOverride() throws {
        var configuration = try merged("[Clinic]\nURL=https://a")
        try configuration.merge("[Clinic]\nURL=https://b", from: "b.conf")
        #expect(configuration.recipients.first?.url == "https://b")
    }
}

@Suite struct ArgumentTests {
    @Test func flagsAndOptionsStandAnywhere() throws {
        var arguments = Arguments(of: "decode", ["0102", "--driver", "x", "--json", "03", "--endpoint=2A35"])
        let driver = try arguments.option("driver"), endpoint = try arguments.option("endpoint")
        let wantsJSON = arguments.flag("json"), rest = try arguments.rest()
        #expect(driver == "x")
        #expect(endpoint == "2A35")
        #expect(wantsJSON)
        #expect(rest == ["0102", "03"])
    }

    @Test func whatIsNotUnderstoodIsAUsageError() {
        #expect(throws: Exit.usage) {
            var arguments = Arguments(of: "status", ["--jsno"])
            try arguments.end()
        }
        #expect(throws: Exit.usage) {
            var arguments = Arguments(of: "decode", ["--driver"])
            _ = try arguments.option("driver")
        }
    }
}
