import Core

// What wireless devices are reached with: how they look on the air, their keys and what is known of their attributes.

extension Journal {
    /// What a wireless device is reached with. Keys are secret: the journal's file is its owner's alone.
    package struct Wireless: Equatable, Sendable {
        /// See `Sighting.identity`.
        package var device: String
        /// As it was last heard with its name: passive scanning hears none.
        package var sighting: Advertisement?
        /// The bond as the Bluetooth module writes it; empty where there is none.
        package var bond: [UInt8]
        /// The attribute table as the Bluetooth module writes it; empty while nothing is known.
        package var attributes: String

        package init(device: String, sighting: Advertisement? = nil, bond: [UInt8] = [], attributes: String = "") {
            self.device = device
            self.sighting = sighting
            self.bond = bond
            self.attributes = attributes
        }
    }

    /// All that is known, by device.
    package func wireless() throws(Fault) -> [Wireless] {
        try mending { () throws(Fault) in try database.wireless() }
    }

    /// Remembers, in the place of what was known of this device.
    package func remember(_ wireless: Wireless) throws(Fault) {
        try database.remember(wireless)
        try database.query("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// The codes that open a device's slots.
    package func consents(of device: String) throws(Fault) -> [Consent] {
        try mending { () throws(Fault) in try database.consents(of: device) }
    }

    /// The passkey or PIN that a device was paired with, in the notation of its keeper; nil where it wanted none.
    package func pairingCode(of device: String) throws(Fault) -> String? { try value(for: "pairing code \(device)") }

    package func remember(pairingCode code: String, of device: String) throws(Fault) {
        try set("pairing code \(device)", to: code)
    }

    package func remember(_ consent: Consent, of device: String) throws(Fault) {
        try database.transaction { () throws(Fault) in
            try database.query(
                "INSERT OR REPLACE INTO consent (device, user, code) VALUES (?, ?, ?)",
                .text(device), Datum(Int(consent.user)), Datum(Int(consent.code)))
        }
    }
}

extension Journal.Wireless {
    /// device, sighting, bond, attributes, seal; nil when it is not what was written.
    init?(_ row: [Datum]) {
        guard row.count == 5, let device = row[0].text, row[4] == .integer(fnv1a(row.dropLast())) else { return nil }
        self.init(
            device: device, sighting: row[1].text.flatMap { Advertisement(notation: $0) }, bond: row[2].blob ?? [],
            attributes: row[3].text ?? "")
    }

    var row: [Datum] {
        let row: [Datum] = [
            .text(device), Datum(sighting?.notation), bond.isEmpty ? .null : .blob(bond),
            attributes.isEmpty ? .null : .text(attributes),
        ]
        return row + [.integer(fnv1a(row[...]))]
    }
}

extension Database {
    func wireless() throws(Fault) -> [Journal.Wireless] {
        try query("SELECT device, sighting, bond, attributes, seal FROM wireless ORDER BY device")
            .compactMap(Journal.Wireless.init)
    }

    func remember(_ wireless: Journal.Wireless) throws(Fault) {
        try transaction { () throws(Fault) in
            try query(
                "INSERT OR REPLACE INTO wireless (device, sighting, bond, attributes, seal) VALUES (?, ?, ?, ?, ?)",
                wireless.row)
        }
    }

    func consents(of device: String) throws(Fault) -> [Consent] {
        try query("SELECT user, code FROM consent WHERE device = ? ORDER BY user", .text(device)).compactMap { row in
            guard let user = row[0].integer.flatMap(UInt8.init(exactly:)),
                let code = row[1].integer.flatMap(UInt16.init(exactly:))
            else { return nil }
            return Consent(user: user, code: code)
        }
    }
}
