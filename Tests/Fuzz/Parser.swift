import Bluetooth
import Clinic
import Core
import Devices
import FHIR

/// Something that reads bytes from outside.
struct Parser: Sendable {
    let name: String
    /// The longest input that is worth its time, in bytes: short ones are run more often.
    let longest: Int
    let read: @Sendable ([UInt8]) -> Void

    init(name: String, longest: Int = 600, read: @escaping @Sendable ([UInt8]) -> Void) {
        (self.name, self.longest, self.read) = (name, longest, read)
    }

    /// All of them: each endpoint of each driver, and what the radio's own bytes go through.
    static let all: [Parser] = endpoints + bluetooth + texts + daemon

    private static let endpoints = (drivers + profiles).flatMap { driver in
        driver.endpoints.map { endpoint in
            Parser(name: "\(driver.id)/\(endpoint.name)", longest: longest(endpoint)) { bytes in
                switch endpoint.source {
                case .frames(let framing):
                    // As a line brings them: in two pieces, the first byte says where they part.
                    var frames = Frames(framing)
                    let parting = min(Int(bytes.first ?? 0), bytes.count)
                    frames.append(Array(bytes.dropFirst().prefix(parting)))
                    while let frame = frames.next() { read(frame, by: endpoint) }
                    frames.append(Array(bytes.dropFirst().dropFirst(parting)))
                    while let frame = frames.next() { read(frame, by: endpoint) }
                case .characteristic, .bytes: read(bytes, by: endpoint)
                }
            }
        }
    }

    /// A value of a characteristic is at most 512 bytes, but those of home devices are some tens. Of a line's frames three are
    /// enough to lose one, and find the next.
    private static func longest(_ endpoint: Endpoint) -> Int {
        switch endpoint.source {
        case .characteristic: 64
        case .frames(let framing): min(320, max(64, 3 * framing.longest))
        case .bytes: 320
        }
    }

    /// What has been read must stand being written down and dated, too, by whatever the device's clock shows: one in 32,
    /// because that takes ten times as long.
    private static func read(_ bytes: [UInt8], by endpoint: Endpoint) {
        guard let readings = try? endpoint.decodeAll(bytes.span), bytes.reduce(0, &+) & 31 == 0 else { return }
        let heard = HubTime(
            boot: "b", uptime: .seconds(90_000), wall: Instant(milliseconds: 1_795_154_400_000), synchronised: true)
        let pair = readings.last.map { ClockPair(device: $0.taken, hub: heard, error: .milliseconds(50)) }
        for reading in readings {
            _ = "\(reading)"
            _ = reading.taken.dated(by: pair, heard: heard)
        }
    }

    private static let bluetooth = [
        Parser(name: "advertising-data") { bytes in
            let device = Management.Address(BluetoothAddress(0x0009_1F80_0022), .lePublic)
            _ = Advertisement(device, bytes)
        },
        Parser(name: "management") { bytes in _ = try? Management.Packet(bytes) },
        Parser(name: "management-replies", longest: 64) { bytes in
            _ = try? Management.Version(bytes)
            _ = try? Management.indexes(bytes)
            _ = try? Management.connections(bytes)
            _ = try? Management.settings(bytes)
            _ = try? Management.device(bytes)
            _ = try? Management.signal(bytes)
        },
        Parser(name: "sdp-answer") { bytes in if let element = try? DataElement(bytes) { _ = ServiceRecord(element) } },
        Parser(name: "sdp-request") { bytes in
            _ = SDPServer([ServiceRecord(serialPort: "vitalsd", channel: 7)]).answer(bytes)
        },
        Parser(name: "att-request") { bytes in
            var server = AttributeServer([
                Attribute(handle: 1, type: 0x2800, value: [0x05, 0x18]),
                Attribute(handle: 2, type: 0x2803, value: [0x0A, 3, 0, 0x2B, 0x2A]),
                Attribute(handle: 3, type: 0x2A2B, value: [UInt8](repeating: 7, count: 10)),
            ])
            for pdu in bytes.split(separator: 0xFF) { _ = server.answer(Array(pdu)) }
        },
        Parser(name: "bond", longest: 64) { bytes in _ = try? Bond(bytes) },
    ]

    /// It takes longer to make than an answer to read; libFuzzer has one thread.
    nonisolated(unsafe) private static let reader = try? JSONReader()

    /// In each way in which the hub reads an answer.
    private static func read(_ response: Response) {
        guard let reader else { fatalError("SQLite reads nothing") }
        _ = try? response.answer(to: 1, by: reader)
        _ = response.refusal(ofNothing: reader)
        guard let document = try? JSONDocument(response.body, by: reader) else { return }
        _ = try? document.token()
        _ = try? document.matches()
    }

    /// What stands in the journal and in capture files, written by us and damaged by others; and what servers say.
    private static let texts = [
        Parser(name: "http-header", longest: 64) { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            _ = retryAfter(text, date: Instant(httpDate: text))
        },
        // What a clinic, a token's server or a stranger in their place may answer; the first byte is the status.
        Parser(name: "http-answer") { bytes in
            guard let first = bytes.first else { return }
            let statuses = [200, 200, 200, 201, 400, 401, 403, 404, 409, 412, 413, 422, 429, 500, 503, 302]
            var headers: [String: String] = [:]
            if first & 0x10 != 0 { headers["retry-after"] = String(decoding: bytes.prefix(8), as: UTF8.self) }
            let status = statuses[Int(first) % statuses.count]
            read(Response(status: status, headers: headers, body: Array(bytes.dropFirst())))
        },
        Parser(name: "attribute-table") { bytes in _ = AttributeTable(String(decoding: bytes, as: UTF8.self)) },
        Parser(name: "certificate") { bytes in
            _ = try? Certificate(bytes.span)
            _ = try? Certificate.all(of: String(decoding: bytes, as: UTF8.self))
        },
        Parser(name: "schedule") { bytes in _ = try? Schedule(String(decoding: bytes, as: UTF8.self)) },
        Parser(name: "capture") { bytes in _ = try? Capture(String(decoding: bytes, as: UTF8.self)) },
    ]
}
