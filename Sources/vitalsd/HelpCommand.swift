import Core
import Host
import Journal

extension Command {
    static let help = Command(
        verb: "help", arguments: "[VERB | --man 8|5 | --completion bash|zsh] [--lang da|en]", summary: "explain a verb",
        explanation: """
            Without a verb, lists them all. --man prints the manual page vitalsd(8) or vitalsd.conf(5), --completion what a
            shell offers after `vitalsd`; the installation puts both in their places. In Danish the list alone is told.
            """
    ) { arguments throws(Exit) in
        if let text = try arguments.document() {
            try arguments.end()
            return printLine(text)
        }
        let language = try arguments.language(), verbs = try arguments.rest()
        guard let verb = verbs.first else {
            printLine(HelpText.what[language] + "\n")
            let width = commands.map { "\($0.verb) \($0.arguments)".count }.filter { $0 < 40 }.max() ?? 0
            for command in commands {
                let usage = "\(command.verb) \(command.arguments)", summary = command.told[language]
                if usage.count > width {
                    printLine("  \(usage)\n  \(String(repeating: " ", count: width))  \(summary)")
                } else {
                    printLine("  \(usage)\(String(repeating: " ", count: width - usage.count))  \(summary)")
                }
            }
            printLine("\n" + HelpText.more[language])
            return
        }
        guard let command = commands.first(where: { $0.verb == verb }) else {
            throw arguments.complain("no verb \(verb); the nearest is \(nearest(verb, commands.map(\.verb)))")
        }
        printLine(
            "\(HelpText.usage[language]): vitalsd \(command.verb) \(command.arguments)\n\n\(command.told[language])\n\n"
                + command.explanation)
    }

    static let version = Command(
        verb: "version", arguments: "[--json]", summary: "print the version",
        explanation:
            "Prints the version and nothing else. With --json also the newest version of the journal that it knows."
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json")
        try arguments.end()
        guard !wantsJSON else {
            var json = JSONWriter()
            json.object { json in
                json.member("version", vitalsd.version)
                json.member("journal", Journal.version)
            }
            return printLine(json.text)
        }
        printLine(vitalsd.version)
    }
}

extension Arguments {
    /// What `--man` or `--completion` asks for; nil where neither was said.
    fileprivate mutating func document() throws(Exit) -> String? {
        let text: String
        if let section = try option("man") {
            switch section {
            case "8": text = Manual.daemon
            case "5": text = Manual.configuration
            default: throw complain("--man wants 8 or 5")
            }
        } else if let shell = try option("completion") {
            switch shell {
            case "bash": text = Completion.bash
            case "zsh": text = Completion.zsh
            default: throw complain("--completion wants bash or zsh")
            }
        } else {
            return nil
        }
        // The line that prints it ends it.
        return String(text.dropLast())
    }
}

/// Finds the verb and runs it.
@Hub func perform(_ words: some Sequence<String>) async -> Exit {
    var words = Array(words)
    let verb = words.isEmpty ? "help" : words.removeFirst()
    let isHelp = ["-h", "--help"].contains(verb), isVersion = verb == "--version"
    guard let command = commands.first(where: { $0.verb == (isHelp ? "help" : isVersion ? "version" : verb) }) else {
        printError("vitalsd: no verb \(verb); the nearest is \(nearest(verb, commands.map(\.verb)))")
        return .usage
    }
    var arguments = Arguments(of: command.verb, words)
    if arguments.flag("help") {
        let asked = (try? arguments.option("lang")).map { ["--lang", $0] } ?? []
        arguments = Arguments(of: "help", [command.verb] + asked)
        return await run(.help, &arguments)
    }
    return await run(command, &arguments)
}

@Hub private func run(_ command: Command, _ arguments: inout Arguments) async -> Exit {
    do throws(Exit) {
        try await command.run(&arguments)
        return .ok
    } catch {
        return error
    }
}
