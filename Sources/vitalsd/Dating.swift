import Core
import Host
import Journal

/// Dates readings: as they are kept, and again when something better is known.
@Hub final class Dating {
    private let journal: Journal
    private var moments: [Journal.Moment]
    /// What is known of the world's time.
    private var timeline: HubTimeline
    private var wasSynchronised = false

    init(_ journal: Journal) async throws(Fault) {
        self.journal = journal
        moments = try await journal.moments()
        timeline = HubTimeline(moments)
        await noteMoment()
    }

    /// Notes the hub's clocks once an hour, and looks through every device when the hub has come to know the time.
    func run() async {
        while true {
            await loop.sleep(for: .seconds(60))
            let now = HubClock.now(), last = moments.last?.hub
            let isDue = last?.boot != now.boot || last.map { now.uptime - $0.uptime >= .seconds(3600) } ?? true
            guard isDue || now.synchronised != wasSynchronised else { continue }
            let learnt = now.synchronised && !wasSynchronised
            await noteMoment()
            guard learnt else { continue }
            do throws(Fault) {
                for device in try await journal.devices() { await settle(device.identity) }
            } catch {
                log(error)
            }
        }
    }

    /// The clinic's own clock, as it answered over a connection that has proved whose it is: for a hub that nothing else
    /// tells the time.
    func hear(clinic date: Instant, from asked: HubTime, to heard: HubTime) async {
        guard !heard.synchronised, asked.boot == heard.boot else { return }
        let took = heard.uptime - asked.uptime
        // The header shows whole seconds; it was written between asking and hearing.
        var middle = asked
        middle.uptime += took / 2
        middle.wall = date + .milliseconds(500)
        await note(Journal.Moment(hub: middle, error: took / 2 + .milliseconds(500), source: .clinic))
    }

    private func noteMoment() async {
        let now = HubClock.now(), error = HubClock.error()
        wasSynchronised = now.synchronised
        await note(Journal.Moment(hub: now, error: error, source: error == nil ? nil : .network))
    }

    private func note(_ moment: Journal.Moment) async {
        moments.append(moment)
        timeline = HubTimeline(moments)
        do throws(Fault) {
            try await journal.note(moment)
        } catch {
            log(error)
        }
    }

    /// What a visit to a device needs to date its readings as they come.
    func history(of device: String) async -> [ClockPair] {
        do throws(Fault) {
            return try await journal.chronicle(of: device, readings: 0).pairs.suffix(64)
        } catch {
            log(error, about: device)
            return []
        }
    }

    /// - Parameters:
    ///   - seen: how many of the pairs are of earlier visits.
    func date(_ reading: Reading, heard: HubTime, _ pairs: [ClockPair], seen: Int) -> Dated {
        let record = History.Record(taken: reading.taken, sequence: reading.sequence, heard: heard, seen: seen)
        let history = History(pairs: pairs, records: [record])
        return Chronology.conclude(history, timeline, zone: HubClock.offset).first?.dated
            ?? Dated(at: nil, error: .zero, basis: .bounded)
    }

    /// After a visit: looks through the device's newest readings, and writes down what is now known better.
    func settle(_ device: String) async {
        do throws(Fault) {
            let chronicle = try await journal.chronicle(of: device, readings: 256)
            let concluded = Chronology.conclude(chronicle.history, timeline, zone: HubClock.offset)
            let better = zip(chronicle.readings, concluded).compactMap { kept, conclusion in
                kept.dated.isAmended(by: conclusion.dated) ? (reading: kept.id, dated: conclusion.dated) : nil
            }
            guard !better.isEmpty else { return }
            try await journal.redate(better)
            Systemd.log(.info, "device: \(better.count) readings dated anew [\(device)]")
        } catch {
            log(error, about: device)
        }
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

extension Journal.Chronicle {
    /// As the engine wants it: for each reading, which readings of the clock were of earlier visits.
    var history: History {
        var boots: [String: Int] = [:]
        for hub in pairs.map(\.hub) + visits + readings.map(\.heard) where boots[hub.boot] == nil {
            boots[hub.boot] = boots.count
        }
        let records = readings.map { kept in
            let own = kept.pair.flatMap { pair in pairs.firstIndex(of: pair) }
            // Without a reading of the clock in its own visit, what came before it in its boot, or in boots before.
            let before = pairs.prefix { pair in
                pair.hub.boot == kept.heard.boot
                    ? pair.hub.uptime < kept.heard.uptime
                    : (boots[pair.hub.boot] ?? 0) < (boots[kept.heard.boot] ?? 0)
            }
            return History.Record(
                taken: kept.reading.taken, sequence: kept.reading.sequence, heard: kept.heard,
                visit: kept.pair?.hub ?? kept.heard, seen: own ?? before.count)
        }
        return History(pairs: pairs, records: records)
    }
}
