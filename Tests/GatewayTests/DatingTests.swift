import Core
import Testing

@testable import Journal
@testable import vitalsd

/// What a reading is dated by while its visit goes on, and what after it.
@Suite struct DatingTests {
    private let device = KnownDevice(
        identity: "bluetooth:00:09:1F:80:00:22", driver: "sig-glp", kind: .glucose, information: DeviceInformation())

    private func hub(_ second: Int) -> HubTime {
        HubTime(
            boot: "a", uptime: .seconds(second), wall: Instant(milliseconds: 1_790_000_000_000 + Int64(second) * 1000),
            synchronised: true)
    }

    private func pair(_ second: Int) -> ClockPair {
        ClockPair(device: .unknown, hub: hub(second), error: .milliseconds(5))
    }

    private func dated(_ history: History, _ timeline: HubTimeline) -> Dated? {
        Chronology.conclude(history, timeline) { _ in 0 }.last?.dated
    }

    private let reading = Reading([], taken: .unknown)

    /// The clinic gets it within the second: what is known anyway is not to be amended a moment later.
    @Test(arguments: [nil, 1000]) func whatIsKnownIsToldAtOnce(_ own: Int?) throws {
        let anchors = [
            HubTimeline.Anchor(
                boot: "a", uptime: .seconds(1), world: hub(1).wall, error: .milliseconds(1), source: .network)
        ]
        let timeline = HubTimeline(anchors: anchors, moments: [hub(0)])
        let before = Journal.Chronicle(pairs: [pair(100), pair(500)], visits: [hub(110), hub(510)], readings: [])
        let seen = own.map { [pair($0)] } ?? []
        let known = before.history(timeline).going(on: seen, reading, at: hub(1001), timeline)
        let first = try #require(dated(known, timeline))
        let earliest = try #require(first.earliest)
        #expect((hub(509).wall...hub(510).wall).contains(earliest) && first.basis == .bounded)
        #expect(known.records.map(\.since) == [2] && known.records.map(\.seen) == [2])
        let kept = Kept(
            id: 1, fingerprint: Fingerprint(device: device.identity, reading: reading, arrival: hub(1)), device: device,
            reading: reading,
            heard: hub(1001), pair: seen.first, dated: first, subject: nil)
        // Its own visit has ended as well, and then one more.
        let after = Journal.Chronicle(
            pairs: before.pairs + seen + [pair(2000)], visits: before.visits + [hub(1002), hub(2010)], readings: [kept])
        let later = try #require(dated(after.history(timeline), timeline))
        #expect(later == first && !first.isAmended(by: later))
    }

    /// The doubt is told, and what the clinic is told of its time stays.
    @Test func whatIsOlderThanTheBindingIsDoubtedAndDatedAsItWas() throws {
        let shown = try #require(LocalTime(2026, 3, 2, 10, 0, 0)), stamp = try #require(LocalTime(2026, 3, 2, 9, 0, 0))
        let pair = ClockPair(device: .clock(shown), hub: hub(9000), error: .milliseconds(5))
        let old = Reading([], taken: .clock(stamp))
        let kept = Kept(
            id: 1, fingerprint: Fingerprint(device: device.identity, reading: old, arrival: hub(9001)),
            device: device, reading: old, heard: hub(9001), pair: pair,
            dated: Dated(at: nil, error: .zero, basis: .bounded), subject: nil)
        let timeline = HubTimeline(anchors: [], moments: [hub(0)])
        func concluded(bound: Int?) throws -> Conclusion {
            let chronicle = Journal.Chronicle(
                pairs: [pair], visits: [], readings: [kept], bound: bound.map { hub($0).wall })
            return try #require(Chronology.conclude(chronicle.history(timeline), timeline) { _ in 0 }.last)
        }
        let always = try concluded(bound: nil), before = try concluded(bound: 5000), after = try concluded(bound: 8000)
        #expect(before == always && always.doubts.isEmpty)
        #expect(after.doubts == [.beforeBinding] && after.dated == always.dated)
        let latest = try #require(after.latest)
        #expect((hub(5400).wall...hub(5500).wall).contains(latest))
        // A hub that nobody has told the time knows no such moment.
        let unsure = HubTimeline(anchors: [], moments: [])
        var history = History(pairs: [], records: [.init(taken: .now, heard: hub(1), seen: 0)])
        history.records[0].heard.synchronised = false
        #expect(Chronology.conclude(history, unsure) { _ in 0 }.last?.latest == nil)
    }

    /// While the memory is told, somebody measures, and that is told last.
    @Test func whatAVisitEmptiedBoundsNothingOfItsOwn() {
        let timeline = HubTimeline(anchors: [], moments: [hub(0)])
        let kept = Kept(
            id: 1, fingerprint: Fingerprint(device: device.identity, reading: reading, arrival: hub(1)), device: device,
            reading: reading,
            heard: hub(1030), pair: pair(1000), dated: Dated(at: nil, error: .zero, basis: .bounded), subject: nil)
        let chronicle = Journal.Chronicle(
            pairs: [pair(500), pair(1000)], visits: [hub(510), hub(1020)], readings: [kept])
        let history = chronicle.history(timeline)
        #expect(history.records.map(\.after) == [hub(510)] && history.emptied == hub(1020))
    }

    /// A boot that was told the time, whose telling is forgotten and whose later moments are not, is forgotten as a whole.
    @Test func ofABootThatIsHalfForgottenNothingIsAtHand() {
        func moments(_ boot: String, _ count: Int, told: Int? = nil) -> [Journal.Moment] {
            (0..<count).map { hour in
                Journal.Moment(
                    hub: HubTime(
                        boot: boot, uptime: .seconds(3600 * hour), wall: Instant(milliseconds: 0), synchronised: false),
                    error: told == hour ? .seconds(1) : nil, source: told == hour ? .clinic : nil)
            }
        }
        let others = moments("b", 4090)
        #expect((moments("a", 5) + others).oldest == nil)
        #expect((moments("a", 6) + others).oldest == others[0].hub)
        #expect((moments("a", 6, told: 5) + others).oldest == moments("a", 1)[0].hub)
        #expect(moments("a", 4096).oldest == moments("a", 1)[0].hub)
    }
}
