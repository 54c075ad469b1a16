import Core

/// A server's answer to a transaction that it took, entry by entry in the order of the request.
package struct Answer: Equatable, Sendable {
    package struct Entry: Equatable, Sendable {
        /// 201: created. 200: somebody has it already.
        package var status: Int
        /// `Observation/17/_history/1`, absolute or relative; nil where the server does not say.
        package var location: String?

        package init(status: Int, location: String?) {
            self.status = status
            self.location = location
        }
    }
    package var entries: [Entry]
    /// The server's own clock, over the authenticated connection.
    package var date: Instant?

    package init(entries: [Entry], date: Instant?) {
        self.entries = entries
        self.date = date
    }
}

extension [Bundle.Owner] {
    /// Where the Observations of the reading at `index` are, as far as the server says.
    package func locations(ofReading index: Int, in answer: Answer) -> [String] {
        zip(self, answer.entries).filter { $0.0 == .group(index) }.compactMap(\.1.location)
    }

    /// The readings that own these entries, each once, in the order of the entries.
    package func readings(of entries: [Int]) -> [Int] {
        entries.reduce(into: []) { readings, entry in
            if indices.contains(entry), case .group(let reading) = self[entry], !readings.contains(reading) {
                readings.append(reading)
            }
        }
    }

    /// `s s 0 0 1`: the number of a reading, or `s` for what several share.
    package var notation: String {
        map { owner in
            switch owner {
            case .shared: "s"
            case .group(let reading): String(reading)
            }
        }.joined(separator: " ")
    }

    /// Reads what `notation` writes; nil for anything else.
    package init?(notation: String) {
        self = []
        for word in notation.split(separator: " ") {
            if word == "s" {
                append(.shared)
            } else if let reading = Int(word), 0..<Bundle.limit ~= reading {
                append(.group(reading))
            } else {
                return nil
            }
        }
    }
}

/// What a server says about a refusal.
package struct OperationOutcome: Equatable, Sendable {
    package struct Issue: Equatable, Sendable {
        package var severity: String
        /// `invalid`, `not-found`, `conflict`, …
        package var code: String
        /// Text and diagnostics, at most 1 kB. It may name a person: for the dead letter, never for the log.
        package var text: String
        /// FHIRPath or XPath of what is refused.
        package var expression: [String]

        package init(severity: String, code: String, text: String, expression: [String]) {
            self.severity = severity
            self.code = code
            self.text = text
            self.expression = expression
        }
    }
    package var issues: [Issue]

    package init(issues: [Issue]) { self.issues = issues }

    /// The issues that refuse; warnings and information do not.
    package var errors: [Issue] { issues.filter { $0.severity == "error" || $0.severity == "fatal" } }

    /// The code of the first issue that refuses; only a word of the code system, so it may be logged.
    package var code: String {
        guard let code = errors.first?.code, code.utf8.count <= 32, code.allSatisfy({ $0.isLetter || $0 == "-" }) else {
            return "unknown"
        }
        return code
    }

    /// The entries of the bundle that the refusing issues name, each once.
    package var entries: [Int] {
        errors.flatMap(\.expression).compactMap(entry).reduce(into: []) { entries, index in
            if !entries.contains(index) { entries.append(index) }
        }
    }

    /// Whether a resource of ours is named as what is missing.
    var namesResource: Bool {
        errors.contains { issue in
            issue.expression.contains { entry($0) != nil }
                || ["Patient", "Device"].contains { issue.text.contains($0) }
        }
    }
}

/// The index of `Bundle.entry[3].resource…`, or of XPath's `/f:Bundle/f:entry[4]/…`, which counts from one.
private func entry(_ path: String) -> Int? {
    guard let open = path.firstRange(of: "entry[")?.upperBound else { return nil }
    let digits = path[open...].prefix { $0.isASCII && $0.isNumber }
    guard path[digits.endIndex...].hasPrefix("]"), let index = Int(digits) else { return nil }
    guard path.hasPrefix("/") else { return index }
    return index > 0 ? index - 1 : nil
}
