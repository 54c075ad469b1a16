import Core

extension Driver {
    /// Nonin Onyx II 9560 as it leaves the factory: serial data format 13 over the Serial Port Profile.
    ///
    /// Paired once with the PIN of six digits that is printed on its battery door, it calls us after each spot check, and
    /// sends what it could not send before. In the formats 2, 7 and 8, to which another program may have set it for good, it
    /// waits to be called, and is not heard here.
    ///
    /// Source: Nonin 9560 OEM Specification and Technical Information (in mattjlewis/NoninPulseOx); the name from
    /// silverbullet-dk/opentele-client-android, NoninController.
    package static let nonin9560 = Driver(
        id: "nonin-9560", manufacturer: "Nonin", model: "Onyx II 9560", kind: .pulseOximeter, evidence: .specification,
        claims: [.serialPort(name: "Nonin_Medical_Inc._", .initiator)],
        endpoints: noninFormat13.endpoints, visit: noninFormat13.visit, pairing: .pinOnBatteryDoor,
        tellsOnce: true)
}
