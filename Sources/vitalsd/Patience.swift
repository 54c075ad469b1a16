/// A rising delay: 1, 2, 4 … 60 seconds.
struct Patience {
    private var seconds = 1
    mutating func next() -> Duration {
        defer { seconds = min(60, seconds * 2) }
        return .seconds(seconds)
    }
}
