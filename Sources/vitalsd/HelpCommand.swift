import Core
import Host

extension Command {
    static let help = Command(
        verb: "help", arguments: "[VERB]", summary: "explain a verb",
        explanation: "Without a verb, lists them all."
    ) { arguments throws(Exit) in
        let verbs = try arguments.rest()
        guard let verb = verbs.first else {
            printLine("vitalsd: readings from medical devices in a home to a clinic\n")
            let width = commands.map { "\($0.verb) \($0.arguments)".count }.filter { $0 < 40 }.max() ?? 0
            for command in commands {
                let usage = "\(command.verb) \(command.arguments)"
                if usage.count > width {
                    printLine("  \(usage)\n  \(String(repeating: " ", count: width))  \(command.summary)")
                } else {
                    printLine("  \(usage)\(String(repeating: " ", count: width - usage.count))  \(command.summary)")
                }
            }
            printLine("\nvitalsd help VERB says more. Exit codes are those of sysexits.h.")
            return
        }
        guard let command = commands.first(where: { $0.verb == verb }) else {
            throw arguments.complain("no verb \(verb); the nearest is \(nearest(verb, commands.map(\.verb)))")
        }
        printLine("usage: vitalsd \(command.verb) \(command.arguments)\n\n\(command.summary)\n\n\(command.explanation)")
    }

    static let version = Command(
        verb: "version", arguments: "", summary: "print the version",
        explanation: "Prints the version and nothing else."
    ) { arguments throws(Exit) in
        try arguments.end()
        printLine(vitalsd.version)
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
    if arguments.flag("help") { arguments = Arguments(of: "help", [command.verb]); return await run(.help, &arguments) }
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
