/// A failure, by the layer that somebody has to touch. There is one case per person who can act.
///
/// Foreign codes (errno, ATT errors, HTTP statuses) are translated once, where they enter, and travel no further.
package enum Fault: Error, Equatable, Sendable {
    case device(Device), pairing(Pairing), hub(Hub), network(Network), clinic(Clinic)

    package enum Device: Equatable, Sendable {
        case silent, hungUp, unrecognised, endedUs
        case malformed(Malformed)
        /// The ATT error code of the refusal.
        case refused(UInt8)
        /// The device lacks what its model has: a characteristic by its UUID.
        case lacking(String)
    }

    package enum Pairing: Equatable, Sendable {
        case notPaired, keyForgotten, notInPairingMode, rejected, slotTaken, notBound, boundElsewhere
    }

    package enum Hub: Equatable, Sendable {
        case noRadio, radioOff, radioBlocked
        /// The adapter or its part of the kernel fails: how.
        case radioFailing(String)
        /// Somebody else commands the same adapter: who, or by what it shows.
        case radioShared(String)
        case portGone, portBusy(String), noPermission(String)
        /// These lines bear one identity: whose device is on which cannot be told.
        case linesAlike([String])
        case diskFull, diskFailing(String), diskReadOnly(String)
        case journalFull, readingsLost(Int), journalDamaged(String), journalNewer(found: Int, known: Int)
        case journalInUse
        /// The daemon was asked for something and has not answered.
        case daemonSlow
        /// So many readings would be lost that are not at the clinic.
        case undelivered(Int)
        /// A program that the hub needs is not installed: its name.
        case lacksProgram(String)
        case clockUnset, badConfiguration(String), certificateUnreadable(String), secretExposed(String)
        /// A system call that should not fail did: its name and errno.
        case system(String, Int32)
    }

    package enum Network: Equatable, Sendable { case noName(String), noRoute, refused, timedOut, interrupted }

    package enum Clinic: Equatable, Sendable {
        case untrusted(Distrust), notOurClinic
        /// 401 or 403: our credentials, or what they may do. 0 where TLS already refused our certificate.
        case rejectsUs(status: Int)
        /// The clinic says so of the certificate that we show.
        case ourCertificateExpired
        /// The content was refused; the issue's code and diagnostics of the OperationOutcome.
        case refusedReading(status: Int, issue: String)
        case busy(status: Int, retryAfter: Duration?)
        case failing(status: Int), badAnswer(String), tooLarge
        /// A condition matches more than one resource of this type.
        case ambiguous(String)
        /// The address answers, but not as a FHIR server that takes transactions.
        case wrongAddress(status: Int)
        /// Enrolment: the technician's code, the clinic's word that is still missing, what was given, and the wrong place.
        case codeRejected(status: Int), enrolmentPending, badCertificate(String), noEnrolment(status: Int)
    }

    /// Why the clinic's certificate proves nothing.
    package enum Distrust: String, CaseIterable, Sendable {
        case notYetValid = "not valid yet", expired
        case strangeAuthority = "no authority that we trust has signed it", otherHost = "it is for another host"
        case unverified = "verification failed"
    }
}

extension Fault {
    /// The layer's word: device, pairing, hub, network or clinic.
    package var layer: String {
        switch self {
        case .device: "device"
        case .pairing: "pairing"
        case .hub: "hub"
        case .network: "network"
        case .clinic: "clinic"
        }
    }

    /// What is wrong, in one sentence without a value and without a person.
    package var sentence: String { said.sentence }

    /// What to do next, in one sentence.
    package var remedy: String { said.remedy }

    private var said: (sentence: String, remedy: String) {
        switch self {
        case .device(let fault): fault.said
        case .pairing(let fault): fault.said
        case .hub(let fault): fault.said
        case .network(let fault): fault.said
        case .clinic(let fault): fault.said
        }
    }
}

extension Fault: CustomStringConvertible {
    /// The form of every log line: `layer: sentence; remedy`.
    package var description: String { "\(layer): \(sentence); \(remedy)" }
}

private typealias Said = (sentence: String, remedy: String)

extension Fault.Device {
    fileprivate var said: Said {
        switch self {
        case .silent: ("the device stopped answering", "check its battery and bring it nearer")
        case .hungUp: ("the device ended the connection", "nothing to do: what it still holds comes next time")
        case .unrecognised: ("what the line says belongs to no known device", "see the list of `vitalsd devices`")
        case .endedUs: ("the device's bytes ended the daemon three times; it is set aside", "report it with a capture")
        case .malformed(let why): ("the device sent bytes that break its protocol (\(why))", "report it with a capture")
        case .refused(let code):
            ("the device refused a request (ATT error \(hex(code)))", "take out its battery and retry")
        case .lacking(let what): ("the device lacks \(what)", "check that it is the model it says")
        }
    }
}

extension Fault.Pairing {
    fileprivate var said: Said {
        switch self {
        case .notPaired: ("the device wants to be paired", "pair it")
        case .keyForgotten: ("the device has forgotten its key", "pair it again")
        case .notInPairingMode: ("the device is not in pairing mode", "hold its button until it says so")
        case .rejected: ("the device rejected the pairing", "check the code that it shows and pair again")
        case .slotTaken: ("the device is paired with something else", "remove it there and pair again")
        case .notBound: ("the device is bound to nobody", "bind it")
        case .boundElsewhere: ("the device is bound to somebody else", "unbind it, if it is not theirs any more")
        }
    }
}

