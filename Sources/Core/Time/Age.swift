// A device without a clock may tell how long ago it was.

extension Chronology {
    /// What a device says that tells how long ago it was: it may have counted by the worst of crystals, and have said so up to
    /// a second before it was heard. Nil where it says no such thing, or contradicts what is known.
    static func aged(_ record: History.Record, _ heard: Window, within: Window) -> Conclusion? {
        guard let age = record.taken.age?.microseconds else { return nil }
        let least = Rate.unknown.passed(age), most = Rate.unknown.passed(age + record.taken.resolution.microseconds)
        let window = heard.moved(by: Window(-most.latest - 1_000_000, -least.earliest)).intersection(within)
        guard !window.isEmpty else { return nil }
        let best = window.isClosed ? instant(window.middle) : record.heard.wall + .microseconds(-most.latest)
        return Conclusion(best: best, window: window, basis: .age)
    }
}
