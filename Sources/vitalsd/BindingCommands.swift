import Core
import Host
import Journal

/// Whose the devices are.
extension Command {
    static let bind = Command(
        verb: "bind",
        arguments: "[DEVICE] [--user SLOT] [--patient Patient/ID] [--schedule WHEN] [--with-memory] [--json] "
            + "[--lang da|en] [--configuration FILE]",
        summary: "take readings from a wireless device, or agree on when to measure",
        explanation: """
            From now on the device with this Bluetooth address is visited, and its readings are about the person named,
            or about the one in [Patient]. With --user only those of the device's user slot. Without DEVICE, at a
            terminal, it looks who is near and asks which one is meant. What is on a cable is read without being bound; to
            bind it, by the name that `vitalsd status` shows, is to say who it is about or when to measure with it.

            What the device measured before it was this person's is kept as nobody's: somebody else may have used it. With
            --with-memory what it remembers from before is this person's too; so it is where the hub does not know the
            time. Bound again, it is the same person's from when it was before.

            With --schedule the person has agreed to measure then, and the clinic is told when nothing came: "twice a
            day", "Mon Wed Fri 08-10", "daily 07-09,19-21:30". It stays until another is given, or none. Done twice it is
            done once.
            """
    ) { arguments throws(Exit) in
        let patient = try arguments.option("patient"), user = try arguments.slot()
        let words = try arguments.option("schedule"), withMemory = arguments.flag("with-memory"), schedule: Schedule?
        do throws(ScheduleMistake) {
            schedule = words == "none" ? nil : try words.map { text throws(ScheduleMistake) in try Schedule(text) }
        } catch {
            throw arguments.complain("--schedule: \(error)")
        }
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        let named = try arguments.deviceIfNamed(canAsk: Conversation.isPossible && !wantsJSON)
        if let patient, !Configuration.Key.Kind.reference.accepts(patient) {
            throw arguments.complain("--patient wants \(Configuration.Key.Kind.reference.rawValue)")
        }
        let configuration = try configuration(at: path, language)
        guard let subject = patient.map(Subject.reference) ?? configuration.subject else {
            throw arguments.complain(ActText.noPatient, in: language)
        }
        let agreement: Act.Agreement = words == nil ? .asBefore : schedule.map { .agreed($0) } ?? .none
        let device: String
        if let named {
            device = named
        } else {
            device = "bluetooth:\(try await Conversation(language).near(configuration))"
        }
        try await Act.bind(device, user: user, subject, agreement, withMemory: withMemory)
            .carryOut(with: configuration, wantsJSON: wantsJSON, in: language)
    }

    static let unbind = Command(
        verb: "unbind",
        arguments: "[DEVICE] [--user SLOT] [--wipe [--undelivered]] [--json] [--lang da|en] [--configuration FILE]",
        summary: "leave a device alone again",
        explanation: """
            What it sent so far stays in the journal and goes to the clinic. With --wipe nothing of it stays on the hub:
            readings, keys, clock history; refused while one of its readings is not at the clinic, unless --undelivered
            is added. That is proved as `wipe` proves it. Without DEVICE, at a terminal, it asks which device is meant.
            One on a cable is the one in [Patient]'s again, with nothing agreed. Done twice it is done once.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let user = try arguments.slot(), wipes = arguments.flag("wipe"), undelivered = arguments.flag("undelivered")
        let path = try arguments.configurationPath()
        let named = try arguments.deviceIfNamed(canAsk: Conversation.isPossible && !wantsJSON)
        if undelivered, !wipes { throw arguments.complain("--undelivered goes with --wipe") }
        if wipes, user != nil { throw arguments.complain("--wipe takes the whole device, not one --user") }
        let configuration = try configuration(at: path, language)
        let identity: String
        if let named {
            identity = named
        } else {
            identity = "bluetooth:\(try Conversation(language).bound(configuration))"
        }
        guard wipes else {
            return try await Act.unbind(identity, user: user)
                .carryOut(with: configuration, wantsJSON: wantsJSON, in: language)
        }
        var wiping = Wiping(identity, undelivered: undelivered, path)
        try await wiping.run(in: language, wantsJSON: wantsJSON)
    }

    static let swap = Command(
        verb: "swap", arguments: "[OLD NEW] [--with-memory] [--json] [--lang da|en] [--configuration FILE]",
        summary: "a device is replaced by another of the same person's",
        explanation: """
            Binds NEW to whom OLD was bound to, with the same user slots, and leaves OLD alone: its key and its codes are
            forgotten, what it sent stays and goes to the clinic. Where NEW wants pairing, `pair` it first. Refused where
            NEW is somebody else's. Without either, at a terminal, it asks. Done twice it is done once.

            What NEW measured before is kept as nobody's, unless it was bound to the same person already. With
            --with-memory what it remembers from before is this person's too.
            """
    ) { arguments throws(Exit) in
        let withMemory = arguments.flag("with-memory")
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath(), words = try arguments.rest()
        let canAsk = words.isEmpty && Conversation.isPossible && !wantsJSON
        let devices = words.map { BluetoothAddress($0) }, old: BluetoothAddress, new: BluetoothAddress
        if canAsk {
            let configuration = try configuration(at: path, language), conversation = Conversation(language)
            printLine(KitText.old[language])
            old = try conversation.bound(configuration)
            printLine(KitText.new[language])
            new = try await conversation.near(configuration)
        } else {
            guard devices.count == 2, let first = devices[0], let second = devices[1] else {
                throw arguments.complain("expected the Bluetooth addresses of two devices")
            }
            (old, new) = (first, second)
        }
        guard old != new else { throw arguments.complain("expected the Bluetooth addresses of two devices") }
        try await Act.swap("bluetooth:\(old)", for: "bluetooth:\(new)", withMemory: withMemory)
            .carryOut(with: configuration(at: path, language), wantsJSON: wantsJSON, in: language)
    }
}
