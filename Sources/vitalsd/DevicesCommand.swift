import Core
import Devices

extension Command {
    static let devices = Command(
        verb: "devices", arguments: "[--json]", summary: "list the devices that vitalsd knows",
        explanation: """
            Evidence: `captured` where the bytes in its tests come from a named public source, `specification` where
            they follow a document alone. Behind them what is asked for and not known yet, and why. With --json one
            object a line, of the known ones.
            """
    ) { arguments throws(Exit) in
        let wantsJSON = arguments.flag("json")
        try arguments.end()
        if wantsJSON {
            for driver in drivers { printLine(json(driver)) }
            return
        }
        for line in deviceTable + [""] + notYetTable { printLine(line) }
    }
}

/// What is asked for and not known, as the README has it.
var notYetTable: [String] {
    ["| not yet | why |", "|---|---|"] + NotYet.all.map { "| \($0.model) | \($0.why) |" }
}

/// The list of devices as the README has it, where a test compares the two.
var deviceTable: [String] {
    ["| id | model | kind | transport | evidence | recognised by |", "|---|---|---|---|---|---|"]
        + drivers.map { driver in
            let claims = driver.claims.map(\.words).joined(separator: "; ")
            let transports = driver.transports.joined(separator: ", ")
            return
                "| `\(driver.id)` | \(driver.manufacturer) \(driver.model) | \(driver.kind.rawValue) | \(transports) "
                + "| \(driver.evidence.rawValue) | \(claims) |"
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
        json.array("claims") { json in for claim in driver.claims { json.string(claim.words) } }
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
            case .usb, .talks, .answers: "serial"
            }
        }
        return Set(all).sorted()
    }
}

extension Claim {
    /// How a technician would say it.
    fileprivate var words: String {
        switch self {
        case .advertised(let name, let service): "name \(name)…" + (service.map { " with service \($0)" } ?? "")
        case .serialPort(let name, .initiator): "name \(name)…, and it calls"
        case .serialPort(let name, .acceptor): "name \(name)…, and it is called"
        case .service(let service): "service \(service), where no name above is its"
        case .usb(let vendor, let product): "USB \(hex(vendor)):\(hex(product))"
        case .talks(let framing, 1): "what it says (\(framing.words))"
        case .talks(let framing, let frames): "\(frames) frames in a row (\(framing.words))"
        case .answers(let framing, _): "its answer (\(framing.words))"
        }
    }
}

extension Framing {
    fileprivate var words: String { name + (settings.map { ", \($0)" } ?? "") }
}
