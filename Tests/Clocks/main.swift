import Core

// Simulated device-years with known truth, dated by the product's own code and by what others do: `make clocks`.
//
//     vitalsd-clocks [YEARS] [SEED] [trace]

let arguments = CommandLine.arguments.dropFirst().map { $0 }
let years = arguments.first.flatMap { Int($0) } ?? 10_000
let seed = arguments.dropFirst().first.flatMap { UInt64($0) } ?? 1
let isTracing = arguments.last == "trace"

var survey = Survey()
let began = ContinuousClock.now
for year in 0..<years {
    survey.add(DeviceYear(seed: seed &* 1_000_003 &+ UInt64(year))) { if isTracing { print("year \(year)", $0) } }
}
print(report(survey))
print("took \(ContinuousClock.now - began)")
