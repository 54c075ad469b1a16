import Core
import Glibc
import Journal
import Testing

struct KeepTests {
    let place = Place()

    @Test func everythingComesBackAsItWasGiven() async throws {
        let journal = try place.open()
        let pair = ClockPair(
            device: try #require(RawTime(notation: "at 2026-03-02T10:12:12.5")), hub: hubTime(30),
            error: .milliseconds(12))
        var first = pressure(1)
        first.sequence = 7
        first.user = 2
        let entries = [
            entry(first, pair: pair),
            entry(
                Reading(
                    [Value(.oxygenSaturation, Amount(970, exponent: -1), .percent, .spot)],
                    taken: .ticks(300, resolution: .seconds(1)), bytes: [0, 0xFF]),
                heard: hubTime(90, synchronised: false),
                subject: .identifier(system: "urn:oid:2.999.1", value: "O'Neil \"§\" 🩺")),
        ]
        #expect(try await journal.keep(entries) == [.kept(1), .kept(2)])
        let pending = try await journal.pending(for: "clinic", limit: 10)
        for (kept, entry) in zip(pending, entries) {
            #expect(kept.device == entry.device)
            #expect(kept.reading == entry.reading)
            #expect(kept.heard == entry.heard)
            #expect(kept.pair == entry.pair)
            #expect(kept.dated == entry.dated)
            #expect(kept.subject == entry.subject)
            #expect(
                kept.fingerprint == Fingerprint(device: cuff.identity, reading: entry.reading, arrival: entry.heard))
        }
        #expect(pending.map(\.id) == [1, 2])
    }

    @Test func pythonReadsWhatWasCommittedWhileTheJournalIsOpen() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        let script = """
            import sqlite3, sys
            c = sqlite3.connect(sys.argv[1])
            r = c.execute("select r.id, content, hex(bytes), line, wall, at, subject, identity, kind "
                "from reading r join device d on d.id = r.device join outbox o on o.reading = r.id").fetchall()
            print(r, *[c.execute("pragma " + p).fetchone()[0]
                for p in ("application_id", "journal_mode", "page_size", "integrity_check", "user_version")])
            """
        // 2026-03-02T10:01:00 is 1772445660 s after 1970 on its own line: `date -u -d 2026-03-02T10:01 +%s`.
        #expect(
            run("python3", "-c", script, place.path) == """
                [(1, 'systolic 128 mm[Hg] diastolic 82 mm[Hg] mean ?not-a-number mm[Hg] at 2026-03-02T10:01:00 \
                #irregular-pulse', '1E80000100', 1772445660000000, 1772446060000, 1772446000123, \
                'Patient/pt-4711', 'bluetooth:00:09:1F:80:00:22', 'blood-pressure')] 1987341427 wal 1024 ok 7

                """)
    }

    @Test func aRepeatIsRecognisedAndWritesNothing() async throws {
        let journal = try place.open()
        #expect(
            try await journal.keep([entry(pressure(1)), entry(pressure(1)), entry(pressure(2))])
                == [.kept(1), .repeated(1), .kept(2)])
        // Heard later, and in another visit: the same measurement.
        #expect(try await journal.keep([entry(pressure(1), heard: hubTime(4000))]) == [.repeated(1)])
        try await journal.settle([accepted(1)], for: "clinic")
        #expect(try await journal.keep([entry(pressure(1))]) == [.repeated(1)])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [2])
        #expect(try await journal.rows(limit: 9).count == 2)
    }

    /// A spirometer's slow breath is no blow, and comes with its memory each time.
    @Test func whatNobodyCanReadIsKeptOnceHoweverOftenItIsTold() async throws {
        let journal = try place.open()
        #expect(try await journal.keep([entry(.undecoded([1, 2])), entry(.undecoded([3]))]) == [.kept(1), .kept(2)])
        #expect(
            try await journal.keep([
                entry(.undecoded([1, 2]), heard: hubTime(4000)), entry(.undecoded([3]), heard: hubTime(4001)),
            ]) == [.repeated(1), .repeated(2)])
        #expect(try await journal.rows(limit: 9).map(\.id) == [2, 1])
        #expect(try await journal.rows(limit: 9).allSatisfy { $0.kept?.reading.remarks == [.undecoded] })
    }

    @Test func theSameStampWithOtherValuesIsRemarked() async throws {
        let journal = try place.open()
        let scale = KnownDevice(identity: "line:/dev/ttyS0", driver: "x", kind: .scale, information: .init())
        let height = Reading([Value(.bodyHeight, Amount(180), .centimetre)], taken: pressure(1).taken, bytes: [1])
        var renumbered = pressure(1)
        renumbered.sequence = 12
        _ = try await journal.keep([
            entry(pressure(1)), entry(pressure(1, systolic: 150)), entry(pressure(2)), entry(height),
            entry(renumbered), entry(pressure(2, systolic: 99), of: scale),
        ])
        let remarked = try await journal.pending(for: "clinic", limit: 9)
            .map { $0.reading.remarks.contains(.timelineRepeat) }
        // Another quantity, equal values, another device: none of these is a clock that ran twice. The fifth differs
        // from the second, whose stamp it shares.
        #expect(remarked == [false, true, false, false, true, false])
        #expect(try await journal.keep([entry(pressure(1, systolic: 150))]) == [.repeated(2)])
    }

    @Test func counterTicksAreStampsToo() async throws {
        let journal = try place.open()
        func saturation(_ percent: Int32, tick: UInt64) -> Journal.Entry {
            entry(
                Reading(
                    [Value(.oxygenSaturation, Amount(percent), .percent)], taken: .ticks(tick, resolution: .seconds(1)),
                    bytes: [UInt8(percent), UInt8(tick)]))
        }
        _ = try await journal.keep([saturation(97, tick: 5), saturation(93, tick: 6), saturation(91, tick: 5)])
        #expect(
            try await journal.pending(for: "clinic", limit: 9).map { $0.reading.remarks.contains(.timelineRepeat) }
                == [false, false, true])
    }

    @Test func anUndatedRecordLikeTheOneBeforeMayBeARepeat() async throws {
        let journal = try place.open()
        func undated(_ kilograms: Int32, sequence: Int? = nil, heard: Int) -> Journal.Entry {
            entry(
                Reading(
                    [Value(.bodyWeight, Amount(kilograms), .kilogram)], taken: .unknown, sequence: sequence,
                    bytes: [UInt8(kilograms)]), heard: hubTime(heard))
        }
        let kept = try await journal.keep([
            undated(70, heard: 1), undated(70, heard: 2), undated(71, heard: 3), undated(70, heard: 4),
            undated(70, sequence: 1, heard: 5),
        ])
        #expect(kept == (1...5).map { .kept($0) })
        #expect(
            try await journal.pending(for: "clinic", limit: 9).map { $0.reading.remarks.contains(.possibleRepeat) }
                == [false, true, false, false, false])
    }

    @Test func whatNobodyLivesWithIsFlagged() async throws {
        let journal = try place.open()
        _ = try await journal.keep([entry(pressure(1, systolic: 390))])
        let kept = try #require(try await journal.pending(for: "clinic", limit: 1).first)
        #expect(kept.reading.remarks.contains(.implausible))
        #expect(kept.reading.values[0].amount == Amount(390))
    }

    @Test func withoutPersonOrValueItIsKeptAndNotQueued() async throws {
        let journal = try place.open()
        _ = try await journal.keep([
            entry(pressure(1), subject: nil), entry(.undecoded([9, 9, 9])), entry(pressure(2)),
        ])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [3])
        let summary = try await journal.summary()
        #expect(
            summary.counts == [
                .pending: 1, .unassigned: 1, .undecoded: 1, .accepted: 0, .refused: 0, .damaged: 0, .withheld: 0,
            ])
        #expect(try await journal.rows(.undecoded, limit: 9).first?.kept?.reading.bytes == [9, 9, 9])
    }

    @Test func devicesAndTheirClocksAreRemembered() async throws {
        let journal = try place.open()
        var known = cuff
        _ = try await journal.keep([entry(pressure(1))])
        known.information.manufacturer = nil
        known.information.firmware = "1.05"
        try await journal.note(known)
        known.information.manufacturer = "A&D"
        #expect(try await journal.devices() == [known])
        for second in 0..<300 {
            try await journal.note(ClockPair(device: .unknown, hub: hubTime(second), error: .zero), of: known)
        }
        let pairs = try await journal.pairs(of: cuff.identity, limit: 1000)
        #expect(pairs.first?.hub == hubTime(299))
        #expect(64..<192 ~= pairs.count)
    }

    /// A leaf of the table is as it was before, and the index is not: a card has lost one write of two.
    @Test func whatOnlyAnIndexKnowsIsKeptAnew() async throws {
        var journal = try place.open()
        _ = try await journal.keep([entry(pressure(1))])
        await journal.close()
        run(
            "python3", "-c",
            """
            import sys
            file = open(sys.argv[1], "r+b")
            data = file.read()
            [leaf] = [at for at in range(1024, len(data), 1024) if data[at] == 13 and b"systolic" in data[at:at + 1024]]
            file.seek(leaf + 3)
            file.write(bytes(2))
            """, place.path)
        journal = try place.open(examined: .later)
        _ = try await journal.keep([entry(pressure(1))])
        #expect(try await journal.pending(for: "clinic", limit: 10).map(\.reading) == [pressure(1)])
        #expect(await journal.takeRepairs().count == 1)
    }
}
