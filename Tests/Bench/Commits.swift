import CSQLite
import Core
import Glibc
import Host
import Journal

/// `fdatasync<TAB>per second`, and for each size of a batch
/// `plain<TAB>readings in a commit<TAB>commits per second<TAB>bytes written per reading` and `journal` with the same.
///
/// In two rounds, so that a slow moment of the disk does not fall on one of them alone.
@Hub func measureCommits(in directory: String, for time: Duration) async throws(Fault) {
    let worker = Worker("journal"), sizes = [1, 16, 64, 256], time = time / 18
    var disk = Tally(), plain = sizes.map { _ in Tally() }, kept = sizes.map { _ in Tally() }
    for round in 0..<2 {
        let file = try AppendedFile("\(directory)/appended-\(round)")
        disk.run(for: time) { file.append() }
        for (place, size) in sizes.enumerated() {
            let database = try PlainDatabase("\(directory)/plain-\(round)-\(size).sqlite")
            var inserted = 0
            plain[place].run(for: time) {
                database.insert((inserted..<inserted + size).map { example($0).reading })
                inserted += size
            }
            let journal = try Journal(
                path: "\(directory)/journal-\(round)-\(size)/journal",
                bound: Journal.Bound(bytes: 1 << 30, age: .seconds(1 << 30)), destinations: ["clinic"],
                executor: worker)
            var number = 0
            try await kept[place].run(for: time) { () async throws(Fault) in
                let entries = (number..<number + size).map(example)
                number += size
                _ = try await journal.keep(entries)
            }
            await journal.close()
        }
    }
    report("fdatasync", disk.perSecond)
    for (name, tallies) in [("plain", plain), ("journal", kept)] {
        for (size, tally) in zip(sizes, tallies) { report(name, size, tally.perSecond, tally.bytes / Double(size)) }
    }
}

/// How often something was done, in what time, and what the kernel counted as written for it.
private struct Tally {
    private var count = 0, time = Duration.zero, written = 0

    var perSecond: Double { Double(count) / (time / .seconds(1)) }
    var bytes: Double { Double(written) / Double(max(1, count)) }

    mutating func run(for time: Duration, _ body: () -> Void) {
        let before = bytesWritten(), start = ContinuousClock.now
        while ContinuousClock.now - start < time {
            body()
            count += 1
        }
        self.time += ContinuousClock.now - start
        written += bytesWritten() - before
    }

    @Hub mutating func run(for time: Duration, _ body: () async throws(Fault) -> Void) async throws(Fault) {
        let before = bytesWritten(), start = ContinuousClock.now
        while ContinuousClock.now - start < time {
            try await body()
            count += 1
        }
        self.time += ContinuousClock.now - start
        written += bytesWritten() - before
    }
}

private func bytesWritten() -> Int {
    let text = String(decoding: (try? Files.read("/proc/self/io")) ?? [], as: UTF8.self)
    let line = text.split(separator: "\n").first { $0.hasPrefix("write_bytes: ") }
    return line.flatMap { Int($0.dropFirst("write_bytes: ".count)) } ?? 0
}

/// One of sixteen cuffs' many readings, each a minute after the one before it.
private func example(_ number: Int) -> Journal.Entry {
    let cuff = number % 16, minute = number / 16
    let clock = LocalTime(seconds: 1_767_225_600 + minute * 60).map(RawTime.clock) ?? .unknown
    let hub = HubTime(
        boot: "5f3d7c1e-9a42-4b0e-8d11-c0ffee000001", uptime: .seconds(100_000),
        wall: Instant(milliseconds: 1_798_761_600_000), synchronised: true)
    let reading = Reading(
        [
            Value(.systolic, Amount(Int32(100 + number % 60)), .millimetreOfMercury),
            Value(.diastolic, Amount(Int32(60 + number % 30)), .millimetreOfMercury),
            Value(.meanPressure, Amount(Int32(73 + number % 40)), .millimetreOfMercury),
            Value(.pulseRate, Amount(Int32(50 + number % 50)), .perMinute),
        ], taken: clock, bytes: cuffRecord(number))
    let pair = ClockPair(device: clock, hub: hub, error: .milliseconds(20))
    return Journal.Entry(
        device: KnownDevice(
            identity: "bluetooth:00:09:1F:00:00:\(padded(cuff, 2))", driver: "and-ua651ble", kind: .bloodPressure,
            information: DeviceInformation()),
        reading: reading, heard: hub, pair: minute == 0 ? pair : nil, dated: clock.dated(by: pair, heard: hub),
        subject: .reference("Patient/pt-4711"))
}

/// What the disk can do at best: a KiB more, and on the platter.
private final class AppendedFile {
    private let file: CInt
    private let block = [UInt8](repeating: 0x55, count: 1024)

    init(_ path: String) throws(Fault) {
        file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        if file < 0 { throw .hub(.system("open \(path)", errno)) }
    }

    deinit { close(file) }

    func append() {
        guard write(file, block, block.count) == block.count, fdatasync(file) == 0 else {
            return Console.complain("vitalsd-bench: write or fdatasync, errno \(errno)")
        }
    }
}

/// Somebody's first idea: one table, an INSERT for each reading, a commit for all that came together, with the journal's pragmas.
private final class PlainDatabase {
    private var connection: OpaquePointer?
    private var statement: OpaquePointer?

    init(_ path: String) throws(Fault) {
        unlink(path)
        let code = sqlite3_open(path, &connection)
        let layout = """
            PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
            PRAGMA wal_autocheckpoint = 2000;
            CREATE TABLE reading (id INTEGER PRIMARY KEY, content TEXT NOT NULL, bytes BLOB NOT NULL);
            """
        guard code == SQLITE_OK, sqlite3_exec(connection, layout, nil, nil, nil) == SQLITE_OK,
            sqlite3_prepare_v2(
                connection, "INSERT INTO reading (content, bytes) VALUES (?, ?)", -1, &statement, nil) == SQLITE_OK
        else { throw .hub(.system("SQLite \(path)", code)) }
    }

    deinit {
        sqlite3_finalize(statement)
        sqlite3_close(connection)
    }

    /// One alone is its own transaction.
    func insert(_ readings: [Reading]) {
        if readings.count > 1 { run("BEGIN") }
        for reading in readings {
            let text = reading.description
            vitalsd_bind_text(statement, 1, text, Int32(text.utf8.count))
            vitalsd_bind_blob(statement, 2, reading.bytes, Int32(reading.bytes.count))
            if sqlite3_step(statement) != SQLITE_DONE { Console.complain("vitalsd-bench: INSERT failed") }
            sqlite3_reset(statement)
        }
        if readings.count > 1 { run("COMMIT") }
    }

    private func run(_ statement: String) {
        if sqlite3_exec(connection, statement, nil, nil, nil) != SQLITE_OK {
            Console.complain("vitalsd-bench: \(statement) failed")
        }
    }
}
