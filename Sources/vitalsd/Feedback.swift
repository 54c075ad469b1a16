import Core
import Glibc
import Host

/// Tells whoever has just measured: received, once the reading is kept; delivered, once the clinic has it. By a light, by a
/// command, or by both; neither keeps a reading waiting, and neither is told a value.
@Hub final class Feedback {
    enum Sign: String, CaseIterable, Sendable { case received, delivered }

    struct Settings: Equatable {
        /// The folder of the LED.
        var light: String?
        /// A program, which gets the sign as its one argument.
        var command: String?
    }

    private(set) var settings: Settings
    /// Readings that were kept in this run and are at no clinic.
    private var waiting: Set<Int64> = []
    private let lights: Signs, commands: Signs
    /// How long a program may take.
    private static let patience = Duration.seconds(10)

    init(_ settings: Settings) throws(Fault) {
        self.settings = settings
        lights = try Signs()
        commands = try Signs()
    }

    func configure(_ new: Settings) { settings = new }

    func received(_ reading: Int64) {
        waiting.insert(reading)
        show(.received)
    }

    /// Readings have come a step nearer to their receipts.
    func move(_ readings: [Int64], to step: ReadingScene.Step) {
        switch step {
        case .kept, .sent: break
        case .delivered:
            waiting.subtract(readings)
            show(.delivered)
        // Nobody in the home can do anything about it.
        case .refused: waiting.subtract(readings)
        }
    }

    private func show(_ sign: Sign) {
        if settings.light != nil { lights.add(sign) }
        if settings.command != nil { commands.add(sign) }
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.light() }
            group.addTask { await self.command() }
        }
    }

    /// Lit from when a reading is kept until the clinic has it; three short breaks when it has.
    private func light() async {
        var said: Fault?
        while true {
            let sign = await lights.next()
            guard let folder = settings.light else { continue }
            do throws(Fault) {
                // Else the kernel's own trigger (a heartbeat, the disk) goes on over it.
                let trigger = (try? Files.read(folder + "/trigger")).map { String(decoding: $0, as: UTF8.self) }
                if let trigger, !trigger.contains("[none]") { try Files.put("none", into: folder + "/trigger") }
                let most = String(decoding: (try? Files.read(folder + "/max_brightness")) ?? [], as: UTF8.self)
                let lit = Int(trimmed(most.filter { !$0.isNewline })).map(String.init) ?? "1"
                if sign == .delivered {
                    for _ in 0..<3 {
                        try Files.put("0", into: folder + "/brightness")
                        await loop.sleep(for: .milliseconds(150))
                        try Files.put(lit, into: folder + "/brightness")
                        await loop.sleep(for: .milliseconds(150))
                    }
                }
                try Files.put(waiting.isEmpty ? "0" : lit, into: folder + "/brightness")
                said = nil
            } catch {
                if error != said { log(error, about: "LED=") }
                said = error
            }
        }
    }

    /// Never more than one: what happens meanwhile is told afterwards, and each sign once.
    private func command() async {
        var said: Fault?
        while true {
            let sign = await commands.next()
            guard let program = settings.command else { continue }
            do throws(Fault) {
                let nothing = try Files.appending("/dev/null")
                let child = try Child(
                    program, [sign.rawValue], environment: ["PATH": "/usr/bin:/bin"],
                    descriptors: [0, 1, 2].map { (nothing.raw, $0) })
                try await child.ended(within: Self.patience)
                said = nil
            } catch {
                if error != said { log(error, about: "Command=") }
                said = error
            }
        }
    }

    /// Signs that are still to be shown, each once, in the order in which they came.
    @Hub private final class Signs {
        private var due: [Sign] = []
        private let bell: Bell

        init() throws(Fault) { bell = try Bell() }

        func add(_ sign: Sign) {
            if !due.contains(sign) { due.append(sign) }
            bell.ring()
        }

        func next() async -> Sign {
            while due.isEmpty { _ = await bell.rung() }
            return due.removeFirst()
        }
    }
}
