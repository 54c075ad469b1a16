import Bluetooth
import Core
import Devices
import Glibc
import Host

extension Command {
    static let scan = Command(
        verb: "scan", arguments: "[--seconds N] [--json] [--lang da|en] [--configuration FILE]",
        summary: "which wireless devices are near",
        explanation: """
            Asks the running daemon's radio for N seconds, 10 if none are given. One line a device, and another when it has said
            its name: address, signal in dBm, what it is to vitalsd, and whether it is bound. Nothing is read from any.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), text = try arguments.option("seconds") ?? "10"
        let language = try arguments.language(), path = try arguments.configurationPath()
        try arguments.end()
        guard let seconds = Int(text), 1...170 ~= seconds else {
            throw arguments.complain("--seconds wants a number from 1 to 170")
        }
        let configuration = try configuration(at: path, language)
        try needsDaemon(configuration, language)
        try await Control.converse(
            "scan\t\(seconds)", configuration, wantsJSON: wantsJSON, language: language
        ) { word, rest in
            if word == "heard", let heard = Heard(notation: rest) {
                printLine(wantsJSON ? heard.json : heard.text[language])
            }
            return nil
        }
    }

    static let pair = Command(
        verb: "pair",
        arguments: "[ADDRESS] [--model ID] [--passkey N | --pin N] [--user SLOT] [--consent CODE] "
            + "[--patient Patient/ID] [--with-memory] [--json] [--lang da|en] [--configuration FILE]",
        summary: "pair with a wireless device and take its readings",
        explanation: """
            Says what to do with the device, where its model is known: which button to hold, or where its PIN stands. Without
            ADDRESS, at a terminal, it looks who is near and asks which one is meant. A device that is not heard before
            its button is pressed is guided to where --model names it (see `devices`). A passkey that the device shows, or
            the PIN of its manual, is asked for where it is not given; in a script nothing is asked, and --passkey or
            --pin has the answer, or what was the answer the last time. With --json one object for each step.

            With --user only the readings of that slot are taken, and --consent is the code agreed with the device for it.
            A device that needs no pairing wants `bind` alone. Paired again, the old bond is replaced: done twice it is
            done once.

            What the device measured before it was this person's is kept as nobody's: somebody else may have used it. With
            --with-memory what it remembers from before is this person's too.
            """
    ) { arguments throws(Exit) in
        let passkey = try arguments.option("passkey"), pin = try arguments.option("pin")
        let patient = try arguments.option("patient"), user = try arguments.slot()
        let consent = try arguments.option("consent"), model = try arguments.option("model")
        let withMemory = arguments.flag("with-memory")
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        let path = try arguments.configurationPath()
        let canType = Conversation.isPossible && !wantsJSON
        let named = try arguments.addressIfNamed(canAsk: canType)
        if let passkey, passkey.count > 6 || UInt32(passkey) == nil {
            throw arguments.complain("--passkey wants up to six digits")
        }
        if let pin, !(1...16 ~= pin.utf8.count) { throw arguments.complain("--pin wants 1 to 16 characters") }
        if let consent, user == nil || UInt16(consent).map({ $0 > 9999 }) ?? true {
            throw arguments.complain("--consent wants a number up to 9999, and --user with it")
        }
        if let model, !drivers.contains(where: { $0.id == model }) {
            throw arguments.complain("no model \(model); the nearest is \(nearest(model, drivers.map(\.id)))")
        }
        if let patient, !Configuration.Key.Kind.reference.accepts(patient) {
            throw arguments.complain("--patient wants \(Configuration.Key.Kind.reference.rawValue)")
        }
        let configuration = try configuration(at: path, language)
        guard let subject = patient.map(Subject.reference) ?? configuration.subject else {
            throw arguments.complain(ActText.noPatient, in: language)
        }
        try needsDaemon(configuration, language)
        var technician = Technician(
            language: language, passkey: passkey, pin: pin, canType: canType, wantsJSON: wantsJSON)
        let address: BluetoothAddress
        if let named { address = named } else { address = try await Conversation(language).near(configuration) }
        let capability: Management.IOCapability =
            passkey != nil || pin != nil ? .keyboardOnly : canType ? .keyboardDisplay : .noInputNoOutput
        let order = Gateway.PairingOrder(
            address: address, user: user, subject: subject,
            consent: consent.flatMap { code in
                guard let user, let slot = UInt8(exactly: user), let code = UInt16(code) else { return nil }
                return Consent(user: slot, code: code)
            }, capability: capability, model: model, withMemory: withMemory)
        try await Control.converse(order.notation, configuration, wantsJSON: wantsJSON, language: language) {
            word, rest in
            switch word {
            case "say": technician.hear(rest)
            case "ask": return technician.answer(rest)
            default: break
            }
            return nil
        }
        if wantsJSON { printLine(technician.result) }
    }
}

/// `scan` and `pair` want the radio, and the radio is the daemon's.
@Hub func needsDaemon(_ configuration: Configuration, _ language: Language) throws(Exit) {
    try mayLookIn(configuration, language)
    guard !Control.isThere(configuration) else { return }
    printError("vitalsd: \(ActText.needsDaemon[language])")
    throw .unavailable
}

extension Gateway.PairingOrder {
    /// One packet of the control socket: words with tabs between.
    var notation: String {
        let words =
            ["pair", address.description, user.map(String.init) ?? "", consent.map { String($0.code) } ?? ""]
            + [String(capability.rawValue), model ?? "", Act.notation(withMemory: withMemory), subject.notation]
        return words.joined(separator: "\t")
    }

    /// Reads what `notation` writes.
    init?(_ words: [String]) {
        guard words.count > 7, let address = BluetoothAddress(words[1]), words[2].isEmpty || Int(words[2]) != nil,
            let withMemory = Act.withMemory(notation: words[6]), let subject = Subject(notation: words[7...]),
            let capability = UInt8(words[4]).flatMap(Management.IOCapability.init(rawValue:))
        else { return nil }
        let user = Int(words[2])
        self.init(
            address: address, user: user, subject: subject,
            consent: user.flatMap(UInt8.init(exactly:)).flatMap { slot in
                UInt16(words[3]).map { Consent(user: slot, code: $0) }
            }, capability: capability, model: words[5].isEmpty ? nil : words[5], withMemory: withMemory)
    }
}

extension PairingQuestion.Kind {
    var notation: String {
        switch self {
        case .agreement: "agreement"
        case .comparison(let value): "compare \(padded(Int(value), 6))"
        case .passkey: "passkey"
        case .pin: "pin"
        case .show(let value): "show \(padded(Int(value), 6))"
        }
    }
}

extension PairingAnswer {
    init(notation: String) {
        let words = notation.split(separator: " ", maxSplits: 1)
        switch (words.first, words.count) {
        case ("yes", 1): self = .yes
        case ("passkey", 2): self = UInt32(words[1]).map { .passkey($0) } ?? .no
        case ("pin", 2): self = .pin(String(words[1]))
        default: self = .no
        }
    }
}
