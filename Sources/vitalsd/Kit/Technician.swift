import Bluetooth
import Core
import Devices
import Host

/// Who pairs a device: at a terminal a person who is asked, in a script what was said beforehand.
@Hub struct Technician {
    let language: Language
    let passkey: String?, pin: String?
    let canType: Bool, wantsJSON: Bool
    private var bound = ""

    init(language: Language, passkey: String?, pin: String?, canType: Bool, wantsJSON: Bool) {
        self.language = language
        self.passkey = passkey
        self.pin = pin
        self.canType = canType
        self.wantsJSON = wantsJSON
    }

    /// How far it is.
    mutating func hear(_ notation: String) {
        guard let step = PairingStep(notation: notation) else { return }
        if case .bound(let address) = step { bound = address }
        printLine(wantsJSON ? step.json : KitText.step(step)[language])
    }

    /// What the device is told, as far as it was said beforehand; else a person is asked.
    func answer(_ question: String) -> String {
        let words = question.split(separator: " ")
        switch words.first {
        case "ready": return words.count == 2 ? guide(PairingMode(rawValue: String(words[1]))) : "no"
        case "agreement": return "yes"
        case "compare" where words.count == 2:
            let said = typed(KitText.compare(String(words[1])))?.lowercased() ?? ""
            return said.hasPrefix("y") || said.hasPrefix("j") ? "yes" : "no"
        case "passkey": return (passkey ?? typed(KitText.passkey)).map { "passkey \($0)" } ?? "no"
        case "pin": return (pin ?? typed(KitText.pin)).map { "pin \($0)" } ?? "no"
        case "show" where words.count == 2:
            if !wantsJSON { printLine(KitText.type(String(words[1]))[language]) }
            return "yes"
        default: return "no"
        }
    }

    /// The last object that a program is told.
    var result: String {
        var json = JSONWriter()
        json.object { json in
            json.member("action", "pair")
            json.member("device", bound)
            json.member("outcome", "bound")
        }
        return json.text
    }

    /// Says what to do with the device, and waits until a person says that it is done. A daemon that knows more ways than
    /// this command has no words for one.
    private func guide(_ mode: PairingMode?) -> String {
        guard let mode else { return "yes" }
        let text = KitText.guide(mode)
        if wantsJSON {
            var json = JSONWriter()
            json.object { json in
                json.member("step", "guide")
                json.member("pairing", mode.rawValue)
                json.member("text", text[language])
            }
            printLine(json.text)
        } else {
            printLine(text[language])
            if canType, typed(KitText.ready) == nil { return "no" }
        }
        return "yes"
    }

    private func typed(_ prompt: Text) -> String? { canType ? Conversation(language).typed(prompt) : nil }
}
