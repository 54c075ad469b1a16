import Glibc
import Host

/// The tests' own thread for the loop, for the main one belongs to the test runner.
private enum LoopThread {
    static let started: Void = {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                loop.run()
                return nil
            }, nil)
        pthread_detach(thread)
    }()
}

/// Runs `body` as vitalsd runs everything: a task that prefers the loop, on the Hub.
package func onLoop<Result: Sendable>(_ body: @escaping @Hub @Sendable () async throws -> Result) async throws -> Result
{
    LoopThread.started
    return try await Task(executorPreference: loop, operation: body).value
}

/// Keeps something that lives as long as its process does, as a gateway, whose parts know each other.
@Hub package func keepAlive(_ object: AnyObject) { living.append(object) }
@Hub private var living: [AnyObject] = []

/// A directory of the test's own, removed with everything in it.
package final class TemporaryDirectory: Sendable {
    package let path: String

    package init() {
        var pattern = Array("\(P_tmpdir)/vitalsd-test-XXXXXX".utf8CString)
        mkdtemp(&pattern)
        path = String(decoding: pattern.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    deinit { Self.remove(path) }

    package func callAsFunction(_ name: String) -> String { "\(path)/\(name)" }

    private static func remove(_ path: String) {
        if unlink(path) == 0 { return }
        for name in (try? Files.names(in: path)) ?? [] { remove("\(path)/\(name)") }
        rmdir(path)
    }
}
