import Core

extension Peer {
    /// Opens a person's slot by the User Control Point (0x2A9F, User Data Service 1.1), which must be subscribed.
    ///
    ///     02 consent  user  code       20 response  02  result
    ///                 u8    u16                         01 granted … 05 not authorised
    ///
    /// What the device sends before its answer goes to `take`. False where it denies. Throws `device(.silent)` where it
    /// does not answer within ten seconds.
    func open(_ consent: Consent, _ take: (Update) async throws(Fault) -> Void) async throws(Fault) -> Bool {
        let request = [0x02, consent.user, UInt8(truncatingIfNeeded: consent.code), UInt8(consent.code >> 8)]
        let answer = try await ask(
            0x2A9F, request, within: .seconds(10), isAnswer: { $0.starts(with: [0x20, 0x02]) }, take,
            settle: { (_: [UInt8]) async throws(Fault) in })
        guard let answer else { throw .device(.silent) }
        return answer.count >= 3 && answer[2] == 0x01
    }
}
