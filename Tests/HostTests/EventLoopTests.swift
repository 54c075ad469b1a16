import Core
import Glibc
import TestLoop
import Testing

@testable import Host

@Suite struct EventLoopTests {
    @Test func timersRunOutInTheOrderOfTheirTimes() async throws {
        let order = try await onLoop {
            let now = ContinuousClock.now
            return await withTaskGroup(of: Int.self) { group in
                for number in [3, 1, 4, 2, 0] {
                    group.addTask { await told(number, onceDue: now + .milliseconds(20 * number)) }
                }
                var order: [Int] = []
                for await number in group { order.append(number) }
                return order
            }
        }
        #expect(order == [0, 1, 2, 3, 4])
    }

    @Test func aSleepIsNotShorterThanItSays() async throws {
        let slept = try await onLoop {
            let start = ContinuousClock.now
            await loop.sleep(for: .milliseconds(5))
            return ContinuousClock.now - start
        }
        #expect(slept >= .milliseconds(5))
    }

    /// Who can wait for longer comes along when the loop is awake, and not before its time.
    @Test func whoToleratesItComesAlongWithAnother() async throws {
        let slept = try await onLoop {
            let start = ContinuousClock.now
            async let end = told(onceSlept: .milliseconds(20), tolerance: .seconds(3600))
            // Once before its time, and once after it.
            await loop.sleep(for: .milliseconds(5))
            await loop.sleep(for: .milliseconds(40))
            return await end - start
        }
        #expect(slept >= .milliseconds(20) && slept < .seconds(3600))
    }

    /// Nor is it forgotten: on a loop of its own, where nothing else happens.
    @Test func whoToleratesItIsNotWokenAlone() {
        let own = EventLoop(), slept = Locked<[Duration]>([]), start = ContinuousClock.now
        for (time, tolerance) in [(10, 60), (100, 0)] {
            Task(executorPreference: own) {
                await own.sleep(for: .milliseconds(time), tolerance: .milliseconds(tolerance))
                let count = slept.with { slept in
                    slept.append(ContinuousClock.now - start)
                    return slept.count
                }
                if count == 2 { own.stop() }
            }
        }
        own.run()
        let (alone, together) = slept.with { ($0[0], $0[1]) }
        #expect(alone >= .milliseconds(70) && together >= .milliseconds(100))
    }

    @Test func readersAndAWriterWaitForTheSameDescriptor() async throws {
        try await onLoop {
            let ends = try Ends()
            fill(ends.near)
            async let reader = loop.ready(ends.near)
            async let secondReader = loop.ready(ends.near)
            async let writer = loop.ready(ends.near, write: true)
            await loop.sleep(for: .milliseconds(1))
            #expect(write(ends.far, "x", 1) == 1)
            #expect(await reader)
            #expect(await secondReader)
            drain(ends.far)
            #expect(await writer)
        }
    }

    @Test func ofTwoWaitersOnlyTheLateOneGivesUp() async throws {
        try await onLoop {
            let ends = try Ends()
            async let patient = loop.ready(ends.near, before: .now + .seconds(600))
            async let hasty = loop.ready(ends.near, before: .now + .milliseconds(2))
            #expect(await !hasty)
            #expect(write(ends.far, "x", 1) == 1)
            #expect(await patient)
        }
    }

    @Test func aHangUpWakesTheReader() async throws {
        try await onLoop {
            let ends = try Ends()
            async let reader = loop.ready(ends.near)
            await loop.sleep(for: .milliseconds(1))
            ends.closeFar()
            #expect(await reader)
            var byte: UInt8 = 0
            #expect(read(ends.near, &byte, 1) == 0)
        }
    }

    @Test func aDescriptorThatIsClosedHereWakesItsWaitersWithFalse() async throws {
        try await onLoop {
            let ends = try Ends()
            let near = ends.near
            async let reader = loop.ready(near)
            async let writer = loop.ready(near, before: .now + .seconds(600))
            await loop.sleep(for: .milliseconds(1))
            ends.closeNear()
            #expect(await !reader)
            #expect(await !writer)
        }
    }

    @Test func whatCannotBeWaitedForIsReady() async throws {
        let isReady = try await onLoop { await loop.ready(0x7fff, before: .now + .seconds(600)) }
        #expect(isReady)
    }

