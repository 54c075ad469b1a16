import Core
import Dice

/// A year, or less, of one device at one hub: what truly happened, and what the hub got to see of it.
struct DeviceYear {
    /// As it is at the end of the year.
    private(set) var device: SimulatedDevice
    let isHubLate: Bool
    private(set) var hub = HubTimeline(anchors: [], moments: [])
    private(set) var history: History
    /// When each record was truly taken, in microseconds.
    private(set) var truth: [Int64] = []
    /// The clock as read in the visit of each record; nil where it was not.
    private(set) var pairs: [ClockPair?] = []
    /// When the device's clock was truly what each pair of the history says.
    private var pinned: [Int64] = []
    /// Records that never reached the hub: the simulation ended before.
    private(set) var unheard = 0

    /// - Parameters:
    ///   - restless: how many times as often as elsewhere people and batteries change the clock; 0 for never.
    init(seed: UInt64, days: Int64 = 365, restless: Double = 1) {
        var chance = Chance(seed)
        let first = Int64(
            daysFrom1970(2024 + Int.random(in: 0...2, using: &chance), 1 + Int.random(in: 0...11, using: &chance), 1))
        let stretch = (first * day)...((first + days) * day)
        let home = SimulatedHub(stretch, &chance)
        var device = SimulatedDevice(stretch, restless, &chance)
        self.device = device
        isHubLate = home.isLate
        let readings = chance.moments(chance.between(0.4, 1.6), in: stretch)
        var visits: [Int64] = [], next = stretch.lowerBound
        while next < stretch.upperBound {
            next += Int64(chance.between(0.4, 1) * device.interval * Double(day))
            visits.append(min(next, stretch.upperBound))
        }
        // Most devices are met when they are bound; some come with a memory.
        if chance.happens(0.8) { visits.insert(stretch.lowerBound + hour, at: 0) }
        if device.clock == .live { visits = [] }
        visits.removeAll { !home.runs($0) || device.trip?.contains($0) == true }
        history = History(pairs: [], records: [])
        var moments: [HubTime] = [], memory: [(at: Int64, taken: RawTime)] = [], last: HubTime?, known = 0
        var rest = readings[...]
        // One of ten hangs on a cable, and its visit goes on while people measure.
        var cable = Chance(seed ^ 0xCAB1E)
        let isReadable = device.clock == .calendar || device.clock == .counter
        let isOnCable = isReadable && cable.happens(0.1)
        // Others connect when somebody measures: a little after that, or before.
        let isPrompt = isReadable && !isOnCable && device.interval <= 1 && cable.happens(0.3)
        // A device that is set first tells its memory then, and not what is measured meanwhile.
        let isSetLast = isPrompt || cable.happens(0.5), isSetFirst = !isOnCable && !isPrompt && cable.happens(0.3)
        if isPrompt {
            visits = readings.map { $0 + Int64(cable.between(-20, 40) * Double(second)) }
            visits.removeAll { !home.runs($0) || device.trip?.contains($0) == true || $0 > stretch.upperBound }
            visits.sort()
        }
        // Whether the hub can tell that a device has given all it had.
        let promises = chance.happens(0.5)

        func heard(_ at: Int64) -> HubTime {
            let time = home.time(at, &chance)
            if moments.last?.boot != time.boot || moments.last.map({ time.uptime - $0.uptime > .seconds(3600) }) ?? true
            {
                moments.append(time)
            }
            return time
        }
        if device.clock == .live {
            for at in readings where home.runs(at) {
                add(at, .now, heard(at + Int64(chance.between(0, 0.8) * 1_000_000)), nil, seen: 0, nil, since: 0, nil)
            }
        }
        for (number, visit) in visits.enumerated() {
            while let at = rest.first, at < visit {
                rest.removeFirst()
                device.pass(until: at)
                memory.append((at, device.shows(at, inStepsOf: device.step)))
            }
            device.pass(until: visit)
            let seen = history.pairs.count, begun = heard(visit)
            var now = visit, pair: ClockPair?
            if device.clock == .calendar || device.clock == .counter {
                let found = read(device, &now, &chance)
                pair = ClockPair(device: found.shown, hub: heard(found.at), error: found.error)
                history.pairs += pair.map { [$0] } ?? []
                pinned.append(found.truth)
            }
            if isSetFirst, device.isSet, home.isSynchronised(now) { set(&now) }
            let count = chance.happens(0.05) ? Int.random(in: 0...memory.count, using: &chance) : memory.count
            for record in memory.prefix(count) {
                let taken = device.clock == .age ? device.age(of: record.at, now: now) : record.taken
                now += 100_000
                add(record.at, taken, heard(now), begun, seen: seen, last, since: known, pair)
            }
            memory.removeFirst(count)
            let stays = (isOnCable || isPrompt) && memory.isEmpty
            if memory.isEmpty, promises, !stays { (last, known) = (heard(now), history.pairs.count) }
            if device.isSet, home.isSynchronised(now), !isSetFirst, !(stays && isSetLast) { set(&now) }
            guard stays else { continue }
            let next = number + 1 < visits.count ? visits[number + 1] : stretch.upperBound
            let part = isPrompt ? 1 : cable.between(0, 0.9)
            let end = min(now + Int64(part * Double(max(0, next - now))), isPrompt ? now + minute : next)
            while let at = rest.first {
                let late = isPrompt ? cable.between(0, 2) / 3600 : cable.between(0, 3) * cable.between(0, 1)
                let told = max(now, at + Int64(late * Double(hour)))
                guard told < end, home.runs(told), home.time(told, &cable).boot == begun.boot else { break }
                rest.removeFirst()
                device.pass(until: at)
                now = told + 100_000
                add(
                    at, device.shows(at, inStepsOf: device.step), heard(now), begun, seen: seen, last, since: known,
                    pair)
            }
            if promises, rest.first ?? stretch.upperBound > now { (last, known) = (heard(now), history.pairs.count) }
            if device.isSet, home.isSynchronised(now), isSetLast { set(&now) }
        }
        unheard = memory.count + rest.count
        if device.clock == .live { unheard = 0 }
        self.device = device
        // The hub tells the order of its boots by what it noted in them.
        hub = HubTimeline(anchors: home.anchors, moments: home.beginnings + moments)

        func set(_ now: inout Int64) {
            now += 100_000
            let local = now + Int64(Copenhagen.offset(at: now)) * minute, value = local - local % second
            let done = now + Int64(chance.between(0, 0.2) * 1_000_000)
            device.set(at: done, to: value)
            pinned.append(done)
            history.pairs.append(
                ClockPair(
                    device: LocalTime(seconds: Int(value / second)).map(RawTime.clock) ?? .unknown, hub: heard(now),
                    error: .milliseconds(100), isWritten: true))
            if device.isReadBack {
                now += 500_000
                let found = read(device, &now, &chance)
                history.pairs.append(ClockPair(device: found.shown, hub: heard(found.at), error: found.error))
                pinned.append(found.truth)
            }
        }
    }

