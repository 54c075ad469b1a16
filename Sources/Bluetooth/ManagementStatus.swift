import Core

extension Management {
    /// How a command ended: 0, or one of the document's error codes. A code that a newer kernel adds survives as its number.
    package struct Status: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        package static let success = Status(rawValue: 0x00)
        package static let unknownCommand = Status(rawValue: 0x01)
        package static let notConnected = Status(rawValue: 0x02)
        package static let failed = Status(rawValue: 0x03)
        package static let connectFailed = Status(rawValue: 0x04)
        package static let authenticationFailed = Status(rawValue: 0x05)
        package static let notPaired = Status(rawValue: 0x06)
        package static let noResources = Status(rawValue: 0x07)
        package static let timeout = Status(rawValue: 0x08)
        package static let alreadyConnected = Status(rawValue: 0x09)
        package static let busy = Status(rawValue: 0x0A)
        package static let rejected = Status(rawValue: 0x0B)
        package static let notSupported = Status(rawValue: 0x0C)
        package static let invalidParameters = Status(rawValue: 0x0D)
        package static let disconnected = Status(rawValue: 0x0E)
        package static let notPowered = Status(rawValue: 0x0F)
        package static let cancelled = Status(rawValue: 0x10)
        package static let invalidIndex = Status(rawValue: 0x11)
        package static let rfkilled = Status(rawValue: 0x12)
        package static let alreadyPaired = Status(rawValue: 0x13)
        package static let permissionDenied = Status(rawValue: 0x14)

        /// The document's own words.
        package var description: String {
            let names = [
                "success", "unknown command", "not connected", "failed", "connect failed", "authentication failed",
                "not paired", "no resources", "timeout", "already connected", "busy", "rejected", "not supported",
                "invalid parameters", "disconnected", "not powered", "cancelled", "invalid index", "blocked by rfkill",
                "already paired", "permission denied",
            ]
            return names.indices.contains(Int(rawValue)) ? names[Int(rawValue)] : "status \(hex(rawValue))"
        }
    }
}

extension Fault {
    /// What a failed command means for the person who has to act; nothing above sees the code.
    package init(_ status: Management.Status, from command: Management.Opcode) {
        self =
            switch status {
            case .notConnected, .disconnected: .device(.hungUp)
            // Of an adapter that is asked for something of its own it is the adapter that is silent.
            case .connectFailed, .timeout:
                command == .pairDevice ? .device(.silent) : .hub(.radioFailing("\(command): \(status)"))
            case .authenticationFailed: .pairing(.rejected)
            case .cancelled where command == .pairDevice, .rejected where command == .pairDevice: .pairing(.rejected)
            case .notPaired: .pairing(.notPaired)
            case .notPowered: .hub(.radioOff)
            case .invalidIndex: .hub(.noRadio)
            case .rfkilled: .hub(.radioBlocked)
            case .permissionDenied: .hub(.noPermission("Bluetooth management (CAP_NET_ADMIN)"))
            default: .hub(.radioFailing("\(command): \(status)"))
            }
    }

    /// What the end of a link means; nil where it is an ordinary one, which the link itself reports.
    package init?(_ reason: Management.DisconnectReason) {
        guard reason == .authenticationFailure else { return nil }
        self = .pairing(.keyForgotten)
    }
}
