import Glibc
import Host

Task(executorPreference: loop) { @Hub in
    exit(await perform(CommandLine.arguments.dropFirst()).rawValue)
}
loop.run()
