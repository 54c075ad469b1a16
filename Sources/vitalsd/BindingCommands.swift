import Core
import Host
import Journal

/// Whose the wireless devices are.
extension Command {
    static let bind = Command(
        verb: "bind",
        arguments: "ADDRESS [--user SLOT] [--patient Patient/ID] [--schedule WHEN] [--json] [--configuration FILE]",
        summary: "take readings from a wireless device",
        explanation: """
            From now on the device with this Bluetooth address is visited, and its readings are about the person named,
            or about the one in [Patient]. With --user only those of the device's user slot.

            With --schedule the person has agreed to measure then, and the clinic is told when nothing came: "twice a
            day", "Mon Wed Fri 08-10", "daily 07-09,19-21:30". It stays until another is given, or none. Done twice it is
            done once.
            """
    ) { arguments throws(Exit) in
        let patient = try arguments.option("patient"), user = try arguments.slot()
        let words = try arguments.option("schedule"), schedule: Schedule?
        do throws(ScheduleMistake) {
            schedule = words == "none" ? nil : try words.map { text throws(ScheduleMistake) in try Schedule(text) }
        } catch {
            throw arguments.complain("--schedule: \(error)")
        }
        let wantsJSON = arguments.flag("json")
        let path = try arguments.configurationPath(), identity = try arguments.device()
        if let patient, !Configuration.Key.Kind.reference.accepts(patient) {
            throw arguments.complain("--patient wants \(Configuration.Key.Kind.reference.rawValue)")
        }
        let configuration = try configuration(at: path)
        guard let subject = patient.map(Subject.reference) ?? configuration.subject else {
            throw arguments.complain("--patient is missing, and the configuration has no [Patient]")
        }
        let agreement: Act.Agreement = words == nil ? .asBefore : schedule.map { .agreed($0) } ?? .none
        try await Act.bind(identity, user: user, subject, agreement).carryOut(with: configuration, wantsJSON: wantsJSON)
    }

    static let unbind = Command(
        verb: "unbind",
        arguments: "ADDRESS [--user SLOT] [--wipe [--undelivered]] [--json] [--lang da|en] [--configuration FILE]",
        summary: "leave a wireless device alone again",
        explanation: """
            What it sent so far stays in the journal and goes to the clinic. With --wipe nothing of it stays on the hub:
            readings, keys, clock history; refused while one of its readings is not at the clinic, unless --undelivered
            is added. That is proved as `wipe` proves it. Done twice it is done once.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let user = try arguments.slot(), wipes = arguments.flag("wipe"), undelivered = arguments.flag("undelivered")
        let path = try arguments.configurationPath(), identity = try arguments.device()
        if undelivered, !wipes { throw arguments.complain("--undelivered goes with --wipe") }
        if wipes, user != nil { throw arguments.complain("--wipe takes the whole device, not one --user") }
        guard wipes else {
            return try await Act.unbind(identity, user: user)
                .carryOut(with: configuration(at: path), wantsJSON: wantsJSON)
        }
        var wiping = Wiping(identity, undelivered: undelivered, path)
        try await wiping.run(in: language, wantsJSON: wantsJSON)
    }

    static let swap = Command(
        verb: "swap", arguments: "OLD NEW [--json] [--configuration FILE]",
        summary: "a device is replaced by another of the same person's",
        explanation: """
            Binds NEW to whom OLD was bound to, with the same user slots, and leaves OLD alone: its key and its codes are
            forgotten, what it sent stays and goes to the clinic. Where NEW wants pairing, `pair` it first. Refused where
            NEW is somebody else's. Done twice it is done once.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), path = try arguments.configurationPath()
        let devices = try arguments.rest().map { BluetoothAddress($0) }
        guard devices.count == 2, let old = devices[0], let new = devices[1], old != new else {
            throw arguments.complain("expected the Bluetooth addresses of two devices")
        }
        try await Act.swap("bluetooth:\(old)", for: "bluetooth:\(new)")
            .carryOut(with: configuration(at: path), wantsJSON: wantsJSON)
    }
}

extension Arguments {
    fileprivate mutating func device() throws(Exit) -> String { "bluetooth:\(try bluetoothAddress())" }
}
