import Core

/// A Device as it is now, for a clinic that knows it as it was: a conditional create never changes what is there.
package struct DeviceUpdate: Equatable, Sendable {
    /// `Device?identifier=…`: what it replaces.
    package let path: String
    /// The resource.
    package let text: String
    /// What may change in the life of a device, in a few words: another state, another update.
    package let state: String

    /// A device, as these readings of it know it; the last counts. Nil for no readings.
    package init?(of readings: [Kept]) {
        guard let newest = readings.last?.device else { return nil }
        var device = PersonalHealthDevice(newest)
        for kept in readings {
            device.learn(kept.reading.taken)
            if let pair = kept.pair { device.learn(pair.device) }
        }
        let said = newest.information
        self.init(
            device.identifiers[0], [said.manufacturer, said.model, said.serial, said.firmware, said.hardware],
            device.write)
    }

    /// The hub itself.
    package init(of gateway: PersonalHealthGateway) {
        self.init(
            .systemID(gateway.identifier), [gateway.manufacturer, gateway.model, gateway.version], gateway.write)
    }

    private init(_ identifier: Identifier, _ words: [String?], _ write: (inout JSONWriter) -> Void) {
        var json = JSONWriter()
        json.object(write)
        path = "Device?" + identifier.condition
        text = json.text
        state = words.map { $0 ?? "" }.joined(separator: "|")
    }
}
