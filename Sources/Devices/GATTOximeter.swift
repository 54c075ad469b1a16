import Core

extension Peer {
    /// Reports what a live oximeter's seconds come to, until it is silent or gone; what was worn so far even when the
    /// link fails.
    ///
    /// `sample` gives the second that an update is, or nil for one that is none. `kept` runs once readings are on disk.
    func watch(
        _ report: any Report, sample: (Update) async throws(Fault) -> OximetrySample?,
        kept: ([Reading]) async throws(Fault) -> Void = { (_: [Reading]) async throws(Fault) in }
    ) async throws(Fault) {
        var session = OximetrySession(keepsStream: report.wantsStream)
        var fault: Fault?, heard = ContinuousClock.now
        do throws(Fault) {
            try await each(within: .seconds(10)) { update async throws(Fault) in
                heard = .now
                guard let second = try await sample(update) else { return }
                let readings = session.add(second)
                try await report.each(readings)
                if !readings.isEmpty { try await kept(readings) }
                // What was waited for room was no silence of the device's.
                heard = .now
            }
        } catch {
            fault = error
        }
        let silence = Int((ContinuousClock.now - heard).components.seconds)
        try await report.each(session.end(silence: silence))
        if let fault { throw fault }
    }

    /// Asks a live oximeter once a second, because it says nothing by itself, until `ask` gives nil: the device no
    /// longer answers. Asks for two hours at most; whoever wears it longer is visited again.
    func poll(
        _ report: any Report, ask: () async throws(Fault) -> OximetrySample?
    ) async throws(Fault) {
        var session = OximetrySession(keepsStream: report.wantsStream)
        var fault: Fault?
        do throws(Fault) {
            var due = ContinuousClock.now
            for _ in 0..<7200 {
                guard let second = try await ask() else { break }
                try await report.each(session.add(second))
                // A second from one question to the next, of which the answer took its part; none is asked for late.
                due = max(due + .seconds(1), .now)
                _ = try await next(within: due - .now)
            }
        } catch {
            fault = error
        }
        try await report.each(session.end())
        if let fault { throw fault }
    }
}
