import Core
import Journal

/// What a technician is told of an act: what came of it, what it wants, and who did it when.
enum ActText {
    /// What was done, in a word, and how many of what. What a daemon of another version says is passed on.
    static func outcome(_ outcome: Act.Outcome) -> Text {
        let counts = outcome.counts
        if counts.isEmpty { return done(outcome.word) }
        if counts.count == 1 { return settled(counts[0].number, outcome.word) }
        let words = counts.map { count in
            Text(en: "\(count.number) \(count.name)", da: Text.count(count.number, of: count.name).danish)
        }
        return done(outcome.word) + ": " + words.joined(separator: ", ")
    }

    private static func done(_ word: String) -> Text {
        switch word {
        case "bound": Text(en: word, da: "tilknyttet")
        case "unbound": Text(en: word, da: "ikke længere tilknyttet")
        case "swapped": Text(en: word, da: "udskiftet")
        case "wiped": Text(en: word, da: "slettet")
        case "enrolled": Text(en: word, da: "hubben har fået sit certifikat")
        case "not enrolled": Text(en: word, da: "hubben har ikke fået noget certifikat")
        default: Text(same: word)
        }
    }

    /// Of readings in the queue.
    private static func settled(_ number: Int, _ word: String) -> Text {
        let readings = Text.readings(number).danish
        return switch word {
        case "retried": Text(en: "\(number) will be sent again", da: "\(readings) bliver sendt igen")
        case "assigned": Text(en: "\(number) assigned", da: "\(readings) er knyttet til personen")
        default: Text(same: "\(number) \(word)")
        }
    }

    // MARK: what an act wants

    static let needsDaemon = Text(
        en: "the daemon does not run, and the radio is its own; start it: systemctl start vitalsd",
        da: "programmet kører ikke, og kun det kan bruge radioen; start det: systemctl start vitalsd")
    static let noPatient = Text(
        en: "--patient is missing, and the configuration has no [Patient]",
        da: "--patient mangler, og der er ingen [Patient] i opsætningen")
    static let sayEverything = Text(
        en: "say --everything if that is what you mean", da: "tilføj --everything, hvis det er meningen")
    static let noCode = Text(
        en: "--code is missing; ask the clinic for one", da: "--code mangler; bed klinikken om en kode")
    static func neverRan(_ path: String) -> Text {
        Text(
            en: "there is no journal at \(path): the daemon has not run here yet; start it: systemctl start vitalsd",
            da: "der er ikke noget lager i \(path): programmet har ikke kørt her endnu; "
                + "start det: systemctl start vitalsd")
    }
    static func noReading(_ id: Int64) -> Text {
        Text(en: "there is no reading \(id)", da: "der er ingen måling med nummer \(id)")
    }
    /// Behind a complaint about what was typed.
    static func seeHelp(_ verb: String) -> Text {
        Text(en: "see vitalsd help \(verb)", da: "se vitalsd help \(verb)")
    }

    // MARK: the audit trail

    /// When, who, what, and with which device and what came of it. The act is called as it is typed.
    static func row(_ event: Journal.AuditEvent) -> [Text] {
        let user = Text(en: "user \(event.agent.user)", da: "bruger \(event.agent.user)")
        let who = event.agent.sudoer.map { Text(same: "\($0) (") + user + ")" } ?? user
        let devices = [event.device, event.successor].filter { !$0.isEmpty }.map { Text(same: addressed($0)) }
        let outcome =
            switch event.outcome {
            case Journal.AuditEvent.done: Text(en: event.outcome, da: "udført")
            case Journal.AuditEvent.begun: Text(en: event.outcome, da: "påbegyndt")
            default: Text(same: event.outcome)
            }
        let which = devices.joined(separator: Text(en: " for ", da: " afløst af "))
        return [
            .stamp(event.recorded), who, Text(same: event.action),
            ((devices.isEmpty ? [] : [which]) + [outcome]).joined(separator: "  "),
        ]
    }

    // MARK: who is near

    /// `00:09:1F:80:00:22  -63 dBm  UA-651BLE (A&D_UA-651BLE_800022), bound`
    static func near(_ device: Advertisement, model: String?, isBound: Bool) -> Text {
        let signal = device.signal.map { Text(same: "\($0) dBm") } ?? Text(en: "connected", da: "forbundet")
        let name = device.name.isEmpty ? Text(en: "no name", da: "uden navn") : Text(same: device.name)
        let what = model.map { Text(same: "\($0) (") + name + ")" } ?? name
        return Text(same: "\(device.address)  ") + signal + "  " + what
            + (isBound ? Text(en: ", bound", da: ", tilknyttet") : Text(same: ""))
    }

    // MARK: enrolment

    static func asking(_ server: String) -> Text {
        Text(
            en: "making a key, and asking \(server) for a certificate",
            da: "laver en nøgle og beder \(server) om et certifikat")
    }
    static func showing(_ clinic: String) -> Text {
        Text(en: "showing it to \(clinic)", da: "viser det til \(clinic)")
    }
    static let keyMade = Text(
        en: "made on this hub, and for the service alone: ", da: "lavet på denne hub, og kun for tjenesten: ")
    static let keyWasThere = Text(
        en: "made on this hub earlier, and for the service alone: ",
        da: "lavet på denne hub tidligere, og kun for tjenesten: ")
    static func from(_ server: String) -> Text { Text(en: "from \(server)", da: "fra \(server)") }
    static let asBefore = Text(en: "as before", da: "som før")
    static func valid(until end: Instant) -> Text { Text(en: ", valid until ", da: ", gælder til ") + .stamp(end) }
    static func accepted(_ clinic: String) -> Text {
        Text(en: "\(clinic) has accepted it", da: "\(clinic) har godkendt det")
    }
    static let key = Text(en: "key", da: "nøgle")
    static let certificate = Text(en: "certificate", da: "certifikat")
    static let clinic = Text(en: "clinic", da: "klinik")
    static let next = Text(en: "next", da: "herefter")

    // MARK: recording and reporting

    static let waiting = Text(en: "waiting for the next visit", da: "venter på, at apparatet sender næste gang")
    static func recorded(_ readings: Int) -> Text {
        Text(en: "\(readings) readings, masked", da: "\(Text.readings(readings).danish), uden navne og numre")
    }
    static let noCapture = Text(
        en: "this is no capture; report it", da: "det er ikke en optagelse; meld det til support")
    static func mistakes(_ count: Int) -> Text {
        Text(
            en: "`vitalsd replay` will find \(count) mistakes", da: "`vitalsd replay` vil finde \(count) fejl")
    }
    static func tells(_ files: String) -> Text {
        Text(
            en: "\(files) would tell whose the kit is, so nothing was written; tell support",
            da: "\(files) ville afsløre, hvis udstyret er, så der er ikke skrevet noget; kontakt support")
    }
}

extension Text {
    /// Things that an act counts, by their English name.
    static func count(_ number: Int, of things: String) -> Text {
        switch things {
        case "readings": .readings(number)
        case "devices":
            count(number, one: Text(en: "device", da: "apparat"), many: Text(en: "devices", da: "apparater"))
        case "bindings":
            count(number, one: Text(en: "binding", da: "tilknytning"), many: Text(en: "bindings", da: "tilknytninger"))
        default: Text(same: "\(number) \(things)")
        }
    }
}
