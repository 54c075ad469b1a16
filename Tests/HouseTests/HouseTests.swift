import Glibc
import Testing

/// The rules of the house, read from the sources themselves.
@Suite struct HouseTests {
    /// What each module may import. Pure modules know no operating system.
    static let allowed: [String: Set<String>] = [
        "Core": [],
        "Bluetooth": ["Core"],
        "Devices": ["Core"],
        "FHIR": ["Core"],
        "Host": ["Core", "Bluetooth", "CLinux", "CBluetooth", "CUdev", "Glibc"],
        "Journal": ["Core", "CSQLite", "Glibc"],
        "Clinic": ["Core", "FHIR", "CCurl", "CSQLite", "Glibc"],
        "vitalsd": ["Core", "Bluetooth", "Devices", "FHIR", "Host", "Journal", "Clinic", "CLinux", "Glibc"],
    ]

    @Test(arguments: allowed.keys.sorted())
    func importsPointOneWay(_ module: String) throws {
        let files = sources(under: "Sources/\(module)")
        #expect(!files.isEmpty)
        for file in files {
            for line in file.lines where line.hasPrefix("import ") || line.contains(" import ") && line.hasPrefix("@") {
                let name = String(line.split(separator: " ").last ?? "")
                #expect(Self.allowed[module]?.contains(name) == true, "\(file.path): \(line)")
            }
        }
    }

    @Test func everyModuleHasItsRule() {
        let modules = list("Sources").filter { !sources(under: "Sources/\($0)").isEmpty }
        #expect(Set(modules) == Set(Self.allowed.keys))
    }

    /// Anything that wakes the global pool of threads costs a wake-up eight times the loop's.
    @Test func nothingLeavesTheLoop() {
        let forbidden = ["Task.detached", "Task.sleep", "Task.yield", "Dispatch", " Task {", "AsyncStream"]
        for file in sources(under: "Sources") {
            for (number, line) in file.code {
                for word in forbidden { #expect(!line.contains(word), "\(file.path):\(number): \(word)") }
            }
        }
    }

    @Test func noFoundation() {
        for file in sources(under: "Sources") {
            #expect(!file.lines.contains { $0.hasPrefix("import Foundation") }, "\(file.path)")
        }
    }

    /// A file above 300 lines says why, in its first line.
    @Test func filesStayShort() {
        for file in sources(under: "Sources") where file.lines.count > 300 {
            #expect(file.lines.first?.hasPrefix("// Long because") == true, "\(file.path): \(file.lines.count) lines")
        }
    }

    @Test func namesSayWhatThingsAre() {
        for file in sources(under: "Sources") {
            let name = String(file.path.split(separator: "/").last ?? "")
            for word in ["Manager", "Helper", "Util", "Placeholder"] { #expect(!name.contains(word), "\(file.path)") }
        }
    }

    /// Errors below `main` are typed.
    @Test func errorsAreTyped() {
        for file in sources(under: "Sources") {
            for (number, line) in file.code {
                #expect(!line.contains(" throws {") && !line.contains(" throws ->"), "\(file.path):\(number)")
                #expect(!line.contains("try!"), "\(file.path):\(number)")
                // The loop and its threads are what faults travel on: without them nobody can be told.
                let isLoop = ["EventLoop.swift", "Worker.swift"].contains { file.path.hasSuffix($0) }
                #expect(isLoop || !line.contains("fatalError"), "\(file.path):\(number)")
            }
        }
    }
}

struct Source {
    let path: String, lines: [String]
    /// Numbered lines without comments.
    var code: [(Int, String)] {
        lines.enumerated().map { index, line in
            (
                index + 1,
                line.contains("//") ? String(line[..<(line.firstRange(of: "//")?.lowerBound ?? line.endIndex)]) : line
            )
        }
    }
}

private let root = String(#filePath.dropLast("Tests/HouseTests/HouseTests.swift".count))

func sources(under folder: String) -> [Source] {
    list(folder).flatMap { name in
        let path = "\(folder)/\(name)"
        if name.hasSuffix(".swift") {
            return [
                Source(
                    path: path,
                    lines: read(path).split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
            ]
        }
        return name.contains(".") ? [] : sources(under: path)
    }
}

func list(_ folder: String) -> [String] {
    guard let directory = opendir(root + folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
            pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
}

func read(_ path: String) -> String {
    guard let file = fopen(root + path, "r") else { return "" }
    defer { fclose(file) }
    var all: [UInt8] = [], piece = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&piece, 1, piece.count, file), count > 0 { all += piece[..<count] }
    return String(decoding: all, as: UTF8.self)
}
