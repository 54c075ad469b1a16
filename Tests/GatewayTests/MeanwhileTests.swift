import Core
import Glibc
import Host
import Journal
import Synchronization
import TestLoop
import Testing

@testable import vitalsd

/// What changes while somebody waits for the journal.
@Suite struct MeanwhileTests {
    /// Takes the journal's thread for itself.
    private actor Hold {
        nonisolated let worker: Worker
        nonisolated let isOver = Atomic(false)
        nonisolated var unownedExecutor: UnownedSerialExecutor { worker.asUnownedSerialExecutor() }
        init(_ worker: Worker) { self.worker = worker }
        func untilOver() { while !isOver.load(ordering: .relaxed) { usleep(1000) } }
    }

    @Hub private final class Mark {
        var isForgotten = false
    }

    private static let device = KnownDevice(
        identity: "line:/dev/ttyS0", driver: "tanita", kind: .scale, information: DeviceInformation())

    private static func entry(_ byte: UInt8) -> Journal.Entry {
        let now = HubClock.now()
        return Journal.Entry(
            device: device,
            reading: Reading([Value(.bodyWeight, Amount(70), .kilogram)], taken: .now, bytes: [byte]), heard: now,
            dated: Dated(at: now.wall, error: .zero, basis: .arrival), subject: .reference("Patient/1"))
    }

    private static func journal(at place: TemporaryDirectory, _ executor: any SerialExecutor) throws -> Journal {
        try Journal(
            path: place.path + "/journal", bound: .init(bytes: 1 << 24, age: .seconds(1 << 30)),
            destinations: ["clinic"], executor: executor)
    }

    /// What was sent and is not settled waits in the journal still. Read once more as it is dated by then, it would be told as if
    /// the clinic had never had it, and its better date never.
    @Test(arguments: [true, false]) func whatIsForgottenWhileItIsReadIsNotSent(_ isLive: Bool) async throws {
        let place = TemporaryDirectory()
        let worker = Worker("journal"), journal = try Self.journal(at: place, worker)
        defer { worker.join() }
        _ = try await journal.keep((1...3).map(Self.entry))
        try await onLoop {
            let backlog = Backlog(journal, for: "clinic"), hold = Hold(worker)
            try await backlog.readFurther(fromBeginning: true).get()
            #expect(backlog.ahead.count == 3)
            backlog.remove(backlog.ahead)
            _ = try await journal.keep([Self.entry(4)])
            backlog.tellNews()
            async let held: Void = hold.untilOver()
            await loop.sleep(for: .milliseconds(20))
            async let reading: Void = isLive ? backlog.readLive() : backlog.readFurther().get()
            await loop.sleep(for: .milliseconds(20))
            backlog.forget()
            hold.isOver.store(true, ordering: .relaxed)
            _ = try await (held, reading)
            #expect(backlog.ahead.isEmpty && backlog.hasNews && !backlog.hasBegun)
            // Nor behind what is in flight: from the beginning only once that is settled.
            try await backlog.readFurther().get()
            #expect(backlog.ahead.isEmpty)
            try await backlog.readFurther(fromBeginning: true).get()
            #expect(backlog.ahead.count == 4)
        }
    }

    /// It would come to lie behind the wipe, and outlast it.
    @Test(arguments: [true, false]) func whatWaitsWhileItsDeviceIsWipedIsNotKept(_ isWiped: Bool) async throws {
        let place = TemporaryDirectory()
        try await onLoop {
            let journal = try Self.journal(at: place, loop)
            let intake = Intake(journal, try Reserve(at: place.path + "/reserve"))
            keepAlive(intake)
            let mark = Mark()
            Task { await intake.run() }
            let keeping = Task { @Hub () -> Fault? in
                do throws(Fault) {
                    _ = try await intake.keep(Self.entry(1)) { mark.isForgotten }
                    return nil
                } catch {
                    return error
                }
            }
            try await intake.wiping { () throws(Fault) in
                await loop.sleep(for: .milliseconds(50))
                #expect(intake.isBusy)
                mark.isForgotten = isWiped
            }
            #expect(await keeping.value == (isWiped ? .device(.hungUp) : nil))
            #expect(try await journal.waiting(for: "clinic") == (isWiped ? 0 : 1))
        }
    }

    /// What is heard next may have been said since a slow card was waited for; but the visit goes on as it would have.
    @Test func whatIsHeardBehindASlowCardMayBeOfBefore() async throws {
        try await onLoop {
            let arrears = Arrears(), now = HubClock.now(), said = Reading([], taken: .now)
            arrears.held(since: now.earlier(by: .milliseconds(900)))
            #expect(arrears.dated(said) == (said, nil) && arrears.lag == .zero)
            // One wait behind another, neither of which let anybody read.
            arrears.held(since: now.earlier(by: .seconds(30)))
            arrears.held(since: now.earlier(by: .seconds(20)))
            let (reading, after) = arrears.dated(said)
            #expect(reading.taken == .unknown && after == now.earlier(by: .seconds(31)))
            #expect(arrears.lag > .seconds(29) && arrears.since == nil)
            #expect(arrears.patience(.seconds(60)) == .seconds(60))
            let stamped = Reading([], taken: .ticks(1, resolution: .seconds(1)))
            #expect(arrears.dated(stamped) == (stamped, nil))
        }
    }
}
