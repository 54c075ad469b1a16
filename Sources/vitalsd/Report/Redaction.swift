import Core
import Glibc
import Host

/// Takes out of a text whatever says whose it is: what the hub knows of its household, and what looks like an address, a
/// patient or a civil registration number.
struct Redaction {
    private let secrets: [(find: String, put: String)]

    /// - Parameter traces: all that is known here.
    init(_ traces: Traces, host: String) {
        var secrets = traces.texts.map { kind, text in
            (find: text, put: kind == .address ? masked(addressIn: text) : "[\(kind.rawValue)]")
        }
        // In a capture bytes are in hexadecimal; as many others in their place, and it still plays.
        for (_, text) in traces.texts {
            let octets = hex(Array(text.utf8)),
                others = hex([UInt8](repeating: UInt8(ascii: "*"), count: text.utf8.count))
            secrets += [(find: octets, put: others), (find: octets.lowercased(), put: others)]
        }
        // A hub is often called after whom it was given to.
        if host.count > 2, host != "localhost" { secrets.append((find: host, put: "[host]")) }
        self.secrets = secrets
    }

    func redacted(_ text: String) -> String {
        var text = text
        for (find, put) in secrets where text.contains(find) { text.replace(find, with: put) }
        // Of those whom the hub does not know: a neighbour's device, somebody whom the clinic speaks of.
        let address = /\b[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}\b/.wordBoundaryKind(.simple)
        text.replace(address) { masked(addressIn: String($0.output)) }
        // So does an adapter's serial number, in the name of a cable.
        text.replace(/\busb:[0-9a-f]{4}:[0-9a-f]{4}:[^\s\]";,<)]+/) { String($0.output.prefix(13)) + ":[serial]" }
        text.replace(/Patient\/[A-Za-z0-9.\-]+/, with: "Patient/[person]")
        // A number of JSON's own stays: it is counted, and nobody's.
        let number = /(":-?)?\b[0-3][0-9][01][0-9]{3}-?[0-9]{4}\b/.wordBoundaryKind(.simple)
        text.replace(number) { $0.output.1 == nil ? "[number]" : String($0.output.0) }
        return text
    }

    /// This computer's own name.
    static var host: String {
        var name = [CChar](repeating: 0, count: 256)
        guard gethostname(&name, name.count - 1) == 0 else { return "" }
        return String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}

/// The maker's half of an address and its last two digits.
private func masked(addressIn text: String) -> String {
    BluetoothAddress(text).map { masked("bluetooth:\($0)") } ?? "[address]"
}
