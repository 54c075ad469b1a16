/// Everything vitalsd knows about one model.
package struct Driver: Sendable {
    /// What the device is for, in the words of `vitalsd devices`.
    package enum Kind: String, Sendable {
        case pulseOximeter = "pulse-oximeter", spirometer, scale, bloodPressure = "blood-pressure", thermometer, glucose
        /// Only what it measures tells what it is.
        case healthSensor = "health-sensor"
    }
    /// `captured`: its bytes come from a named public source. `specification`: from a document alone.
    package enum Evidence: String, Sendable { case captured, specification }

    package var id: String
    package var manufacturer: String
    package var model: String
    package var kind: Kind
    package var evidence: Evidence
    package var claims: [Claim]
    package var endpoints: [Endpoint]
    package var visit: Visit
    /// Takes the device's identity and the person's out of what it says; nil where it says neither in its own frames.
    package var disguise: Disguise?
    /// Whether it says over the air what nobody can ask it for once more: where there is no room for that, it waits in the hub for
    /// as long as it can, as what comes over a cable does.
    package var tellsOnce: Bool
    /// How it is made ready for pairing; nil where it wants none, or no public source says how.
    package var pairing: PairingMode?

    package init(
        id: String, manufacturer: String, model: String, kind: Kind, evidence: Evidence, claims: [Claim],
        endpoints: [Endpoint], visit: Visit, disguise: Disguise? = nil, pairing: PairingMode? = nil,
        tellsOnce: Bool = false
    ) {
        self.id = id
        self.manufacturer = manufacturer
        self.model = model
        self.kind = kind
        self.evidence = evidence
        self.claims = claims
        self.endpoints = endpoints
        self.visit = visit
        self.disguise = disguise
        self.pairing = pairing
        self.tellsOnce = tellsOnce
    }
}

/// The conversation with a device: a straight function over a link, which never sees a file descriptor.
package enum Visit: Sendable {
    case gatt(@Sendable (any Peer, any Report) async throws(Fault) -> Void)
    case line(@Sendable (any Line, any Report) async throws(Fault) -> Void)
    /// The device says all in its advertisement, again and again: nobody connects to it, and nobody tells it anything.
    case advertisement(@Sendable (Advertisement, any Report) async throws(Fault) -> Void)
    /// A profile's decoders alone, for `vitalsd decode`; it never claims.
    case none
}

/// What a visit tells the hub.
package protocol Report: AnyObject {
    /// Returns once the reading is on disk. Only after that may a driver confirm to the device or let it forget.
    func callAsFunction(_ reading: Reading) async throws(Fault)
    /// The device's clock as just read, before it is set and again behind that; `error` is half of what the asking took.
    func clock(_ device: RawTime, error: Duration) async throws(Fault)
    /// The device's clock was just set to this, as far as the hub can tell: what became of it shows when it is read.
    /// `error` is what the device cannot be told, as a clock that takes no seconds.
    func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault)
    /// The device has said that there is nothing in its memory that it has not given: what it gives in a later visit was
    /// taken since. A link that merely ends proves nothing.
    func gaveAll() async throws(Fault)
    /// In so many places of what the device said lay so many bytes that belong to no frame: they were lost on the way.
    func lost(gaps: Int, bytes: Int)
    /// Who the device says it is.
    func information(_ information: DeviceInformation) async throws(Fault)
    /// The hub's local time, for setting a device's clock; nil while the hub itself is not sure.
    var localTime: LocalTime? { get }
    /// What opens the slots of a device that asks for consent before it gives a person's readings away.
    var consents: [Consent] { get }
    /// Whether the whole stream of a live sensor is wanted, not only readings.
    var wantsStream: Bool { get }
}

extension Report {
    /// None, where nothing has been agreed with the device.
    package var consents: [Consent] { [] }
    /// Of no use to a report that dates nothing.
    package func clockWasSet(to written: LocalTime, error: Duration) async throws(Fault) {}
    package func clockWasSet(to written: LocalTime) async throws(Fault) {
        try await clockWasSet(to: written, error: .zero)
    }
    /// Each of them, whatever becomes of those before it: for a device that has forgotten them all. Throws the first fault.
    package func each(_ readings: [Reading]) async throws(Fault) {
        var first: Fault?
        for reading in readings {
            do throws(Fault) {
                try await self(reading)
            } catch {
                first = first ?? error
            }
        }
        if let first { throw first }
    }
    package func gaveAll() async throws(Fault) {}
    package func lost(gaps: Int, bytes: Int) {}
}

