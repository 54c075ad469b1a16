import Core
import Devices

/// The words of `vitalsd devices`.
enum DeviceListText {
    static let columns = [
        Text(same: "id"), Text(en: "model", da: "model"), Text(en: "kind", da: "slags"),
        Text(en: "transport", da: "forbindelse"), Text(en: "evidence", da: "grundlag"),
        Text(en: "recognised by", da: "kendes på"),
    ]
    static let notYet = Text(en: "not yet", da: "endnu ikke")
    static let why = Text(en: "why", da: "hvorfor")

    static func kind(_ kind: Driver.Kind) -> Text {
        let danish =
            switch kind {
            case .pulseOximeter: "iltmåler"
            case .spirometer: "spirometer"
            case .scale: "vægt"
            case .bloodPressure: "blodtryksmåler"
            case .thermometer: "termometer"
            case .glucose: "blodsukkermåler"
            case .healthSensor: "måler"
            }
        return Text(en: kind.rawValue, da: danish)
    }

    static func evidence(_ evidence: Driver.Evidence) -> Text {
        Text(en: evidence.rawValue, da: evidence == .captured ? "optagelse" : "beskrivelse")
    }

    /// By the word that programs read.
    static func transport(_ word: String) -> Text {
        let danish = [
            "advertisement": "udsendelse", "bluetooth-le": "Bluetooth LE", "bluetooth-classic": "klassisk Bluetooth",
            "serial": "kabel",
        ]
        return Text(en: word, da: danish[word] ?? word)
    }

    /// How a technician would say it.
    static func claim(_ claim: Claim) -> Text {
        switch claim {
        case .advertised(let name, let service):
            Text(en: "name \(name)…", da: "navn \(name)…")
                + (service.map { Text(en: " with service \($0)", da: " med tjeneste \($0)") } ?? Text(same: ""))
        case .serialPort(let name, .initiator):
            Text(en: "name \(name)…, and it calls", da: "navn \(name)…, og det ringer op")
        case .serialPort(let name, .acceptor):
            Text(en: "name \(name)…, and it is called", da: "navn \(name)…, og det bliver ringet op")
        case .service(let service):
            Text(
                en: "service \(service), where no name above is its",
                da: "tjeneste \(service), når intet navn ovenfor passer")
        case .usb(let vendor, let product): Text(same: "USB \(hex(vendor)):\(hex(product))")
        case .talks(let framing, 1): Text(en: "what it says ", da: "det, det sender ") + brackets(framing)
        case .talks(let framing, let frames):
            Text(en: "\(frames) frames in a row ", da: "\(frames) pakker i træk ") + brackets(framing)
        case .answers(let framing, _): Text(en: "its answer ", da: "dets svar ") + brackets(framing)
        case .assigned(let framing, _):
            Text(en: "its line in the configuration ", da: "dets kabel i opsætningen ") + brackets(framing)
        }
    }

    private static func brackets(_ framing: Framing) -> Text {
        Text(same: "(\(framing.name)" + (framing.settings.map { ", \($0)" } ?? "") + ")")
    }

    /// In Danish by the English name.
    static func told(_ missing: NotYet) -> (model: Text, why: Text) {
        let danish = danish[missing.model] ?? (missing.model, missing.why)
        return (Text(en: missing.model, da: danish.0), Text(en: missing.why, da: danish.1))
    }

    private static let nothingPublic = "der er ikke fundet noget offentligt"
    private static let danish: [String: (String, String)] = [
        "Devices of the Health Device Profile or USB's Personal Healthcare class": (
            "Apparater med Health Device Profile eller USB Personal Healthcare",
            "det, de sender, forstås (IEEE 11073-20601), men hubben har ingen måde at høre det på"
        ),
        "Nonin, serial format 7": (
            "Nonin, serielt format 7",
            "har intet kontroltal, og tallene kommer ét ad gangen: intet skelner det sikkert fra format 8"
        ),
        "The memory of a Nonin WristOx2 3150": (
            "Hukommelsen i en Nonin WristOx2 3150",
            "én ubekræftet kilde, og den kan kun afspilles hel, hvilket tager timer trådløst"
        ),
        "Air Next, GoSpiro, ndd EasyOne Air": (
            "Air Next, GoSpiro, ndd EasyOne Air", "intet om deres sprog er offentligt"
        ),
        "MIR Smart One, Spirobank Smart": (
            "MIR Smart One, Spirobank Smart",
            "kun kommandoerne er offentlige; svarene ligger i producentens program"
        ),
        "Microlife PF 200 BT, nSpire PiKo, Safey, Spirohome, Cipla Spirofy": (
            "Microlife PF 200 BT, nSpire PiKo, Safey, Spirohome, Cipla Spirofy", nothingPublic
        ),
        "Omron HEM-7142T2 and its kin": (
            "Omron HEM-7142T2 og dens slægtninge",
            "hvad en måling betyder, er kendt (`decode` læser den); hvordan hukommelsen åbnes, kendes kun fra én "
                + "ubekræftet kilde"
        ),
        "SmartPeakFlow": ("SmartPeakFlow", "sender toner til et stik for hovedtelefoner, som en hub ikke har"),
        "Marsden, seca scales": ("Vægte fra Marsden og seca", nothingPublic),
        "Charder MS6110": (
            "Charder MS6110", "vægtens pladser kendes fra én ubekræftet kilde, tidspunktets slet ikke"
        ),
        "Wellue O2Ring-S": ("Wellue O2Ring-S", "beder om en kode, der hører til producentens program"),
        "Yonker cuffs": (
            "Blodtryksmålere fra Yonker",
            "den eneste offentlige prøve og den eneste offentlige måling er uenige om datoen"
        ),
        "Yuwell oximeters": ("Iltmålere fra Yuwell", "én ubekræftet kilde, og ingen måling fra et apparat"),
    ]
}
