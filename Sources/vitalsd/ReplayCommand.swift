import Core

extension Command {
    static let replay = Command(
        verb: "replay", arguments: "CAPTURE…", summary: "play recorded conversations through their drivers",
        explanation: """
            The driver that claims the capture's device visits it; each reading is printed. Ends with status 65 and the
            first line that differs when the driver does not say and report what the capture holds.
            """
    ) { arguments throws(Exit) in
        let paths = try arguments.rest()
        guard !paths.isEmpty else { throw arguments.complain("no capture is named") }
    }
}
