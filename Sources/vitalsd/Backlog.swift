import Core
import FHIR
import Host
import Journal

/// What waits for one destination, in the order in which it goes: what somebody has just measured, and then the oldest.
///
/// A reading does not wait behind weeks of what piled up: somebody may be waiting for it.
@Hub final class Backlog {
    private let journal: Journal
    private let destination: String
    /// Read from the journal and not yet sent: what is live, and then the oldest, up to the number `last`.
    private(set) var ahead: [Kept] = []
    private var last = Int64.min
    /// Up to where it was looked through for what is live.
    private var looked = Int64.min
    /// What is not to be sent for the time being.
    var held: Set<Int64> = []
    /// What went before its turn, for as long as its turn has not come.
    private var early: Set<Int64> = []
    /// Whether something was kept since the journal was last read.
    private(set) var hasNews = false
    /// How often all was forgotten: what was being read then is not to be sent either, for it may be what the clinic has already
    /// as it was dated before.
    private var forgettings = 0

    /// How many are read at once, and how long a reading is live.
    private let readAhead = 192, live: Int64 = 600_000

    init(_ journal: Journal, for destination: String) {
        self.journal = journal
        self.destination = destination
    }

    /// Something was kept.
    func tellNews() { hasNews = true }

    /// Nothing is sent that was read before: it may have changed.
    func forget() {
        (ahead, last, looked, early) = ([], .min, .min, [])
        forgettings += 1
    }

    /// What goes next, most of which may share a bundle. What is live goes alone: a large bundle takes its time.
    var next: [Kept] {
        guard let first = ahead.first else { return [] }
        return Bundle.neighbours(isLive(first) ? Array(ahead.prefix(while: isLive)) : ahead)
    }

    /// Whether what goes next was measured just now.
    var isLive: Bool { ahead.first.map(isLive) ?? false }

    /// These go now.
    func remove(_ chosen: some Sequence<Kept>) {
        let ids = Set(chosen.map(\.id))
        ahead.removeAll { ids.contains($0.id) }
    }

    /// Whether anything was read since it began with the oldest.
    var hasBegun: Bool { last > .min }

    /// Reads what comes next, where nothing is ahead; from the beginning only where what was answered is in the journal.
    func readFurther(fromBeginning: Bool = false) async -> Result<Void, Refusal> {
        guard ahead.isEmpty, hasBegun || fromBeginning else { return .success(()) }
        let begun = forgettings
        while true {
            let hadNews = hasNews
            hasNews = false
            switch await pending(after: last, readAhead) {
            case .failure(let refusal): return .failure(refusal)
            case .success(let pending):
                guard forgettings == begun else {
                    hasNews = true
                    return .success(())
                }
                last = pending.last?.id ?? last
                // What is new is behind these.
                if pending.count == readAhead, hadNews { hasNews = true }
                let own = pending.filter { !early.contains($0.id) && !held.contains($0.id) }
                ahead = own.filter(isLive) + own.filter { !isLive($0) }
                if pending.isEmpty || !ahead.isEmpty { return .success(()) }
            }
        }
    }

    /// Puts what was measured since before the rest. Where all was forgotten, it is to be read from the beginning.
    func readLive() async throws(Refusal) {
        guard hasNews, hasBegun else { return }
        hasNews = false
        let newest: Int64, begun = forgettings
        do throws(Fault) {
            newest = try await journal.newest(for: destination) ?? .min
        } catch {
            throw Refusal(.resend, error)
        }
        var fresh: [Kept] = []
        while forgettings == begun, fresh.count < readAhead, max(last, looked) < newest {
            let pending = try await pending(after: max(last, looked), readAhead).get()
            guard forgettings == begun else { break }
            looked = pending.last?.id ?? newest
            fresh += pending.filter { isLive($0) && !early.contains($0.id) && !held.contains($0.id) }
        }
        guard forgettings == begun else { return hasNews = true }
        if max(last, looked) < newest { hasNews = true }
        early.formUnion(fresh.map(\.id))
        ahead = fresh + ahead
    }

    /// The oldest that wait and are not held, whatever was read before.
    func oldest(_ limit: Int) async throws(Refusal) -> [Kept] {
        forget()
        let hadNews = hasNews, limit = limit + held.count
        hasNews = false
        let oldest = try await pending(after: .min, limit).get()
        if oldest.count == limit, hadNews { hasNews = true }
        return oldest.filter { !held.contains($0.id) }
    }

    private func pending(after first: Int64, _ limit: Int) async -> Result<[Kept], Refusal> {
        do throws(Fault) {
            return .success(try await journal.pending(for: destination, after: first, limit: limit))
        } catch {
            return .failure(Refusal(.resend, error))
        }
    }

    /// Whether it was measured in the last ten minutes, as far as anybody can say.
    private func isLive(_ kept: Kept) -> Bool {
        (kept.dated.at ?? kept.heard.wall).milliseconds > HubClock.now().wall.milliseconds - live
    }
}
