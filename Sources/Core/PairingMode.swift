/// How a person makes a device ready for pairing, and what it then wants to know. Each comes from a public source; a model
/// whose own buttons no public source names has none.
package enum PairingMode: String, CaseIterable, Sendable {
    /// START held down until `Pr` shows; `End` shows once it is paired (A&D UA-651BLE and its kin).
    case holdStart = "hold-start"
    /// The button under or behind a scale (A&D UC-352BLE).
    case buttonBeneath = "button-beneath"
    /// The Bluetooth button held down until `P` blinks (Omron; github.com/userx14/omblepy).
    case holdBluetooth = "hold-bluetooth"
    /// A new bond is taken within two minutes after the batteries were put in, and not later (Nonin 3230).
    case freshBatteries = "fresh-batteries"
    /// The PIN is six digits on the battery door (Nonin 9560).
    case pinOnBatteryDoor = "pin-on-battery-door"
    /// The PIN is on the label, and the device can be reached only around a blow (Vitalograph, classic Bluetooth).
    case pinOnLabel = "pin-on-label"
    /// The PIN is in the manual (A&D PBT).
    case pinInManual = "pin-in-manual"
}
