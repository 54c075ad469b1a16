import Bluetooth
import Core
import Host
import Testing

@testable import vitalsd

@Suite struct SceneEntryTests {
    static let then = Instant(milliseconds: 1_793_500_000_123), now = Instant(milliseconds: 1_793_500_001_000)
    static let entries: [SceneEntry] = [
        .hub(
            HubScene(clockError: 12, radio: SceneFault(.hub(.noRadio)), delivered: 3, waiting: 4)
        ),
        .hub(HubScene()),
        .device(DeviceScene(address: "00:09:1F:80:00:22", model: "UA-651BLE", isBound: true, signal: -63, heard: now)),
        .device(DeviceScene(address: "00:09:1F:80:00:22", model: "", isBound: false, signal: nil, heard: now)),
        .visit(
            VisitScene(
                device: "/dev/ttyUSB0", model: "8000SM", steps: [.connecting, .begun, .failed], kept: 2, known: 1,
                fault: SceneFault(.device(.silent)), began: then, latest: now)),
        .reading(
            ReadingScene(
                number: 9_007_199_254_740_993, kind: "scale", model: "UC-352BLE", step: .sent, kept: then, latest: now)),
    ]

    @Test(arguments: entries) func isReadAsItWasWritten(_ entry: SceneEntry) {
        #expect(SceneEntry(notation: entry.notation) == entry)
        #expect(!entry.notation.contains("\n") && entry.json.hasPrefix("{\"kind\":\""))
    }

    @Test(arguments: [
        "", "hub", "hub\t\t\t\tx\t1", "device\ta\tb\t\t\tsoon", "reading\t1\ta\tb\tlost\t1\t2", "visit\ta",
    ])
    func isNotGuessed(_ notation: String) { #expect(SceneEntry(notation: notation) == nil) }

    /// A device's words must not steer a terminal, nor end a word.
    @Test func isPlain() {
        let entry = SceneEntry.visit(
            VisitScene(device: "d", model: "a\u{1B}[2J\tb\u{9B}", steps: [], began: Self.then, latest: Self.now))
        guard case .visit(let read)? = SceneEntry(notation: entry.notation) else { return #expect(Bool(false)) }
        #expect(read.model == "a [2J b ")
    }
}

@Suite struct SceneMemoryTests {
    /// Who does not look for a while is told the newest of each, and nothing is piled up for him.
    @Test func aSlowWatcherMissesWhatCameBetween() {
        var memory = SceneMemory(), news = SceneMemory.News(of: memory)
        for number in 1...10_000 {
            if let key = memory.take(.hub(HubScene(delivered: number))) { news.tell(key) }
        }
        #expect(memory.take(.hub(HubScene(delivered: 10_000))) == nil)
        #expect(news.next(in: memory) == .hub(HubScene(delivered: 10_000)))
        #expect(news.next(in: memory) == nil)
    }

    /// Who comes later sees what is so, of each kind the latest.
    @Test func whatIsRememberedIsBounded() {
        var memory = SceneMemory()
        for number in 1...100 {
            _ = memory.take(
                .reading(
                    ReadingScene(
                        number: Int64(number), kind: "scale", model: "m", step: .kept, kept: SceneEntryTests.then,
                        latest: SceneEntryTests.now)))
        }
        var news = SceneMemory.News(of: memory), keys: [SceneEntry.Key] = []
        while let entry = news.next(in: memory) { keys.append(entry.key) }
        #expect(keys == (69...100).map { .reading($0) })
    }

    @Test func aVisitIsToldStepByStep() {
        var memory = SceneMemory()
        func step(_ step: VisitScene.Step, of model: String? = nil) -> VisitScene? {
            let device = "bluetooth:00:09:1F:80:00:22"
            _ = memory.take(memory.visit(device, step, of: model, at: SceneEntryTests.now))
            if case .visit(let visit)? = memory[.visit("00:09:1F:80:00:22")] { return visit }
            return nil
        }
        _ = step(.connecting, of: "UA-651BLE")
        for next in [VisitScene.Step.begun, .kept, .kept] { _ = step(next) }
        let visit = step(.over)
        #expect(visit?.model == "UA-651BLE" && visit?.kept == 2)
        #expect(visit?.steps == [.connecting, .begun, .kept, .over] && visit?.isOver == true)
        // The next begins anew.
        let next = step(.connecting, of: "UA-651BLE")
        #expect(next?.steps == [.connecting] && next?.kept == 0)
    }
}

@Suite struct WatchPageTests {
    private func page(_ language: Language) -> WatchPage {
        var page = WatchPage(language)
        page.daemon = .running
        for entry in SceneEntryTests.entries { page.take(entry) }
        return page
    }

    @Test(arguments: [(24, 80), (40, 120), (6, 20), (1, 1), (3, 80)], Language.allCases)
    func fits(_ size: (rows: Int, columns: Int), _ language: Language) {
        for daemon in [WatchPage.Daemon.running, .absent, .unknown] {
            var page = page(language)
            page.daemon = daemon
            let lines = page.lines(rows: size.rows, columns: size.columns, at: SceneEntryTests.now)
            #expect(lines.count <= max(size.rows, 4))
        }
    }

    @Test func aFaultIsToldInTheLanguageOfThePage() {
        let text = { page($0).lines(rows: 40, columns: 200, at: SceneEntryTests.now).map(\.text) }
        let told = Fault.Code.deviceSilent.told
        #expect(text(.danish).contains { $0.contains(told.sentence[.danish]) && $0.contains(told.remedy[.danish]) })
        #expect(!text(.danish).contains { $0.contains(Fault.device(.silent).description) })
        #expect(text(.english).contains { $0.contains(Fault.device(.silent).description) })
    }

    /// A technician reads it on a telephone too.
    @Test(arguments: Language.allCases) func nothingIsCutWhereItIsNarrow(_ language: Language) {
        let lines = page(language).lines(rows: 60, columns: 45, at: SceneEntryTests.now).map(\.text)
        #expect(lines.filter { $0.count > 45 } == [])
        let wide = page(language).lines(rows: 60, columns: 120, at: SceneEntryTests.now).map(\.text)
        let words = { (lines: [String]) in Set(lines.joined(separator: " ").split(separator: " ")) }
        #expect(words(lines) == words(wide))
    }

    /// Where there are columns a long name ends with a mark, and where there are none it is whole.
    @Test func aLongNameIsMarkedAsCut() {
        var page = page(.english)
        let name = "oximeter (serial format 13)", then = SceneEntryTests.then
        page.take(
            .reading(
                ReadingScene(number: 3, kind: "pulse-oximeter", model: name, step: .kept, kept: then, latest: then)))
        func text(_ columns: Int) -> String {
            page.lines(rows: 60, columns: columns, at: SceneEntryTests.now).map(\.text).joined(separator: "\n")
        }
        #expect(text(80).contains("oximeter (serial … kept") && !text(80).contains(name))
        #expect(text(40).split(whereSeparator: \.isWhitespace).joined(separator: " ").contains(name))
    }

    /// A stranger's device of no known model is counted, never named.
    @Test func strangersHaveNoName() {
        let text = page(.english).lines(rows: 40, columns: 120, at: SceneEntryTests.now).map(\.text)
        #expect(!text.contains { $0.contains("00:09:1F:80:00:22") })
        #expect(text.contains { $0.contains("1 more that") })
    }
}
