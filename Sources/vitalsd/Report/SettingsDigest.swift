import Core
import Host

/// The settings as they are written, without what is secret and whose they are.
enum SettingsDigest {
    /// One line for each key of the file and its drop-ins; comments are left out, for anything may stand in them.
    static func lines(of path: String) throws(Fault) -> [String] {
        var lines: [String] = []
        for file in try Configuration.files(of: path) {
            lines.append("# \(file)")
            var section = ""
            let text = String(decoding: try Files.read(file), as: UTF8.self)
            for raw in text.split(whereSeparator: \.isNewline) {
                let line = trimmed(raw)
                if line.hasPrefix("[") {
                    section = line.dropFirst().split { $0 == " " || $0 == "]" }.first.map { String($0) } ?? ""
                    // A destination's name is somebody's word.
                    lines.append(line.contains(" ") ? "[\(section) …]" : "[\(section)]")
                } else if !line.hasPrefix("#"), !line.hasPrefix(";"), let equals = line.firstIndex(of: "=") {
                    let name = trimmed(line[..<equals]), value = trimmed(line[line.index(after: equals)...])
                    let key = Configuration.keys.first { $0.section == section && $0.name == name }
                    lines.append("\(key == nil ? "?" : name)=\(shown(value, of: key))")
                }
            }
        }
        return lines
    }

    private static func shown(_ value: String, of key: Configuration.Key?) -> String {
        guard let key, key.section != "Patient" else { return "…" }
        return switch key.kind {
        case .url: address(value)
        case .path, .lines, .light, .yesOrNo, .number, .adapter, .size, .danishCodes, .interval: value
        case .text: ["TimeZone", "TokenScope"].contains(key.name) ? value : "…"
        case .reference, .pseudonym: "…"
        }
    }

    /// `https://host:port/…`: a name and a password may stand before the host, and a key in the rest.
    private static func address(_ url: String) -> String {
        let scheme = url.prefix { $0 != ":" }, rest = url.dropFirst(scheme.count + 3)
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@").last ?? ""
        return "\(scheme)://\(host)" + (authority.count < rest.count ? "/…" : "")
    }
}