    private mutating func add(
        _ at: Int64, _ taken: RawTime, _ heard: HubTime, _ visit: HubTime?, seen: Int, _ after: HubTime?, since: Int,
        _ pair: ClockPair?
    ) {
        truth.append(at)
        pairs.append(pair)
        history.records.append(
            .init(taken: taken, heard: heard, visit: visit, seen: seen, after: after, since: since))
    }

    /// For each record, whether the hub saw the clock on the line on which it was stamped: between the same two changes of it.
    var isSeen: [Bool] {
        let changes = device.changes.sorted()
        func line(_ at: Int64) -> Int { changes.count { $0 <= at } }
        let seen = history.pairs.indices.filter { place in
            let pair = history.pairs[place]
            return (!pair.isWritten || device.obeys) && hub.window(pair.hub).isClosed
        }
        let lines = Set(seen.map { line(pinned[$0]) })
        return truth.map { lines.contains(line($0)) }
    }

    var conclusions: [Conclusion] {
        Chronology.conclude(history, hub) { Copenhagen.offset(at: $0.milliseconds * 1000) }
    }
}

/// Reads a device's clock: the answer is made somewhere between asking and hearing, and the hub notes the middle of them.
private func read(
    _ device: SimulatedDevice, _ now: inout Int64, _ chance: inout Chance
) -> (shown: RawTime, truth: Int64, at: Int64, error: Duration) {
    let asked = now, took = Int64(chance.between(20_000, 200_000))
    now += took
    // The clock itself has seconds, also where its records show only minutes.
    let truth = asked + Int64(chance.between(0, 1) * Double(took))
    let shown = device.shows(truth, inStepsOf: min(device.step, second))
    return (shown, truth, asked + took / 2, .microseconds(took / 2))
}
