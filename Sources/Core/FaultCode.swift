extension Fault {
    /// The stable name of a leaf, layer first: for `vitalsd explain`, for programs and for the documentation. One that was
    /// published is never given another meaning.
    package enum Code: String, CaseIterable, Sendable {
        case deviceSilent = "device.silent", deviceHungUp = "device.hung-up"
        case deviceUnrecognised = "device.unrecognised", deviceSetAside = "device.set-aside"
        case deviceMalformed = "device.malformed", deviceRefused = "device.refused", deviceLacking = "device.lacking"

        case notPaired = "pairing.not-paired", keyForgotten = "pairing.key-forgotten"
        case notInPairingMode = "pairing.not-in-pairing-mode", pairingRejected = "pairing.rejected"
        case slotTaken = "pairing.slot-taken", notBound = "pairing.not-bound"
        case boundElsewhere = "pairing.bound-elsewhere"

        case noRadio = "hub.no-radio", radioOff = "hub.radio-off", radioBlocked = "hub.radio-blocked"
        case radioFailing = "hub.radio-failing", radioShared = "hub.radio-shared"
        case portGone = "hub.port-gone", portBusy = "hub.port-busy", noPermission = "hub.no-permission"
        case linesAlike = "hub.lines-alike"
        case diskFull = "hub.disk-full", diskFailing = "hub.disk-failing", diskReadOnly = "hub.disk-read-only"
        case journalFull = "hub.journal-full", readingsLost = "hub.readings-lost"
        case journalDamaged = "hub.journal-damaged", journalNewer = "hub.journal-newer"
        case journalInUse = "hub.journal-in-use", daemonSlow = "hub.daemon-slow"
        case undelivered = "hub.undelivered", clockUnset = "hub.clock-unset"
        case badConfiguration = "hub.bad-configuration", certificateUnreadable = "hub.certificate-unreadable"
        case secretExposed = "hub.secret-exposed", lacksProgram = "hub.lacks-program", system = "hub.system"

        case noName = "network.no-name", noRoute = "network.no-route", connectionRefused = "network.refused"
        case timedOut = "network.timed-out", interrupted = "network.interrupted"

        case certificateNotYetValid = "clinic.certificate-not-yet-valid"
        case certificateExpired = "clinic.certificate-expired", strangeAuthority = "clinic.strange-authority"
        case otherHost = "clinic.other-host", untrusted = "clinic.untrusted", notOurClinic = "clinic.not-our-clinic"
        case rejectsCertificate = "clinic.rejects-certificate", rejectsUs = "clinic.rejects-us"
        case ourCertificateExpired = "clinic.own-certificate-expired"
        case refusedReading = "clinic.refused-reading", clinicBusy = "clinic.busy", clinicFailing = "clinic.failing"
        case badAnswer = "clinic.bad-answer", tooLarge = "clinic.too-large", wrongAddress = "clinic.wrong-address"
        case ambiguous = "clinic.ambiguous", codeRejected = "clinic.code-rejected"
        case enrolmentPending = "clinic.enrolment-pending", badCertificate = "clinic.bad-certificate"
        case noEnrolment = "clinic.no-enrolment"
    }

    package var code: Code { account.code }

    /// What is particular about this one: a path, a name, a number, words for whoever mends programs. Empty where there is
    /// nothing to add. Neither a value nor a person.
    package var detail: String { account.detail }

    private var account: (code: Code, detail: String) {
        switch self {
        case .device(let fault): fault.account
        case .pairing(let fault): (fault.code, "")
        case .hub(let fault): fault.account
        case .network(let fault): fault.account
        case .clinic(let fault): fault.account
        }
    }
}

private typealias Account = (code: Fault.Code, detail: String)

extension Fault.Device {
    fileprivate var account: Account {
        switch self {
        case .silent: (.deviceSilent, "")
        case .hungUp: (.deviceHungUp, "")
        case .unrecognised: (.deviceUnrecognised, "")
        case .endedUs: (.deviceSetAside, "")
        case .malformed(let why): (.deviceMalformed, why.description)
        case .refused(let code): (.deviceRefused, "ATT error \(hex(code))")
        case .lacking(let what): (.deviceLacking, what)
        }
    }
}

