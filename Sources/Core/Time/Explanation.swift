extension Conclusion {
    /// In plain words, one sentence a line, how a record's time was concluded.
    ///
    /// - Parameters:
    ///   - words: an instant as people of the house write it.
    package func explanation(of record: History.Record, in history: History, words: (Instant) -> String) -> [String] {
        var lines = [Self.said(by: record.taken)]
        func pair(_ place: Int?) -> ClockPair? {
            place.flatMap { history.pairs.indices.contains($0) ? history.pairs[$0] : nil }
        }
        for found in [pair(from), pair(to)].compactMap(\.self) {
            let verb = found.isWritten ? "The hub set the device's clock to" : "The device's clock was read as"
            lines.append("\(verb) \(Self.words(found.device)) at \(words(found.hub.wall)).")
        }
        lines.append(why)
        if window.latest < Window.forever {
            let latest = words(Instant(milliseconds: -floorToStep(-window.latest, 1000)))
            if window.earliest > Window.never {
                let earliest = words(Instant(milliseconds: floorToStep(window.earliest, 1000)))
                lines.append("It was taken between \(earliest) and \(latest).")
            } else {
                lines.append("It was taken before \(latest); nothing tells how long before.")
            }
        } else {
            lines.append("The hub did not know the time itself, and nothing has told it since.")
        }
        if let at = dated.at { lines.append("Told to the clinic: \(words(at)), ±\(Self.words(dated.error)).") }
        for doubt in Doubt.allCases where doubts.contains(doubt) { lines.append(doubt.sentence) }
        return lines
    }

    private var why: String {
        switch basis {
        case .arrival: "The device stamps nothing: it measured while the hub listened."
        case .paired where from != nil && to == nil:
            "From the first of these the line of its clock leads to this stamp."
        case .paired: "From there the line of its clock leads back to this stamp."
        case .interpolated: "Nobody changed the clock in between: the stamp is on the line that fits both."
        case .ambiguous:
            "The clock may have been changed in between, or with summer time: the stamp is of before or of after."
        case .neighbours:
            "The stamp is on no line on which the clock was ever seen; only its place in the memory and the visits bound it."
        case .bounded: "Without a stamp that a reading of the clock explains, only the visits bound it."
        }
    }

    private static func said(by taken: RawTime) -> String {
        switch taken {
        case .now: "The device gave no time of its own."
        case .unknown: "The device gave it from its memory, without a usable time."
        case .clock, .ticks: "The device stamped it \(words(taken))."
        }
    }

    private static func words(_ taken: RawTime) -> String {
        switch taken {
        case .clock(let time): time.description
        case .ticks(let count, _): "tick \(count)"
        case .now, .unknown: "nothing"
        }
    }

    private static func words(_ error: Duration) -> String {
        let milliseconds = error.microseconds / 1000
        return milliseconds < 120_000
            ? "\(milliseconds / 1000).\(milliseconds % 1000 / 100) s" : "\(milliseconds / 60_000) min"
    }
}

extension Conclusion.Doubt {
    var sentence: String {
        switch self {
        case .ahead: "Its stamp is ahead of the device's own clock: somebody has set that back since."
        case .beforeManufacture: "It would be older than the device."
        case .beforeBinding: "It is older than the binding: it may be somebody else's."
        }
    }
}