/// A person's slot on a shared device, and the code agreed when the slot was made (User Data Service 1.1).
package struct Consent: Equatable, Sendable {
    /// The device's own number of the slot, 0 to 254.
    package var user: UInt8
    /// 0 to 9999.
    package var code: UInt16

    package init(user: UInt8, code: UInt16) {
        self.user = user
        self.code = code
    }
}

/// Who a device says it is. Empty where it does not say.
package struct DeviceInformation: Hashable, Sendable {
    package var manufacturer: String?, model: String?, serial: String?, firmware: String?, hardware: String?
    /// IEEE EUI-64, most significant byte first.
    package var systemID: UInt64?
    package init() {}
}

/// How a device is recognised. Data, so that it can be printed, and so that a test can prove the sole claimant.
package enum Claim: Equatable, Sendable {
    /// The advertised local name begins with `name`, and `service` is advertised where it is not nil.
    case advertised(name: String, service: BluetoothUUID?)
    /// A classic device with a serial port on the air (Serial Port Profile), whose name begins with `name`.
    case serialPort(name: String, SerialPortRole)
    /// The service is advertised, and no other driver knows the device better: the claim of last resort.
    case service(BluetoothUUID)
    /// The device's own USB identity; a generic serial adapter's is no claim.
    case usb(vendor: UInt16, product: UInt16)
    /// It talks unasked: `frames` frames of this framing in a row, with nothing between.
    case talks(Framing, frames: Int)
    /// It waits: asked with its own harmless `hello`, it answers with a frame of this framing.
    case answers(Framing, hello: [UInt8])
    /// The same of a device whose `hello` cannot be said on every line: a technician says which line is its.
    case assigned(Framing, hello: [UInt8])
}

/// Who opens the serial port of a classic device, in the words of GAP.
package enum SerialPortRole: String, Sendable {
    /// The device calls us when it has something to say.
    case initiator
    /// The device waits to be called.
    case acceptor
}

/// A place where values come from, with what reads them. What `vitalsd decode --endpoint` names.
package struct Endpoint: Sendable {
    package enum Source: Sendable {
        case characteristic(BluetoothUUID)
        case frames(Framing)
        /// Bare bytes with a name, for the primitives.
        case bytes(String)
    }
    package let source: Source
    /// The reading in a value; of several the first.
    package let decode: Decode
    /// Every reading in a value.
    package let decodeAll: DecodeAll

    package init(_ source: Source, _ decode: @escaping Decode) {
        self.source = source
        self.decode = decode
        decodeAll = { bytes throws(Malformed) in [try decode(bytes)] }
    }

    /// For values that hold several readings, or none.
    package init(_ source: Source, all decodeAll: @escaping DecodeAll) {
        self.source = source
        self.decodeAll = decodeAll
        decode = { bytes throws(Malformed) in
            guard let first = try decodeAll(bytes).first else { throw .invalid(at: 0, expected: .measurement) }
            return first
        }
    }

    /// The short UUID, the full UUID or the frame family's name.
    package var name: String {
        switch source {
        case .characteristic(let uuid): uuid.description
        case .frames(let framing): framing.name
        case .bytes(let name): name
        }
    }
}

/// Bytes to reading: pure, and without a trap for any bytes.
///
/// Those of the profiles are inlined into the function that a table of endpoints holds: it would copy each reading once more,
/// which is more than a quarter of their time.
package typealias Decode = @Sendable (Span<UInt8>) throws(Malformed) -> Reading
/// The same for a value that may hold several, in the order of the wire.
package typealias DecodeAll = @Sendable (Span<UInt8>) throws(Malformed) -> [Reading]

/// How a byte stream is cut into frames.
package struct Framing: Sendable, Equatable {
    package let name: String
    /// How a line must be set for it; nil for a stream over GATT, which has no line.
    package let settings: LineSettings?
    /// The longest frame there is, in bytes: what need be kept while waiting for more.
    package let longest: Int
    package let cut: @Sendable (Span<UInt8>) -> Cut

    package init(
        _ name: String, _ settings: LineSettings? = nil, longest: Int, cut: @escaping @Sendable (Span<UInt8>) -> Cut
    ) {
        self.name = name
        self.settings = settings
        self.longest = longest
        self.cut = cut
    }

    package static func == (a: Framing, b: Framing) -> Bool { a.name == b.name && a.settings == b.settings }
}

/// What waiting bytes begin with.
package enum Cut: Equatable, Sendable {
    /// So many bytes are one whole frame, its checksum right.
    case frame(Int)
    /// So many bytes belong to no frame.
    case noise(Int)
    /// So many bytes stand between frames because the device puts them there, a line's end for one: nothing was lost.
    case filler(Int)
    /// It cannot be told yet.
    case more
}
