#if FUZZING
    import Dice
    import Glibc

    /// Which of the program's counters libFuzzer looks at. After each execution it goes through all of them, a hundred thousand,
    /// which takes several times as long as reading some tens of bytes does. One parser touches a few thousand: those that it
    /// touches when it reads its corpus, and bytes a little like that, and their neighbours. The rest of the code is checked all
    /// the same; it only teaches libFuzzer nothing, until an input of the corpus gets there and the program is started again.
    enum Watched {
        typealias Counters = UnsafeMutablePointer<UInt8>
        typealias Places = UnsafePointer<UInt>

        nonisolated(unsafe) fileprivate static var counters: UnsafeMutableBufferPointer<UInt8>?
        nonisolated(unsafe) fileprivate static var places: Places?

        /// Counters that are looked at, or not, together.
        private static let block = 64
        private static let tries = 20_000

        /// For a few executions the search for them would take longer than it saves.
        private static func chooseAll() {
            guard let counters, let places, let base = counters.baseAddress else { fatalError("no counters") }
            realCounters(base, base + counters.count)
            realPlaces(places, places + 2 * counters.count)
        }

        /// - Parameter runs: how many executions there will be.
        static func choose(_ parser: Parser, corpus: String, runs: Int) {
            if runs > 2 * tries { choose(parser, corpus: corpus) } else { chooseAll() }
        }

        private static func choose(_ parser: Parser, corpus: String) {
            guard let counters, let places, let base = counters.baseAddress else { fatalError("no counters") }
            // What is done once, the list of all drivers for one, has touched most of them.
            parser.read([])
            counters.update(repeating: 0)
            read(parser, corpus)
            let count = counters.count
            let touched = Set(counters.indices.filter { counters[$0] != 0 }.map { $0 / block })
            let watched = touched.union(touched.map { $0 + 1 }).union(touched.map { $0 - 1 })
            var start: Int?
            for number in 0...(count / block + 1) {
                if watched.contains(number), number * block < count {
                    start = start ?? number * block
                } else if let first = start {
                    let end = min(number * block, count)
                    realCounters(base + first, base + end)
                    // Of each counter a place in the code, and what stands there.
                    realPlaces(places + 2 * first, places + 2 * end)
                    start = nil
                }
            }
        }

        private static func read(_ parser: Parser, _ corpus: String) {
            let seeds = files(of: corpus) + [[]]
            var chance = Chance(1)
            for seed in seeds { parser.read(seed) }
            for _ in 0..<tries {
                var bytes = chance.pick(seeds)
                for _ in 0...Int.random(in: 0..<4, using: &chance) {
                    let place = Int.random(in: 0...bytes.count, using: &chance)
                    switch UInt8.random(in: 0..<4, using: &chance) {
                    case 0: bytes.insert(.random(in: 0...255, using: &chance), at: place)
                    case 1: bytes = Array(bytes[..<place])
                    default: if place < bytes.count { bytes[place] = .random(in: 0...255, using: &chance) }
                    }
                }
                parser.read(bytes)
            }
        }

        private static func files(of folder: String) -> [[UInt8]] {
            guard let listing = opendir(folder) else { return [] }
            defer { closedir(listing) }
            var found: [[UInt8]] = []
            while let entry = readdir(listing) {
                // An entry ends with its name: the whole of `d_name` is not there to be copied.
                guard let place = MemoryLayout<dirent>.offset(of: \.d_name) else { continue }
                let start = UnsafeRawPointer(entry).advanced(by: place)
                let name = String(cString: start.assumingMemoryBound(to: CChar.self))
                guard let file = fopen("\(folder)/\(name)", "re") else { continue }
                defer { fclose(file) }
                var bytes = [UInt8](repeating: 0, count: 4096)
                found.append(Array(bytes[..<fread(&bytes, 1, bytes.count, file)]))
            }
            return found
        }
    }

    // The linker gives the modules' calls to us (--wrap), and libFuzzer's own functions another name.
    @_silgen_name("__real___sanitizer_cov_8bit_counters_init")
    private func realCounters(_ start: Watched.Counters, _ end: Watched.Counters)
    @_silgen_name("__real___sanitizer_cov_pcs_init")
    private func realPlaces(_ start: Watched.Places, _ end: Watched.Places)

    @_cdecl("__wrap___sanitizer_cov_8bit_counters_init")
    func wrapCounters(_ start: Watched.Counters, _ end: Watched.Counters) {
        Watched.counters = UnsafeMutableBufferPointer(start: start, count: end - start)
    }

    @_cdecl("__wrap___sanitizer_cov_pcs_init")
    func wrapPlaces(_ start: Watched.Places, _ end: Watched.Places) { Watched.places = start }
#endif
