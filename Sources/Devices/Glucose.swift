import Core

/// Glucose Service 1.0.1.
package enum Glucose {
    /// Glucose Measurement (0x2A18)
    ///
    ///     flags  sequence  base time  [offset]      [concentration  type, location]  [status]
    ///     u8     u16       7 bytes    i16, minutes  SFLOAT          u8: low, high    u16
    ///                                 bit 0         bit 1: both                      bit 3
    ///
    /// Bit 2: mol/L instead of kg/L; bit 4: a context (0x2A34) follows. What the meter shows is its base time and the
    /// offset. Concentrations are given as millimoles and milligrams, which changes no digit. Control solution is
    /// nobody's glucose, whether the type or the location says so.
    package static func measurement(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.flags(reserved: 0b1110_0000)
        let sequence = Int(try field.u16())
        var taken = try field.dateTime(&remarks)
        if flags & 1 != 0 { taken = moved(taken, minutes: Int16(bitPattern: try field.u16()), &remarks) }
        if flags & 2 != 0 {
            let concentration = try field.sfloat(), sample = try field.u8()
            remark(location: sample >> 4, in: &remarks)
            var quantity = quantity(of: sample & 0x0F, &remarks)
            if quantity == .controlGlucose { remarks.insert(.controlSolution) }
            if remarks.contains(.controlSolution) { quantity = .controlGlucose }
            values.append(
                flags & 4 != 0
                    ? Value(quantity, concentration.scaled(byPowerOfTen: 3), .millimolePerLitre)
                    : Value(quantity, concentration.scaled(byPowerOfTen: 5), .milligramPerDecilitre))
        }
        if flags & 8 != 0 { remark(status: try field.u16(), in: &remarks) }
        // The meter itself disowns its clock.
        if remarks.contains(.meterTimeFault) { taken = .unknown }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: taken, sequence: sequence, remarks: remarks)
    }

    /// Whether a measurement says that its context follows.
    static func announcesContext(_ measurement: [UInt8]) -> Bool { measurement.first.map { $0 & 16 != 0 } ?? false }

    private static func moved(_ base: RawTime, minutes: Int16, _ remarks: inout Remarks) -> RawTime {
        guard case .clock(let time) = base else { return base }
        // The two ends of the range say that the offset lies beyond it.
        guard minutes != .max, minutes != .min, let moved = LocalTime(seconds: time.seconds + Int(minutes) * 60) else {
            remarks.insert(.invalidTime)
            return .unknown
        }
        return .clock(moved)
    }

    private static func quantity(of type: UInt8, _ remarks: inout Remarks) -> Quantity {
        switch type {
        case 1: return .capillaryWholeBloodGlucose
        case 2: return .capillaryPlasmaGlucose
        case 3: return .venousWholeBloodGlucose
        case 4: return .venousPlasmaGlucose
        case 5: return .arterialWholeBloodGlucose
        case 6: return .arterialPlasmaGlucose
        case 7: return .undeterminedWholeBloodGlucose
        case 8: return .undeterminedPlasmaGlucose
        case 9: return .interstitialGlucose
        case 10: return .controlGlucose
        default:
            remarks.insert(.partlyDecoded)
            return .glucose
        }
    }

    private static func remark(location: UInt8, in remarks: inout Remarks) {
        switch location {
        case 1: remarks.insert(.fingerSample)
        case 2: remarks.insert(.alternateSiteSample)
        case 3: remarks.insert(.earlobeSample)
        case 4: remarks.insert(.controlSolution)
        case 15: break
        default: remarks.insert(.partlyDecoded)
        }
    }

    /// Sensor Status Annunciation: bit 0 the battery, bits 1 to 11 in the order of the remarks; the rest is reserved.
    private static func remark(status: UInt16, in remarks: inout Remarks) {
        if status & 1 != 0 { remarks.insert(.lowBattery) }
        remarks.insert(bits: UInt32(status), from: 1, count: 11, as: .meterMalfunctioning)
        if status >> 12 != 0 { remarks.insert(.partlyDecoded) }
    }
}

extension Outcome {
    /// The same digits under another power of ten: a change of unit.
    func scaled(byPowerOfTen power: Int) -> Outcome {
        guard case .amount(let amount) = self else { return self }
        return amount.scaled(byPowerOfTen: power).map(Outcome.amount) ?? .absent(.error)
    }
}
