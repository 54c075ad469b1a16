import Core

/// What anybody can know about when a record was taken: told by the truth, and by an oracle who sees what the hub saw.
enum Evidence: String, CaseIterable {
    /// The clock was read on the line on which the record was stamped, and only one time fits.
    case one = "one time fits"
    /// It was, but the order of the memory leaves open whether the record is of before or of after a change of it.
    case several = "several times fit"
    /// The clock was changed before and after, and never read in between.
    case none = "its line was never seen"
}

/// Devices whose clock is read at least once a week: their own 99th percentiles, and why one is above two seconds.
struct WeeklyDevices {
    private(set) var years = 0, sharp = 0, oracleSharp = 0, untouched = 0, sharpUntouched = 0
    /// Those that are sharp where one time fits.
    private(set) var sharpWhereCertain = 0
    /// For each evidence: its readings, and the years whose 99th percentile is above two seconds because of it. Where both
    /// of the latter two take part, it is the one with more such readings.
    private(set) var errors: [Evidence: Spread] = [:], causes: [Evidence: Int] = [:]
    private static let aim = 2 * second

    private static func isSharp(_ errors: some Sequence<Int64>) -> Bool {
        var spread = Spread()
        for error in errors { spread.add(error) }
        return spread.percentile(0.99) ?? 0 < aim
    }

    mutating func add(_ year: DeviceYear, _ conclusions: [Conclusion], trace: (String) -> Void) {
        let oracle = Oracle(year)
        let found = zip(conclusions, year.truth).map { abs($0.best.milliseconds * 1000 - $1) }
        let evidence = zip(year.isSeen, oracle.isOpen).map { isSeen, isOpen -> Evidence in
            isSeen ? isOpen ? .several : .one : .none
        }
        let known = Dictionary(grouping: zip(evidence, found), by: \.0).mapValues { $0.map(\.1) }
        for (evidence, found) in known {
            for error in found { errors[evidence, default: Spread()].add(error) }
        }
        years += 1
        let best = zip(oracle.moments, year.truth).map { moment, truth in moment.map { abs($0 - truth) } ?? Int64.max }
        if Self.isSharp(best) { oracleSharp += 1 }
        if Self.isSharp(known[.one] ?? []) { sharpWhereCertain += 1 }
        if year.device.touches == 0 { untouched += 1 }
        guard !Self.isSharp(found) else {
            sharp += 1
            if year.device.touches == 0 { sharpUntouched += 1 }
            return
        }
        func misses(_ evidence: Evidence) -> Int { known[evidence, default: []].count { $0 >= Self.aim } }
        let guessed: Evidence = misses(.none) >= misses(.several) ? .none : .several
        let cause = Self.isSharp(known[.one] ?? []) ? guessed : .one
        causes[cause, default: 0] += 1
        trace("its own 99 % are above 2 s because \(cause.rawValue); touched \(year.device.touches) times")
    }
}
