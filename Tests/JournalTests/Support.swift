import Core
import Glibc
import Host
import Journal
import Testing

/// One thread, as the daemon gives the journal.
enum Writer {
    static let shared = Worker("journal")
}

/// A directory of its own for a test; gone with the test.
final class Place {
    let directory: String
    var path: String { directory + "/journal" }

    init(in parent: String = "/tmp") {
        var template = Array((parent + "/vitalsd-XXXXXX").utf8CString)
        directory = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap(mkdtemp).map { String(cString: $0) } ?? ""
        }
        precondition(!directory.isEmpty)
    }

    deinit { run("rm", "-rf", directory) }

    var files: [String] { run("ls", directory).split(separator: "\n").map(String.init) }

    func open(
        bytes: Int = 1 << 24, age: Duration = .seconds(1 << 30), to destinations: [String] = ["clinic"],
        examined later: Journal.Later? = nil
    ) throws(Fault) -> Journal {
        try Journal(
            path: path, bound: .init(bytes: bytes, age: age), destinations: destinations, executor: Writer.shared,
            examined: later)
    }
}

/// Runs a program and answers what it printed: independent eyes on the file.
@discardableResult
func run(_ words: String...) -> String {
    let quoted = words.map {
        "'" + $0.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
    guard let pipe = popen(quoted.joined(separator: " ") + " 2>&1", "r") else { return "" }
    defer { pclose(pipe) }
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { bytes += buffer[..<count] }
    return String(decoding: bytes, as: UTF8.self)
}

func contents(_ path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes: [UInt8] = [], buffer = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
    return bytes
}

func write(_ bytes: [UInt8], to path: String) {
    guard let file = fopen(path, "w") else { return }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
}

let boot = "5f1c8c7e-0b0a-4c5e-9d5c-1a2b3c4d5e6f"

func hubTime(_ seconds: Int, synchronised: Bool = true) -> HubTime {
    HubTime(
        boot: boot, uptime: .seconds(seconds), wall: Instant(milliseconds: 1_772_446_000_000 + Int64(seconds) * 1000),
        synchronised: synchronised)
}

let cuff: KnownDevice = {
    var information = DeviceInformation()
    information.manufacturer = "A&D"
    information.systemID = 0xFFEE_DDCC_BBAA_9988
    return KnownDevice(
        identity: "bluetooth:00:09:1F:80:00:22", driver: "and-ua651", kind: .bloodPressure, information: information)
}()

/// A blood pressure taken `number` minutes after ten o'clock on the device's own clock; undated from 43 200 on.
func pressure(_ number: Int, systolic: Int32 = 128) -> Reading {
    Reading(
        [
            Value(.systolic, Amount(systolic), .millimetreOfMercury),
            Value(.diastolic, Amount(82), .millimetreOfMercury),
            Value(.meanPressure, absent: .notANumber, .millimetreOfMercury),
        ],
        taken: LocalTime(2026, 3, 2, 10 + number / 60 % 12, number % 60, number / 720).map(RawTime.clock) ?? .unknown,
        remarks: [.irregularPulse],
        bytes: [0x1E, UInt8(truncatingIfNeeded: systolic), 0, UInt8(number & 0xFF), UInt8(number >> 8 & 0xFF)])
}

func entry(
    _ reading: Reading, of device: KnownDevice = cuff, heard: HubTime = hubTime(60), pair: ClockPair? = nil,
    latest: Instant? = nil, subject: Subject? = .reference("Patient/pt-4711")
) -> Journal.Entry {
    Journal.Entry(
        device: device, reading: reading, heard: heard, pair: pair,
        dated: Dated(at: Instant(milliseconds: 1_772_446_000_123), error: .milliseconds(1500), basis: .paired),
        latest: latest, subject: subject)
}

func accepted(_ id: Int64) -> Journal.Receipt {
    .init(reading: id, .accepted(location: "Observation/\(id)"), at: Instant(milliseconds: 1_772_450_000_000))
}
