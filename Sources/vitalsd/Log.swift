import Core
import Host

/// One line for the log: layer, sentence, remedy.
@Hub func log(_ fault: Fault, about what: String? = nil) {
    Systemd.log(.warning, what.map { "\(fault) [\($0)]" } ?? fault.description)
}
