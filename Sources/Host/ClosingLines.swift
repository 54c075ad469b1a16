import CLinux
import Glibc

/// Serial lines that are being closed, each on a thread of its own: for what an adapter that is stuck has not sent the kernel
/// waits half a minute, O_NONBLOCK or not. It is not thrown away instead, for it may be the last acknowledgement.
enum ClosingLines {
    private final class Line: Sendable {
        let descriptor: CInt, number: dev_t, shut: @Sendable (CInt) -> Void

        init(_ descriptor: CInt, _ number: dev_t, _ shut: @escaping @Sendable (CInt) -> Void) {
            (self.descriptor, self.number, self.shut) = (descriptor, number, shut)
        }

        func close() {
            shut(descriptor)
            numbers.with { numbers in
                if let index = numbers.firstIndex(of: number) { numbers.remove(at: index) }
            }
        }
    }

    /// By their device numbers.
    private static let numbers = Locked<[dev_t]>([])

    static func contains(_ number: dev_t) -> Bool { numbers.with { $0.contains(number) } }

    static func close(_ descriptor: CInt, of number: dev_t, _ shut: @escaping @Sendable (CInt) -> Void) {
        // Here already the line is free for whoever wants it next.
        flock(descriptor, LOCK_UN)
        numbers.with { $0.append(number) }
        let line = Unmanaged.passRetained(Line(descriptor, number, shut))
        var thread = pthread_t()
        let refusal = pthread_create(
            &thread, nil,
            { raw in
                vitalsd_name_thread("closing")
                if let raw { Unmanaged<Line>.fromOpaque(raw).takeRetainedValue().close() }
                return nil
            }, line.toOpaque())
        // Without one it is closed all the same.
        if refusal == 0 { pthread_detach(thread) } else { line.takeRetainedValue().close() }
    }
}
