import Core
import Journal

// What an act says, as it passes the control socket.

extension Act.Agreement {
    /// Nothing, `none`, or the schedule.
    var notation: String {
        switch self {
        case .asBefore: ""
        case .none: "none"
        case .agreed(let schedule): "\(schedule)"
        }
    }

    /// Reads what `notation` writes.
    init?(notation: String) {
        switch notation {
        case "": self = .asBefore
        case "none": self = .none
        default:
            guard let schedule = try? Schedule(notation) else { return nil }
            self = .agreed(schedule)
        }
    }
}

extension Subject {
    /// `Patient/4711`, or system and value with a tab between.
    var notation: String {
        switch self {
        case .reference(let reference): reference
        case .identifier(let system, let value): "\(system)\t\(value)"
        }
    }

    /// Reads what `notation` writes.
    init?(notation words: ArraySlice<String>) {
        switch (words.first, words.count) {
        case (let reference?, 1): self = .reference(reference)
        case (let system?, 2): self = .identifier(system: system, value: words[words.startIndex + 1])
        default: return nil
        }
    }
}

extension Act {
    /// Nothing, or that what a device remembers from before is this person's too.
    static func notation(withMemory: Bool) -> String { withMemory ? "with-memory" : "" }

    /// Reads what `notation(withMemory:)` writes.
    static func withMemory(notation: String) -> Bool? {
        switch notation {
        case "": false
        case "with-memory": true
        default: nil
        }
    }
}
