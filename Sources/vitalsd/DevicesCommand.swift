import Core
import Devices

extension Command {
    static let devices = Command(
        verb: "devices", arguments: "[--json] [--lang da|en]", summary: "list the devices that vitalsd knows",
        explanation: """
            Evidence: `captured` where the bytes in its tests come from a named public source, `specification` where
            they follow a document alone. Behind them what is asked for and not known yet, and why. With --json one
            object a line, of the known ones.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json"), language = try arguments.language()
        try arguments.end()
        if wantsJSON {
            for driver in drivers { printLine(json(driver)) }
            return
        }
        for line in deviceTable(in: language) + [""] + notYetTable(in: language) { printLine(line) }
    }
}

/// What is asked for and not known, as the README has it in English.
func notYetTable(in language: Language) -> [String] {
    ["| \(DeviceListText.notYet[language]) | \(DeviceListText.why[language]) |", "|---|---|"]
        + NotYet.all.map { missing in
            let told = DeviceListText.told(missing)
            return "| \(told.model[language]) | \(told.why[language]) |"
        }
}

/// The list of devices as the README has it in English, where a test compares the two.
func deviceTable(in language: Language) -> [String] {
    ["| " + DeviceListText.columns.map { $0[language] }.joined(separator: " | ") + " |", "|---|---|---|---|---|---|"]
        + drivers.map { driver in
            let claims = driver.claims.map(DeviceListText.claim).joined(separator: "; ")[language]
            let kind = DeviceListText.kind(driver.kind)[language], evidence = DeviceListText.evidence(driver.evidence)
            let transports = driver.transports.map { DeviceListText.transport($0)[language] }.joined(separator: ", ")
            return
                "| `\(driver.id)` | \(driver.manufacturer) \(driver.model) | \(kind) | \(transports) "
                + "| \(evidence[language]) | \(claims) |"
        }
}

private func json(_ driver: Driver) -> String {
    var json = JSONWriter()
    json.object { json in
        json.member("id", driver.id)
        json.member("model", "\(driver.manufacturer) \(driver.model)")
        json.member("manufacturer", driver.manufacturer)
        json.member("kind", driver.kind.rawValue)
        json.array("transports") { json in for transport in driver.transports { json.string(transport) } }
        json.member("evidence", driver.evidence.rawValue)
        json.array("claims") { json in for claim in driver.claims { json.string(DeviceListText.claim(claim).english) } }
        json.optional("pairing", driver.pairing?.rawValue)
        json.array("endpoints") { json in for endpoint in driver.endpoints { json.string(endpoint.name) } }
    }
    return json.text
}

extension Driver {
    fileprivate var transports: [String] {
        if case .advertisement = visit { return ["advertisement"] }
        let all = claims.map { claim in
            switch claim {
            case .advertised, .service: "bluetooth-le"
            case .serialPort: "bluetooth-classic"
            case .usb, .talks, .answers, .assigned: "serial"
            }
        }
        return Set(all).sorted()
    }
}
