import Core
import Glibc
import Testing

/// A capture beside these tests: `Captures/<driver id>/<name>.capture`.
struct CaptureFile: Sendable, CustomTestStringConvertible {
    var driver: String, name: String, capture: Capture
    var testDescription: String { "\(driver)/\(name)" }

    static let all: [CaptureFile] = {
        let root = #filePath.split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Captures"
        return list(root).flatMap { driver in
            list("\(root)/\(driver)").map { name in
                do throws(Capture.Mistake) {
                    return CaptureFile(
                        driver: driver, name: name, capture: try Capture(contents("\(root)/\(driver)/\(name)")))
                } catch {
                    fatalError("\(driver)/\(name): \(error)")
                }
            }
        }
    }()

    var isOfLine: Bool { if case .line = capture.sighting.way { true } else { false } }
    /// Whether a technician has to say whose line it is.
    var isAssigned: Bool { if case .line(let line) = capture.sighting.way { line.driver != nil } else { false } }
    /// A live stream, of which a piece more or less may change nothing.
    var isStream: Bool { capture.headers["stream"] != nil }

    /// What the device says, PDU by PDU or in the pieces of a line.
    var heard: [[UInt8]] { capture.lines.compactMap { if case .heard(let bytes) = $0 { bytes } else { nil } } }
    var readings: [Reading] {
        capture.lines.compactMap { if case .reported(let reading) = $0 { reading } else { nil } }
    }
}

/// The names in a directory, sorted, without the hidden ones.
private func list(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

private func contents(_ path: String) -> String {
    guard let file = fopen(path, "r") else { return "" }
    defer { fclose(file) }
    var all: [UInt8] = [], piece = [UInt8](repeating: 0, count: 65_536)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { all += piece.prefix(count) }
    return String(decoding: all, as: UTF8.self)
}
