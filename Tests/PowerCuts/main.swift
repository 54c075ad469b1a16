import Core
import Glibc
import Host
import Journal

// Opens journals as the daemon does at its start, many after another: what is left on a disk after a power cut.
//
// Each line of standard input is a state directory. For each one line is printed: `whole` or what had to be mended, a tab,
// and for each reading its raw bytes, a colon and its state, with blanks between them. A journal that does not open is
// `fault: …`.

/// What comes after the power cut: the journal must not only read.
private let next: Journal.Entry = {
    let hub = HubTime(
        boot: "5f3d7c1e-9a42-4b0e-8d11-c0ffee000001", uptime: .seconds(100_000),
        wall: Instant(milliseconds: 1_798_761_600_000), synchronised: true)
    return Journal.Entry(
        device: KnownDevice(
            identity: "bluetooth:00:09:1F:FF:FF:FF", driver: "and-ua651ble", kind: .bloodPressure,
            information: DeviceInformation()),
        reading: Reading(
            [Value(.pulseRate, Amount(60), .perMinute)], taken: .unknown, bytes: [0xCA, 0xFE]),
        heard: hub, dated: RawTime.unknown.dated(by: nil, heard: hub), subject: .reference("Patient/pt-4711"))
}()

@Hub private func open(_ directory: String, _ disk: Worker, _ other: Worker) async throws(Fault) -> String {
    let path = directory + "/journal"
    let journal = try Journal(
        path: path, bound: Journal.Bound(bytes: 1 << 30, age: .seconds(1 << 30)), destinations: ["clinic"],
        executor: disk, examined: .later)
    _ = try await journal.keep([next])
    try await journal.conclude(try await Examination(of: path, executor: other).finding())
    let repairs = await journal.takeRepairs()
    let rows = try await journal.rows(limit: 1 << 20).map { row in
        "\(hex(row.kept?.reading.bytes ?? [])):\(row.state.rawValue)"
    }
    await journal.close()
    return (repairs.isEmpty ? "whole" : "\(repairs)") + "\t" + rows.joined(separator: " ")
}

private func hex(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

Task(executorPreference: loop) { @Hub in
    let disk = Worker("journal"), other = Worker("examination")
    while let directory = readLine() {
        do throws(Fault) {
            print(try await open(directory, disk, other))
        } catch {
            print("fault: \(error)\t")
        }
        fflush(nil)
    }
    exit(0)
}
loop.run()
