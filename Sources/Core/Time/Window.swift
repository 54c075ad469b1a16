/// A stretch of a timeline in microseconds, both ends included: where something lies, as far as is known.
package struct Window: Equatable, Sendable {
    /// Beyond any date: nothing is known of this end.
    package static let never: Int64 = -1 << 60, forever: Int64 = 1 << 60
    package static let unknown = Window(never, forever)

    package var earliest: Int64
    package var latest: Int64

    package init(_ earliest: Int64, _ latest: Int64) {
        self.earliest = max(Self.never, earliest)
        self.latest = min(Self.forever, latest)
    }

    package init(_ middle: Int64, within error: Int64) { self.init(middle - error, middle + error) }

    package var isEmpty: Bool { earliest > latest }
    /// Whether both ends are known.
    package var isClosed: Bool { earliest > Self.never && latest < Self.forever }
    package var middle: Int64 { earliest + (latest - earliest) / 2 }
    /// Half of its length, rounded up.
    package var half: Int64 { (latest - earliest + 1) / 2 }

    package func contains(_ moment: Int64) -> Bool { earliest <= moment && moment <= latest }
    package func clamped(_ moment: Int64) -> Int64 { max(earliest, min(latest, moment)) }

    /// What both allow; empty where they contradict each other.
    package func intersection(_ other: Window) -> Window {
        Window(max(earliest, other.earliest), min(latest, other.latest))
    }
    /// The shortest window that holds both.
    package func hull(_ other: Window) -> Window {
        Window(min(earliest, other.earliest), max(latest, other.latest))
    }
    package func widened(by error: Int64) -> Window { moved(by: Window(-error, error)) }

    /// The sum of what lies here and a difference that is itself known only within bounds. An open end stays open.
    package func moved(by difference: Window) -> Window {
        Window(
            earliest <= Self.never ? Self.never : earliest + difference.earliest,
            latest >= Self.forever ? Self.forever : latest + difference.latest)
    }

    /// What most of the windows agree on (Marzullo's algorithm, as NTP uses it): a source that errs is outvoted. Nil
    /// where no two agree.
    package static func agreed(_ windows: some Collection<Window>) -> Window? {
        let all = windows.reduce(unknown) { $0.intersection($1) }
        if !all.isEmpty { return windows.count > 1 ? all : nil }
        let (votes, overlap) = majority(windows)
        return votes > 1 ? overlap : nil
    }

    /// How many of them agree, at most.
    static func votes(_ windows: some Collection<Window>) -> Int { majority(windows).votes }

    private static func majority(_ windows: some Collection<Window>) -> (votes: Int, overlap: Window) {
        var most = (votes: 0, overlap: unknown)
        for window in windows {
            // The best overlap begins where one of them begins.
            var votes = 0, overlap = unknown
            for other in windows where other.contains(window.earliest) {
                votes += 1
                overlap = overlap.intersection(other)
            }
            if votes > most.votes { most = (votes, overlap) }
        }
        return most
    }
}

extension RandomAccessCollection where Index == Int {
    /// The first place from which on it holds, by halving; the end where it never does.
    func firstPlace(where holds: (Element) -> Bool) -> Int {
        var low = startIndex, high = endIndex
        while low < high {
            let middle = low + (high - low) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

/// `length` times so many parts per thousand million.
func scaled(_ length: Int64, _ ppb: Int64) -> Int64 {
    Int64(clamping: Int128(length) * Int128(ppb) / 1_000_000_000)
}

/// The whole part of a square root.
func squareRoot(_ number: Int64) -> Int64 {
    guard number > 0 else { return 0 }
    // Newton's steps fall until they are there.
    var root = Int64(1) << ((Int64.bitWidth - number.leadingZeroBitCount + 1) / 2)
    while true {
        let next = (root + number / root) / 2
        if next >= root { return root }
        root = next
    }
}

extension Instant {
    var microseconds: Int64 { Int64(clamping: Int128(milliseconds) * 1000) }
}

extension Duration {
    /// Whole microseconds, bounded by what 64 bits hold. A quotient of durations would be a binary fraction: 2365 s / 1 s
    /// is a little less than 2365.
    var microseconds: Int64 {
        Int64(clamping: Int128(components.seconds) * 1_000_000 + Int128(components.attoseconds / 1_000_000_000_000))
    }
}
