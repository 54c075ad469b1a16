import FHIR

/// The clinic: so many requests a second at a time of day, and what it says to the others.
struct Server {
    /// Requests a second, by the time in seconds; 0 while it is down.
    let capacity: (Double) -> Double
    let refusal: Refusal
    private var tokens = 0.0, last = 0.0
    /// Requests of each second, of those that found it up.
    private(set) var load: [Int: Int] = [:]
    private(set) var refused = 0

    init(refusing refusal: Refusal, capacity: @escaping (Double) -> Double) {
        self.refusal = refusal
        self.capacity = capacity
    }

    /// A request comes; nil where it is taken.
    mutating func ask(at time: Double) -> Refusal? {
        let rate = capacity(time)
        guard rate > 0 else {
            refused += 1
            return .down
        }
        load[Int(time), default: 0] += 1
        // What it can do in a second it can do at once.
        tokens = min(rate, tokens + (time - last) * rate)
        last = time
        guard tokens >= 1 else {
            refused += 1
            return refusal
        }
        tokens -= 1
        return nil
    }

    var peak: Int { load.values.max() ?? 0 }
}
