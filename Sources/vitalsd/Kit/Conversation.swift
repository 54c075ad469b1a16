import Core
import Glibc
import Host
import Journal

/// What is asked of somebody at a terminal who has named no device.
@Hub struct Conversation {
    let language: Language

    init(_ language: Language) { self.language = language }

    /// Whether there is anybody to ask.
    static var isPossible: Bool { isatty(STDIN_FILENO) == 1 }

    func typed(_ prompt: Text) -> String? {
        printLine(prompt[language])
        return readLine()
    }

    /// Looks who is near, and asks which one is meant. The radio is the running daemon's.
    func near(_ configuration: Configuration) async throws(Exit) -> BluetoothAddress {
        try needsDaemon(configuration, language)
        printLine(KitText.looking[language])
        var near: [String] = []
        try await Control.converse("scan\t10", configuration, language: language) { word, rest in
            guard word == "heard", let heard = Heard(notation: rest) else { return nil }
            let line = heard.text[language], address = line.prefix { $0 != " " }
            near.removeAll { $0.hasPrefix(address) }
            near.append(line)
            return nil
        }
        return try choose(among: near, orSay: KitText.noneNear)
    }

    /// Asks which of the devices is meant that are somebody's.
    func bound(_ configuration: Configuration) throws(Exit) -> BluetoothAddress {
        let lives = try reading(configuration, language) { journal throws(Fault) in try journal.lives() }
        var lines: [String] = []
        for life in lives where life.identity.hasPrefix("bluetooth:") {
            let line = "\(addressed(life.identity))  \(life.device?.information.model ?? "")"
            if !lines.contains(line) { lines.append(line) }
        }
        return try choose(among: lines, orSay: KitText.noneBound)
    }

    /// Each line begins with an address.
    private func choose(among lines: [String], orSay nothing: Text) throws(Exit) -> BluetoothAddress {
        guard !lines.isEmpty else {
            printError("vitalsd: \(nothing[language])")
            throw .unavailable
        }
        for (index, line) in lines.enumerated() { printLine("\(index + 1)  \(line)") }
        guard let number = typed(KitText.which).flatMap({ Int($0) }), lines.indices ~= number - 1,
            let address = BluetoothAddress(lines[number - 1].prefix { $0 != " " })
        else {
            printError("vitalsd: \(KitText.noSuchNumber(lines.count)[language])")
            throw .usage
        }
        return address
    }
}
