import Core
import Host

/// What a wiping has left, and where it was looked for.
struct Proof {
    enum Place: Equatable {
        case state(String), settings(String), log
    }
    struct Find: Equatable {
        var place: Place, kind: Traces.Kind, count: Int
    }

    /// Whether all that the journal held was known before.
    var isKnown: Bool
    /// Whether there is a log of the system's that this user may not read.
    var isLogHidden = false
    /// How many of each kind were looked for.
    var sought: [Traces.Kind: Int] = [:]
    private(set) var finds: [Find] = []
    private(set) var files = 0, bytes = 0, searchedLog = false

    /// All was looked at, and nothing is left.
    var isClean: Bool { finds.isEmpty && !isLogHidden }

    init(isKnown: Bool) { self.isKnown = isKnown }

    mutating func take(_ found: (finds: [Traces.Find], size: Int), as place: Place) {
        if place == .log { searchedLog = true } else { files += 1 }
        bytes += found.size
        finds += found.finds.map { Find(place: place, kind: $0.kind, count: $0.count) }
    }

    func lines(in language: Language) -> [String] {
        let kinds = Traces.Kind.allCases.compactMap { kind in
            sought[kind].flatMap { $0 > 0 ? KitText.count($0, of: kind) : nil }
        }
        var lines: [Text] = []
        if !isKnown { lines.append(KitText.unknown) }
        if kinds.isEmpty {
            lines.append(KitText.nothingKnown)
        } else {
            lines.append(
                KitText.lookedFor + kinds.joined(separator: ", ")
                    + KitText.inFiles(files, bytes: bytes, andLog: searchedLog))
            if isClean { lines.append(KitText.nothingLeft) }
        }
        lines += finds.map { KitText.left($0.count, $0.kind, $0.place) }
        if isLogHidden { lines.append(KitText.logHidden) }
        return lines.map { $0[language] }
    }

    func write(into json: inout JSONWriter) {
        json.member("clean", isClean)
        json.member("known", isKnown)
        json.object("sought") { json in
            for kind in Traces.Kind.allCases { json.member(kind.rawValue, sought[kind] ?? 0) }
        }
        json.member("files", files)
        json.member("bytes", bytes)
        json.member("systemLog", searchedLog)
        json.array("left") { json in
            for find in finds {
                json.object { json in
                    json.member("place", find.place.words)
                    json.member("kind", find.kind.rawValue)
                    json.member("count", find.count)
                }
            }
        }
    }
}

extension Proof.Place {
    /// A path, or `log`.
    var words: String {
        switch self {
        case .state(let path), .settings(let path): path
        case .log: "log"
        }
    }
}