extension Fault.Pairing {
    fileprivate var code: Fault.Code {
        switch self {
        case .notPaired: .notPaired
        case .keyForgotten: .keyForgotten
        case .notInPairingMode: .notInPairingMode
        case .rejected: .pairingRejected
        case .slotTaken: .slotTaken
        case .notBound: .notBound
        case .boundElsewhere: .boundElsewhere
        }
    }
}

extension Fault.Hub {
    fileprivate var account: Account {
        switch self {
        case .noRadio: (.noRadio, "")
        case .radioOff: (.radioOff, "")
        case .radioBlocked: (.radioBlocked, "")
        case .radioFailing(let how): (.radioFailing, how)
        case .radioShared(let who): (.radioShared, who)
        case .portGone: (.portGone, "")
        case .portBusy(let path): (.portBusy, path)
        case .noPermission(let what): (.noPermission, what)
        case .linesAlike(let paths): (.linesAlike, paths.joined(separator: ", "))
        case .diskFull: (.diskFull, "")
        case .diskFailing(let why): (.diskFailing, why)
        case .diskReadOnly(let path): (.diskReadOnly, path)
        case .journalFull: (.journalFull, "")
        case .readingsLost(let count): (.readingsLost, String(count))
        case .journalDamaged(let why): (.journalDamaged, why)
        case .journalNewer(let found, let known): (.journalNewer, "\(found) > \(known)")
        case .journalInUse: (.journalInUse, "")
        case .daemonSlow: (.daemonSlow, "")
        case .undelivered(let count): (.undelivered, String(count))
        case .lacksProgram(let name): (.lacksProgram, name)
        case .clockUnset: (.clockUnset, "")
        case .badConfiguration(let why): (.badConfiguration, why)
        case .certificateUnreadable(let path): (.certificateUnreadable, path)
        case .secretExposed(let path): (.secretExposed, path)
        case .system(let call, let number): (.system, "\(call), errno \(number)")
        }
    }
}

extension Fault.Network {
    fileprivate var account: Account {
        switch self {
        case .noName(let host): (.noName, host)
        case .noRoute: (.noRoute, "")
        case .refused: (.connectionRefused, "")
        case .timedOut: (.timedOut, "")
        case .interrupted: (.interrupted, "")
        }
    }
}

extension Fault.Clinic {
    fileprivate var account: Account {
        switch self {
        case .untrusted(.notYetValid): (.certificateNotYetValid, "")
        case .untrusted(.expired): (.certificateExpired, "")
        case .untrusted(.strangeAuthority): (.strangeAuthority, "")
        case .untrusted(.otherHost): (.otherHost, "")
        case .untrusted(.unverified): (.untrusted, "")
        case .notOurClinic: (.notOurClinic, "")
        case .ourCertificateExpired: (.ourCertificateExpired, "")
        case .rejectsUs(0): (.rejectsCertificate, "")
        case .rejectsUs(let status): (.rejectsUs, "HTTP \(status)")
        case .refusedReading(let status, let issue): (.refusedReading, "HTTP \(status) \(issue)")
        case .busy(let status, _): (.clinicBusy, "HTTP \(status)")
        case .failing(let status): (.clinicFailing, "HTTP \(status)")
        case .badAnswer(let why): (.badAnswer, why)
        case .tooLarge: (.tooLarge, "")
        case .wrongAddress(let status): (.wrongAddress, "HTTP \(status)")
        case .ambiguous(let type): (.ambiguous, type)
        case .codeRejected(let status): (.codeRejected, "HTTP \(status)")
        case .enrolmentPending: (.enrolmentPending, "")
        case .badCertificate(let why): (.badCertificate, why)
        case .noEnrolment(let status): (.noEnrolment, "HTTP \(status)")
        }
    }
}
