import Bluetooth
import Core
import Devices
import Host

extension Command {
    static let record = Command(
        verb: "record", arguments: "DEVICE FILE [--seconds N] [--lang da|en] [--configuration FILE]",
        summary: "write a device's next visit to a file, to be given away",
        explanation: """
            DEVICE is a Bluetooth address that is bound, or the path of a serial line. Waits for its next visit, for N seconds,
            600 if none are given, and writes what is said in it to FILE in the notation of captures: `replay` plays it.
            Addresses, names, serial numbers and codes are masked; what was measured is not.
            The visit is a visit like any other: what is read is kept and goes to the clinic. A running daemon holds it;
            where none runs, this command does what the daemon would, until the visit is over.
            """
    ) { arguments throws(Exit) in
        let text = try arguments.option("seconds") ?? "600", language = try arguments.language()
        let path = try arguments.configurationPath()
        let words = try arguments.rest()
        guard words.count == 2 else { throw arguments.complain("expected DEVICE and FILE") }
        guard let seconds = Int(text), 1...86_400 ~= seconds else {
            throw arguments.complain("--seconds wants a number from 1 to 86400")
        }
        guard let device = BluetoothAddress(words[0]).map({ "bluetooth:\($0)" }) ?? line(words[0]) else {
            throw arguments.complain("DEVICE wants a Bluetooth address or the path of a serial line")
        }
        let configuration = try configuration(at: path, language), file = words[1]
        let due = ContinuousClock.now + .seconds(seconds)
        if Control.isThere(configuration) {
            var lines: [String] = [], isWaiting = false
            try await Control.converse(
                "record\t\(device)\t\(seconds)", configuration, language: language
            ) { word, rest in
                if word == "line" { lines.append(rest) }
                if word == "wait", !isWaiting {
                    printLine(ActText.waiting[language])
                    isWaiting = true
                }
                return nil
            }
            try await write(lines.map { $0 + "\n" }.joined(), to: file, language)
        } else {
            do throws(Fault) {
                try await Daemon(path).once { gateway throws(Fault) in
                    printLine(ActText.waiting[language])
                    guard let capture = try await gateway.record(device, while: { ContinuousClock.now < due }) else {
                        throw .device(.silent)
                    }
                    do throws(Exit) {
                        try await write(capture.description, to: file, language)
                        return .ok
                    } catch {
                        return error
                    }
                }
            } catch {
                throw complain(error, in: language)
            }
        }
    }
}

/// A path from the root, which a Bluetooth address is not.
private func line(_ word: String) -> String? { word.hasPrefix("/") ? word : nil }

/// Writes the capture, and says whether it plays.
@Hub private func write(_ text: String, to file: String, _ language: Language) async throws(Exit) {
    do throws(Fault) {
        try Files.write(Array(text.utf8), to: file)
    } catch {
        throw complain(error, in: language)
    }
    guard let capture = try? Capture(text) else {
        printError("\(file): \(ActText.noCapture[language])")
        throw .software
    }
    let driver = drivers.first { capture.headers["driver"] == $0.id }
    guard let driver else { return }
    let mistakes = await Replay.mistakes(of: driver, over: capture)
    let readings = capture.lines.count { if case .reported = $0 { true } else { false } }
    printLine("\(file): \(driver.model), \(ActText.recorded(readings)[language])")
    // What depended on the moment does not come again: a pause, two who spoke at once.
    if let first = mistakes.first {
        printError("\(file): \(ActText.mistakes(mistakes.count)[language]): \(first)")
    }
}
