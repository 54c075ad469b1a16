import Core

/// The survey as a table.
func report(_ survey: Survey) -> String {
    var lines = [
        "\(survey.years) device-years, \(survey.ours.readings) readings heard, \(survey.unheard) never",
        "",
        row("", "median", "99 %", "99.9 %", "lost", "in bounds", "times too wide", "readings"),
        row("vitalsd", survey.ours),
    ]
    for strategy in Strategy.allCases {
        lines.append(row(strategy.rawValue, survey.others[strategy] ?? Score(), bounds: false))
    }
    lines += ["", row("vitalsd, clock read weekly", survey.weekly)]
    for basis in Basis.allCases {
        if let score = survey.byBasis[basis] { lines.append(row("  " + basis.rawValue, score)) }
    }
    for (days, score) in survey.byInterval.sorted(by: { $0.key < $1.key }) {
        lines.append(row("  clock read every \(days) d", score))
    }
    lines += [
        "",
        "no lower or upper bound at all: \(percent(survey.ours.open, survey.ours.readings)); half of the bounds: median "
            + (survey.ours.widths.percentile(0.5).map(duration) ?? "-") + ", of those of clocks read weekly "
            + (survey.weekly.widths.percentile(0.5).map(duration) ?? "-"),
        "",
        "devices with a clock read at least weekly, by their own 99th percentile:",
        "  under 2 s: \(percent(survey.devices.sharp, survey.devices.years)) of \(survey.devices.years); an oracle who knows the "
            + "crystal's law: \(percent(survey.devices.oracleSharp, survey.devices.years))",
        "  of those whose clock nobody but the hub changed: "
            + percent(survey.devices.sharpUntouched, survey.devices.untouched),
        "  where one time fits: " + percent(survey.devices.sharpWhereCertain, survey.devices.years),
        row("their readings", "median", "99 %", "99.9 %", "readings", "devices above 2 s for it"),
    ]
    for evidence in Evidence.allCases {
        let errors = survey.devices.errors[evidence] ?? Spread()
        let sizes = [0.5, 0.99, 0.999].map { errors.percentile($0).map(duration) ?? "-" }
        lines.append(
            row(
                "  " + evidence.rawValue, sizes[0], sizes[1], sizes[2], String(errors.count),
                String(survey.devices.causes[evidence] ?? 0)))
    }
    lines += [
        "",
        "dating takes " + decimals(survey.spent / .microseconds(max(1, survey.ours.readings)), 1) + " µs a reading",
    ]
    return lines.joined(separator: "\n")
}

private func row(_ name: String, _ score: Score, bounds: Bool = true) -> String {
    let sizes = [0.5, 0.99, 0.999].map { score.errors.percentile($0).map(duration) ?? "-" }
    return row(
        name, sizes[0], sizes[1], sizes[2], percent(score.lost, score.readings),
        bounds ? percent(score.held, score.bounded) : "none stated", bounds ? decimals(score.width, 2) : "-",
        String(score.readings))
}

private func row(_ name: String, _ cells: String...) -> String {
    cells.reduce(name + String(repeating: " ", count: max(0, 28 - name.count))) { line, cell in
        line + String(repeating: " ", count: max(1, 13 - cell.count)) + cell
    }
}

private func percent(_ part: Int, _ whole: Int) -> String {
    decimals(whole == 0 ? 0 : Double(part) * 100 / Double(whole), 3) + " %"
}

private func duration(_ microseconds: Int64) -> String {
    let seconds = Double(microseconds) / 1_000_000
    return switch seconds {
    case ..<300: decimals(seconds, 2) + " s"
    case ..<7200: decimals(seconds / 60, 1) + " min"
    case ..<172_800: decimals(seconds / 3600, 1) + " h"
    default: decimals(seconds / 86_400, 1) + " d"
    }
}

private func decimals(_ number: Double, _ count: Int) -> String {
    let one = (0..<count).reduce(1) { power, _ in power * 10 }
    let scaled = Int((number * Double(one)).rounded())
    return "\(scaled / one)." + padded(scaled % one, count)
}