    @Test func thousandWaitersWakeOnceEach() async throws {
        let sum = try await onLoop {
            let ends = try Ends()
            let near = ends.near
            return await withTaskGroup(of: Int.self) { group in
                for number in 0..<1000 {
                    group.addTask { await loop.ready(near) ? number : 0 }
                }
                await loop.sleep(for: .milliseconds(1))
                #expect(write(ends.far, "x", 1) == 1)
                var sum = 0
                for await number in group { sum += number }
                return sum
            }
        }
        #expect(sum == 499_500)
    }

    @Test func aBellIsHeardFromAnotherThread() async throws {
        let bell = try Bell()
        async let heard = onLoop { await bell.rung(before: .now + .seconds(600)) }
        bell.ring()
        bell.ring()
        #expect(try await heard)
        // Two rings are one, and a heard one is over.
        let again = try await onLoop { await bell.rung(before: .now + .milliseconds(1)) }
        #expect(!again)
    }

    @Test func workFromOtherThreadsAllArrives() async throws {
        let total = Locked(0)
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { @concurrent in
                    for _ in 0..<500 { _ = try? await onLoop { total.with { $0 += 1 } } }
                }
            }
        }
        #expect(total.with { $0 } == 4000)
    }

    @Test func childTasksStayOnTheLoopsThread() async throws {
        let threads = try await onLoop {
            async let plain = threadsOfAConversation()
            async let unbound = threadsOutsideTheHub()
            let group = await withTaskGroup(of: Set<pthread_t>.self) { group in
                for _ in 0..<4 { group.addTask { await threadsOutsideTheHub() } }
                var all: Set<pthread_t> = []
                for await threads in group { all.formUnion(threads) }
                return all
            }
            return await plain.union(await unbound).union(group).union([pthread_self()])
        }
        #expect(threads.count == 1)
    }

    @Test func theHubKnowsItsThread() async throws {
        let isThere = try await onLoop { loop.isIsolatingCurrentContext() }
        #expect(isThere == true)
        #expect(loop.isIsolatingCurrentContext() == false)
    }

    @Test func runCanBeLeftAndEnteredAgain() async {
        let own = EventLoop()
        let steps = Locked<[Int]>([])
        for step in 1...2 {
            Task(executorPreference: own) {
                await own.sleep(for: .milliseconds(1))
                steps.with { $0.append(step) }
                own.stop()
            }
            own.run()
            steps.with { $0.append(-step) }
        }
        #expect(steps.with { $0 } == [1, -1, 2, -2])
    }
}

@Hub private func told(onceSlept time: Duration, tolerance: Duration) async -> ContinuousClock.Instant {
    await loop.sleep(for: time, tolerance: tolerance)
    return .now
}

@Hub private func told(_ number: Int, onceDue due: ContinuousClock.Instant) async -> Int {
    _ = await loop.ready(before: due)
    return number
}

@Hub private func threadsOfAConversation() async -> Set<pthread_t> {
    var threads: Set = [pthread_self()]
    guard let (near, far) = try? SocketBearer.pair() else { return [] }
    async let echo: [UInt8]? = far.receive(within: .seconds(600))
    try? await near.send([1])
    _ = try? await echo
    threads.insert(pthread_self())
    await loop.sleep(for: .milliseconds(1))
    threads.insert(pthread_self())
    return threads
}

@concurrent private func threadsOutsideTheHub() async -> Set<pthread_t> {
    let before = pthread_self()
    await loop.sleep(for: .milliseconds(1))
    return [before, pthread_self()]
}

/// Two ends of a stream that do not block.
@Hub private final class Ends {
    let near: CInt, far: CInt
    private var nearOwner: Descriptor?, farOwner: Descriptor?

    init() throws {
        var ends: [CInt] = [-1, -1]
        try #require(socketpair(AF_UNIX, CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0, &ends) == 0)
        (near, far) = (ends[0], ends[1])
        nearOwner = Descriptor(near)
        farOwner = Descriptor(far)
    }

    func closeNear() { nearOwner = nil }
    func closeFar() { farOwner = nil }
}

private func fill(_ fd: CInt) {
    let bytes = [UInt8](repeating: 0, count: 65_536)
    while write(fd, bytes, bytes.count) > 0 {}
}

private func drain(_ fd: CInt) {
    var bytes = [UInt8](repeating: 0, count: 65_536)
    while read(fd, &bytes, bytes.count) > 0 {}
}
