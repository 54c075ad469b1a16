import Dice
import FHIR

/// One hub: what waits in it, and when it does something next. Times are seconds.
struct Hub {
    var way: Way
    /// When each reading was measured that is not at the clinic, oldest first.
    var waiting: [Double] = []
    /// After a failure: when it asks again, and when it asked last.
    var next: Double?, asked = 0.0
    /// Until then only what was just measured goes.
    var turn = 0.0
    /// What it is to measure, the next one last.
    var plan: [Double] = []
    /// When its next sign of life is due.
    var heartbeat: Double
}

/// What a strategy made of a scenario.
struct Outcome {
    var peak = 0
    /// From the moment at which the clinic was there again until the last reading of the time before was in.
    var drained = 0.0
    /// Requests that brought nothing.
    var wasted = 0
    var requests = 0
    /// Of the readings measured after that moment, and before the backlog was gone: how many, and how many of them waited
    /// for more than a minute.
    var live = 0, late = 0
}

/// A fleet on a clock of its own.
struct Fleet {
    private var hubs: [Hub]
    private var chance: Chance
    private var server: Server
    private let restored: Double, end: Double, interval: Double
    private var events = Heap()
    private var outcome = Outcome()
    /// Readings of the time before that are not in yet.
    private var backlog = 0
    /// How long an answer takes.
    private static let latency = 0.5
    /// Measured so recently, a reading goes before the others: as in the daemon's `Backlog`.
    private static let live = 600.0

    init(_ count: Int, _ scenario: Scenario, _ strategy: Strategy, capacity: Double, seed: UInt64) {
        chance = Chance(seed)
        restored = scenario.restored
        end = scenario.restored + 6 * 3600
        interval = scenario.heartbeat
        server = Server(refusing: scenario.refusal) { scenario.capacity($0, capacity) }
        hubs = (0..<count).map { _ in Hub(way: Way(strategy), heartbeat: 0) }
        for index in hubs.indices {
            hubs[index].plan = Scenario.measurements(from: scenario.begins, to: end, &chance).reversed()
            hubs[index].heartbeat = scenario.begins + interval * chance.share()
        }
    }

    mutating func play(from begin: Double) -> Outcome {
        for index in hubs.indices { playAlone(index, from: begin) }
        backlog = hubs.reduce(0) { $0 + $1.waiting.count }
        while let (time, index, what) = events.pop(), time < end {
            switch what {
            case .attempt:
                // Something measured since may have gone before.
                if hubs[index].next ?? time == time { attempt(index, at: time) }
            case .measure: measure(index, at: time)
            case .heartbeat: if hubs[index].heartbeat == time { beat(index, at: time) }
            }
        }
        outcome.peak = server.peak
        outcome.wasted += server.refused
        return outcome
    }

    /// While the clinic is down no hub notices another: each is played by itself to the moment at which it is back.
    private mutating func playAlone(_ index: Int, from begin: Double) {
        var next: Double?
        while let measured = hubs[index].plan.last, measured < restored {
            hubs[index].plan.removeLast()
            hubs[index].waiting.append(measured)
            next = next ?? measured
        }
        var measured = hubs[index].waiting.dropFirst()
        while let time = next, time < restored {
            outcome.wasted += 1
            outcome.requests += 1
            next = time + hubs[index].way.failed(.down, &chance)
            hubs[index].asked = time
            // What is measured meanwhile does not wait for that.
            measured = measured.drop { $0 <= time }
            guard let live = measured.first, let due = next, live < due else { continue }
            if hubs[index].way.hurries(live - time) { next = live }
        }
        hubs[index].next = next
        if let next { events.push(next, index, .attempt) }
        if let measured = hubs[index].plan.last { events.push(measured, index, .measure) }
        while hubs[index].heartbeat < restored { plan(heartbeatOf: index, after: hubs[index].heartbeat) }
        events.push(hubs[index].heartbeat, index, .heartbeat)
    }

    private mutating func plan(heartbeatOf index: Int, after time: Double) {
        hubs[index].heartbeat = time + interval * (0.75 + chance.share() / 4)
    }

    private mutating func measure(_ index: Int, at time: Double) {
        hubs[index].plan.removeLast()
        if let next = hubs[index].plan.last { events.push(next, index, .measure) }
        let isFree = hubs[index].waiting.isEmpty || hubs[index].turn > time
        hubs[index].waiting.append(time)
        if backlog > 0 { outcome.live += 1 }
        let isPaused = hubs[index].next != nil
        if isPaused ? hubs[index].way.hurries(time - hubs[index].asked) : isFree { attempt(index, at: time) }
    }

    /// A sign of life goes where nothing waits, and a failure is nothing to it.
    private mutating func beat(_ index: Int, at time: Double) {
        plan(heartbeatOf: index, after: time)
        events.push(hubs[index].heartbeat, index, .heartbeat)
        guard hubs[index].next == nil, hubs[index].waiting.isEmpty else { return }
        outcome.requests += 1
        _ = server.ask(at: time)
    }

    private mutating func attempt(_ index: Int, at time: Double) {
        guard !hubs[index].waiting.isEmpty else { return }
        // What is live first and alone, and then the oldest.
        let split = hubs[index].waiting.firstIndex { $0 > time - Self.live } ?? hubs[index].waiting.endIndex
        let isLive = split < hubs[index].waiting.endIndex
        if !isLive, hubs[index].turn > time {
            hubs[index].next = nil
            return events.push(hubs[index].turn, index, .attempt)
        }
        outcome.requests += 1
        hubs[index].asked = time
        if let refusal = server.ask(at: time) {
            let next = time + hubs[index].way.failed(refusal, &chance)
            hubs[index].next = next
            return events.push(next, index, .attempt)
        }
        // What it sends is sign of life enough for once.
        if hubs[index].way.keepsTurn {
            hubs[index].turn = hubs[index].next ?? time
            plan(heartbeatOf: index, after: time)
            events.push(hubs[index].heartbeat, index, .heartbeat)
        }
        hubs[index].next = nil
        let most = hubs[index].way.most
        let from = isLive ? split : 0, to = min(hubs[index].waiting.endIndex, from + most)
        for measured in hubs[index].waiting[from..<to] {
            if measured >= restored {
                if backlog > 0, time + Self.latency - measured > 60 { outcome.late += 1 }
            } else {
                backlog -= 1
                if backlog == 0 { outcome.drained = time + Self.latency - restored }
            }
        }
        hubs[index].waiting.removeSubrange(from..<to)
        hubs[index].way.taken(to - from, in: Self.latency)
        guard !hubs[index].waiting.isEmpty else { return }
        let soon = time + Self.latency + hubs[index].way.gap
        events.push(max(soon, hubs[index].turn), index, .attempt)
    }
}

/// What happens next.
struct Heap {
    enum What { case attempt, measure, heartbeat }
    private var events: [(Double, Int, What)] = []

    mutating func push(_ time: Double, _ index: Int, _ what: What) {
        events.append((time, index, what))
        var at = events.count - 1
        while at > 0, events[(at - 1) / 2].0 > events[at].0 {
            events.swapAt(at, (at - 1) / 2)
            at = (at - 1) / 2
        }
    }

    mutating func pop() -> (Double, Int, What)? {
        guard let first = events.first else { return nil }
        events.swapAt(0, events.count - 1)
        events.removeLast()
        var at = 0
        while true {
            var least = at
            for child in [2 * at + 1, 2 * at + 2] where child < events.count && events[child].0 < events[least].0 {
                least = child
            }
            if least == at { return first }
            events.swapAt(at, least)
            at = least
        }
    }
}
