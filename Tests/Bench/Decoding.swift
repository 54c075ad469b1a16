import Core
import Devices
import Glibc

/// Records as their devices send them, and who reads them.
private let records: [(name: String, driver: String, endpoint: String, bytes: [UInt8])] = [
    (
        "blood pressure 2A35", "sig-blp", "2A35",
        [
            0x1e, 0x80, 0x00, 0x52, 0x00, 0x61, 0x00, 0xea, 0x07, 0x03, 0x02, 0x0a, 0x0b, 0x0c, 0x47, 0x00, 0x01, 0x00,
            0x00,
        ]
    ),
    ("oximeter 2A5E", "sig-plx", "2A5E", [0x01, 0x61, 0x00, 0x48, 0x00, 0xea, 0x07, 0x03, 0x02, 0x0a, 0x0b, 0x0c]),
    (
        "thermometer 2A1C", "sig-htp", "2A1C",
        [0x06, 0x6c, 0x01, 0x00, 0xff, 0xea, 0x07, 0x03, 0x02, 0x0a, 0x0b, 0x0c, 2]
    ),
    (
        "scale 2A9D", "sig-wsp", "2A9D",
        [0x0e, 0x70, 0x3f, 0xea, 0x07, 0x03, 0x02, 0x0a, 0x0b, 0x0c, 0x01, 0xfa, 0x00, 0xf1, 0x06]
    ),
    ("body composition 2A9C", "sig-bcs", "2A9C", [0x02, 0x00, 0xde, 0x00, 0xea, 0x07, 0x03, 0x02, 0x0a, 0x0b, 0x0c]),
    ("Nonin format 8", "nonin-format-8", "format-8", [0x80, 0x48, 0x61, 0x20]),
    (
        "Nonin format 13", "nonin-format-13", "format-13",
        [
            0x00, 0x02, 0x00, 0x0d, 0x00, 0x0e, 0x20, 0x26, 0x03, 0x01, 0x21, 0x14, 0x09, 0x00, 0x02, 0x10, 0x00, 0x58,
            0x00, 0x5d, 0x4f, 0x03,
        ]
    ),
    ("blood pressure 2A35, cut short", "sig-blp", "2A35", [0x1e, 0x80, 0x00, 0x52, 0x00, 0x61]),
]

/// `decode<TAB>name<TAB>nanoseconds<TAB>allocations`: the best of many rounds, and every call of the allocator counted.
func measureDecoding(for time: Duration) {
    let endpoints = (drivers + profiles).flatMap { driver in driver.endpoints.map { (driver.id, $0) } }
    for record in records {
        guard let found = endpoints.first(where: { $0.0 == record.driver && $0.1.name == record.endpoint }) else {
            report("missing", record.name)
            continue
        }
        measure(record.bytes, by: found.1.decode, record.name, for: time / records.count)
    }
}

private func measure(_ bytes: [UInt8], by decode: Decode, _ name: String, for time: Duration) {
    let round = 2000, end = ContinuousClock.now + time
    var best = Duration.seconds(1)
    repeat {
        let start = ContinuousClock.now
        for _ in 0..<round { read(bytes, by: decode) }
        best = min(best, ContinuousClock.now - start)
    } while ContinuousClock.now < end
    let before = isCounted ? allocations() : nil
    for _ in 0..<round { read(bytes, by: decode) }
    let after = isCounted ? allocations() : nil
    let each = before.flatMap { before in after.map { Double($0 - before) / Double(round) } }
    report("decode", name, best / .nanoseconds(1) / Double(round), each.map { "\($0)" } ?? "?")
}

private let isCounted = countsAllocations

/// Every decoder there is, with the first record that it takes: `decode<TAB>name<TAB>nanoseconds<TAB>allocations`, or
/// `missing<TAB>name`. Standard input holds a line for each thing that a device says: its driver, the endpoint or `-`, and the
/// bytes in hexadecimal digits.
func measureEveryDecoder(for time: Duration) {
    var said: [String: [[UInt8]]] = [:]
    while let line = readLine() {
        let words = line.split(separator: " ")
        guard words.count == 3, let bytes = bytes(hex: words[2]) else { continue }
        let name = words[1] == "-" ? String(words[0]) : "\(words[0]) \(words[1])"
        said[name, default: []].append(bytes)
    }
    let endpoints = (drivers + profiles).flatMap { driver in driver.endpoints.map { (driver.id, $0) } }
    for (id, endpoint) in endpoints {
        var records = (said["\(id) \(endpoint.name)"] ?? []) + (said[id] ?? [])
        if case .frames(let framing) = endpoint.source {
            var frames = Frames(framing), whole: [[UInt8]] = []
            for record in records {
                frames.append(record)
                while let frame = frames.next() { whole.append(frame) }
            }
            records = whole
        }
        let decode = endpoint.decode, name = "\(id) \(endpoint.name)"
        guard let record = records.first(where: { (try? decode($0.span)) != nil }) else {
            report("missing", name)
            continue
        }
        measure(record, by: decode, name, for: time / endpoints.count)
    }
}

/// The decoder is a value of its table, so that nobody can see through the call and leave it out.
@inline(never) private func read(_ bytes: [UInt8], by decode: Decode) {
    do { _ = try decode(bytes.span) } catch {}
}

/// How often the allocator was called so far; nil where `allocations.c` is not loaded.
private func allocations() -> UInt64? {
    typealias Count = @convention(c) () -> UInt64
    return dlsym(nil, "bench_allocations").map { unsafeBitCast($0, to: Count.self)() }
}

/// Whether a call is counted that surely allocates, and that no optimiser takes away.
private var countsAllocations: Bool {
    let before = allocations()
    if let file = fopen("/dev/null", "r") { fclose(file) }
    return before != allocations()
}
