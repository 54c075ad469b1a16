// What of all that a device says is somebody's measurement.

extension Quantity {
    /// Whether it says something about a person. The pressure in a cuff while it deflates, the warmth of a room, the fluid
    /// that proves a meter, the numbers of bare decoding and the charge of a battery do not.
    package var isAboutPerson: Bool {
        switch self {
        case .cuffPressure, .roomTemperature, .controlGlucose, .basicNumericValue, .simpleNumericValue, .batteryCharge:
            false
        default: true
        }
    }
}

extension Remarks {
    /// Whether it is a demonstration or a test, and nobody's measurement.
    package var isTest: Bool { contains(.demonstration) || contains(.testData) }

    /// What the device's status says against every value of the reading, whatever number came with it.
    package var absence: Absence? {
        if contains(.invalid) { return .error }
        return contains(.measurementUnavailable) || contains(.measurementOngoing) ? .notPerformed : nil
    }
}

extension Reading {
    /// Whether somebody has measured: a value is about a person, and the device calls it neither a test nor invalid.
    package var isMeasurement: Bool {
        !remarks.isTest && remarks.absence == nil && values.contains { $0.quantity.isAboutPerson }
    }

    /// Whether it says how full the device's battery is and nothing else, as most visits begin.
    package var isBatteryAlone: Bool { !values.isEmpty && values.allSatisfy { $0.quantity == .batteryCharge } }
}
