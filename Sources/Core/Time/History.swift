/// What is known of one device: its clock as it was found and set, its visits, and the records of its memory.
package struct History: Sendable {
    /// One record, as far as time is concerned.
    package struct Record: Sendable {
        package var taken: RawTime
        /// The device's own number, which grows with each record.
        package var sequence: Int?
        /// Whose slot of the memory it was in, where the device has several.
        package var user: Int?
        /// When the hub heard it.
        package var heard: HubTime
        /// When the visit began in which that was.
        package var visit: HubTime
        /// How many of `History.pairs` are of earlier visits: what comes next was seen in the record's own visit or later.
        package var seen: Int
        /// The end of the last visit before in which the device gave all it had: it was taken after that. Nil where
        /// there was none, and where the device does not promise it.
        package var after: HubTime?
        /// How many of `History.pairs` had been seen by then.
        package var since: Int

        package init(
            taken: RawTime, sequence: Int? = nil, user: Int? = nil, heard: HubTime, visit: HubTime? = nil, seen: Int,
            after: HubTime? = nil, since: Int = 0
        ) {
            self.taken = taken
            self.sequence = sequence
            self.user = user
            self.heard = heard
            self.visit = visit ?? heard
            self.seen = seen
            self.after = after
            self.since = since
        }
    }

    /// The device's clock, as read and as written, in the order in which that happened.
    package var pairs: [ClockPair]
    /// In the order in which the device gave them.
    package var records: [Record]
    /// Before this no such device was made; nil where nobody knows.
    package var manufactured: Instant?
    /// Since when the device belongs to somebody here.
    package var bound: Instant?

    /// The end of the last visit so far in which the device gave all it had; nil where there was none.
    package var emptied: HubTime?

    package init(
        pairs: [ClockPair], records: [Record], manufactured: Instant? = nil, bound: Instant? = nil,
        emptied: HubTime? = nil
    ) {
        self.emptied = emptied
        self.pairs = pairs
        self.records = records
        self.manufactured = manufactured
        self.bound = bound
    }
}

/// What the house's clocks do: minutes east of Greenwich at an instant.
package typealias ZoneOffset = @Sendable (Instant) -> Int

/// When a record was taken, how sure that is, and on what it rests.
package struct Conclusion: Equatable, Sendable {
    package var best: Instant
    /// Open ends are `Window.never` and `.forever`.
    package var window: Window
    /// What the window would be if the hub's wall clock were right; nil where more is known than that clock.
    package var apparent: Window?
    package var basis: Basis
    /// What is to be said about the device's stamp.
    package var doubts: Set<Doubt> = []
    /// The places in `History.pairs` that it rests on: the one before and the one after.
    package var from: Int?, to: Int?

    package enum Doubt: String, CaseIterable, Sendable {
        /// The device's stamp lies ahead of its own clock.
        case ahead
        case beforeManufacture, beforeBinding
    }

    /// Above this no instant is claimed, in microseconds: a period says it better.
    private static let claimed: Int64 = 15 * 60_000_000

    /// It was not taken after this, whatever the hub's wall clock says; nil where the hub does not know the time.
    package var latest: Instant? {
        window.latest < Window.forever ? Instant(milliseconds: -floorToStep(-window.latest, 1000)) : nil
    }

    /// What goes to the clinic: outward to whole milliseconds.
    package var dated: Dated {
        // A hub that knows nothing of the world has only its own word, and says so with every reading.
        let window = apparent ?? window
        let earliest = window.earliest > Window.never ? floorToStep(window.earliest, 1000) : nil
        let latest = window.latest < Window.forever ? -floorToStep(-window.latest, 1000) : nil
        let isInstant = basis == .arrival || basis == .age || basis == .paired || basis == .interpolated
        guard isInstant, !window.isClosed || window.half <= Self.claimed else {
            return Dated(
                at: nil, error: .zero, basis: basis, earliest: earliest.map(Instant.init(milliseconds:)),
                latest: latest.map(Instant.init(milliseconds:)))
        }
        let error =
            window.isClosed
            ? max(best.microseconds - window.earliest, window.latest - best.microseconds) : 1_000_000
        return Dated(
            at: best, error: .milliseconds((error + 999) / 1000), basis: basis,
            earliest: earliest.map(Instant.init(milliseconds:)), latest: latest.map(Instant.init(milliseconds:)))
    }
}

/// The largest multiple of `step` that is not above the number, divided by it.
package func floorToStep(_ number: Int64, _ step: Int64) -> Int64 {
    let quotient = number / step
    return number % step < 0 ? quotient - 1 : quotient
}
