import Core

extension Cause {
    /// A line of the log that says the same; nil for what is never logged.
    var logLine: String? {
        switch self {
        case .fault(let code): code.example.description
        case .notice: nil
        }
    }

    /// What `vitalsd explain CODE` prints.
    func explanation(in language: Language) -> [String] {
        let next = Text(en: "Next", da: "Gør dette")[language], log = Text(en: "In the log", da: "I loggen")[language]
        return [code, sentence[language], "\(next): \(remedy[language])"] + (logLine.map { ["\(log): \($0)"] } ?? [])
    }
}

/// The documentation's page of all codes, where a test compares the two.
var faultPage: [String] {
    var lines = [
        "# Faults and what to do", "",
        "Every code that `vitalsd diagnose` shows, in English and in Danish. `vitalsd explain CODE` prints one.", "",
        "## Overview", "",
        "A code begins with the layer that somebody has to touch. The exit status of `vitalsd diagnose` names it too.",
        "Printed by `vitalsd explain --all`; a test compares the two.", "",
        "| layer | exit status | who acts |", "|---|---|---|",
    ]
    for layer in Layer.allCases { lines.append("| \(layer.rawValue) | \(layer.status) | \(layer.actor) |") }
    for layer in Layer.allCases {
        lines += ["", "## \(layer.rawValue)"]
        for cause in Cause.all where cause.layer == layer {
            lines += ["", "### \(cause.code)", ""]
            lines += ["\(cause.sentence.english) **\(cause.remedy.english)**", ""]
            lines += ["*Dansk:* \(cause.sentence.danish) **\(cause.remedy.danish)**"]
            if let line = cause.logLine { lines += ["", "    \(line)"] }
        }
    }
    return lines
}

extension Layer {
    fileprivate var actor: String {
        switch self {
        case .hub: "whoever looks after the hub"
        case .pairing: "whoever pairs and registers devices"
        case .device: "whoever is at the device"
        case .network: "whoever looks after the home's internet"
        case .clinic: "the clinic"
        }
    }
}
