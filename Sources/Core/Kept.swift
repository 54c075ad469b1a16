/// A reading on disk, with all that the clinic must hear about it.
package struct Kept: Equatable, Sendable {
    /// The journal's row: readings are numbered in the order in which they were kept.
    package var id: Int64
    package var fingerprint: Fingerprint
    package var device: KnownDevice
    package var reading: Reading
    /// When the hub heard it.
    package var heard: HubTime
    /// The device's clock beside the hub's, read in the same visit before anything was set.
    package var pair: ClockPair?
    package var dated: Dated
    /// Whether it was concluded after the reading was kept.
    package var isDatedAnew = false
    /// Whom it is about; nil while it is unassigned.
    package var subject: Subject?
    /// Whether the clinic has it already, and hears now what is known better since.
    package var amends = false

    package init(
        id: Int64, fingerprint: Fingerprint, device: KnownDevice, reading: Reading, heard: HubTime,
        pair: ClockPair?, dated: Dated, subject: Subject?
    ) {
        self.id = id
        self.fingerprint = fingerprint
        self.device = device
        self.reading = reading
        self.heard = heard
        self.pair = pair
        self.dated = dated
        self.subject = subject
    }
}

/// A device that vitalsd has met.
package struct KnownDevice: Hashable, Sendable {
    /// `bluetooth:00:09:1F:80:00:22`, `usb:0403:6001:A9012`, `line:…`: see `Sighting.identity`.
    package var identity: String
    package var driver: String
    package var kind: Driver.Kind
    package var information: DeviceInformation

    package init(identity: String, driver: String, kind: Driver.Kind, information: DeviceInformation) {
        self.identity = identity
        self.driver = driver
        self.kind = kind
        self.information = information
    }

    /// The device's Bluetooth address, where it has one.
    package var bluetoothAddress: BluetoothAddress? {
        let prefix = "bluetooth:"
        return identity.hasPrefix(prefix)
            ? BluetoothAddress(Substring(identity.utf8.dropFirst(prefix.utf8.count))) : nil
    }
}

/// The person a reading is about: a pseudonym of the clinic's, never a civil registration number.
package enum Subject: Hashable, Sendable {
    /// The logical id at the clinic: `Patient/pt-4711`.
    case reference(String)
    /// An identifier that the clinic knows the person by.
    case identifier(system: String, value: String)
}
