import FHIR

// vitalsd-fleet [HUBS] [CAPACITY] [SEED]
//
// So many hubs and one clinic, which can take so many requests a second, on a clock of their own. After each scenario stands
// what the daemon's own rules make of it, and what three usual ones do.

let words = CommandLine.arguments.dropFirst().map { Double($0) }
let hubs = Int((words.count > 0 ? words[0] : nil) ?? 50_000)
let capacity = (words.count > 1 ? words[1] : nil) ?? 60
let seed = UInt64((words.count > 2 ? words[2] : nil) ?? 1)

func row(_ cells: [String]) -> String {
    zip(cells, [26] + Array(repeating: 14, count: cells.count)).reduce("  ") { line, cell in
        line + cell.0 + String(repeating: " ", count: max(0, cell.1 - cell.0.count))
    }
}

func percent(_ part: Int, of whole: Int) -> String {
    whole == 0 ? "none" : "\((Double(part) / Double(whole) * 1000).rounded() / 10) %"
}

print("\(hubs) hubs, \(Int(capacity)) requests a second, seed \(seed)")
for scenario in Scenario.all {
    let least = scenario.leastTime(hubs, capacity: capacity, seed: seed)
    let bare = scenario.leastTime(hubs, capacity: capacity, seed: seed, besideSignsOfLife: false)
    print("\n\(scenario.name); the least possible time is \(Int(least)) s, without signs of life \(Int(bare)) s")
    print(row(["strategy", "peak/s", "last in", "times least", "wasted", "live > 1 min"]))
    for strategy in Strategy.allCases {
        var fleet = Fleet(hubs, scenario, strategy, capacity: capacity, seed: seed)
        let outcome = fleet.play(from: scenario.begins)
        let ratio = outcome.drained / least
        let cells = [
            strategy.name, "\(outcome.peak)", outcome.drained > 0 ? "\(Int(outcome.drained)) s" : "never",
            "\((ratio * 100).rounded() / 100)", "\(outcome.wasted)", percent(outcome.late, of: outcome.live),
        ]
        print(row(cells))
        guard strategy == .vitalsd else { continue }
        let holds = Double(outcome.peak) < 2 * capacity && outcome.drained > 0 && ratio <= 1.2
        if !holds { print("  the aim is missed: under \(Int(2 * capacity))/s, and 1.2 times the least time") }
    }
}
