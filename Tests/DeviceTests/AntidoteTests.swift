import Core
import Devices
import Glibc
import Testing

/// The sample agents of signove/antidote, which others wrote, visited over TCP. `make antidote` builds them outside this tree;
/// ANTIDOTE names the program.
///
/// What they measure stands in their source (apps/sample_agent_common.c): a base, and the rest of a `random()` that nobody
/// seeds, which with glibc is 1804289383, 846930886, 1681692777, 1714636915, 1957747793, 424238335, 719885386, 1649760492,
/// 596516649, 1189641421, 1025202362, 1350490027.
@Suite(.enabled(if: getenv("ANTIDOTE") != nil), .serialized)
struct AntidoteTests {
    struct Agent: CustomTestStringConvertible, Sendable {
        let sensor: String
        /// The readings of each of its three reports.
        let reports: [[String]]
        /// The pulse oximeter waits for no answer.
        var isConfirmed = true
        /// One that vitalsd has no standard configuration of has to tell its own.
        var isKnown = true
        var testDescription: String { sensor }
    }

    static let agents = [
        // 60.5 + r % 20 beats, then 90.5 + r % 10 percent.
        Agent(
            sensor: "pulseoximeter",
            reports: [
                ["spo2 96.5 % pulse-oximeter-rate 63.5 /min now"], ["spo2 95.5 % pulse-oximeter-rate 77.5 /min now"],
                ["spo2 95.5 % pulse-oximeter-rate 73.5 /min now"],
            ], isConfirmed: false),
        // 110 + r % 30 systolic, 70 + r % 20 diastolic, 90 + r % 10 mean, 60 + r % 30 beats.
        Agent(
            sensor: "bloodpressure",
            reports: [
                ["systolic 123 mm[Hg] diastolic 76 mm[Hg] mean 97 mm[Hg] pulse 85 /min now"],
                ["systolic 133 mm[Hg] diastolic 85 mm[Hg] mean 96 mm[Hg] pulse 72 /min now"],
                ["systolic 119 mm[Hg] diastolic 71 mm[Hg] mean 92 mm[Hg] pulse 67 /min now"],
            ]),
        // 70.2 + r % 20 kg, each told twice, and a body mass index of which its configuration does not speak.
        Agent(
            sensor: "weightscale",
            reports: ["73.2", "87.2", "83.2"].map { weight in
                [
                    "weight \(weight) kg now sequence 0", "now sequence 1 #partly-decoded",
                    "weight \(weight) kg now sequence 2",
                ]
            }),
        // Its source counts 16 bytes for a list of 14, so that two are left over: what cannot be read is kept as it came.
        Agent(
            sensor: "glucometer",
            reports: Array(repeating: ["undated #undecoded"], count: 3), isKnown: false),
    ]

    /// The whole conversation in its order: what was kept, and what the hub said. An answer ahead of the keeping, a value that
    /// is another, or an abort by the agent is another conversation.
    @Test(.timeLimit(.minutes(1)), arguments: agents) func aVisitOf(_ agent: Agent) async throws {
        let program = try #require(getenv("ANTIDOTE").map { String(cString: $0) })
        let listener = try Self.listener()
        defer { close(listener) }
        let process = try Self.start(["env", "TZ=UTC", program, "--sensor=\(agent.sensor)"])
        defer {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        try #require(poll(&waiting, 1, 10_000) == 1)
        let line = AgentLine(accept(listener, nil, nil))
        try await PHDSession.visit(line, SlowDisk(line))
        #expect(line.events == Self.conversation(agent))
        // Neither an abort (E600) nor a rejected configuration ends what it says, but its request for release.
        #expect(line.heard.suffix(6) == [0xE4, 0x00, 0x00, 0x02, 0x00, 0x00])
    }

    private static func conversation(_ agent: Agent) -> [String] {
        func code(_ number: Int) -> String { "000\(String(number, radix: 16))" }
        let isKnown = agent.isKnown
        var events = [
            "information system 1133557799BBDDFF",
            "> e300002c000\(isKnown ? 0 : 3)507900268000000080008000000000000000800000000008766974616c73640000000000000000"
                + "000000",
        ]
        if !isKnown {
            events.append("> e7000016001400000201000e0000000000000d1c000406a40000")
        }
        // All its clocks are 0 and its time information says that it has none: no clock is told.
        events += ["> e700000e000c000101030006000000000000", "information system 1133557799BBDDFF"]
        for (index, report) in agent.reports.enumerated() {
            events += report.map { "kept " + $0 }
            if agent.isConfirmed {
                events.append("> e70000120010\(code(index + (isKnown ? 0 : 1)))0201000a0000000000000d1d0000")
            }
        }
        return events + ["> e50000020000"]
    }

    /// Where the sample agents connect; the port stands in their source.
    private static func listener() throws -> CInt {
        let socket = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        var on: CInt = 1
        setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, socklen_t(MemoryLayout.size(ofValue: on)))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(6024).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let bound = withUnsafePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(bound == 0 && listen(socket, 1) == 0, "port 6024: \(String(cString: strerror(errno)))")
        return socket
    }

    private static func start(_ arguments: [String]) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        // It tells every step of its own.
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Its alarm clock is a signal, which the threads of this process do not let through.
        var attributes = posix_spawnattr_t(), none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        var words = arguments.map { strdup($0) } + [nil], process: pid_t = 0
        defer { words.forEach { free($0) } }
        try #require(posix_spawnp(&process, arguments[0], &actions, &attributes, &words, environ) == 0)
        return process
    }
}

/// The agent's connection, and all that happened on it and beside it.
private final class AgentLine: Line {
    var events: [String] = [], heard: [UInt8] = []
    private let socket: CInt

    init(_ socket: CInt) { self.socket = socket }
    deinit { close(socket) }

    func write(_ bytes: [UInt8]) async throws(Fault) {
        events.append("> " + hex(bytes))
        guard send(socket, bytes, bytes.count, CInt(MSG_NOSIGNAL)) == bytes.count else {
            throw .device(.hungUp)
        }
    }

    func read(within time: Duration?) async throws(Fault) -> Arrival {
        let end = time.map { ContinuousClock.now + $0 }
        var bytes = [UInt8](repeating: 0, count: 4096)
        repeat {
            let count = recv(socket, &bytes, bytes.count, CInt(MSG_DONTWAIT))
            if count > 0 {
                heard += bytes[..<count]
                return .bytes(Array(bytes[..<count]))
            }
            guard count < 0, errno == EAGAIN else { return .hungUp }
            try? await Task.sleep(for: .milliseconds(10))
        } while end.map { ContinuousClock.now < $0 } ?? true
        return .silence
    }
}

/// Keeps a reading only after a while, in which a hasty answer would be ahead of it. A stamp of this moment, half a second past
/// it as the agents write them, is told as `now`; any other as it is.
private final class SlowDisk: Report {
    private let line: AgentLine
    let localTime: LocalTime? = nil, wantsStream = false

    init(_ line: AgentLine) { self.line = line }

    func callAsFunction(_ reading: Reading) async throws(Fault) {
        var reading = reading
        if case .clock(let stamp) = reading.taken, stamp.microsecond == 500_000, abs(time(nil) - stamp.seconds) < 3 {
            reading.taken = .now
        }
        try? await Task.sleep(for: .milliseconds(200))
        line.events.append("kept \(reading)")
    }

    func clock(_ device: RawTime, error: Duration) async throws(Fault) { line.events.append("clock \(device)") }

    func information(_ information: DeviceInformation) async throws(Fault) {
        line.events.append("information \(information)")
    }
}
