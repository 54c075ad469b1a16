#if DAEMON
    import Bluetooth
    import Core
    import Host
    import Journal

    @testable import vitalsd

    extension Parser {
        /// What is written by hand, what comes through the control socket, and what a command hears of the daemon.
        static let daemon = [
            Parser(name: "configuration", longest: 400) { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                var configuration = Configuration()
                do throws(ConfigurationMistake) { try configuration.merge(text, from: "a.conf") } catch {
                    _ = "\(error)"
                }
                _ = configuration.recipients.compactMap(\.mistake)
            },
            Parser(name: "control-request", longest: 128) { bytes in
                let words = String(decoding: bytes, as: UTF8.self)
                    .split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
                _ = Control.Agent.login(words[0])
                _ = Gateway.PairingOrder(words)
                _ = Act(notation: words.joined(separator: "\t"))?.notation
            },
            Parser(name: "control-answer", longest: 256) { bytes in
                let text = String(decoding: bytes, as: UTF8.self)
                _ = Act.Outcome(notation: text)
                _ = Refused(notation: text)
                _ = PairingAnswer(notation: text)
                _ = SceneEntry(notation: text)?.json
            },
        ]
    }
#else
    extension Parser {
        /// The daemon is a program of its own: only `make fuzz` makes a library of it.
        static let daemon: [Parser] = []
    }
#endif
