import Core
import Host
import Journal

/// Dates readings: as they are kept, and again when something better is known.
@Hub final class Dating {
    private let journal: Journal
    private var moments: [Journal.Moment]
    /// What is known of the world's time.
    private var timeline: HubTimeline { didSet { recollection = Chronology.Recollection() } }
    /// Of the device that was dated last.
    private var recollection = Chronology.Recollection()
    /// Whether something kept the hub's clock when it was last looked at; nothing is settled by the first look.
    private var wasSynchronised = HubClock.now().synchronised
    /// When the clinic last told the time.
    private var told: HubTime?
    /// Called when what is pending may have changed.
    var onBetter: () -> Void = {}

    init(_ journal: Journal) async throws(Fault) {
        self.journal = journal
        moments = try await journal.moments()
        timeline = HubTimeline(moments)
        await lookAtClock()
    }

    /// Notes the hub's clocks once an hour, and looks through every device when the hub has come to know the time.
    func run() async {
        // What the last run, or the last boot, left for later.
        if wasSynchronised { await settleAll() }
        while true {
            await loop.sleep(for: .seconds(60), tolerance: .seconds(60))
            let now = HubClock.now(), last = moments.last?.hub
            let isDue = last?.boot != now.boot || last.map { now.uptime - $0.uptime >= .seconds(3600) } ?? true
            if isDue || now.synchronised != wasSynchronised { await lookAtClock() }
        }
    }

    /// The clinic's own clock, as it answered over a connection that has proved whose it is: for a hub that nothing else
    /// tells the time. Once an hour is enough.
    func hear(clinic date: Instant, from asked: HubTime, to heard: HubTime) async {
        guard !heard.synchronised, asked.boot == heard.boot else { return }
        if let told, told.boot == heard.boot, heard.uptime - told.uptime < .seconds(3600) { return }
        let took = heard.uptime - asked.uptime
        // The header shows whole seconds; it was written between asking and hearing.
        var middle = asked
        middle.uptime += took / 2
        middle.wall = date + .milliseconds(500)
        let isFirst = told?.boot != heard.boot
        told = heard
        await note(Journal.Moment(hub: middle, error: took / 2 + .milliseconds(500), source: .clinic))
        if isFirst { await settleAll() }
    }

    /// Notes what the hub's clocks show. If something has come to keep them since the last look, much is known better.
    private func lookAtClock() async {
        let now = HubClock.now(), error = HubClock.error(), hasLearnt = now.synchronised && !wasSynchronised
        wasSynchronised = now.synchronised
        await note(Journal.Moment(hub: now, error: error, source: error == nil ? nil : .network))
        if hasLearnt { await settleAll() }
    }

    private func note(_ moment: Journal.Moment) async {
        moments = moments.suffix(Journal.Chronicle.mostMoments - 1) + [moment]
        timeline = HubTimeline(moments)
        do throws(Fault) {
            try await journal.note(moment)
        } catch {
            log(error)
        }
    }

    /// What a visit to a device needs to date its readings as they come: its clock so far, and its last few records.
    func history(of device: String) async -> History {
        do throws(Fault) {
            var chronicle = try await journal.chronicle(of: device, readings: 16)
            chronicle.pairs = chronicle.pairs.suffix(64)
            return chronicle.history(timeline)
        } catch {
            log(error, about: device)
            return History(pairs: [], records: [])
        }
    }

    /// - Parameters:
    ///   - history: of the device before the visit.
    ///   - pairs: what was seen of its clock in the visit.
    ///   - after: the visit itself proves that it was taken after that; nil where it proves nothing.
    /// - Returns: what the clinic is told, and after when it was certainly not taken.
    func date(
        _ reading: Reading, heard: HubTime, after history: History, _ pairs: [ClockPair], after: HubTime? = nil
    ) -> (dated: Dated, latest: Instant?) {
        // What was measured as it was heard needs no other clock, and comes every second.
        let isNow = reading.taken == .now, before = isNow ? History(pairs: [], records: []) : history
        let known = before.going(on: isNow ? [] : pairs, reading, at: heard, after: after, timeline)
        let conclusion = Chronology.conclude(known, timeline, zone: HubClock.offset, recalling: &recollection).last
        return (
            conclusion?.dated ?? Dated(at: nil, error: .zero, basis: .bounded),
            conclusion?.latest.map { latest in
                history.pairs.isEmpty ? min(latest, firstImpression(of: reading, pairs) ?? latest) : latest
            }
        )
    }

    /// After when a record was not taken by the device's own clock, where nobody here has seen that before this visit. It dates
    /// nothing, as nobody knows what was done to the clock since; but whoever had the device before may have taken it. A stamp
    /// far ahead of the clock is older than the day on which that began anew.
    private func firstImpression(of reading: Reading, _ pairs: [ClockPair]) -> Instant? {
        guard case .clock(let stamp) = reading.taken, let pair = pairs.first, !pair.isWritten,
            case .clock(let shown) = pair.device
        else { return nil }
        let ago = shown.seconds - stamp.seconds, day = 86_400
        if ago < -day { return Instant(milliseconds: 0) }
        return timeline.corrected(pair.hub).wall + .seconds(day - ago)
    }

