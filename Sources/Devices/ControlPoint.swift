import Core

/// What the conversations of the standard profiles are made of.
extension Peer {
    /// Gives what the device sends by itself to `take`, until it hangs up or keeps silent for `time`. An indication is
    /// confirmed once `take` has returned, so what it holds must be kept by then.
    func each(within time: Duration, _ take: (Update) async throws(Fault) -> Void) async throws(Fault) {
        while let update = try await next(within: time) {
            try await take(update)
            if update.isIndication { try await confirm() }
        }
    }

    /// Writes a request to a control point and gives the indication that answers it; nil once the device has hung up or
    /// kept silent for `time`. What arrives before the answer goes to `take`. `settle` runs ahead of the answer's own
    /// confirmation and hears it, for what was still held back: behind it the device may forget.
    func ask(
        _ point: BluetoothUUID, _ request: [UInt8], within time: Duration, isAnswer: ([UInt8]) -> Bool,
        _ take: (Update) async throws(Fault) -> Void, settle: ([UInt8]) async throws(Fault) -> Void
    ) async throws(Fault) -> [UInt8]? {
        try await write(request, to: point)
        while let update = try await next(within: time) {
            let isAnswer = update.characteristic == point && isAnswer(update.value)
            if isAnswer {
                try await settle(update.value)
            } else if update.characteristic != point {
                try await take(update)
            }
            if update.isIndication { try await confirm() }
            if isAnswer { return update.value }
        }
        return nil
    }
}

extension Report {
    /// An indication of what was not subscribed to, as a device may remember from an earlier hub: once it is confirmed it is
    /// forgotten, so it is kept as it came. A notification is nothing that the device had stored for us, and the answer of
    /// a control point (0x2A52, 0x2A9F) that comes too late no measurement.
    func keep(unasked update: Update) async throws(Fault) {
        guard update.isIndication, update.characteristic != 0x2A52, update.characteristic != 0x2A9F else { return }
        try await self(.undecoded(update.value))
    }
}
