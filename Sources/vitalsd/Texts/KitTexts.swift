import Core

/// What a technician is told while a kit is set up and taken back.
enum KitText {
    // MARK: wiping

    static let wiping = Text(en: "deleting and overwriting", da: "sletter og overskriver")
    static let searching = Text(en: "looking for what is left", da: "søger efter, hvad der er tilbage")
    static let unknown = Text(
        en: "what was stored did not read before, so only whose the kit is was looked for",
        da: "det, der var gemt, kunne ikke læses forinden, så der er kun søgt efter, hvis udstyret er")
    static let nothingKnown = Text(
        en: "nothing was known of anybody, so there is nothing to look for",
        da: "der var intet kendt om nogen, så der er intet at søge efter")
    static let lookedFor = Text(en: "looked for ", da: "der er søgt efter ")
    static let nothingLeft = Text(en: "nothing of them is left", da: "der er intet tilbage af dem")

    static let logHidden = Text(
        en: "NOT LOOKED AT: the system's log, which this user may not read; run it once more with sudo",
        da: "IKKE UNDERSØGT: systemets log, som denne bruger ikke må læse; kør det igen med sudo")

    static func inFiles(_ files: Int, bytes: Int, andLog searched: Bool) -> Text {
        let place =
            Text(en: " in ", da: " i ")
            + .count(files, one: Text(en: "file", da: "fil"), many: Text(en: "files", da: "filer"))
        let log =
            searched
            ? Text(en: " and the system's log", da: " og systemets log")
            : Text(en: "; the system's log is not here", da: "; systemets log er her ikke")
        return place + log + " (" + .size(bytes: bytes) + ")"
    }

    static func count(_ number: Int, of kind: Traces.Kind) -> Text {
        let (one, many): (Text, Text) =
            switch kind {
            case .person: (Text(en: "person", da: "person"), Text(en: "persons", da: "personer"))
            case .address: (Text(en: "address", da: "adresse"), Text(en: "addresses", da: "adresser"))
            case .name: (Text(en: "name", da: "navn"), Text(en: "names", da: "navne"))
            case .serial: (Text(en: "serial number", da: "serienummer"), Text(en: "serial numbers", da: "serienumre"))
            case .key: (Text(en: "piece of a key", da: "stykke nøgle"), Text(en: "pieces of keys", da: "stykker nøgle"))
            case .reading: (Text(en: "reading", da: "måling"), Text(en: "readings", da: "målinger"))
            }
        return .count(number, one: one, many: many)
    }

    /// What is left, where, and what to do about it.
    static func left(_ number: Int, _ kind: Traces.Kind, _ place: Proof.Place) -> Text {
        let found = Text(en: "LEFT: ", da: "TILBAGE: ") + count(number, of: kind)
        switch place {
        case .state(let path):
            return found + Text(en: " in \(path); remove the file", da: " i \(path); slet filen")
        case .settings(let path):
            return found + Text(en: " in \(path); empty [Patient] there", da: " i \(path); tøm [Patient] dér")
        case .log:
            return found
                + Text(
                    en: " in the system's log; run `journalctl --rotate --vacuum-time=1s`, which empties all of it",
                    da: " i systemets log; kør `journalctl --rotate --vacuum-time=1s`, som tømmer hele loggen")
        }
    }

    // MARK: pairing

    static func noSuchNumber(_ last: Int) -> Text {
        Text(en: "that is no number from 1 to \(last)", da: "det er ikke et tal fra 1 til \(last)")
    }
    static let which = Text(en: "Which one? Its number:", da: "Hvilket? Dets nummer:")
    static let looking = Text(en: "looking for devices, 10 seconds", da: "leder efter apparater, 10 sekunder")
    static let noneNear = Text(
        en: "no device is near; switch it on beside the hub and try again",
        da: "der er intet apparat i nærheden; tænd det ved siden af hubben, og prøv igen")
    static let passkey = Text(en: "The six digits that the device shows:", da: "De seks cifre, som apparatet viser:")
    static let pin = Text(en: "The device's PIN:", da: "Apparatets PIN-kode:")
    static func compare(_ digits: String) -> Text {
        Text(en: "Does the device show \(digits)? [yes/no]", da: "Viser apparatet \(digits)? [ja/nej]")
    }
    static func type(_ digits: String) -> Text {
        Text(en: "type \(digits) into the device", da: "tast \(digits) på apparatet")
    }
    static let noneBound = Text(en: "no device is bound", da: "intet apparat er tilknyttet")
    static let old = Text(en: "The device that goes:", da: "Apparatet, der skal væk:")
    static let new = Text(en: "The device that takes its place:", da: "Apparatet, der skal overtage:")
    static let sure = Text(
        en: "Every reading, key and device on this hub is deleted. Type yes to go on:",
        da: "Alle målinger, nøgler og apparater på denne hub slettes. Skriv ja for at fortsætte:")
    static let ready = Text(en: "Press Enter when it is ready.", da: "Tryk Enter, når det er klar.")

