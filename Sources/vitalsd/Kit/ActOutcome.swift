import Core
import Host
import Journal

extension Act {
    /// What was done, in a word, and how many of what.
    struct Outcome: Equatable {
        struct Count: Equatable {
            var name: String, number: Int
        }
        var word: String
        var counts: [Count] = []

        init(_ word: String, _ counts: [Count] = []) {
            self.word = word
            self.counts = counts
        }

        /// One packet of the control socket: words with tabs between.
        var notation: String {
            ([word] + counts.map { "\($0.name)=\($0.number)" }).joined(separator: "\t")
        }

        /// Reads what `notation` writes.
        init?(notation: String) {
            let words = notation.split(separator: "\t", omittingEmptySubsequences: false)
            guard let first = words.first, !first.isEmpty else { return nil }
            word = String(first)
            for pair in words.dropFirst() {
                let parts = pair.split(separator: "=")
                guard parts.count == 2, let number = Int(parts[1]) else { return nil }
                counts.append(Count(name: String(parts[0]), number: number))
            }
        }

        /// `bound`, `1 assigned`, or `wiped: 1 readings, 2 devices`.
        var text: Text { ActText.outcome(self) }
    }

    /// The act and what came of it, for programs.
    func write(_ outcome: Outcome, into json: inout JSONWriter) {
        json.member("action", verb)
        json.optional("device", device.isEmpty ? nil : addressed(device))
        if !successor.isEmpty { json.member("successor", addressed(successor)) }
        json.member("outcome", outcome.word)
        for count in outcome.counts { json.member(count.name, count.number) }
    }
}

/// A fault as it goes over the control socket and to programs.
struct Refused: Error, Equatable {
    var layer: String, sentence: String, remedy: String, code: String
    /// What is particular about it, which the sentence has in it too.
    var detail: String

    init(_ fault: Fault) {
        (layer, sentence, remedy, code) = (fault.layer, fault.sentence, fault.remedy, fault.code.rawValue)
        detail = fault.detail
    }

    /// One packet of the control socket.
    var notation: String { "\(Control.refusal)\(layer)\t\(sentence)\t\(remedy)\t\(code)\t\(detail)" }

    /// Reads what `notation` writes; nil for an answer that is none.
    init?(notation: String) {
        guard notation.hasPrefix(Control.refusal) else { return nil }
        let words = notation.dropFirst(Control.refusal.count).split(
            separator: "\t", omittingEmptySubsequences: false)
        guard words.count == 5, Fault.Code(rawValue: String(words[3])) != nil else { return nil }
        (layer, sentence, remedy, code) = (String(words[0]), String(words[1]), String(words[2]), String(words[3]))
        detail = String(words[4])
    }

    var words: String { "\(layer): \(sentence); \(remedy)" }

    func told(in language: Language) -> String { vitalsd.told(code, words, detail: detail, in: language) }

    var json: String {
        var json = JSONWriter()
        json.object { json in
            json.member("layer", layer)
            json.member("fault", sentence)
            json.member("remedy", remedy)
            json.member("code", code)
        }
        return json.text
    }
}

extension JSONWriter {
    mutating func optional(_ key: String, _ value: String?) {
        if let value { member(key, value) } else { null(key) }
    }
}
