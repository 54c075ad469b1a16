import Core

/// The manual pages, written from the tables that the program itself runs by.
enum Manual {
    /// vitalsd(8), from the table of commands.
    static var daemon: String {
        var page = Roff("VITALSD", section: 8, "System Administration")
        page.section("NAME")
        page.fill("vitalsd - readings from medical devices in a home to a clinic")
        page.section("SYNOPSIS")
        page.fill("`vitalsd` VERB [ARGUMENT...]")
        page.section("DESCRIPTION")
        page.fill(
            """
            vitalsd takes readings from pulse oximeters, blood-pressure cuffs, scales, thermometers and spirometers, keeps
            each on disk before the device is told that it arrived, dates it although the device's clock is wrong, and
            delivers it to the clinic's FHIR server exactly once. `vitalsd run` is the daemon, which systemd starts; the
            other verbs look at it, or say whose the devices are.
            """)
        page.paragraph("It does not judge: no alarms, no thresholds. Nobody may rely on it alone in an emergency.")
        page.section("COMMANDS")
        for command in commands {
            page.item("\\fB\(command.verb)\\fR \(Roff.synopsis(command.arguments))")
            page.fill(capitalised(command.summary) + ".")
            page.paragraphs(of: command.explanation, indented: true)
        }
        page.section("OPTIONS")
        page.fill("Options that many commands take:")
        page.item("\\fB\\-\\-configuration\\fR \\fIFILE\\fR")
        page.fill("Another configuration than `/etc/vitalsd/vitalsd.conf`.")
        page.item("\\fB\\-\\-json\\fR")
        page.fill(
            """
            One JSON object a line, for programs. Of an act upon the kit the last has action, device and outcome; where it
            is refused, layer, fault and remedy, and the exit status is not 0.
            """)
        page.item("\\fB\\-\\-help\\fR")
        page.fill("What the verb does, as `vitalsd help` VERB prints it.")
        page.section("EXIT STATUS")
        page.fill("The codes of sysexits.h:")
        for code in Exit.allCases.sorted(by: { $0.rawValue < $1.rawValue }) {
            page.item("\\fB\(code.rawValue)\\fR")
            page.fill(code.meaning)
        }
        page.section("SIGNALS")
        page.item("\\fBSIGHUP\\fR")
        page.fill(
            "The daemon reads its configuration again. One with a mistake is told in the log, and the old one goes on.")
        page.item("\\fBSIGTERM\\fR")
        page.fill("The daemon hangs up everywhere, keeps what it has heard, and ends within two seconds.")
        page.section("FILES")
        for (path, what) in files {
            page.item("\\fI\(path)\\fR")
            page.fill(what)
        }
        page.section("SEE ALSO")
        page.fill("`vitalsd.conf`(5), `systemctl`(1), `journalctl`(1)")
        return page.text
    }

    /// vitalsd.conf(5), from the table of keys.
    static var configuration: String {
        var page = Roff("VITALSD.CONF", section: 5, "File Formats")
        page.section("NAME")
        page.fill("vitalsd.conf - configuration of vitalsd(8)")
        page.section("SYNOPSIS")
        page.fill("`/etc/vitalsd/vitalsd.conf`")
        page.text += ".br\n"
        page.fill("`/etc/vitalsd/conf.d/*.conf`")
        page.section("DESCRIPTION")
        page.fill(
            """
            Sections in brackets, and a `Key=Value` a line, as in systemd.unit(5); lines that begin with # or ; are comments.
            The drop-ins are read in the order of their names after the file itself, and override it. A mistake is
            refused with file, line, key and the nearest key there is. `systemctl reload vitalsd` reads it all again.
            """)
        page.paragraph(
            """
            Readings may go to several places. [Clinic NAME] is one beside [Clinic], with the same keys and a queue of its
            own, and waits for no other. Where [Patient NAME] is given, that place has a name of its own for the patient
            of this home, and is sent nobody else's readings.
            """)
        page.paragraph(
            """
            What can be found out is not asked. Who owns which wireless device is state and no configuration: see `bind`
            and `pair` in vitalsd(8).
            """)
        var section = ""
        for key in sorted {
            if key.section != section {
                section = key.section
                page.section("[\(section.uppercased())] SECTION")
            }
            page.item("\\fB\(key.name)=\\fR")
            page.fill("\(key.explanation) Takes \(key.kind.rawValue).")
        }
        page.section("EXAMPLES")
        page.fill("A clinic that knows the hub by its certificate, and one patient:")
        page.example(
            """
            [Clinic]
            URL=https://clinic.example/fhir
            CertificateFile=/etc/vitalsd/hub.crt
            KeyFile=/etc/vitalsd/hub.key

            [Patient]
            Reference=Patient/pt-4711
            """)
        page.section("SEE ALSO")
        page.fill("`vitalsd`(8), `systemd.exec`(5)")
        return page.text
    }

    /// The keys of a section together, in the order in which the table begins with them.
    private static var sorted: [Configuration.Key] {
        var sections: [String] = []
        for key in Configuration.keys where !sections.contains(key.section) { sections.append(key.section) }
        return sections.flatMap { section in Configuration.keys.filter { $0.section == section } }
    }

    private static let files = [
        ("/etc/vitalsd/vitalsd.conf", "The configuration, see vitalsd.conf(5)."),
        ("/var/lib/vitalsd/journal", "The journal: an SQLite database with every reading, and whose the devices are."),
        ("/var/lib/vitalsd/journal.damaged-*", "A journal that was found damaged, as it was found."),
        ("/var/lib/vitalsd/control", "The socket by which commands ask the daemon."),
    ]
}

extension Roff {
    /// Paragraphs with an empty line between; `indented` where they belong to an item.
    fileprivate mutating func paragraphs(of explanation: String, indented: Bool) {
        var lines: [Substring] = []
        func flush(_ page: inout Roff) {
            if !lines.isEmpty { page.text += indented ? ".IP\n" : ".PP\n" }
            page.fill(lines.joined(separator: " "))
            lines = []
        }
        for line in explanation.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty { flush(&self) } else { lines.append(line) }
        }
        flush(&self)
    }
}

private func capitalised(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

extension Exit {
    /// For the manual page.
    fileprivate var meaning: String {
        switch self {
        case .ok: "All is well."
        case .usage: "The command line was not understood."
        case .data: "Bytes, or the journal, are not what they should be."
        case .noInput: "A file that was named cannot be read."
        case .unavailable: "A device, the daemon, the network or the clinic does not answer, or refuses."
        case .software: "A mistake in vitalsd itself."
        case .system: "The operating system refuses what it should not."
        case .io: "The disk is full or fails."
        case .temporary:
            "Something else uses the journal or a line, the hub does not know the time, or a wiping has left something."
        case .noPermission: "No permission."
        case .configuration: "The configuration, a certificate or a key is wrong."
        }
    }
}
