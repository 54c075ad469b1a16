import Core

/// Why a bundle was not taken, and what is to be done with it.
package struct Refusal: Error, Equatable, Sendable {
    /// What the way to the clinic, or the clinic, asks for.
    package enum Action: Equatable, Sendable {
        /// Nothing is wrong with the readings: the same bytes again after a pause, for as long as it takes.
        case resend
        /// The same bytes again once; then the destination is at fault and pauses.
        case resendOnce
        /// The same bytes again, five times; then as `split`.
        case resendThenSplit
        /// Something in it is refused: find the reading and set it aside, let the others through.
        case split
        /// A condition matches more than one resource. As `split`; an Observation is there at least once.
        case splitDuplicate
        /// Too large: half as many readings.
        case halve
        /// Nobody but a technician can help; every bundle would fare the same.
        case pause
    }
    package var action: Action
    package var fault: Fault
    /// The HTTP status; nil where no answer came, so that it is unknown whether the bundle was taken.
    package var status: Int?
    package var outcome: OperationOutcome
    /// The server's own clock, over the authenticated connection.
    package var date: Instant?
    /// The answer as it came, cut where it is long: for whoever has to find out why. It may name a person.
    package var answer = ""

    /// Whether the server may have taken it although it does not seem so: no answer came, or one that makes no sense, or one
    /// that somebody in between has given for it. Only the very same bytes may follow.
    package var leavesUnknown: Bool {
        guard let status else {
            return switch fault {
            case .network(.interrupted), .network(.timedOut), .clinic(.badAnswer): true
            // There was no connection, or nobody at its end whom we trust: nothing was sent.
            case .network, .clinic, .hub, .device, .pairing: false
            }
        }
        return status < 300 || status == 408 || status >= 500
    }

    package init(
        _ action: Action, _ fault: Fault, status: Int? = nil, outcome: OperationOutcome = OperationOutcome(issues: []),
        date: Instant? = nil
    ) {
        self.action = action
        self.fault = fault
        self.status = status
        self.outcome = outcome
        self.date = date
    }
}

/// What an HTTP status other than 200, and the OperationOutcome with it, mean for a transaction.
///
/// A transaction is all or nothing, so after any of these nothing is stored.
package func verdict(
    status: Int, outcome: OperationOutcome, retryAfter: Duration? = nil, date: Instant? = nil
) -> Refusal {
    func refusal(_ action: Refusal.Action, _ fault: Fault.Clinic) -> Refusal {
        Refusal(action, .clinic(fault), status: status, outcome: outcome, date: date)
    }
    let refused = Fault.Clinic.refusedReading(status: status, issue: outcome.code)
    return switch status {
    case 300..<400: refusal(.pause, .notOurClinic)
    case 401, 403: refusal(.pause, .rejectsUs(status: status))
    case 404 where outcome.namesResource, 410 where outcome.namesResource: refusal(.split, refused)
    case 404, 405, 406, 410, 415, 501: refusal(.pause, .wrongAddress(status: status))
    case 408, 425, 429: refusal(.resend, .busy(status: status, retryAfter: retryAfter))
    case 409: refusal(.resendThenSplit, .busy(status: status, retryAfter: retryAfter))
    case 412: refusal(.splitDuplicate, refused)
    case 413: refusal(.halve, .tooLarge)
    case 400..<500: refusal(.split, refused)
    case 500: refusal(.resendThenSplit, .failing(status: status))
    case 503 where retryAfter != nil: refusal(.resend, .busy(status: status, retryAfter: retryAfter))
    case 500..<600: refusal(.resend, .failing(status: status))
    default: refusal(.resendOnce, .badAnswer("status \(status)"))
    }
}

/// How long `Retry-After` asks to wait: seconds, or a date that is compared with the server's own. At least a second, at
/// most a day. Nil for anything else.
package func retryAfter(_ header: String, date: Instant?) -> Duration? {
    let seconds: Int
    if let number = Int(header) {
        seconds = number
    } else if let until = Instant(httpDate: header), let date {
        seconds = Int((until.milliseconds - date.milliseconds) / 1000)
    } else {
        return nil
    }
    return .seconds(min(max(seconds, 1), 86_400))
}

extension Instant {
    /// Reads `Sun, 06 Nov 1994 08:49:37 GMT`, the one form of date that HTTP's servers may send (RFC 9110, 5.6.7).
    package init?(httpDate text: String) {
        let words = text.split(separator: " ").map { String($0) }
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 6, words[5] == "GMT", let day = Int(words[1]), let month = months.firstIndex(of: words[2]),
            let year = Int(words[3])
        else { return nil }
        let clock = words[4].split(separator: ":").map { Int($0) }
        guard clock.count == 3, let hour = clock[0], let minute = clock[1], let second = clock[2],
            // A leap second is the last of its minute here.
            let time = LocalTime(year, month + 1, day, hour, minute, min(second, 59))
        else { return nil }
        self.init(milliseconds: Int64(time.seconds) * 1000)
    }
}
