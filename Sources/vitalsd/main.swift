import Glibc
import Host

/// The version that `vitalsd version` prints and the clinic hears.
let version = "0.1.0"

/// Every verb there is.
let commands: [Command] = [
    .run, .demo, .status, .queue, .bind, .unbind, .devices, .decode, .replay, .version, .help,
]

Task(executorPreference: loop) { @Hub in
    exit(await perform(CommandLine.arguments.dropFirst()).rawValue)
}
loop.run()
