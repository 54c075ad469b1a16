import Glibc
import Host
import TestLoop
import Testing

@Suite struct WorkerTests {
    /// An actor whose calls block, as the journal's and the clinic's do.
    private actor Ledger {
        private let worker: Worker
        nonisolated var unownedExecutor: UnownedSerialExecutor { worker.asUnownedSerialExecutor() }
        private(set) var entries: [Int] = []
        private(set) var threads: Set<pthread_t> = []

        init(_ worker: Worker) { self.worker = worker }

        func enter(_ number: Int) {
            if number % 10 == 0 { usleep(500) }
            entries.append(number)
            threads.insert(pthread_self())
        }

        var threadName: String {
            get throws { String(decoding: try Files.read("/proc/thread-self/comm"), as: UTF8.self) }
        }
    }

    @Test func workIsDoneInItsOrderOnOneNamedThread() async throws {
        let worker = Worker("ledger")
        let ledger = Ledger(worker)
        let loopThread = try await onLoop {
            for number in 0..<100 { await ledger.enter(number) }
            return pthread_self()
        }
        #expect(await ledger.entries == Array(0..<100))
        #expect(await ledger.threads.count == 1)
        #expect(await !ledger.threads.contains(loopThread))
        #expect(try await ledger.threadName == "ledger\n")
        worker.join()
    }

    @Test func joinWaitsForWhatIsQueued() {
        let worker = Worker("joined")
        let done = Locked(0)
        for _ in 0..<50 {
            Task(executorPreference: worker) {
                usleep(100)
                done.with { $0 += 1 }
            }
        }
        worker.join()
        #expect(done.with { $0 } == 50)
        worker.join()
    }
}
