import Core
import Glibc
import Host

extension Command {
    static let diagnose = Command(
        verb: "diagnose", arguments: "[--lang da|en] [--json] [--html FILE] [--with-readings] [--configuration FILE]",
        summary: "whose problem it is, and what to do next",
        explanation: """
            Looks at the hub, the radio, each device, the cables and every step of the way to the clinic, whether or not the
            daemon runs, and leaves nothing there: at the clinic an empty delivery is tried. First the verdict, then one
            line for each part: how it is, what shows it, and the next thing to do. Without --lang in the language of the
            environment. --json prints the same for programs, --html writes one page that needs nothing else. No reading's
            value, no person and no whole address is told unless --with-readings is given. The exit status names the layer
            of the verdict: 0 all is well, 10 device, 20 pairing, 30 hub, 40 network, 50 clinic. `explain CODE` says more.
            """
    ) { arguments throws(Exit) in
        let language = try arguments.language(), wantsJSON = arguments.flag("json")
        let page = try arguments.option("html"), tellsAll = arguments.flag("with-readings")
        let path = try arguments.configurationPath()
        try arguments.end()
        var checkup = Checkup(path, tellsAll: tellsAll)
        let diagnosis = await checkup.run()
        if let page {
            do throws(Fault) {
                try Files.write(Array(diagnosis.page(in: language).utf8), to: page)
            } catch {
                throw complain(error, in: language)
            }
        }
        if wantsJSON {
            printLine(diagnosis.json(in: language))
        } else {
            for line in diagnosis.lines(in: language) { printLine(line) }
        }
        // The layer's own number, which sysexits.h does not have.
        exit(diagnosis.status)
    }
}
