import Core

/// Decoders that belong to no driver alone, for `vitalsd decode`. They claim no device.
package let profiles: [Driver] = [
    profile("sig-bcs", "Body Composition", .scale, [Endpoint(.characteristic(0x2A9C), BodyComposition.measurement)]),
    profile("sig-bas", "Battery", .bloodPressure, [Endpoint(.characteristic(0x2A19), BatteryLevel.level)]),
    Driver(
        id: "phd", manufacturer: "IEEE", model: "11073-20601 agents with a standard configuration", kind: .healthSensor,
        evidence: .specification, claims: [],
        endpoints: [
            Endpoint(.bytes("11073-10404"), all: PHDScanReport.decode(0x0190)),
            Endpoint(.bytes("11073-10407"), all: PHDScanReport.decode(0x02BC)),
            Endpoint(.bytes("11073-10415"), all: PHDScanReport.decode(0x05DC)),
        ], visit: .none),
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
