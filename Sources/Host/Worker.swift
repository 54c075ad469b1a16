import CLinux
import Glibc

/// One thread with a name, for an actor whose calls block: the journal's disk, the clinic's network.
///
///     actor Journal {
///         nonisolated let worker: any SerialExecutor
///         nonisolated var unownedExecutor: UnownedSerialExecutor { worker.asUnownedSerialExecutor() }
///
/// The thread keeps its worker alive until `join`.
package final class Worker: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// At most 15 bytes, as `ps -L` and `top -H` show it.
    package let name: String
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let work = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var jobs: [UnownedJob] = []
    private var isEnding = false
    private var thread: pthread_t?

    package init(_ name: String) {
        self.name = name
        pthread_mutex_init(mutex, nil)
        pthread_cond_init(work, nil)
        var thread = pthread_t()
        let this = Unmanaged.passRetained(self).toOpaque()
        let refusal = pthread_create(
            &thread, nil,
            { raw in
                if let raw { Unmanaged<Worker>.fromOpaque(raw).takeRetainedValue().run() }
                return nil
            }, this)
        guard refusal == 0 else { fatalError("no thread: errno \(refusal)") }
        self.thread = thread
    }

    deinit {
        pthread_cond_destroy(work)
        work.deallocate()
        pthread_mutex_destroy(mutex)
        mutex.deallocate()
    }

    /// Ends the thread after the jobs that are queued, and waits for that. A job that comes later never runs.
    package func join() {
        pthread_mutex_lock(mutex)
        isEnding = true
        let thread = thread
        self.thread = nil
        pthread_cond_signal(work)
        pthread_mutex_unlock(mutex)
        if let thread { pthread_join(thread, nil) }
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        pthread_mutex_lock(mutex)
        jobs.append(job)
        pthread_cond_signal(work)
        pthread_mutex_unlock(mutex)
    }

    private func run() {
        vitalsd_name_thread(name)
        let serial = asUnownedSerialExecutor(), task = asUnownedTaskExecutor()
        var batch: [UnownedJob] = []
        while true {
            pthread_mutex_lock(mutex)
            while jobs.isEmpty, !isEnding { pthread_cond_wait(work, mutex) }
            swap(&jobs, &batch)
            pthread_mutex_unlock(mutex)
            if batch.isEmpty { return }
            for job in batch { job.runSynchronously(isolatedTo: serial, taskExecutor: task) }
            batch.removeAll(keepingCapacity: true)
        }
    }
}
