import CLinux
import Glibc
import Host

// What is measured from within, and the far ends of what is measured from without. `bench.py` runs it and says what the
// figures mean; each line printed here is `name<TAB>figure…`.
//
//     vitalsd-bench decode SECONDS              nanoseconds and allocations per record
//     vitalsd-bench decoders SECONDS            the same of every decoder; records come on standard input
//     vitalsd-bench commits DIRECTORY SECONDS   the journal, plain SQLite, and the disk itself
//     vitalsd-bench home AIR                    many cuffs on one simulated air, and a clinic that does almost nothing

let arguments = CommandLine.arguments

/// Prints a figure at once: whoever reads has a pipe.
func report(_ name: String, _ figures: Any...) {
    print(([name] + figures.map { "\($0)" }).joined(separator: "\t"))
    fflush(nil)
}

func seconds(_ text: String) -> Duration { .milliseconds(Int((Double(text) ?? 1) * 1000)) }

switch (arguments.dropFirst().first, arguments.count) {
case ("decode", 3):
    measureDecoding(for: seconds(arguments[2]))
case ("decoders", 3):
    measureEveryDecoder(for: seconds(arguments[2]))
case ("commits", 4):
    Task(executorPreference: loop) { @Hub in
        do {
            try await measureCommits(in: arguments[2], for: seconds(arguments[3]))
            exit(0)
        } catch {
            Console.complain("vitalsd-bench: \(error)")
            exit(1)
        }
    }
    loop.run()
case ("home", 3):
    SimulatedHome(air: arguments[2]).run()
default:
    Console.complain("usage: vitalsd-bench decode SECONDS | decoders SECONDS | commits DIRECTORY SECONDS | home AIR")
    exit(64)
}
