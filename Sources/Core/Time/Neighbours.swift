// What a record's place in the device's memory says.

extension History {
    /// The device's memories, one to each person's slot, each in the order in which it was made: a record of one says nothing of
    /// when another's were. What is of now, as the level of a battery, is of none: it is told ahead of what is older.
    var memories: [[Int]] {
        var slots: [[Int]] = [], places: [Int?: Int] = [:]
        for index in records.indices where records[index].taken != .now {
            let user = records[index].user, place = places[user] ?? slots.count
            if place == slots.count { slots.append([]) }
            places[user] = place
            slots[place].append(index)
        }
        return slots.map(inOrder) + records.indices.filter { records[$0].taken == .now }.map { [$0] }
    }

    /// The records of one memory in the order in which the device made them: by its own numbers where it has them; and a device
    /// that gives the newest first is read backwards.
    private func inOrder(_ slot: [Int]) -> [Int] {
        var order: [Int] = [], rest = slot[...]
        while let first = rest.first {
            let visit = rest.prefix { records[$0].visit == records[first].visit }
            let numbers = visit.compactMap { records[$0].sequence }
            let stamps = visit.compactMap { index in
                records[index].taken.line ?? records[index].taken.age.map { .zero - $0 }
            }
            if numbers.count == visit.count, Set(numbers).count == numbers.count {
                order += visit.sorted { (records[$0].sequence ?? 0) < (records[$1].sequence ?? 0) }
            } else if stamps.count == visit.count, stamps.count > 2, zip(stamps, stamps.dropFirst()).allSatisfy(>=),
                stamps.first != stamps.last
            {
                order += visit.reversed()
            } else {
                order += visit
            }
            rest = rest.dropFirst(visit.count)
        }
        return order
    }
}

extension Chronology {
    /// Each record was taken after the one before it in its memory: that narrows what the clock left open, and spaces what
    /// is on a line of its own.
    mutating func settle(_ order: [Int]) {
        for (earlier, later) in zip(order, order.dropFirst()) {
            let spaced = conclusions[earlier].window.earliest, apart = spacing(earlier, later)
            guard spaced > Window.never else { continue }
            strike(later, outside: Window(spaced, Window.forever))
            narrow(later, Window(spaced + apart, Window.forever), or: Window(spaced, Window.forever))
        }
        for (earlier, later) in zip(order, order.dropFirst()).reversed() {
            let spaced = conclusions[later].window.latest, apart = spacing(earlier, later)
            guard spaced < Window.forever else { continue }
            strike(earlier, outside: Window(Window.never, spaced))
            narrow(earlier, Window(Window.never, spaced - apart), or: Window(Window.never, spaced))
        }
        var newest = Window.never
        for index in order {
            let window = conclusions[index].window, basis = conclusions[index].basis
            var best = conclusions[index].best.microseconds
            if basis == .neighbours { best = window.isClosed ? window.middle : min(best, window.latest) }
            if basis == .bounded, window.isClosed, clock.fixes.isEmpty { best = window.middle }
            best = max(window.clamped(best), window.clamped(newest))
            conclusions[index].best = Self.inside(window, best)
            newest = max(newest, best)
            doubt(index)
        }
    }

    /// To the nearest millisecond.
    static func instant(_ microseconds: Int64) -> Instant {
        Instant(milliseconds: floorToStep(microseconds + 500, 1000))
    }

    /// To whole milliseconds, but not out of the window.
    private static func inside(_ window: Window, _ moment: Int64) -> Instant {
        let rounded = instant(moment).microseconds
        if rounded > window.latest { return Instant(milliseconds: floorToStep(moment, 1000)) }
        return Instant(milliseconds: rounded < window.earliest ? -floorToStep(-moment, 1000) : rounded / 1000)
    }

    /// A contradiction changes nothing: then the order is not what it seems.
    private mutating func narrow(_ index: Int, _ window: Window, or weaker: Window) {
        for bound in [window, weaker] {
            let both = conclusions[index].window.intersection(bound)
            if !both.isEmpty {
                conclusions[index].window = both
                return
            }
        }
    }

    /// How far apart two records on one strange line are at least.
    ///
    /// Nobody saw that line: a clock that was set ahead between two visits looks the same, and nothing would bound how far
    /// too early the first would be said to be.
    private func spacing(_ earlier: Int, _ later: Int) -> Int64 {
        guard strays[earlier] > 0, strays[earlier] == strays[later], let a = stamp(earlier), let b = stamp(later),
            history.records[earlier].visit == history.records[later].visit
        else { return 0 }
        return max(0, Rate.unknown.passed(b.device - a.device).earliest - a.error - b.error)
    }

    /// What cannot be is kept, bounded where that is possible, and said.
    private mutating func doubt(_ index: Int) {
        if let manufactured = history.manufactured?.microseconds {
            if conclusions[index].window.latest < manufactured {
                conclusions[index].doubts.insert(.beforeManufacture)
            } else if conclusions[index].window.earliest < manufactured {
                if conclusions[index].best.microseconds < manufactured {
                    conclusions[index].best = Self.instant(manufactured)
                }
                conclusions[index].window.earliest = manufactured
            }
        }
        if let bound = history.bound?.microseconds, conclusions[index].window.latest < bound {
            conclusions[index].doubts.insert(.beforeBinding)
        }
    }
}
