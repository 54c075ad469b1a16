import Glibc

/// `make fuzz` gives random bytes to one parser, which the environment names; libFuzzer finds those that reach new code.
/// Where none is named it says which there are, and how long their inputs should be. Without libFuzzer the program reads the
/// files that are named, and so repeats what was found.
private let parser: Parser? = {
    let name = getenv("PARSER").map { String(cString: $0) } ?? ""
    return Parser.all.first { $0.name == name }
}()

#if FUZZING
    private typealias Words = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private typealias One = @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt

    /// libFuzzer's own entrance (compiler-rt, FuzzerInterface.h), because SwiftPM gives `main` another name.
    @_silgen_name("LLVMFuzzerRunDriver")
    private func runDriver(_ count: UnsafeMutablePointer<CInt>, _ words: UnsafeMutablePointer<Words>, _ one: One)
        -> CInt

    @_cdecl("vitalsd_fuzz_main")
    func main(_ count: CInt, _ words: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> CInt {
        guard getenv("PARSER") != nil else {
            for parser in Parser.all { print(parser.name, parser.longest) }
            return 0
        }
        // The number of executions is the first word and the corpus the last, as fuzz.py calls us.
        if let chosen = parser, count > 2, let runs = words[1], let folder = words[Int(count) - 1] {
            let runs = String(cString: runs).split(separator: "=").last.flatMap { Int($0) }
            Watched.choose(chosen, corpus: String(cString: folder), runs: runs ?? 0)
        }
        var count = count, words = words
        return runDriver(&count, &words) { bytes, count in
            guard let parser else { fatalError("PARSER names no parser") }
            parser.read(Array(UnsafeBufferPointer(start: bytes, count: count)))
            return 0
        }
    }
#else
    @main struct Replay {
        static func main() {
            guard CommandLine.arguments.count > 1 else {
                for parser in Parser.all { print(parser.name, parser.longest) }
                return
            }
            guard let parser else {
                print("PARSER names no parser")
                exit(64)
            }
            for path in CommandLine.arguments.dropFirst() {
                guard let file = fopen(path, "re") else {
                    perror(path)
                    exit(66)
                }
                var bytes = [UInt8](repeating: 0, count: 1 << 20)
                let count = fread(&bytes, 1, bytes.count, file)
                fclose(file)
                parser.read(Array(bytes[..<count]))
            }
        }
    }
#endif
