/// A time as systemd writes it: `90`, `15min`, `1h 30min`; nil for anything else, and for `infinity`, which is none.
/// See systemd.time(7); months and years, which are of no length, are not taken.
func timeSpan(_ text: String) -> Duration? {
    let units: [(names: [String], length: Duration)] = [
        (["", "s", "sec", "second", "seconds"], .seconds(1)), (["ms", "msec"], .milliseconds(1)),
        (["m", "min", "minute", "minutes"], .seconds(60)), (["h", "hr", "hour", "hours"], .seconds(3600)),
        (["d", "day", "days"], .seconds(86_400)), (["w", "week", "weeks"], .seconds(604_800)),
    ]
    var rest = text.utf8.drop { $0 == 0x20 }, sum = Duration.zero
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
        let digits = rest.prefix { 0x30...0x39 ~= $0 }
        rest = rest[digits.endIndex...].drop { $0 == 0x20 }
        let letters = rest.prefix { 0x61...0x7A ~= $0 }
        rest = rest[letters.endIndex...].drop { $0 == 0x20 }
        // Nine digits of weeks are no time that anybody means, and more would not fit.
        guard digits.count <= 9, let number = Int(String(Substring(digits))),
            let unit = units.first(where: { $0.names.contains(String(Substring(letters))) })
        else { return nil }
        sum += unit.length * number
    }
    return sum
}
