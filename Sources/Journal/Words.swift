import Core

extension Journal {
    /// What is to be kept: a reading and all that was known when it was heard.
    package struct Entry: Equatable, Sendable {
        package var device: KnownDevice
        package var reading: Reading
        package var heard: HubTime
        package var pair: ClockPair?
        package var dated: Dated
        /// It was taken no later than this; nil where the hub itself did not know the time.
        package var latest: Instant?
        /// Whom it is about unless a binding says otherwise.
        package var subject: Subject?
        /// Whether another device had the same identity at that moment: which of the two is bound nobody can tell.
        package var hasTwin: Bool

        package init(
            device: KnownDevice, reading: Reading, heard: HubTime, pair: ClockPair? = nil, dated: Dated,
            latest: Instant? = nil, subject: Subject? = nil, hasTwin: Bool = false
        ) {
            self.device = device
            self.reading = reading
            self.heard = heard
            self.pair = pair
            self.dated = dated
            self.latest = latest
            self.subject = subject
            self.hasTwin = hasTwin
        }
    }

    /// What became of an entry. Either way the reading is on disk, and the device may be told so.
    package enum Keeping: Equatable, Sendable {
        case kept(Int64)
        /// Kept as nobody's: it is of before the device was bound to whom it is bound to now, or of one of two devices.
        case keptAsNobodys(Int64)
        /// The same reading was there before: nothing was written.
        case repeated(Int64)

        package var id: Int64 {
            switch self {
            case .kept(let id), .keptAsNobodys(let id), .repeated(let id): id
            }
        }

        /// Whether it was written.
        package var isNew: Bool { if case .repeated = self { false } else { true } }
    }

    /// The clinic's answer about one reading.
    package struct Receipt: Equatable, Sendable {
        package enum Verdict: Equatable, Sendable {
            /// Where the clinic put it, as far as it says: `Observation/17/_history/1`.
            case accepted(location: String?)
            /// It will not take this content, now or later.
            case refused(Fault)
            /// It was not sent, because it is not for this destination: why, in a few words.
            case withheld(String)
        }
        package var reading: Int64
        package var verdict: Verdict
        package var at: Instant
        /// What the clinic was told of its time: if more is known by now, it waits to be amended.
        package var told: Dated?
        /// What was asked and answered, where it was refused.
        package var letter: DeadLetter?

        package init(reading: Int64, _ verdict: Verdict, at: Instant, told: Dated? = nil) {
            self.reading = reading
            self.verdict = verdict
            self.at = at
            self.told = told
        }
    }

    /// How much the journal may hold. What every destination has accepted makes room, oldest first; what is undelivered
    /// never does.
    package struct Bound: Equatable, Sendable {
        /// Pages in use, in bytes. The log beside the file (4 MiB at most) comes on top.
        package var bytes: Int
        /// How long a delivered reading is remembered, so that a second download of it is recognised.
        package var age: Duration

        package init(bytes: Int, age: Duration) {
            self.bytes = bytes
            self.age = age
        }
    }

    /// Where a reading stands, all destinations taken together: what is worst counts.
    package enum State: String, CaseIterable, Sendable {
        /// It waits for at least one destination.
        case pending
        /// Every destination that answered has it.
        case accepted
        /// A destination refused it, or a better time for it; it is in quarantine until somebody retries it.
        case refused
        /// It is not for the clinic: the device itself called it invalid, or a test, or it is the battery of a device that is
        /// several people's.
        case withheld
        /// Nobody has said whom it is about.
        case unassigned
        /// Its bytes could not be read; they are kept.
        case undecoded
        /// Its row in the journal no longer reads; it is set aside.
        case damaged
    }

    /// One line of `vitalsd queue`.
    package struct Row: Equatable, Sendable {
        package var id: Int64
        package var state: State
        /// Nil where the row no longer reads.
        package var kept: Kept?
        package var answers: [Answer]
    }

    /// What one destination said of a reading.
    package struct Answer: Equatable, Sendable {
        package var destination: String
        package var accepted: Bool
        package var location: String?
        /// The fault's sentence, where it was refused; where it was accepted, where a better time for it was refused.
        package var fault: String?
        package var at: Instant

        package init(destination: String, accepted: Bool, location: String?, fault: String?, at: Instant) {
            self.destination = destination
            self.accepted = accepted
            self.location = location
            self.fault = fault
            self.at = at
        }
    }

    /// The journal in figures.
    package struct Summary: Equatable, Sendable {
        package var schema: Int
        /// Readings by state; every state is there.
        package var counts: [State: Int]
        /// Readings that wait, by destination.
        package var pending: [String: Int]
        /// When the hub heard the oldest reading that waits; nil while none does.
        package var oldestPending: Instant?
        /// Pages in use, as `Bound` counts them.
        package var used: Int
        /// What the file and its log take on the disk.
        package var size: Int
    }

    /// Whose a device, or one user slot of it, is.
    package struct Binding: Equatable, Sendable {
        package var device: String
        /// Nil for what the device says without a slot, and for every slot while none is bound by itself.
        package var user: Int?
        package var subject: Subject
        /// When this person has agreed to measure; nil where nothing is agreed.
        package var schedule: Schedule?
        /// Since when; nil while nobody knew the time.
        package var agreed: Instant?
        /// From when on it is this person's; nil where all that it remembers is.
        package var since: Instant?

        package init(
            device: String, user: Int?, subject: Subject, schedule: Schedule? = nil, agreed: Instant? = nil,
            since: Instant? = nil
        ) {
            self.device = device
            self.user = user
            self.subject = subject
            self.schedule = schedule
            self.agreed = agreed
            self.since = since
        }
    }
}
