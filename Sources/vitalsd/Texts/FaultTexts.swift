import Core

/// What a technician is told: what is the matter, and what to do next. Commands are in backticks.
struct Told {
    let sentence: Text, remedy: Text

    init(_ sentence: Text, _ remedy: Text) {
        self.sentence = sentence
        self.remedy = remedy
    }
}

/// For people, and so without a number or a path: those stand beside it, as the fault's `detail`.
extension Fault {
    var told: Told {
        switch self {
        case .device(let fault): fault.told
        case .pairing(let fault): fault.told
        case .hub(let fault): fault.told
        case .network(let fault): fault.told
        case .clinic(let fault): fault.told
        }
    }
}

extension Fault.Code {
    var told: Told { example.told }

    /// A fault of this code, for the documentation and for tests.
    var example: Fault {
        switch self {
        case .deviceSilent: .device(.silent)
        case .deviceHungUp: .device(.hungUp)
        case .deviceUnrecognised: .device(.unrecognised)
        case .deviceSetAside: .device(.endedUs)
        case .deviceMalformed: .device(.malformed(.checksum(at: 20, got: 0x1234, expected: 0x1334)))
        case .deviceRefused: .device(.refused(0x06))
        case .deviceLacking: .device(.lacking("2A35"))
        case .notPaired: .pairing(.notPaired)
        case .keyForgotten: .pairing(.keyForgotten)
        case .notInPairingMode: .pairing(.notInPairingMode)
        case .pairingRejected: .pairing(.rejected)
        case .slotTaken: .pairing(.slotTaken)
        case .notBound: .pairing(.notBound)
        case .boundElsewhere: .pairing(.boundElsewhere)
        case .noRadio: .hub(.noRadio)
        case .radioOff: .hub(.radioOff)
        case .radioBlocked: .hub(.radioBlocked)
        case .radioFailing: .hub(.radioFailing("no answer to set powered"))
        case .radioShared: .hub(.radioShared("bluetoothd and vitalsd"))
        case .portGone: .hub(.portGone)
        case .portBusy: .hub(.portBusy("/dev/ttyUSB0"))
        case .noPermission: .hub(.noPermission("/dev/ttyUSB0"))
        case .linesAlike: .hub(.linesAlike(["/dev/ttyUSB0", "/dev/ttyUSB1"]))
        case .diskFull: .hub(.diskFull)
        case .diskFailing: .hub(.diskFailing("/var/lib/vitalsd cannot be read or written"))
        case .diskReadOnly: .hub(.diskReadOnly("/var/lib/vitalsd"))
        case .journalFull: .hub(.journalFull)
        case .readingsLost: .hub(.readingsLost(1))
        case .journalDamaged: .hub(.journalDamaged("its header is not a journal's"))
        case .journalNewer: .hub(.journalNewer(found: 9, known: 3))
        case .journalInUse: .hub(.journalInUse)
        case .daemonSlow: .hub(.daemonSlow)
        case .undelivered: .hub(.undelivered(2))
        case .clockUnset: .hub(.clockUnset)
        case .badConfiguration: .hub(.badConfiguration("/etc/vitalsd/vitalsd.conf:12: unknown key Url in [Clinic]"))
        case .certificateUnreadable: .hub(.certificateUnreadable("/etc/vitalsd/hub.key"))
        case .secretExposed: .hub(.secretExposed("/etc/vitalsd/hub.key"))
        case .lacksProgram: .hub(.lacksProgram("openssl"))
        case .system: .hub(.system("epoll_create", 24))
        case .noName: .network(.noName("clinic.example"))
        case .noRoute: .network(.noRoute)
        case .connectionRefused: .network(.refused)
        case .timedOut: .network(.timedOut)
        case .interrupted: .network(.interrupted)
        case .certificateNotYetValid: .clinic(.untrusted(.notYetValid))
        case .certificateExpired: .clinic(.untrusted(.expired))
        case .strangeAuthority: .clinic(.untrusted(.strangeAuthority))
        case .otherHost: .clinic(.untrusted(.otherHost))
        case .untrusted: .clinic(.untrusted(.unverified))
        case .notOurClinic: .clinic(.notOurClinic)
        case .rejectsCertificate: .clinic(.rejectsUs(status: 0))
        case .rejectsUs: .clinic(.rejectsUs(status: 401))
        case .ourCertificateExpired: .clinic(.ourCertificateExpired)
        case .refusedReading: .clinic(.refusedReading(status: 422, issue: "invariant"))
        case .clinicBusy: .clinic(.busy(status: 503, retryAfter: .seconds(120)))
        case .clinicFailing: .clinic(.failing(status: 500))
        case .badAnswer: .clinic(.badAnswer("it is no JSON"))
        case .tooLarge: .clinic(.tooLarge)
        case .wrongAddress: .clinic(.wrongAddress(status: 404))
        case .ambiguous: .clinic(.ambiguous("Device"))
        case .codeRejected: .clinic(.codeRejected(status: 401))
        case .enrolmentPending: .clinic(.enrolmentPending)
        case .badCertificate: .clinic(.badCertificate("it is not for the hub's key"))
        case .noEnrolment: .clinic(.noEnrolment(status: 404))
        }
    }
}
