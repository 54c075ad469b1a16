import Core
import FHIR
import Testing

@Suite struct DeliveryPolicyTests {
    private static let down = Refusal(.resend, .network(.refused))
    private static func busy(_ status: Int, _ wish: Duration?) -> Refusal {
        Refusal(.resend, .clinic(.busy(status: status, retryAfter: wish)), status: status)
    }
    private static let garbage = Refusal(.resendOnce, .clinic(.badAnswer("")), status: 200)

    /// Soon, then for some minutes at the same distance, and then to twenty minutes; at least nine tenths of it in the first
    /// five minutes, and seven tenths then, and forty-nine fiftieths of the longest.
    @Test func delaysGrowToTwentyMinutes() {
        let wanted: [Double] = [5, 35, 75, 75, 75, 75, 130, 230, 400, 700, 1200, 1200, 1200]
        let least = [4.5, 31.5, 67.5, 67.5, 67.5, 67.5, 91, 161, 280, 490, 1176, 1176, 1176]
        for (chance, wanted) in [(0.0, least), (0.5, zip(least, wanted).map { ($0 + $1) / 2 }), (1.0, wanted)] {
            var policy = DeliveryPolicy()
            let delays = wanted.map { _ in policy.failed(Self.down, chance: chance) / .seconds(1) }
            for (delay, wanted) in zip(delays, wanted) { #expect(abs(delay - wanted) < 1e-6) }
        }
        // Nobody has come to the longer ones before five minutes have passed.
        #expect(least.prefix(6).reduce(0, +) > 300)
    }

    /// Whoever finds the clinic there again, with too much to do, does not wait as if it were still away.
    @Test func anAnswerBeginsARowOfItsOwn() {
        let full = Refusal(.resend, .clinic(.failing(status: 503)), status: 503)
        var policy = DeliveryPolicy()
        for _ in 0..<8 { _ = policy.failed(Self.down, chance: 1) }
        let answered = (0..<8).map { _ in policy.failed(full, chance: 1) / .seconds(1) }
        let wanted: [Double] = [75, 75, 75, 75, 75, 75, 130, 230]
        for (delay, wanted) in zip(answered, wanted) { #expect(abs(delay - wanted) < 1e-6) }
        let silent = policy.failed(Self.down, chance: 1) / .seconds(1)
        #expect(abs(silent - 400) < 1e-6)
    }

    /// Of a short outage there are so few that they may come sooner.
    @Test(arguments: [1, 2, 4, 6]) func whatIsThereAgainAfterAShortOutageIsAskedSooner(_ silences: Int) {
        let full = Refusal(.resend, .clinic(.failing(status: 503)), status: 503)
        var policy = DeliveryPolicy()
        for _ in 0..<silences { _ = policy.failed(Self.down, chance: 1) }
        let answered = (0..<3).map { _ in policy.failed(full, chance: 1) / .seconds(1) }
        let wanted: [Double] = silences == 1 ? [35, 40, 75] : [40, 40, 75]
        for (delay, wanted) in zip(answered, wanted) { #expect(abs(delay - wanted) < 1e-6) }
    }

    /// A reading that a server stumbles over holds the others up for a minute and three quarters at most, before it is looked for.
    @Test func anAnswerThatMayBeAReadingsFaultIsAskedForSoon() {
        let failing = verdict(status: 500, outcome: OperationOutcome(issues: []))
        var policy = DeliveryPolicy()
        let delays = (0..<5).map { _ in policy.failed(failing, chance: 1) / .seconds(1) }
        #expect(delays.map { ($0 * 100).rounded() / 100 } == [5, 9, 15, 27, 47])
    }

    /// Whoever has come to the longest delay keeps its turn, until something is taken or somebody has helped.
    @Test func aLongOutageIsToldFromAShortOne() {
        var policy = DeliveryPolicy()
        for _ in 0..<10 {
            _ = policy.failed(Self.down, chance: 1)
            #expect(!policy.isLongAway)
        }
        _ = policy.failed(Self.down, chance: 1)
        #expect(policy.isLongAway)
        var taken = policy, helped = policy
        taken.taken(1, in: .milliseconds(20))
        helped.forgive()
        #expect(!taken.isLongAway && !helped.isLongAway)
    }

    @Test func aThousandFailuresAreNoOverflow() {
        var policy = DeliveryPolicy()
        for _ in 0..<1000 { _ = policy.failed(Self.down, chance: 0.3) }
        let delay1 = policy.failed(Self.down, chance: 1)
        #expect(delay1 == .seconds(1200))
        #expect(policy.failures == 1001)
    }

    @Test func anySuccessEndsTheRow() {
        var policy = DeliveryPolicy()
        for _ in 0..<5 { _ = policy.failed(Self.down, chance: 1) }
        policy.taken(1, in: .milliseconds(20))
        let delay2 = policy.failed(Self.down, chance: 1)
        #expect(delay2 == .seconds(5))
    }

    /// Never before the clinic says, and not all hubs at one moment after it: spread over as long again, or over what they
    /// would have waited by themselves.
    @Test(arguments: [(10, 10, 20), (0, 1, 6), (3600, 3600, 3900), (200_000, 86_400, 86_700)])
    func theClinicsWishIsKept(wish: Int, least: Int, most: Int) {
        for (chance, wanted) in [(0.0, least), (1.0, most)] {
            var policy = DeliveryPolicy()
            #expect(policy.failed(Self.busy(503, .seconds(wish)), chance: chance) == .seconds(wanted))
        }
    }

    /// A minute after a failure what is measured may go; not where the clinic asks for patience, or where it would be in vain.
    @Test func whatIsMeasuredDoesNotWaitForALongPause() {
        let full = Refusal(.resend, .clinic(.failing(status: 503)), status: 503)
        for refusal in [Self.down, full] {
            #expect(DeliveryPolicy().shortestPause(after: refusal) == .seconds(60))
            #expect(DeliveryPolicy(scale: 0.1).shortestPause(after: refusal) == .seconds(6))
        }
        let stranger = Refusal(.pause, .clinic(.rejectsUs(status: 401)), status: 401)
        let unset = Refusal(.resend, .hub(.clockUnset))
        for refusal in [Self.busy(429, nil), Self.busy(503, .seconds(10)), Self.garbage, stranger, unset] {
            #expect(DeliveryPolicy().shortestPause(after: refusal) == nil, "\(refusal)")
        }
    }

    @Test func aSecondSenselessAnswerPauses() {
        var policy = DeliveryPolicy()
        let delay3 = policy.failed(Self.garbage, chance: 1)
        #expect(delay3 == .seconds(5))
        let delay4 = policy.failed(Self.garbage, chance: 1)
        #expect(delay4 == .seconds(900))
    }

    @Test(arguments: [(401, 900), (403, 3600), (404, 900), (415, 900)])
    func whatATechnicianMustMendIsAskedForSeldom(status: Int, seconds: Int) {
        var policy = DeliveryPolicy()
        let refusal = verdict(status: status, outcome: OperationOutcome(issues: []))
        let delay5 = policy.failed(refusal, chance: 1)
        #expect(delay5 == .seconds(seconds))
    }

    @Test func tooManyRequestsSlowABacklogDown() {
        var policy = DeliveryPolicy()
        #expect(policy.gap == .zero)
        _ = policy.failed(Self.busy(429, nil), chance: 1)
        #expect(policy.gap == .seconds(1))
        _ = policy.failed(Self.busy(429, nil), chance: 1)
        #expect(policy.gap == .seconds(2))
        for _ in 0..<100 { _ = policy.failed(Self.busy(429, nil), chance: 1) }
        #expect(policy.gap == .seconds(60))
        for _ in 0..<40 { policy.taken(1, in: .milliseconds(20)) }
        #expect(policy.gap == .zero)
    }

    @Test func bundlesGrowOnAFastWayAndShrinkOnASlowOne() {
        var policy = DeliveryPolicy()
        let sizes = (0..<4).map { _ in
            policy.taken(policy.most, in: .milliseconds(300))
            return policy.most
        }
        #expect(sizes == [32, 64, 64, 64])
        // A small bundle on a fast way says nothing of a large one.
        var small = DeliveryPolicy()
        small.taken(1, in: .milliseconds(20))
        #expect(small.most == DeliveryPolicy.firstBundle)
        policy.taken(64, in: .seconds(30))
        #expect(policy.most == 32)
        policy.taken(32, in: .seconds(5))
        #expect(policy.most == 32)
        for _ in 0..<10 { policy.taken(policy.most, in: .seconds(30)) }
        #expect(policy.most == 1)
    }

    @Test func theSizeThatGoesThroughIsRemembered() {
        var policy = DeliveryPolicy()
        policy.tooLarge(16)
        #expect(policy.most == 8)
        for _ in 0..<5 { policy.taken(policy.most, in: .milliseconds(20)) }
        #expect(policy.most == 8)
        policy.tooLarge(1)
        #expect(policy.most == 8)
        policy.reset()
        #expect(policy == DeliveryPolicy())
    }

    @Test func whatDoesNotArriveInTimeIsSentInSmallerPieces() {
        var policy = DeliveryPolicy()
        let late = Refusal(.resend, .network(.timedOut))
        _ = policy.failed(late, chance: 1)
        #expect(policy.most == 16)
        for _ in 0..<6 { _ = policy.failed(late, chance: 1) }
        #expect(policy.most == 1)
    }

    @Test func aPassingAnswerIsBelievedFiveTimes() {
        let failing = verdict(status: 500, outcome: OperationOutcome(issues: []))
        var policy = DeliveryPolicy()
        for _ in 0..<5 {
            #expect(!policy.isAboutContent(failing))
            _ = policy.failed(failing, chance: 1)
            // That nobody answers says nothing of the content.
            for _ in 0..<3 { _ = policy.failed(Self.down, chance: 1) }
        }
        #expect(policy.isAboutContent(failing))
        #expect(DeliveryPolicy.patience(with: failing) == .seconds(86_400))
        let refused = verdict(status: 422, outcome: OperationOutcome(issues: []))
        #expect(DeliveryPolicy.patience(with: refused) == .zero)
        #expect(DeliveryPolicy().isAboutContent(refused))
    }

    @Test func eightRefusedInARowAreNotTheReadings() {
        var policy = DeliveryPolicy()
        let refused = verdict(status: 422, outcome: OperationOutcome(issues: []))
        for count in 1...7 {
            let isCertain = policy.refusedOne(refused)
            #expect(!isCertain)
            #expect(policy.isDoubtful == (count >= 5))
        }
        let isCertain = policy.refusedOne(refused)
        #expect(isCertain && !policy.isDoubtful && !policy.isLongAway)
        // From now on one alone tells whether anything has changed.
        #expect(policy.most == 1 && policy.blamesClinic)
        policy.taken(1, in: .zero)
        #expect(policy.most == DeliveryPolicy.firstBundle && !policy.blamesClinic)
        for _ in 0..<4 { _ = policy.refusedOne(refused) }
        #expect(!policy.isDoubtful)
    }

    /// Then it is as if nobody answered: asked every twenty minutes, in turn.
    @Test func aServerThatStumblesOverEverythingIsAway() {
        let failing = verdict(status: 500, outcome: OperationOutcome(issues: []))
        var policy = DeliveryPolicy()
        for _ in 0..<DeliveryPolicy.benefit { _ = policy.failed(failing, chance: 1) }
        for _ in 0..<DeliveryPolicy.certainty {
            #expect(policy.isAboutContent(failing) && !policy.isLongAway)
            _ = policy.refusedOne(failing)
        }
        #expect(policy.isLongAway && policy.isAboutContent(failing))
        let delay = policy.failed(Refusal(.resend, failing.fault, status: 500), chance: 0.5)
        #expect(delay == .seconds(1188))
        policy.forgive()
        #expect(!policy.isLongAway && policy.most == DeliveryPolicy.firstBundle)
    }

    @Test func everyDelayIsScaled() {
        var policy = DeliveryPolicy(scale: 0.01)
        let delay6 = policy.failed(Self.down, chance: 1)
        #expect(delay6 == .milliseconds(50))
        #expect(policy.failed(Self.busy(503, .seconds(10)), chance: 0) == .milliseconds(100))
        policy.reset()
        #expect(policy.scale == 0.01)
    }
}
