import Core
import Glibc
import Host

extension Command {
    static let watch = Command(
        verb: "watch", arguments: "[--plain | --json] [--lang da|en] [--configuration FILE]",
        summary: "what the hub is doing, live",
        explanation: """
            Which devices are heard and how well, the visit that is running step by step, and readings on their way to the
            clinic's receipt; no value and no person. Where the daemon does not run it waits for it. q or Ctrl-C ends it.

            Without a terminal, or with --plain, one line for each thing that happens; with --json one object.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json")
        let isPlain = arguments.flag("plain")
        let language = try arguments.language()
        let path = try arguments.configurationPath()
        try arguments.end()
        let configuration = try configuration(at: path, language)
        do throws(Fault) {
            try HubClock.useZone(configuration.timeZone)
            if wantsJSON || isPlain || !Console.isTerminal || isatty(STDIN_FILENO) == 0 {
                try await WatchLines(language, wantsJSON: wantsJSON).follow(configuration)
            } else {
                Signals.block()
                try await WatchScreen(language).run(configuration)
            }
        } catch {
            throw complain(error, in: language)
        }
    }
}

/// Whoever hears what the daemon tells.
@Hub private protocol Watching: AnyObject {
    func take(_ entry: SceneEntry)
    /// The daemon is there, or is not.
    func found(_ isRunning: Bool)
}

extension Watching {
    /// Listens to the daemon, and waits for it where it does not run. Throws where it may not be listened to.
    func follow(_ configuration: Configuration) async throws(Fault) {
        while true {
            do throws(Fault) {
                let link = try SocketBearer.connect(
                    to: Control.path(configuration), longest: Control.longest)
                try await link.send(Array("watch".utf8))
                // The daemon tells of itself every two seconds.
                while let packet = try await link.receive(within: .seconds(30)) {
                    let text = String(decoding: packet, as: UTF8.self)
                    if let refused = Refused(notation: text) {
                        throw .hub(.badConfiguration("the daemon says: \(refused.words)"))
                    }
                    found(true)
                    if let entry = SceneEntry(notation: text) { take(entry) }
                }
            } catch {
                switch error {
                // Before the first start there is no socket, and no directory either.
                case .device, .hub(.system(_, ENOENT)): break
                default: throw error
                }
            }
            found(false)
            await loop.sleep(for: .seconds(1))
        }
    }
}

/// One line for each thing that happens.
@Hub private final class WatchLines: Watching {
    private let language: Language, wantsJSON: Bool
    private var isRunning: Bool?
    private var known: [SceneEntry.Key: SceneEntry] = [:]

    init(_ language: Language, wantsJSON: Bool) {
        self.language = language
        self.wantsJSON = wantsJSON
    }

    func found(_ isRunning: Bool) {
        guard isRunning != self.isRunning else { return }
        self.isRunning = isRunning
        if !isRunning { known = [:] }
        if wantsJSON {
            printLine("{\"kind\":\"daemon\",\"running\":\(isRunning)}")
        } else {
            say("hub", isRunning ? WatchText.began : known.isEmpty ? WatchText.absent : WatchText.stopped)
        }
    }

    func take(_ entry: SceneEntry) {
        let before = known.updateValue(entry, forKey: entry.key)
        guard before != entry else { return }
        if wantsJSON { return printLine(entry.json) }
        switch (entry, before) {
        case (.device(let device), nil): tell(device)
        case (.device(let device), .device(let old)?): if device.isBound != old.isBound { tell(device) }
        case (.hub(var hub), .hub(var old)?):
            // How far off the clock may be changes all the time.
            if hub.clockError != nil, old.clockError != nil { (hub.clockError, old.clockError) = (0, 0) }
            if hub != old { tell(hub) }
        case (.hub(let hub), _): tell(hub)
        case (.visit(let visit), _):
            let step = visit.steps.last.map { WatchText.name(of: $0)[language] } ?? ""
            let count = visit.steps.last == .kept ? "\(visit.kept) " : ""
            say(
                visit.device,
                "\(visit.model) \(count)\(step)" + (visit.fault.map { ": \($0.told(in: language))" } ?? ""))
        case (.reading(let reading), _):
            let step =
                switch reading.step {
                case .kept: WatchText.isKept
                case .sent: WatchText.isSent
                case .delivered: WatchText.isDelivered
                case .refused: WatchText.isRefused
                }
            say("#\(reading.number)", "\(reading.model) \(step[language])")
        case (.device, _): break
        }
    }

    private func tell(_ device: DeviceScene) {
        // A stranger's device is nobody's business.
        guard device.isBound || !device.model.isEmpty else { return }
        let whose = (device.isBound ? WatchText.ours : WatchText.stranger)[language]
        let signal = device.signal.map { ", \($0) dBm" } ?? ""
        say(device.address, "\(device.model) \(WatchText.heard[language])\(signal), \(whose)")
    }

    private func tell(_ hub: HubScene) {
        let clock = (hub.clockError == nil ? WatchText.clockUnkept : WatchText.clockRight)[language]
        let faults = [hub.radio, hub.clinic].compactMap(\.self).map { "; \($0.told(in: language))" }.joined()
        say(
            "hub",
            "\(clock), \(hub.waiting) \(WatchText.waiting[language]), \(hub.delivered) \(WatchText.delivered[language])"
                + faults)
    }

    private func say(_ what: String, _ words: Text) { say(what, words[language]) }
    private func say(_ what: String, _ words: String) {
        let time = HubClock.localTime(at: HubClock.now().wall).map { "\($0)".suffix(8) } ?? "?"
        printLine("\(time)  \(what)  \(words)")
    }
}

/// The page on a terminal.
@Hub private final class WatchScreen: Watching {
    private let terminal: Terminal
    private let signals: Signals
    private let bell: Bell
    private var page: WatchPage

    init(_ language: Language) throws(Fault) {
        page = WatchPage(language)
        bell = try Bell()
        signals = try Signals()
        terminal = try Terminal()
    }

    func run(_ configuration: Configuration) async throws(Fault) {
        var ended: Fault?
        await withDiscardingTaskGroup { group in
            group.addTask { await self.paint() }
            group.addTask {
                while let key = await self.terminal.key() {
                    if [UInt8(ascii: "q"), 3, 4].contains(key) { break }
                }
                await self.end()
            }
            group.addTask {
                while let signal = await self.signals.next() { if signal != .reload { break } }
                await self.end()
            }
            do throws(Fault) { try await follow(configuration) } catch { ended = error }
            terminal.leave()
            if let ended { exit(complain(ended).rawValue) }
        }
    }

    func take(_ entry: SceneEntry) {
        page.take(entry)
        bell.ring()
    }

    func found(_ isRunning: Bool) {
        if isRunning { page.daemon = .running } else { page.forget() }
        bell.ring()
    }

    /// At most four times a second, and once a second for the clock.
    private func paint() async {
        while true {
            let room = terminal.room
            terminal.show(page.lines(rows: room.rows, columns: room.columns, at: HubClock.now().wall))
            await loop.sleep(for: .milliseconds(250))
            _ = await bell.rung(before: .now + .milliseconds(750))
        }
    }

    /// Whatever else waits goes with the process.
    private func end() -> Never {
        terminal.leave()
        exit(Exit.ok.rawValue)
    }
}
