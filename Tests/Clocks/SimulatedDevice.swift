import Core
import Dice

/// A device with a clock of a kind, in a room whose temperature changes, in the hands of people.
struct SimulatedDevice {
    enum Clock: CaseIterable { case calendar, unreadable, counter, age, none, live }
    enum Season: CaseIterable { case never, itself, byHand, late }

    let clock: Clock
    /// Of the stamps, in microseconds.
    let step: Int64
    let season: Season
    /// Whether the hub sets it, whether it obeys, and whether the hub then looks.
    let isSet: Bool, obeys: Bool, isReadBack: Bool
    /// Days between two visits, on average.
    let interval: Double
    private let start: Int64
    /// What the crystal has gained by itself, every six hours.
    private var gains: [Int64]
    /// What the clock was set to, less what it would be.
    private var offset: Int64
    /// What people and batteries will do to it.
    private var pending: [Change] = []
    /// How often somebody, or something other than the hub, has changed the clock.
    private(set) var touches = 0
    /// When the clock was changed, by whomever: between two of these it is on one line.
    private(set) var changes: [Int64] = []
    /// When the device is away from the hub.
    private(set) var trip: ClosedRange<Int64>?
    private static let grain = 6 * hour

    init(_ stretch: ClosedRange<Int64>, _ restless: Double, _ chance: inout Chance) {
        clock = chance.pick([
            .calendar, .calendar, .calendar, .calendar, .calendar, .calendar, .unreadable, .counter, .age, .none, .live,
        ])
        step = clock == .counter ? second / 10 : chance.pick([second, second, second, second, minute, second / 100])
        season = chance.pick([.never, .never, .itself, .byHand, .late])
        let isCalendar = clock == .calendar || clock == .unreadable
        isSet = isCalendar && chance.happens(0.5)
        obeys = chance.happens(0.9)
        isReadBack = clock == .calendar && chance.happens(0.5)
        interval = chance.pick([0.3, 1, 7, 7, 30, 90])
        start = stretch.lowerBound
        // The crystal, the room's year, its weeks and its days.
        let rate = chance.between(-200, 200), slope = chance.between(0.02, 0.5)
        var weather = 0.0, gain = 0.0
        gains = []
        let count = Int((stretch.upperBound - stretch.lowerBound) / Self.grain) + 4
        for index in 0..<count {
            gains.append(Int64(gain))
            weather = weather * 0.92 + chance.normal() * 0.6
            let year = -2 * cosine(Double(index) / 1461), today = [-1.5, 0.5, 1.5, -0.5][index % 4]
            gain += (rate + slope * (weather + year + today)) / 1_000_000 * Double(Self.grain)
        }
        let local = Int64(Copenhagen.offset(at: start)) * minute
        let wrong: Double =
            switch chance.between(0, 1) {
            case ..<0.6: chance.between(-90, 90)
            case ..<0.8: Double(Int(chance.between(-12, 12))) * 3600 + chance.between(-300, 300)
            default: chance.between(-6, 1) * 365 * 86_400
            }
        // A counter began when its battery was put in.
        let first = clock == .counter ? Int64(chance.between(1, 300)) * day - start : local + Int64(wrong * 1_000_000)
        offset = first
        // A device that counts how long ago something was has forgotten it where its count begins anew.
        pending = restless > 0 && clock != .age ? peoplesChanges(stretch, restless, &chance) : []
    }

    /// What the clock does at a moment: is moved by so much, or set to a value.
    enum Change {
        case moved(at: Int64, by: Int64)
        case set(at: Int64, to: Int64)
        /// Summer time begins or ends, for a clock that shows about the right date: nobody moves another.
        case season(at: Int64, by: Int64)
        /// Somebody sees that the clock is wrong, if it is by more than shows, and sets it as well as hands can.
        case corrected(at: Int64, within: Int64)
        var at: Int64 {
            switch self {
            case .moved(let at, _), .set(let at, _), .season(let at, _), .corrected(let at, _): at
            }
        }
    }

