/// One line of text for a reading: in captures after `=`, in the journal's `content`, in `replay`'s output.
///
///     systolic 128 mm[Hg] diastolic 82 mm[Hg] mean ?not-a-number at 2026-03-02T10:11:12 user 1 #irregular-pulse
///     spo2 97 % spot … now          spo2 93 % average … ticks 300 1.0 lasting 900
///
/// A value is `quantity amount unit [aspect]`, or `quantity ?reason unit [aspect]`; a curve is told in `Curve`. Then the time: `now`,
/// `at <local time>`, `ticks <count> <microseconds each>` or `undated`; then `lasting <seconds>`, `sequence`, `user` and
/// `#remark`s. Raw bytes are not part of it.
extension Reading: CustomStringConvertible {
    public var description: String {
        var words: [String] = []
        for value in values {
            words.append(value.quantity.name)
            switch value.outcome {
            case .amount(let amount): words.append(amount.description)
            case .absent(let reason): words.append("?" + reason.code)
            }
            words.append(value.unit.ucum)
            if value.aspect != .plain { words.append(value.aspect.name) }
        }
        words += curves.map(\.description)
        words.append(taken.description)
        if let duration { words += ["lasting", String(duration.components.seconds)] }
        if let sequence { words += ["sequence", String(sequence)] }
        if let user { words += ["user", String(user)] }
        words += remarks.map { "#" + $0.name }
        return words.joined(separator: " ")
    }

    /// Reads what `description` writes; nil for anything else.
    package init?(notation: some StringProtocol) {
        var words = split(notation)
        self.init([], taken: .unknown)
        while let word = words.popFirst() {
            if let quantity = Quantity(name: word) {
                guard let outcome = words.popFirst().flatMap(Outcome.init(notation:)),
                    let unit = words.popFirst().flatMap(Unit.init(ucum:))
                else { return nil }
                let aspect = words.first.flatMap { word in Aspect(name: word) }
                if aspect != nil { words.removeFirst() }
                values.append(Value(quantity, outcome, unit, aspect ?? .plain))
            } else if word.hasPrefix("#") {
                guard let remark = Remark(name: word.dropFirst()) else { return nil }
                remarks.insert(remark)
            } else if word == "curve" {
                guard let curve = Curve(&words) else { return nil }
                curves.append(curve)
            } else if let raw = RawTime(word, &words) {
                taken = raw
            } else {
                guard let number = words.popFirst().flatMap({ Int($0) }) else { return nil }
                switch word {
                case "lasting": duration = .seconds(number)
                case "sequence": sequence = number
                case "user": user = number
                default: return nil
                }
            }
        }
    }
}

extension Outcome {
    fileprivate init?(notation word: String) {
        if word.hasPrefix("?") {
            guard let reason = Absence.allCases.first(where: { $0.code == word.dropFirst() }) else { return nil }
            self = .absent(reason)
        } else {
            guard let amount = Amount(word) else { return nil }
            self = .amount(amount)
        }
    }
}

extension RawTime: CustomStringConvertible {
    public var description: String {
        switch self {
        case .now: "now"
        case .clock(let time): "at \(time)"
        case .ticks(let count, let resolution): "ticks \(count) \(resolution.microseconds)"
        case .age(let count, let resolution): "age \(count) \(resolution.microseconds)"
        case .unknown: "undated"
        }
    }

    /// Reads what `description` writes.
    package init?(notation: some StringProtocol) {
        var words = split(notation)
        guard let first = words.popFirst() else { return nil }
        self.init(first, &words)
        guard words.isEmpty else { return nil }
    }

    fileprivate init?(_ word: String, _ rest: inout ArraySlice<String>) {
        switch word {
        case "now": self = .now
        case "undated": self = .unknown
        case "at":
            guard let time = rest.popFirst().flatMap({ LocalTime($0) }) else { return nil }
            self = .clock(time)
        case "ticks", "age":
            guard let count = rest.popFirst().flatMap({ UInt64($0) }), let each = rest.popFirst().flatMap({ Int64($0) })
            else { return nil }
            let resolution = Duration.microseconds(each)
            self = word == "age" ? .age(count, resolution: resolution) : .ticks(count, resolution: resolution)
        default: return nil
        }
    }
}

/// The words of a line, without its blanks. By bytes: a blank is one, and never part of another character.
private func split(_ line: some StringProtocol) -> ArraySlice<String> {
    let bytes = Array(line.utf8)
    var words: [String] = [], start = 0
    for end in 0...bytes.count where end == bytes.count || bytes[end] == UInt8(ascii: " ") {
        if end > start { words.append(String(decoding: bytes[start..<end], as: UTF8.self)) }
        start = end + 1
    }
    return words[...]
}