    /// After a visit: looks through the device's newest readings, and writes down what is now known better.
    func settle(_ device: String) async {
        if HubClock.now().synchronised != wasSynchronised { await lookAtClock() }
        do throws(Fault) {
            let chronicle = try await journal.chronicle(of: device, readings: Journal.Chronicle.mostReadings)
            let concluded = Chronology.conclude(chronicle.history(timeline), timeline, zone: HubClock.offset)
            let stable = Set(chronicle.outlived(timeline, since: moments.oldest).map(\.id))
            let better = zip(chronicle.readings, concluded).filter { !stable.contains($0.0.id) }.compactMap {
                kept, conclusion in
                kept.dated.isAmended(by: conclusion.dated) ? (reading: kept.id, dated: conclusion.dated) : nil
            }
            guard !better.isEmpty else { return }
            try await journal.redate(better)
            Systemd.log(.info, "device: \(better.count) readings dated anew [\(device)]")
            onBetter()
        } catch {
            log(error, about: device)
        }
    }

    private func settleAll() async {
        do throws(Fault) {
            for device in try await journal.devices() { await settle(device.identity) }
        } catch {
            log(error)
        }
    }

    /// The hub's clocks, as well as anybody has told the time: the network, which keeps the kernel's, or else the clinic.
    var now: HubTime { timeline.corrected(HubClock.now()) }

    /// What a clock on the wall shows, which devices may be set by; nil while the hub is not sure.
    var localTime: LocalTime? {
        instant.flatMap(HubClock.localTime)
    }

    /// The world's time; nil while the hub is not sure.
    var instant: Instant? { timeline.now }

    /// A reading as the clinic is to hear of it: the hub's own moments as they are known by now.
    func told(_ kept: Kept) -> Kept {
        var kept = kept
        kept.heard = timeline.corrected(kept.heard)
        if let pair = kept.pair { kept.pair?.hub = timeline.corrected(pair.hub) }
        return kept
    }
}

extension [Journal.Moment] {
    /// The oldest, where there were earlier ones; and of a boot of which nothing that it was told is left, none.
    var oldest: HubTime? {
        guard count >= Journal.Chronicle.mostMoments, let first else { return nil }
        let own = prefix { $0.hub.boot == first.hub.boot }
        let isTold = own.contains { $0.source != nil || $0.hub.synchronised }
        return isTold || own.count == count ? first.hub : self[own.count].hub
    }
}

extension HubTimeline {
    init(_ moments: [Journal.Moment]) {
        let anchors = moments.compactMap { moment -> HubTimeline.Anchor? in
            guard let source = moment.source, let error = moment.error else { return nil }
            return HubTimeline.Anchor(
                boot: moment.hub.boot, uptime: moment.hub.uptime, world: moment.hub.wall, error: error, source: source)
        }
        self.init(anchors: anchors, moments: moments.map(\.hub))
    }
}

extension HubTimeline {
    /// The world's time; nil while nothing vouches for it.
    var now: Instant? {
        let now = corrected(HubClock.now())
        return now.synchronised && now.wall >= earliestCredible ? now.wall : nil
    }

    /// How many readings of a clock are of before a moment; none where there was no such moment.
    fileprivate func count(_ pairs: [ClockPair], before moment: HubTime?) -> Int {
        moment.map { moment in pairs.prefix { isBefore($0.hub, moment) }.count } ?? 0
    }
}

extension History {
    /// With a reading of the visit that goes on, and what was seen of the clock in it.
    func going(
        on pairs: [ClockPair], _ reading: Reading, at heard: HubTime, after: HubTime? = nil, _ hub: HubTimeline
    ) -> History {
        var history = self
        let after = after ?? emptied
        history.records.append(
            Record(
                taken: reading.taken, sequence: reading.sequence, user: reading.user, heard: heard,
                seen: history.pairs.count, after: after, since: hub.count(history.pairs, before: after)))
        history.pairs += pairs
        return history
    }
}

extension Journal.Chronicle {
    /// As the engine wants it: for each reading, which readings of the clock were of earlier visits, and when the device
    /// had last given all it had.
    func history(_ hub: HubTimeline) -> History {
        let records = readings.map { kept in
            let own = kept.pair.flatMap { pair in pairs.firstIndex(of: pair) }
            let visit = kept.pair?.hub ?? kept.heard
            // Not what its own visit emptied: while that was told, this one may have been measured.
            let emptied = visits.last { hub.isBefore($0, visit) }
            // Without a reading of the clock in its own visit, what came before it.
            return History.Record(
                taken: kept.reading.taken, sequence: kept.reading.sequence, user: kept.reading.user, heard: kept.heard,
                visit: visit, seen: own ?? hub.count(pairs, before: kept.heard), after: emptied,
                since: hub.count(pairs, before: emptied))
        }
        return History(pairs: pairs, records: records, bound: bound, emptied: visits.last)
    }
}