    private mutating func peoplesChanges(
        _ stretch: ClosedRange<Int64>, _ restless: Double, _ chance: inout Chance
    ) -> [Change] {
        var changes: [Change] = []
        func local(_ at: Int64) -> Int64 { at + Int64(Copenhagen.offset(at: at)) * minute }
        for at in chance.moments(restless * 0.7 / 365, in: stretch) {
            guard clock != .counter else { changes.append(.set(at: at, to: 0)); continue }
            changes.append(.set(at: at, to: Int64(daysFrom1970(chance.pick([2000, 2010, 2021]), 1, 1)) * day))
            if chance.happens(0.4) {
                let later = at + Int64(chance.between(0, 10) * Double(day))
                changes.append(.set(at: later, to: local(later) + Int64(chance.between(-180, 180)) * second))
            }
        }
        guard clock == .calendar || clock == .unreadable else { return changes }
        for at in chance.moments(restless * 0.3 / 365, in: stretch) {
            changes.append(.corrected(at: at, within: Int64(chance.between(-60, 60)) * second))
        }
        for change in Copenhagen.changes where stretch.contains(change.at) {
            let by = Int64(change.minutes == 120 ? 1 : -1) * hour
            switch season {
            case .never: break
            case .itself: changes.append(.season(at: change.at, by: by))
            case .byHand: changes.append(.season(at: change.at + Int64(chance.between(-8, 24)) * hour, by: by))
            case .late: changes.append(.season(at: change.at + Int64(chance.between(0, 14 * 24)) * hour, by: by))
            }
        }
        if chance.happens(0.03) {
            let there = Int64.random(in: stretch, using: &chance),
                by = Int64(chance.pick([-9, -6, -1, 1, 2, 8])) * hour
            let back = there + Int64(chance.between(2, 14)) * day
            trip = there...back
            changes += [.moved(at: there, by: by), .moved(at: back, by: -by)]
        }
        return changes.sorted { $0.at < $1.at }
    }

    /// Lets time pass: what people do to the clock until then is done.
    mutating func pass(until at: Int64) {
        while let change = pending.first, change.at <= at {
            let before = offset
            switch change {
            case .moved(_, let by): offset += by
            case .corrected(let at, let error):
                let local = at + Int64(Copenhagen.offset(at: at)) * minute
                if abs(line(at) - local) > 2 * minute { offset = local + error - at - gain(at) }
            case .season(let at, let by):
                let local = at + Int64(Copenhagen.offset(at: at)) * minute
                let wrong = line(at) - local
                // Nobody winds one that shows the right hour already, because the hub has set it.
                if abs(wrong) < 3 * hour, season == .itself || abs(wrong + by) < abs(wrong) { offset += by }
            case .set(let at, let to): offset = to - at - gain(at)
            }
            if offset != before {
                touches += 1
                changes.append(change.at)
            }
            pending.removeFirst()
        }
    }

    /// The hub sets the clock.
    mutating func set(at: Int64, to value: Int64) {
        guard obeys else { return }
        offset = value - at - gain(at)
        changes.append(at)
    }

    /// What the crystal has gained by itself.
    func gain(_ at: Int64) -> Int64 {
        let place = min(max(0, Int((at - start) / Self.grain)), gains.count - 2)
        let part = Double(at - start - Int64(place) * Self.grain) / Double(Self.grain)
        return gains[place] + Int64(Double(gains[place + 1] - gains[place]) * part)
    }

    /// What the clock stands at, in microseconds of its own line.
    func line(_ at: Int64) -> Int64 { at + gain(at) + offset }

    /// How long ago it says something was, in whole minutes.
    func age(of at: Int64, now: Int64) -> RawTime {
        .age(UInt64(max(0, line(now) - line(at)) / minute), resolution: .seconds(60))
    }

    /// What it shows, in steps: of its stamps, or those of its clock as it is read.
    func shows(_ at: Int64, inStepsOf step: Int64) -> RawTime {
        let line = max(0, line(at)), shown = line - line % step
        switch clock {
        case .counter: return .ticks(UInt64(shown / step), resolution: .microseconds(step))
        case .calendar, .unreadable:
            let fraction = shown % second
            return LocalTime(
                seconds: Int(shown / second), microsecond: Int(fraction), decimals: step < second ? 2 : 0
            ).map(RawTime.clock) ?? .unknown
        case .none, .age: return .unknown
        case .live: return .now
        }
    }
}

/// Of a whole turn; by its series, because the simulation needs no more.
private func cosine(_ turns: Double) -> Double {
    let x = (turns - turns.rounded()) * 2 * Double.pi, square = x * x
    return 1 - square / 2 * (1 - square / 12 * (1 - square / 30 * (1 - square / 56 * (1 - square / 90))))
}
