import Bluetooth
import Core
import Devices
import Testing

/// The device of a capture that does not listen: it says its lines whatever the driver does.
private final class Impostor: Bearer, Line, Report {
    private var heard: ArraySlice<[UInt8]>
    private var server: AttributeServer
    private var answers: [[UInt8]] = []
    private(set) var reported = 0, sent = 0
    let localTime = LocalTime(2026, 3, 2, 10, 12, 30), wantsStream = true
    let consents = [Consent(user: 1, code: 1234)]

    init(_ heard: [[UInt8]], _ attributes: [Attribute]) {
        self.heard = heard[...]
        server = AttributeServer(attributes, mtu: ATT.defaultMTU)
    }

    func send(_ pdu: [UInt8]) async throws(Fault) {
        sent += 1
        if server.isAsked(pdu), let response = server.answer(pdu).response { answers.append(response) }
    }
    func receive(within time: Duration) async throws(Fault) -> [UInt8]? {
        answers.isEmpty ? heard.popFirst() : answers.removeFirst()
    }
    func write(_ bytes: [UInt8]) async throws(Fault) { sent += 1 }
    func read(within time: Duration?) async throws(Fault) -> Arrival {
        heard.popFirst().map { .bytes($0) } ?? .hungUp
    }
    func callAsFunction(_ reading: Reading) async throws(Fault) { reported += 1 }
    func clock(_ device: RawTime, error: Duration) async throws(Fault) {}
    func information(_ information: DeviceInformation) async throws(Fault) { _ = information.description }
}

/// No bytes may end the daemon: an index or an overflow that traps takes every other device with it.
@Suite struct HostileTests {
    /// The first two lines of each kind (length, first byte), each whole; enough to reach every branch.
    private func few(_ lines: [[UInt8]]) -> [[UInt8]] {
        var seen: [String: Int] = [:]
        return lines.filter { line in
            let kind = "\(line.count) \(line.first ?? 0)"
            seen[kind, default: 0] += 1
            return seen[kind, default: 0] <= 2
        }
    }

    private func visit(_ driver: Driver, _ heard: [[UInt8]], _ attributes: [Attribute]) async -> Impostor {
        let impostor = Impostor(heard, attributes)
        do throws(Fault) {
            switch driver.visit {
            case .gatt(let visit): try await visit(GATTClient(impostor), impostor)
            case .line(let visit): try await visit(impostor, impostor)
            case .advertisement, .none: break
            }
        } catch {
            #expect(error.layer == "device" || error.layer == "pairing")
        }
        return impostor
    }

    /// The ends of a long line are enough: between them it repeats itself.
    private func places(_ line: [UInt8]) -> [Int] {
        line.count <= 40 ? Array(line.indices) : Array(line.indices.prefix(10)) + Array(line.indices.suffix(10))
    }

    /// The values that reach other branches: the limits, and every single bit.
    private func telling(_ byte: UInt8) -> [UInt8] {
        [0, 1, 2, 0x7F, 0x80, 0x81, 0xFE, 0xFF] + (0..<8).map { byte ^ 1 << $0 }
    }

    @Test(arguments: CaptureFile.all)
    func changedAndCutLines(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver }), honest = few(file.heard)
        let attributes = file.capture.attributes
        let isFirst = CaptureFile.all.first { $0.driver == file.driver }?.name == file.name
        for line in honest.indices {
            // Every value where a measurement is, in one capture of each device; the telling ones in all else.
            let holdsMeasurement = honest[line].count <= 40 && (attributes.isEmpty || honest[line].first == 0x1D)
            for at in places(honest[line]) {
                for byte in isFirst && holdsMeasurement ? Array(UInt8.min...UInt8.max) : telling(honest[line][at]) {
                    var lies = honest
                    lies[line][at] = byte
                    _ = await visit(driver, lies, attributes)
                }
                for extra in [[], [0xFF], [0, 0, 0]] as [[UInt8]] {
                    var lies = honest
                    lies[line] = Array(lies[line].prefix(at)) + extra
                    _ = await visit(driver, lies, attributes)
                }
            }
        }
    }

    @Test(arguments: CaptureFile.all.filter { $0.name == "one-stored.capture" && !$0.capture.attributes.isEmpty })
    func changedAndCutAttributes(_ file: CaptureFile) async throws {
        let driver = try #require(drivers.first { $0.id == file.driver }), honest = file.capture.attributes
        for row in honest.indices {
            for at in honest[row].value.indices {
                for byte in telling(honest[row].value[at]) {
                    var lies = honest
                    lies[row].value[at] = byte
                    let impostor = await visit(driver, file.heard, lies)
                    #expect(impostor.sent < 1200)
                }
                var lies = honest
                lies[row].value.removeSubrange(at...)
                _ = await visit(driver, file.heard, lies)
            }
        }
    }

    /// Every decoder alone, with every byte changed and every length: it decodes or says where it could not.
    @Test func changedAndCutValues() {
        for endpoint in (drivers + profiles).flatMap(\.endpoints) {
            let own = Vector.all.filter { $0.endpoint == endpoint.name }.compactMap { bytes(hex: $0.hex) }
            #expect(!own.isEmpty, "\(endpoint.name)")
            for value in own + [[UInt8](repeating: 0xFF, count: 40), [UInt8](repeating: 0, count: 40)] {
                for length in 0...value.count { decode(Array(value.prefix(length)), endpoint) }
                for at in value.indices {
                    for byte in UInt8.min...UInt8.max {
                        var lie = value
                        lie[at] = byte
                        decode(lie, endpoint)
                    }
                }
            }
        }
    }

    private func decode(_ bytes: [UInt8], _ endpoint: Endpoint) {
        do throws(Malformed) {
            let reading = try endpoint.decode(bytes.span)
            // What can be decoded can be kept: the journal's line is read back as it was written.
            if bytes.count % 7 == 0 {
                #expect(Reading(notation: reading.description)?.description == reading.description)
            }
        } catch {
            #expect(0...bytes.count ~= error.offset, "\(endpoint.name) \(hex(bytes)) \(error)")
        }
    }
}