extension Fault.Hub {
    fileprivate var said: Said {
        switch self {
        case .noRadio: ("there is no Bluetooth adapter", "plug one in")
        case .radioOff: ("the Bluetooth adapter is off", "switch it on")
        case .radioBlocked: ("the radio is blocked by rfkill", "unblock it: rfkill unblock bluetooth")
        case .radioFailing(let how):
            ("the Bluetooth adapter fails (\(how))", "nothing to do if it recovers; else plug it in again")
        case .radioShared(let who):
            (
                "two masters use one Bluetooth adapter (\(who))",
                "disable bluetoothd, or give vitalsd an adapter of its own"
            )
        case .portGone: ("the serial line is gone", "plug the cable in again")
        case .portBusy(let path): ("\(path) is held by another program", "stop that program")
        case .linesAlike(let paths):
            (
                "the serial lines \(paths.joined(separator: " and ")) show one and the same identity",
                "unplug one, or give it an adapter with a serial number of its own"
            )
        case .noPermission(let what):
            ("no permission for \(what)", "use sudo; a serial line wants the service in the group dialout")
        case .diskFull: ("the disk is full, so readings stay on their devices", "free space on the hub")
        case .diskFailing(let why): ("the disk fails (\(why))", "replace the hub's card or disk")
        case .diskReadOnly(let path): ("\(path) is on a disk that takes no writing", "replace the hub's card or disk")
        case .journalFull:
            (
                "the journal is full of undelivered readings; new ones stay on their devices",
                "restore the way to the clinic"
            )
        case .readingsLost(let count):
            (
                "\(count) readings of devices on cables found no room before the end, and are lost",
                "free space on the hub; measure again"
            )
        case .journalDamaged(let why): ("the journal is damaged (\(why))", "see the set-aside file beside it")
        case .journalNewer(let found, let known):
            ("the journal has version \(found), this vitalsd knows \(known)", "install the newer vitalsd again")
        case .undelivered(let count):
            ("\(count) readings are not at the clinic yet", "wait for them, see vitalsd queue, or add --undelivered")
        case .journalInUse: ("another vitalsd uses the journal", "stop it first")
        case .daemonSlow:
            (
                "the daemon has not answered yet, and may have done it or do it still",
                "see vitalsd audit, or ask again: nothing is done twice"
            )
        case .lacksProgram(let name): ("the program \(name) is not installed", "install it: apt install \(name)")
        case .clockUnset: ("the hub does not know the time", "connect it to the network, or set its clock")
        case .badConfiguration(let why): ("the configuration is wrong: \(why)", "correct it and reload")
        case .secretExposed(let path):
            (
                "everybody on the hub can read the secret in \(path)",
                "give it to vitalsd alone: chown vitalsd and chmod 600"
            )
        case .certificateUnreadable(let path): ("the key or certificate \(path) cannot be read", "check path and owner")
        case .system(let call, let number): ("\(call) failed with errno \(number)", "report it")
        }
    }
}

extension Fault.Network {
    fileprivate var said: Said {
        switch self {
        case .noName(let host): ("the name \(host) is not known", "check the hub's network and its DNS")
        case .noRoute: ("there is no way to the clinic", "check the hub's network cable or SIM card")
        case .refused: ("the clinic's address refuses connections", "check address and port, or ask the clinic")
        case .timedOut: ("the clinic does not answer in time", "check the hub's network; it retries by itself")
        case .interrupted: ("the connection was cut", "nothing to do: it retries by itself")
        }
    }
}

extension Fault.Clinic {
    fileprivate var said: Said {
        switch self {
        case .untrusted(let why):
            ("the clinic's certificate is not trusted (\(why.rawValue))", "check the CA and the host name")
        case .notOurClinic:
            ("the address answers with a redirect or a page", "log in to the network, or correct the URL")
        // In TLS already, where nothing has a status.
        case .rejectsUs(0): ("the clinic rejects this hub's certificate", "ask the clinic for a new one")
        case .rejectsUs(let status): ("the clinic rejects this hub (\(status))", "renew its credentials at the clinic")
        case .ourCertificateExpired:
            ("this hub's certificate has expired", "ask the clinic for a new one")
        case .refusedReading(let status, let issue):
            ("the clinic refused a reading (\(status) \(issue))", "see vitalsd queue")
        case .busy(let status, _): ("the clinic is busy (\(status))", "nothing to do: it retries by itself")
        case .failing(let status): ("the clinic's server fails (\(status))", "tell the clinic; it retries by itself")
        case .badAnswer(let why): ("the clinic's answer makes no sense (\(why))", "tell the clinic")
        case .ambiguous(let type): ("the clinic has the same \(type) more than once", "tell the clinic")
        case .tooLarge: ("the clinic takes no bundle of this size", "raise the limit at the clinic")
        case .codeRejected(let status):
            ("the clinic does not accept the code (\(status))", "ask it for another")
        case .enrolmentPending: ("the clinic has not approved this hub yet", "ask it to, and enrol again")
        case .badCertificate(let why):
            ("the clinic's certificate for the hub is no good (\(why))", "tell the clinic")
        case .noEnrolment(let status):
            (
                "the address offers no enrolment (\(status))",
                "correct it: the host that has /.well-known/est, without that path"
            )
        case .wrongAddress(let status): ("the clinic's URL is no FHIR server (\(status))", "correct the URL")
        }
    }
}
