import Dice

extension Chance {
    /// Moments of a stretch of time at which something happens, so many times a day on average.
    mutating func moments(_ perDay: Double, in stretch: ClosedRange<Int64>) -> [Int64] {
        let mean = Double(stretch.upperBound - stretch.lowerBound) / Double(day) * perDay
        var count = Int(mean)
        if happens(mean - Double(count)) { count += 1 }
        return (0..<count).map { _ in Int64.random(in: stretch, using: &self) }.sorted()
    }
}

let second: Int64 = 1_000_000, minute = 60 * second, hour = 60 * minute, day = 24 * hour

/// Summer time of the European Union in the zone of Copenhagen: from the last Sunday of March to that of October, 01:00 UTC.
enum Copenhagen {
    /// The changes of 2020 to 2030, in microseconds, with the offset in minutes that they lead to.
    static let changes: [(at: Int64, minutes: Int)] = (2020...2030).flatMap { year in
        [(at: lastSunday(of: 3, year), minutes: 120), (at: lastSunday(of: 10, year), minutes: 60)]
    }

    static func offset(at moment: Int64) -> Int { changes.last { $0.at <= moment }?.minutes ?? 60 }

    private static func lastSunday(of month: Int, _ year: Int) -> Int64 {
        let last = daysFrom1970(year, month, 31)
        // 1970-01-01 was a Thursday.
        return Int64(last - (last + 4) % 7) * day + hour
    }
}

/// By counting, so that it is not the product's own calendar that judges the product.
func daysFrom1970(_ year: Int, _ month: Int, _ day: Int) -> Int {
    func isLeap(_ year: Int) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    let years = (1970..<year).reduce(0) { $0 + (isLeap($1) ? 366 : 365) }
    let lengths = [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    return years + lengths[..<(month - 1)].reduce(0, +) + day - 1
}
