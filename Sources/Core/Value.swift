/// One quantity of a reading: what was measured, in what unit, or why there is nothing. Eight bytes.
public struct Value: Equatable, Sendable {
    /// The mantissa of an amount, or the raw value of an absence.
    @usableFromInline let number: Int32
    @usableFromInline let exponent: Int8
    /// The raw value of the aspect, with bit 7 where there is no amount.
    @usableFromInline let view: UInt8
    public let quantity: Quantity
    public let unit: Unit

    @inlinable @inline(__always) public init(
        _ quantity: Quantity, _ outcome: Outcome, _ unit: Unit, _ aspect: Aspect = .plain
    ) {
        switch outcome {
        case .amount(let amount): self.init(quantity, amount, unit, aspect)
        case .absent(let reason): self.init(quantity, absent: reason, unit, aspect)
        }
    }

    @inlinable @inline(__always) public init(
        _ quantity: Quantity, _ amount: Amount, _ unit: Unit, _ aspect: Aspect = .plain
    ) {
        number = amount.mantissa
        exponent = amount.exponent
        view = aspect.rawValue
        self.quantity = quantity
        self.unit = unit
    }

    @inlinable @inline(__always) public init(
        _ quantity: Quantity, absent reason: Absence, _ unit: Unit, _ aspect: Aspect = .plain
    ) {
        number = Int32(reason.rawValue)
        exponent = 0
        view = aspect.rawValue | Self.absent
        self.quantity = quantity
        self.unit = unit
    }

    /// All bits 0: a place where there is no value yet.
    @inlinable @inline(__always) static var blank: Value { Value(.oxygenSaturation, Amount(0), .percent) }

    @usableFromInline static var absent: UInt8 { 1 << 7 }

    package var aspect: Aspect { Aspect(rawValue: view & ~Self.absent) ?? .plain }
    package var outcome: Outcome {
        if view & Self.absent == 0 { return .amount(Amount(number, exponent: exponent)) }
        return .absent(Absence(rawValue: UInt8(truncatingIfNeeded: number)) ?? .unknown)
    }
    package var amount: Amount? { if case .amount(let amount) = outcome { amount } else { nil } }
    package var absence: Absence? { if case .absent(let reason) = outcome { reason } else { nil } }

    /// Whether the amount lies where a living person's can. True where there is no amount.
    package var isPlausible: Bool {
        guard let amount, !aspect.isDuration else { return true }
        return quantity.plausible.contains(unit.metric(amount.approximate))
    }
}

/// Which view of the quantity a value is: the modality of an oximeter, or a statistic over a time of wear.
///
/// Modalities are MDC codes of 11073-10404; statistics are those of FHIR's observation-statistics. The bands hold the
/// seconds during which saturation was below a threshold: data for the reader, never a judgement of ours.
public enum Aspect: UInt8, CaseIterable, Sendable {
    case plain, spot, fast, slow
    case minimum, mean, maximum
    case below95, below92, below90, below88, below85, below80
    case observed

    package var name: String {
        switch self {
        case .plain: ""
        case .spot: "spot"
        case .fast: "fast"
        case .slow: "slow"
        case .minimum: "minimum"
        case .mean: "average"
        case .maximum: "maximum"
        case .below95: "below-95"
        case .below92: "below-92"
        case .below90: "below-90"
        case .below88: "below-88"
        case .below85: "below-85"
        case .below80: "below-80"
        case .observed: "observed"
        }
    }

    /// The limit in percent of a band of time; nil for every other aspect.
    package var threshold: Int? {
        switch self {
        case .below95: 95
        case .below92: 92
        case .below90: 90
        case .below88: 88
        case .below85: 85
        case .below80: 80
        default: nil
        }
    }

    /// Seconds, not an amount of the quantity.
    package var isDuration: Bool { threshold != nil || self == .observed }

    package init?(name: some StringProtocol) {
        guard !name.isEmpty, let match = Self.byName[String(name)] else { return nil }
        self = match
    }

    private static let byName = Dictionary(uniqueKeysWithValues: allCases.map { ($0.name, $0) })
}

/// The values of one reading in the order of the wire. Up to sixteen live inside the reading itself, so that decoding
/// allocates nothing; more are possible.
public struct Values: RandomAccessCollection, ExpressibleByArrayLiteral, Sendable {
    @usableFromInline var few: InlineArray<16, Value> = [
        .blank, .blank, .blank, .blank, .blank, .blank, .blank, .blank,
        .blank, .blank, .blank, .blank, .blank, .blank, .blank, .blank,
    ]
    @usableFromInline var more: [Value] = []
    @usableFromInline var held = 0
    public var count: Int { held }

    @inlinable @inline(__always) public init() {}
    public init(arrayLiteral elements: Value...) { self.init(elements) }
    package init(_ elements: some Sequence<Value>) { for element in elements { append(element) } }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public subscript(index: Int) -> Value {
        get { index < 16 ? few[index] : more[index - 16] }
        set { if index < 16 { few[index] = newValue } else { more[index - 16] = newValue } }
    }

    @inlinable @inline(__always) public mutating func append(_ value: Value) {
        if held < 16 { few[held] = value } else { spill(value) }
        held &+= 1
    }

    /// Apart, so that what nearly always happens is short enough to be inlined.
    @inline(never) @usableFromInline mutating func spill(_ value: Value) { more.append(value) }
}

extension Values: Equatable {
    public static func == (a: Values, b: Values) -> Bool { a.elementsEqual(b) }
}
