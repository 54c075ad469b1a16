import Dice
import Testing

@testable import vitalsd

/// What is written by hand, and what comes through the control socket: whatever it says, it is read or refused. `make fuzz`
/// gives them to libFuzzer too.
@Suite struct HostileTextTests {
    private static let configuration = """
        [Clinic]
        URL=https://clinic.example/fhir
        CertificateFile=/etc/vitalsd/hub.pem
        Heartbeat=15
        [Clinic second]
        URL=https://other.example/fhir
        TokenURL=https://other.example/token
        DanishCodes=fut
        [Patient second]
        Reference=Patient/4711
        [Serial]
        Lines=/dev/ttyS0 /dev/ttyS1
        [Journal]
        MaximumSize=64M
        MaximumDays=30
        [Feedback]
        LED=green
        """

    /// `text` with some of its characters gone, doubled, or others.
    private func damaged(_ text: String, _ chance: inout Chance) -> String {
        let odd = Array("[]=\t\n .|,;#-09azÆ\u{0}\u{301}🫁")
        var characters = Array(text)
        for _ in 0...Int.random(in: 0..<4, using: &chance) {
            let place = Int.random(in: 0...characters.count, using: &chance)
            switch Int.random(in: 0..<4, using: &chance) {
            case 0: characters.insert(chance.pick(odd), at: place)
            case 1: characters.removeSubrange(place..<min(characters.count, place + 9))
            case 2: characters += characters[..<place]
            default: if place < characters.count { characters[place] = chance.pick(odd) }
            }
        }
        return String(characters)
    }

    @Test func theConfigurationIsOne() throws {
        var configuration = Configuration()
        try configuration.merge(Self.configuration, from: "a.conf")
    }

    @Test func aConfigurationIsReadOrTheLineIsNamed() {
        var chance = Chance(1), mistakes = 0
        for _ in 0..<200 {
            let text = damaged(Self.configuration, &chance)
            var configuration = Configuration()
            do throws(ConfigurationMistake) {
                try configuration.merge(text, from: "a.conf")
            } catch {
                mistakes += 1
                let lines = text.split(separator: "\n", omittingEmptySubsequences: false).count
                #expect((1...lines).contains(error.line) && !error.text.isEmpty, "\(text.debugDescription)")
            }
        }
        #expect((20..<196).contains(mistakes))
    }

    @Test func anActIsUnderstoodAsItIsWrittenOrNotAtAll() {
        var chance = Chance(2), understood = 0
        for _ in 0..<30_000 {
            let notation = damaged(chance.pick(ActTests.acts).notation, &chance)
            guard let act = Act(notation: notation) else { continue }
            understood += 1
            #expect(Act(notation: act.notation) == act, "\(notation.debugDescription)")
        }
        #expect((300..<29_000).contains(understood))
    }
}