    static func step(_ step: PairingStep) -> Text {
        switch step {
        case .looking(let address): Text(en: "looking for \(address)", da: "leder efter \(address)")
        case .waiting(let seconds):
            Text(en: "not heard yet, \(seconds) s left", da: "ikke hørt endnu, \(seconds) s tilbage")
        case .near(let model):
            if let model {
                Text(en: "\(model) is near; pairing", da: "\(model) er i nærheden; parrer")
            } else {
                Text(
                    en: "a device of no known model is near; pairing",
                    da: "et apparat af ukendt model er i nærheden; parrer")
            }
        case .bound(let address): Text(en: "paired, and bound as \(address)", da: "parret og tilknyttet som \(address)")
        }
    }

    /// What a person does with the device.
    static func guide(_ mode: PairingMode) -> Text {
        switch mode {
        case .holdStart:
            Text(
                en: "Hold START down until Pr shows. End shows when it is done.",
                da: "Hold START nede, til der står Pr. Der står End, når det er gjort.")
        case .buttonBeneath:
            Text(
                en: "Hold the button under or behind the scale down until Pr shows.",
                da: "Hold knappen under eller bag på vægten nede, til der står Pr.")
        case .holdBluetooth:
            Text(
                en: "Hold the Bluetooth button down until P blinks.",
                da: "Hold Bluetooth-knappen nede, til P blinker.")
        case .freshBatteries:
            Text(
                en: "Take the batteries out and put them in again; there are two minutes from then.",
                da: "Tag batterierne ud, og sæt dem i igen; derfra er der to minutter.")
        case .pinOnBatteryDoor:
            Text(
                en: "The PIN is the six digits on the battery door.",
                da: "PIN-koden er de seks cifre på batteridækslet.")
        case .pinOnLabel:
            Text(
                en: "The PIN is on the label. The device is there only just after a blow: blow now.",
                da: "PIN-koden står på mærkaten. Apparatet er der kun lige efter et pust: pust nu.")
        case .pinInManual:
            Text(en: "The PIN is in the device's manual.", da: "PIN-koden står i apparatets vejledning.")
        }
    }
}

/// How far a pairing is.
enum PairingStep: Equatable, Sendable {
    case looking(String)
    /// So many seconds are left.
    case waiting(Int)
    case near(model: String?)
    case bound(String)

    /// Words with a tab between.
    var notation: String {
        switch self {
        case .looking(let address): "looking\t\(address)"
        case .waiting(let seconds): "waiting\t\(seconds)"
        case .near(let model): "near\t\(model ?? "")"
        case .bound(let address): "bound\t\(address)"
        }
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        let words = notation.split(separator: "\t", omittingEmptySubsequences: false).map { String($0) }
        switch (words.first, words.count) {
        case ("looking", 2): self = .looking(words[1])
        case ("waiting", 2):
            guard let seconds = Int(words[1]) else { return nil }
            self = .waiting(seconds)
        case ("near", 2): self = .near(model: words[1].isEmpty ? nil : words[1])
        case ("bound", 2): self = .bound(words[1])
        default: return nil
        }
    }

    var json: String {
        var json = JSONWriter()
        json.object { json in
            switch self {
            case .looking(let address):
                json.member("step", "looking")
                json.member("device", address)
            case .waiting(let seconds):
                json.member("step", "waiting")
                json.member("secondsLeft", seconds)
            case .near(let model):
                json.member("step", "near")
                json.optional("model", model)
            case .bound(let address):
                json.member("step", "bound")
                json.member("device", address)
            }
        }
        return json.text
    }
}
