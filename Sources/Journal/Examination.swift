import Core

/// Looks through all of a journal's file for damage, beside the daemon that already uses it: by a connection of its own,
/// which sees the journal as it was when it began and keeps nobody waiting.
package actor Examination {
    private let path: String
    private let executor: any SerialExecutor

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameter executor: of a thread that may be busy for seconds, and is not the journal's.
    package init(of path: String, executor: any SerialExecutor) {
        self.path = path
        self.executor = executor
    }

    /// What is wrong with the file; nil where it is whole. Throws `hub(.diskFailing)` where the disk cannot read it.
    package func finding() throws(Fault) -> String? {
        do throws(Fault) {
            return try Database(path, .reading).damage()
        } catch .hub(.journalDamaged(let why)) {
            return why
        }
    }
}
