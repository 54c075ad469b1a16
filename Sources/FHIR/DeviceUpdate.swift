import Core

/// A Device as it is now, for a clinic that knows it as it was: a conditional create never changes what is there.
package struct DeviceUpdate: Sendable {
    /// `Device?identifier=…`: what it replaces.
    package let path: String
    /// What may change in the life of a device, in a few words: another state, another update.
    package let state: String
    private let write: @Sendable (inout JSONWriter) -> Void

    /// The resource. It is written where it is asked for: mostly nothing has changed.
    package var text: String {
        var json = JSONWriter()
        json.object(write)
        return json.text
    }

    /// A device, as these readings of it know it; the last counts. Nil for no readings.
    package init?(of readings: [Kept]) {
        guard let newest = readings.last?.device else { return nil }
        var device = PersonalHealthDevice(newest)
        for kept in readings {
            device.learn(kept.reading.taken)
            if let pair = kept.pair { device.learn(pair.device) }
        }
        let said = newest.information
        let known = device
        self.init(
            device.identifiers[0], [said.manufacturer, said.model, said.serial, said.firmware, said.hardware]
        ) { known.write(into: &$0) }
    }

    /// The hub itself.
    package init(of gateway: PersonalHealthGateway) {
        self.init(
            .systemID(gateway.identifier), [gateway.manufacturer, gateway.model, gateway.version]
        ) { gateway.write(into: &$0) }
    }

    private init(
        _ identifier: Identifier, _ words: [String?], _ write: @escaping @Sendable (inout JSONWriter) -> Void
    ) {
        self.write = write
        path = "Device?" + identifier.condition
        state = words.map { $0 ?? "" }.joined(separator: "|")
    }
}
