import Core

/// The standard profiles' decoders, for `vitalsd decode`. They claim no device: a model's driver does, and names them.
package let profiles: [Driver] = [
    profile(
        "sig-blp", "Blood Pressure", .bloodPressure,
        [
            Endpoint(.characteristic(0x2A35), BloodPressure.measurement),
            Endpoint(.characteristic(0x2A36), BloodPressure.cuffPressure),
        ]),
    profile(
        "sig-plx", "Pulse Oximeter", .pulseOximeter,
        [
            Endpoint(.characteristic(0x2A5E), PulseOximeter.spotCheck),
            Endpoint(.characteristic(0x2A5F), PulseOximeter.continuous),
        ]),
    profile("sig-wsp", "Weight Scale", .scale, [Endpoint(.characteristic(0x2A9D), WeightScale.measurement)]),
    profile("sig-bcs", "Body Composition", .scale, [Endpoint(.characteristic(0x2A9C), BodyComposition.measurement)]),
    profile(
        "sig-htp", "Health Thermometer", .thermometer,
        [Endpoint(.characteristic(0x2A1C), HealthThermometer.measurement)]),
    profile(
        "primitives", "IEEE 11073-20601 numbers and Bluetooth SIG clocks", .bloodPressure,
        [
            Endpoint(.bytes("sfloat"), Primitives.sfloat), Endpoint(.bytes("float"), Primitives.float),
            Endpoint(.bytes("datetime"), DateTime.dateTime), Endpoint(.bytes("currenttime"), DateTime.currentTime),
        ]),
]

private func profile(_ id: String, _ name: String, _ kind: Driver.Kind, _ endpoints: [Endpoint]) -> Driver {
    Driver(
        id: id, manufacturer: "Bluetooth SIG", model: name, kind: kind, evidence: .specification, claims: [],
        endpoints: endpoints, visit: .none)
}
