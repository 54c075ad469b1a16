import Core
import Devices
import FHIR
import Glibc

/// What the values of a configuration may be, and what they mean.
extension Configuration.Key.Kind {
    func accepts(_ value: String) -> Bool {
        switch self {
        case .url:
            value.hasPrefix("https://")
                || ["http://127.0.0.1", "http://localhost", "http://[::1]"].contains { host in
                    value.hasPrefix(host) && [":", "/", nil].contains(value.dropFirst(host.count).first)
                }
        case .path: value.hasPrefix("/") || isCredential(value)
        case .light: value.hasPrefix("/") || !value.isEmpty && !value.contains("/") && !value.hasPrefix(".")
        case .lines:
            value.split(separator: " ").map { SerialLine(notation: $0) }.allSatisfy { line in
                line.path.hasPrefix("/")
                    && (line.driver == nil || drivers.contains { $0.id == line.driver && $0.assignment != nil })
            }
        case .text: !value.isEmpty
        case .reference: value.hasPrefix("Patient/") && value.count > 8 && !value.contains(where: \.isWhitespace)
        // 1.2.208.176.1.2 is the Danish civil registration number: it would stand in every identifier and access log.
        case .pseudonym: !value.isEmpty && !value.contains("1.2.208.176.1.2")
        case .yesOrNo: ["yes", "no", "true", "false", "on", "off", "1", "0"].contains(value.lowercased())
        case .number: Int(value).map { 1...100_000 ~= $0 } ?? false
        case .adapter: radioChoice(value) != nil
        case .interval:
            value == "infinity" || timeSpan(value).map { .seconds(1)...(.seconds(86_400)) ~= $0 } ?? false
        case .size: bytes(value).map { $0 >= 1 << 20 } ?? false
        case .danishCodes: value == "no" || DanishCodes(rawValue: value) != nil
        }
    }
}

func isYes(_ value: String) -> Bool { ["yes", "true", "on", "1"].contains(value.lowercased()) }

private let credential = "credential:"

private func isCredential(_ value: String) -> Bool {
    value.hasPrefix(credential) && value.count > credential.count && !value.contains("/")
}

/// Where systemd has put what LoadCredential= names, also for a command that is not the service.
func resolved(_ value: String) -> String {
    guard isCredential(value) else { return value }
    let folder = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) } ?? "/run/credentials/vitalsd.service"
    return folder + "/" + value.dropFirst(credential.count)
}

func radioChoice(_ value: String) -> Configuration.RadioChoice? {
    switch value {
    case "auto": .adapter(nil)
    case "none": Configuration.RadioChoice.none
    default: value.hasPrefix("hci") ? UInt16(value.dropFirst(3)).map { .adapter($0) } : nil
    }
}

/// `512K`, `256M`, `2G` or plain bytes.
func bytes(_ value: String) -> Int? {
    let factor: Int
    switch value.last {
    case "K": factor = 1 << 10
    case "M": factor = 1 << 20
    case "G": factor = 1 << 30
    default: return Int(value)
    }
    guard let number = Int(value.dropLast()), number > 0 else { return nil }
    let (product, overflow) = number.multipliedReportingOverflow(by: factor)
    return overflow ? nil : product
}

func trimmed(_ text: some StringProtocol) -> String {
    let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
    var rest = Substring(text).drop(while: blank)
    while let last = rest.last, blank(last) { rest.removeLast() }
    return String(rest)
}

/// The known word with the fewest edits to `word`, and the first of them in the alphabet.
func nearest(_ word: String, _ known: some Collection<String>) -> String {
    known.min { (edits(word, $0), $0) < (edits(word, $1), $1) } ?? ""
}

/// Levenshtein's distance without regard to case.
private func edits(_ a: String, _ b: String) -> Int {
    let a = Array(a.lowercased()), b = Array(b.lowercased())
    var row = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var diagonal = row[0]
        row[0] = i + 1
        for (j, other) in b.enumerated() {
            let substituted = diagonal + (letter == other ? 0 : 1)
            diagonal = row[j + 1]
            row[j + 1] = min(substituted, diagonal + 1, row[j] + 1)
        }
    }
    return row[b.count]
}
