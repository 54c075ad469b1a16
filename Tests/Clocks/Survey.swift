import Core

/// Many device-years, and how everybody does on them.
struct Survey {
    private(set) var years = 0, unheard = 0
    /// What dating alone has taken.
    private(set) var spent = Duration.zero
    private(set) var others: [Strategy: Score] = [:]
    private(set) var ours = Score()
    /// A clock that can be read and shows seconds, by a hub that knows the time, at least once a week.
    private(set) var weekly = Score()
    private(set) var byBasis: [Basis: Score] = [:]
    private(set) var byInterval: [Double: Score] = [:]
    private(set) var devices = WeeklyDevices()

    init() {}

    mutating func add(_ year: DeviceYear, trace: (String) -> Void = { _ in }) {
        years += 1
        unheard += year.unheard
        let began = ContinuousClock.now, conclusions = year.conclusions
        spent += ContinuousClock.now - began
        let isWeekly =
            year.device.interval <= 7 && !year.isHubLate && year.device.step <= second
            && (year.device.clock == .calendar || year.device.clock == .counter)
        for (index, conclusion) in conclusions.enumerated() {
            let record = year.history.records[index], truth = year.truth[index]
            for strategy in Strategy.allCases {
                if let date = strategy.date(record, year.pairs[index]) {
                    others[strategy, default: Score()].add(error: date - truth)
                } else {
                    others[strategy, default: Score()].lose()
                }
            }
            let best = conclusion.best.milliseconds * 1000, window = conclusion.window
            let bounds = window.isClosed ? window.earliest...window.latest : nil
            // The truth of a reading is a moment; ours is told in milliseconds.
            ours.add(error: best - truth, truth: truth, within: bounds, best: best)
            if year.device.clock == .calendar || year.device.clock == .counter {
                byInterval[year.device.interval, default: Score()].add(
                    error: best - truth, truth: truth, within: bounds, best: best)
            }
            byBasis[conclusion.basis, default: Score()].add(
                error: best - truth, truth: truth, within: bounds, best: best)
            if isWeekly {
                weekly.add(error: best - truth, truth: truth, within: bounds, best: best)
            }
            if let bounds, !bounds.contains(truth) {
                trace(
                    "\(index) \(record.taken) truth \(instant(truth).milliseconds) best off by \(best - truth) µs,"
                        + " window \(window.earliest - truth) … \(window.latest - truth), \(conclusion.basis) from \(conclusion.from ?? -1) to \(conclusion.to ?? -1) of \(year.history.pairs.count)"
                        + (year.device.trip?.contains(truth) == true ? " away" : "")
                        + " \(year.device.season) every \(year.device.interval) step \(year.device.step) set \(year.device.isSet) \(year.device.obeys)"
                        + " synced \(record.heard.synchronised)")
            }
        }
        if isWeekly { devices.add(year, conclusions, trace: trace) }
    }
}
