import Devices

/// What bash and zsh offer after `vitalsd`, written from the table of commands.
enum Completion {
    /// For bash-completion(7): a file that is named after the command.
    static var bash: String {
        var cases = ""
        for command in commands {
            let synopsis = Synopsis(command.arguments)
            let offered = synopsis.options.map { "--\($0.name)" } + ["--help"] + own(command, synopsis)
            cases +=
                "    \(command.verb)) words=\"\(offered.joined(separator: " "))\"\(takesFile(synopsis) ? "; files=1" : "") ;;\n"
        }
        var values = ""
        for option in distinctOptions where option.value != nil {
            values += "    --\(option.name)) \(bashValue(option)); return ;;\n"
        }
        return """
            # bash completion for vitalsd(8); written by: vitalsd help --completion bash
            _vitalsd() {
              local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words files=
              COMPREPLY=()
              # bash takes --name=VALUE for three words.
              if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi
              if ((COMP_CWORD == 1)); then
                COMPREPLY=($(compgen -W "\(commands.map(\.verb).joined(separator: " ")) --help --version" -- "$word"))
                return
              fi
              case $before in
            \(values)  esac
              case ${COMP_WORDS[1]} in
            \(cases)  esac
              COMPREPLY=($(compgen -W "$words" -- "$word"))
              if [[ $files ]]; then COMPREPLY+=($(compgen -f -- "$word")); fi
            }
            complete -o filenames -F _vitalsd vitalsd

            """
    }

    /// For zsh's completion system: a file `_vitalsd` on the fpath.
    static var zsh: String {
        var cases = ""
        for command in commands {
            let synopsis = Synopsis(command.arguments)
            var specifications = synopsis.options.map { option in
                option.value == nil ? "'--\(option.name)'" : "'--\(option.name)=:\(label(option)):\(zshValue(option))'"
            }
            specifications.append("'--help'")
            let words = own(command, synopsis)
            if !words.isEmpty {
                specifications.append("'1::word:(\(words.joined(separator: " ")))'")
            } else if takesFile(synopsis) {
                specifications.append("'*:file:_files'")
            }
            cases += "    \(command.verb)) _arguments \(specifications.joined(separator: " ")) ;;\n"
        }
        let verbs = commands.map { "    '\($0.verb):\(quoted($0.summary))'" }.joined(separator: "\n")
        return """
            #compdef vitalsd
            # zsh completion for vitalsd(8); written by: vitalsd help --completion zsh
            _vitalsd() {
              local -a verbs=(
            \(verbs)
              )
              if (( CURRENT == 2 )); then
                _describe verb verbs
                return
              fi
              shift words
              (( CURRENT-- ))
              case $words[1] in
            \(cases)  esac
            }
            _vitalsd "$@"

            """
    }

    /// Each option once; where it takes a value in one command, it does in all.
    private static var distinctOptions: [Synopsis.Option] {
        var found: [Synopsis.Option] = []
        for command in commands {
            for option in Synopsis(command.arguments).options where !found.contains(option) { found.append(option) }
        }
        return found
    }

    /// What stands for itself, or is known by name.
    private static func own(_ command: Command, _ synopsis: Synopsis) -> [String] {
        synopsis.words + (synopsis.operands.contains("VERB") ? commands.map(\.verb) : [])
    }

    private static func takesFile(_ synopsis: Synopsis) -> Bool {
        synopsis.operands.contains { $0.hasPrefix("FILE") || $0.hasPrefix("CAPTURE") }
    }

    private static func bashValue(_ option: Synopsis.Option) -> String {
        let words = names(option)
        if option.value?.hasPrefix("FILE") == true { return "COMPREPLY=($(compgen -f -- \"$word\"))" }
        if option.value == "FOLDER" { return "COMPREPLY=($(compgen -d -- \"$word\"))" }
        return words.isEmpty
            ? "COMPREPLY=()" : "COMPREPLY=($(compgen -W \"\(words.joined(separator: " "))\" -- \"$word\"))"
    }

    private static func zshValue(_ option: Synopsis.Option) -> String {
        if option.value?.hasPrefix("FILE") == true { return "_files" }
        if option.value == "FOLDER" { return "_files -/" }
        let words = names(option)
        return words.isEmpty ? " " : "(\(words.joined(separator: " ")))"
    }

    private static func names(_ option: Synopsis.Option) -> [String] {
        option.name == "driver" ? drivers.map(\.id) : option.choices
    }

    private static func label(_ option: Synopsis.Option) -> String { quoted(option.value ?? "").filter { $0 != "|" } }

    /// Between apostrophes, and where a colon separates.
    private static func quoted(_ text: String) -> String {
        text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''")
            .split(separator: ":", omittingEmptySubsequences: false).joined(separator: "\\:")
    }
}
