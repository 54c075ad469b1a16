import Core
import Host
import Journal

/// Where readings wait for the disk. While one batch is being written, those who come share the next one: a lone reading
/// is written at once, a burst costs one fsync.
@Hub final class Intake {
    private typealias Turn = CheckedContinuation<Result<Journal.Keeping, Fault>, Never>
    private let journal: Journal
    let reserve: Reserve
    private struct Waiting {
        let entry: Journal.Entry
        /// Whether it was wiped while it waited.
        let isForgotten: () -> Bool
        let turn: Turn
    }
    private var waiting: [Waiting] = []
    private var idle: CheckedContinuation<Void, Never>?
    /// How many wipes are going on, and who waits for their end.
    private var wipes = 0
    private var wiped: CheckedContinuation<Void, Never>?
    /// What of each device is nowhere but here yet.
    private var inHand: [String: Int] = [:]
    /// How many visits wait for the journal with what they have heard, or are about to hear.
    private var behind = 0
    /// The most that one transaction takes, so that the first of a burst does not wait for the last.
    private let most = 256
    /// Called when the journal turns out to be damaged; nothing is kept after that.
    var onDamage: (Fault) -> Void = { _ in }
    private var isWriting = false
    /// Whether a reading is being written, or waits behind something else that is.
    var isBusy: Bool { isWriting || !waiting.isEmpty || behind > 0 }

    init(_ journal: Journal, _ reserve: Reserve) {
        self.journal = journal
        self.reserve = reserve
    }

    /// Returns once the reading is on disk; throws when it is not, and then the device must not be told that it is. What was
    /// wiped meanwhile is not kept: `device(.hungUp)`.
    func keep(
        _ entry: Journal.Entry, unless isForgotten: @escaping () -> Bool
    ) async throws(Fault) -> Journal.Keeping {
        let result = await withCheckedContinuation { turn in
            waiting.append(Waiting(entry: entry, isForgotten: isForgotten, turn: turn))
            idle?.resume()
            idle = nil
        }
        return try result.get()
    }

    /// Waits for the journal for the sake of what is still to be kept.
    func behind<Result>(_ work: () async throws(Fault) -> Result) async throws(Fault) -> Result {
        behind += 1
        defer { behind -= 1 }
        return try await work()
    }

    /// Nothing is kept while something is wiped: it would come to lie behind that, and outlast it.
    func wiping<Result>(_ wipe: () async throws(Fault) -> Result) async throws(Fault) -> Result {
        wipes += 1
        defer {
            wipes -= 1
            if wipes == 0 {
                wiped?.resume()
                wiped = nil
            }
        }
        return try await wipe()
    }

    /// Takes a reading in hand that its device will not tell again, until `letGo`.
    func hold(_ device: String) { inHand[device, default: 0] += 1 }
    func letGo(_ device: String) {
        let others = (inHand[device] ?? 1) - 1
        inHand[device] = others > 0 ? others : nil
    }

    /// How many such readings of a device, or of all, are not in the journal yet.
    func unwritten(of device: String?) -> Int {
        device.map { inHand[$0] ?? 0 } ?? inHand.values.reduce(0, +)
    }

    /// Writes, for as long as the daemon runs.
    func run() async {
        while true {
            if waiting.isEmpty { await withCheckedContinuation { idle = $0 } }
            while wipes > 0 { await withCheckedContinuation { wiped = $0 } }
            for place in waiting where place.isForgotten() { place.turn.resume(returning: .failure(.device(.hungUp))) }
            waiting.removeAll { $0.isForgotten() }
            let batch = waiting.prefix(most)
            if batch.isEmpty { continue }
            waiting.removeFirst(batch.count)
            isWriting = true
            do throws(Fault) {
                let outcomes = try await journal.keep(batch.map(\.entry), atTheEnd: reserve.isReleased)
                for (place, outcome) in zip(batch, outcomes) { place.turn.resume(returning: .success(outcome)) }
            } catch {
                for place in batch { place.turn.resume(returning: .failure(error)) }
                isWriting = false
                // Damage is mended where the journal is opened, so at the next start. Nothing was confirmed.
                if case .hub(.journalDamaged) = error { return onDamage(error) }
            }
            isWriting = false
        }
    }
}
