/// What a schedule asks for at a moment, in the world's time.
package struct Outlook: Equatable, Sendable {
    /// The window that the next reading is expected in: the present one for as long as nothing has come in it.
    package var next: Range<Instant>
    /// The last window that has ended, where nothing was measured in it or since.
    package var missed: Range<Instant>?

    package init(next: Range<Instant>, missed: Range<Instant>?) {
        self.next = next
        self.missed = missed
    }

    package var isOverdue: Bool { missed != nil }
}

extension Schedule {
    /// - Parameters:
    ///   - last: when something was last measured, as well as anybody knows.
    ///   - agreed: when the schedule was agreed. A window that began before it is nobody's fault.
    ///   - offset: minutes east of Greenwich that the house's zone has at an instant. One change in two days at most.
    package func outlook(
        at now: Instant, last: Instant?, since agreed: Instant, offset: (Instant) -> Int
    ) -> Outlook {
        let today = floored(Int(now.milliseconds / 1000) + offset(now) * 60, by: 86_400)
        var next: Range<Instant>?, missed: Range<Instant>?
        // A week has a day that is due; a change of the clock may swallow the window of one.
        for day in today - 15...today + 15 where isDue(onDay: day) {
            for window in windows {
                let start = instant(day * 86_400 + window.start * 60, isEnd: false, offset)
                let end = instant(day * 86_400 + window.end * 60, isEnd: true, offset)
                guard start < end else { continue }
                let hasCome = last.map { $0 >= start } ?? false
                if end <= now {
                    missed = start >= agreed && !hasCome ? start..<end : nil
                } else if next == nil, start > now || !hasCome {
                    next = start..<end
                }
            }
        }
        return Outlook(next: next ?? now..<now, missed: missed)
    }

    /// When clocks of the house show so many seconds since 1970-01-01T00:00:00. What they show twice begins at the first
    /// time and ends at the second; what they skip is the moment at which they do.
    private func instant(_ local: Int, isEnd: Bool, _ offset: (Instant) -> Int) -> Instant {
        func at(_ seconds: Int) -> Instant { Instant(milliseconds: Int64(seconds) * 1000) }
        let offsets = [local - 86_400, local + 86_400].map { offset(at($0)) }
        let found = offsets.map { (local - $0 * 60, $0) }.filter { offset(at($0.0)) == $0.1 }.map(\.0)
        if let instant = isEnd ? found.max() : found.min() { return at(instant) }
        var before = local - 86_400, after = local + 86_400
        while after - before > 1 {
            let middle = before + (after - before) / 2
            if offset(at(middle)) == offsets[0] { before = middle } else { after = middle }
        }
        return at(after)
    }
}

/// Divided towards the past.
private func floored(_ number: Int, by divisor: Int) -> Int {
    number >= 0 ? number / divisor : -((divisor - 1 - number) / divisor)
}
