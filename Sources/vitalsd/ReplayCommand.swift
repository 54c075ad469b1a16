import Bluetooth
import Core
import Devices
import Host

extension Command {
    static let replay = Command(
        verb: "replay", arguments: "CAPTURE…", summary: "play recorded conversations through their drivers",
        explanation: """
            The driver that claims the capture's device visits it, and each reading that it reports is printed in the
            notation of captures. Ends with status 65 when the driver says or reports anything else than the capture
            holds, and says what.
            """
    ) { arguments throws(Exit) in
        let paths = try arguments.rest()
        guard !paths.isEmpty else { throw arguments.complain("no capture is named") }
        var isWell = true
        for path in paths {
            let capture = try read(path), driver = try claimant(of: capture, path)
            let mistakes = await Replay.mistakes(of: driver, over: capture)
            printLine("\(path): \(driver.id)")
            for reading in capture.readings { printLine("  \(reading)") }
            for mistake in mistakes { printError("\(path): \(mistake)") }
            isWell = isWell && mistakes.isEmpty
        }
        if !isWell { throw .data }
    }
}

@Hub private func read(_ path: String) throws(Exit) -> Capture {
    let text: String
    do {
        text = String(decoding: try Files.read(path), as: UTF8.self)
    } catch {
        printError("vitalsd replay: \(error.sentence)")
        throw .noInput
    }
    do {
        return try Capture(text)
    } catch {
        printError("\(path): \(error)")
        throw .data
    }
}

/// The one driver whose device this is: by its advertisement, or by what it says on the line.
private func claimant(of capture: Capture, _ path: String) throws(Exit) -> Driver {
    var claimants = drivers.claimants(of: capture.sighting)
    if claimants.isEmpty {
        for (settings, _) in lineSettings(of: drivers) {
            var listening = Listening(for: drivers, settings: settings)
            for case .heard(let bytes) in capture.lines where claimants.isEmpty { claimants = listening.hear(bytes) }
        }
    }
    guard claimants.count == 1, let driver = claimants.first else {
        printError("\(path): \(claimants.count) drivers claim this device")
        throw .data
    }
    return driver
}
