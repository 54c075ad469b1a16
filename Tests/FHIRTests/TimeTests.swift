import Core
import FHIR
import Testing

@Suite struct TimeTests {
    /// Expectations after section 1.3 of the contract; seconds from 2000-01-01 by Python's datetime.
    @Test(
        arguments: [
            (local("2026-11-20T08:17:55"), nil, "848477875"),
            (local("2026-11-20T08:17:55.12"), nil, "848477875.12"),
            (local("2026-11-20T08:17:55.000"), nil, "848477875.000"),
            (local("2000-01-01T00:00:10"), nil, "10"),
            (local("2021-11-22T11:56:30"), nil, "690897390"),
            (.ticks(7, resolution: .seconds(1)), nil, "7"),
            (.ticks(1234, resolution: .milliseconds(10)), nil, "12.34"),
            (.ticks(1230, resolution: .milliseconds(10)), nil, "12.30"),
            (.ticks(12345, resolution: .milliseconds(1)), nil, "12.345"),
            (.ticks(12345, resolution: .microseconds(100)), nil, "1.2345"),
            (.ticks(300, resolution: .seconds(1)), .seconds(60), "240..60"),
            (.ticks(30000, resolution: .milliseconds(10)), .seconds(60), "240.00..60.00"),
            (local("2026-11-20T08:17:55"), .seconds(55), "848477820..55"),
        ] as [(RawTime, Duration?, String)])
    func phdIdentifierTime(taken: RawTime, lasting: Duration?, time: String) throws {
        let pair = ClockPair(
            device: taken, hub: hub("2026-11-20T07:15:30"), error: .zero)
        let reading = kept(
            [Value(.oxygenSaturation, Amount(97), .percent)], oximeter, at: taken, heard: "2026-11-20T07:15:31",
            pair: pair, lasting: lasting)
        #expect(try bundle([reading]).text.contains(#""value":"00005EFFFE0053A1-pt-4711-150456-\#(time)""#))
    }

    @Test func withoutAStampOfItsOwnThereIsNoPHDIdentifierAndNoTimeStamp() throws {
        let value: Values = [Value(.oxygenSaturation, Amount(97), .percent)]
        let stamp = local("2026-11-20T08:17:55")
        for reading in [
            kept(value, oximeter), kept(value, oximeter, at: .unknown), kept(value, oximeter, at: stamp),
            kept(value, oximeter, at: stamp, pair: fastClock, remarks: [.timelineRepeat]),
        ] {
            let bundle = try bundle([reading])
            #expect(bundle.entries == [.shared, .shared, .group(0)])
            #expect(!bundle.text.contains("150456-8"))
        }
    }

    @Test func aCableHasATimeStampButNoPHDIdentifier() throws {
        let reading = kept(
            [Value(.bodyWeight, Amount(80), .kilogram)], scale, at: local("2026-11-20T08:17:55"),
            heard: "2026-11-20T07:15:31", pair: fastClock)
        let bundle = try bundle([reading])
        #expect(bundle.entries.count == 4)
        #expect(!bundle.text.contains("188736-8"))
        // SHA-256 of "usb:0403:6001:A9012", by sha256sum, as a UUID of version 8.
        #expect(
            bundle.text.contains(
                #""system":"urn:ietf:rfc:3986","value":"urn:uuid:c432d2a5-6fe3-8ead-b3e6-76b0a5377255""#))
    }

    @Test func boundedTimeIsAPeriodWithoutStart() throws {
        let reading = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, at: .unknown)
        let text = try bundle([reading]).text
        #expect(text.contains(#""effectivePeriod":{"end":"2026-11-20T07:02:11.480+01:00"}"#))
        #expect(text.contains("The time of this measurement is not known."))
    }

    @Test func durationIsAPeriodUpToTheReading() throws {
        let reading = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, lasting: .seconds(3600))
        let period = #""start":"2026-11-20T06:02:11.480+01:00","end":"2026-11-20T07:02:11.480+01:00""#
        #expect(try bundle([reading]).text.contains(period))
    }

    /// The night on which Copenhagen's summer time ends: 2026-10-25T01:00:00Z.
    @Test func theZoneIsThatOfTheMoment() throws {
        let end = utc("2026-10-25T01:00:00")
        for (heard, text) in [
            ("2026-10-25T00:59:59.999", "2026-10-25T02:59:59.999+02:00"),
            ("2026-10-25T01:00:00.000", "2026-10-25T02:00:00.000+01:00"),
        ] {
            let reading = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, heard: heard)
            let bundle = try Bundle(of: [reading], from: gateway, to: Destination()) { $0 < end ? 120 : 60 }
            #expect(bundle.text.contains(#""effectiveDateTime":"\#(text)""#))
        }
    }

    @Test func zonesWestAndOdd() throws {
        for (minutes, text) in [(-210, "2026-11-20T02:32:11.480-03:30"), (345, "2026-11-20T11:47:11.480+05:45")] {
            let bundle = try Bundle(of: [pressure], from: gateway, to: Destination()) { _ in minutes }
            #expect(bundle.text.contains(#""effectiveDateTime":"\#(text)""#))
        }
    }

    @Test func doubtIsSaidInWords() throws {
        let value: Values = [Value(.oxygenSaturation, Amount(97), .percent)]
        #expect(try bundle([kept(value, oximeter, synchronised: false)]).text.contains("was not synchronised"))
        var wide = kept(value, oximeter)
        wide.dated.error = .seconds(3600)
        #expect(try bundle([wide]).text.contains("may be wrong by up to 60 minutes"))
        #expect(!(try bundle([kept(value, oximeter)]).text.contains(#""note""#)))
    }

    @Test func absurdCountersMakeNoTrouble() throws {
        for time in [
            RawTime.ticks(.max, resolution: .seconds(1)), .ticks(1, resolution: .zero),
            .ticks(1 << 47, resolution: .seconds(86_400)), .age(12, resolution: .seconds(60)),
        ] {
            let pair = ClockPair(device: time, hub: hub("2026-11-20T07:15:30"), error: .zero)
            var reading = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter)
            reading.reading.taken = time
            reading.pair = pair
            reading.dated = Dated(at: pair.hub.wall, error: .zero, basis: .paired)
            #expect(try bundle([reading]).entries.count >= 3)
        }
    }
}
