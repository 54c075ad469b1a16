import Core
import Glibc
import Journal
import Testing

struct BoundTests {
    let place = Place()

    @Test func deliveredReadingsMakeRoomOldestFirst() async throws {
        let bound = 120_000, journal = try place.open(bytes: bound)
        for number in 1...600 {
            let id = try await journal.keep([entry(pressure(number))])[0].id
            #expect(id == Int64(number))
            if number != 3 { try await journal.settle([accepted(id)], for: "clinic") }
            #expect(try await journal.summary().used <= bound + 2048)
        }
        let left = try await journal.rows(limit: 1000).map(\.id)
        #expect(left.first == 600)
        #expect(left.last == 3)
        // Between the undelivered third and the newest, what is left is without a gap.
        #expect(left.dropLast() == Array((601 - Int64(left.count - 1)...600).reversed())[...])
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [3])
        #expect(contents(place.path).count <= bound + 8192)
    }

    /// Of a device that several persons share nobody can be named for what its battery says.
    @Test func aBatteryThatIsNobodysMakesRoom() async throws {
        let journal = try place.open(bytes: 60_000)
        _ = try await journal.keep([entry(pressure(1))])
        for number in 1...600 {
            let battery = Reading([Value(.batteryCharge, Amount(80), .percent)], taken: .now, bytes: [80])
            _ = try await journal.keep([entry(battery, heard: hubTime(60 + number), subject: nil)])
        }
        #expect(try await journal.pending(for: "clinic", limit: 9).map(\.id) == [1])
        #expect(try await journal.rows(limit: 1000).count < 600)
    }

    /// It may have been anything: a full journal says so, and drops nothing that is not at the clinic.
    @Test func whatNobodyCanReadIsNotDroppedForWantOfRoom() async throws {
        let journal = try place.open(bytes: 80_000)
        _ = try await journal.keep((0..<16).map { entry(.undecoded([UInt8](repeating: $0, count: 400))) })
        func undecoded() async throws -> Int { try await journal.summary().counts[.undecoded] ?? 0 }
        // What was delivered goes.
        for number in 1...200 {
            let id = try await journal.keep([entry(pressure(number))])[0].id
            try await journal.settle([accepted(id)], for: "clinic")
        }
        #expect(try await undecoded() == 16)
        var kept: [Int64] = [], fault: Fault?
        for number in 201...2000 where fault == nil {
            do throws(Fault) {
                kept.append(try await journal.keep([entry(pressure(number))])[0].id)
            } catch { fault = error }
        }
        #expect(fault == .hub(.journalFull))
        #expect(try await undecoded() == 16)
        #expect(try await journal.pending(for: "clinic", limit: 9999).map(\.id) == kept)
    }

    @Test func undeliveredReadingsAreNeverDeletedAndTheDeviceIsNotTold() async throws {
        let journal = try place.open(bytes: 60_000)
        var kept: [Int64] = []
        var fault: Fault?
        for number in 1...1000 where fault == nil {
            do throws(Fault) {
                kept.append(try await journal.keep([entry(pressure(number))])[0].id)
            } catch { fault = error }
        }
        #expect(fault == .hub(.journalFull))
        #expect(kept.count > 20)
        #expect(try await journal.pending(for: "clinic", limit: 9999).map(\.id) == kept)
        // What is there already is still recognised, and a delivery makes room again.
        #expect(try await journal.keep([entry(pressure(1))]) == [.repeated(1)])
        await #expect(throws: Fault.hub(.journalFull)) { try await journal.keep([entry(pressure(5000))]) }
        try await journal.settle(kept.prefix(10).map(accepted), for: "clinic")
        #expect(try await journal.keep([entry(pressure(5000))]).count == 1)
        #expect(try await journal.pending(for: "clinic", limit: 9999).count == kept.count - 10 + 1)
    }

    @Test func refusedUnassignedAndUndecodedReadingsStayToo() async throws {
        let journal = try place.open(bytes: 60_000)
        _ = try await journal.keep([
            entry(pressure(1)), entry(pressure(2), subject: nil), entry(.undecoded([1])), entry(pressure(4)),
            entry(pressure(1000)), entry(pressure(1001)),
        ])
        // The one may go to the clinic when that has a name for whom it is about; the other never will.
        let withheld = [(5, Journal.stranger), (6, "a demonstration")].map { id, why in
            Journal.Receipt(reading: Int64(id), .withheld(why), at: Instant(milliseconds: 1))
        }
        try await journal.settle(withheld, for: "clinic")
        let refusal = Journal.Receipt(reading: 1, .refused(.clinic(.tooLarge)), at: Instant(milliseconds: 1))
        try await journal.settle([refusal, accepted(4)], for: "clinic")
        for number in 5...400 {
            let id = try await journal.keep([entry(pressure(number))])[0].id
            try await journal.settle([accepted(id)], for: "clinic")
        }
        #expect(try await journal.rows(limit: 9999).suffix(4).map(\.id) == [5, 3, 2, 1])
    }

    @Test func oldDeliveredReadingsGoWithAge() async throws {
        let journal = try place.open(age: .seconds(100_000))
        for number in 1...3 {
            _ = try await journal.keep([entry(pressure(number), heard: hubTime(number * 60_000))])
        }
        try await journal.settle([accepted(1), accepted(3)], for: "clinic")
        // A hub that does not know the time ages nothing.
        _ = try await journal.keep([entry(pressure(4), heard: hubTime(900_000, synchronised: false))])
        #expect(try await journal.rows(limit: 9).map(\.id) == [4, 3, 2, 1])
        _ = try await journal.keep([entry(pressure(5), heard: hubTime(200_000))])
        #expect(try await journal.rows(limit: 9).map(\.id) == [5, 4, 3, 2])
    }

    /// A file system of 400 KiB: the kernel's own ENOSPC.
    @Test(.enabled(if: geteuid() == 0)) func aFullDiskKeepsNothingAndRecovers() async throws {
        let disk = place.directory + "/disk"
        mkdir(disk, 0o700)
        try #require(mount("none", disk, "tmpfs", 0, "size=400k") == 0)
        defer { umount2(disk, Int32(MNT_DETACH)) }
        let journal = try Journal(
            path: disk + "/journal", bound: .init(bytes: 1 << 30, age: .seconds(1)), destinations: ["clinic"],
            executor: Writer.shared)
        var kept = 0
        var fault: Fault?
        for batch in 0..<1000 where fault == nil {
            do throws(Fault) {
                kept += try await journal.keep((1...8).map { entry(pressure(batch * 8 + $0)) }).count
            } catch { fault = error }
        }
        #expect(fault == .hub(.diskFull))
        #expect(kept > 0)
        // Whole batches only; and all of it can still be read while the disk is full.
        #expect(try await journal.pending(for: "clinic", limit: 99_999).count == kept)
        await #expect(throws: Fault.hub(.diskFull)) {
            try await journal.keep((1...64).map { entry(pressure(9000 + $0)) })
        }
        #expect(mount("none", disk, "tmpfs", UInt(MS_REMOUNT), "size=4m") == 0)
        kept += try await journal.keep((1...64).map { entry(pressure(9000 + $0)) }).count
        #expect(try await journal.pending(for: "clinic", limit: 99_999).count == kept)
        await journal.close()
        #expect(run("sqlite3", disk + "/journal", "PRAGMA integrity_check") == "ok\n")
    }
}
