import Core

extension Glucose {
    /// Glucose Measurement Context (0x2A34): what the person was doing around the measurement with the same number.
    ///
    ///     flags  sequence  [more flags]  [carbohydrate]   [meal]  [tester, health]  [exercise]       [medication]  [HbA1c]
    ///     u8     u16       u8            u8 SFLOAT kg     u8      u8: low, high     u16 s, u8 %      u8 SFLOAT     SFLOAT %
    ///                      bit 7         bit 0            bit 1   bit 2             bit 3            bit 4         bit 6
    ///
    /// Bit 5: the medication is in litres instead of kilograms. It has no time of its own.
    package static func context(_ bytes: Span<UInt8>) throws(Malformed) -> Reading {
        var field = ByteReader(bytes), values = Values(), remarks = Remarks()
        let flags = try field.u8(), sequence = Int(try field.u16())
        if flags & 128 != 0, try field.u8() != 0 { remarks.insert(.partlyDecoded) }
        if flags & 1 != 0 {
            remarks.insert(number: try field.u8(), of: .breakfast, count: 7)
            values.append(Value(.carbohydrate, try field.sfloat().scaled(byPowerOfTen: 3), .gram))
        }
        if flags & 2 != 0 { remarks.insert(number: try field.u8(), of: .beforeMeal, count: 5) }
        if flags & 4 != 0 {
            let both = try field.u8()
            if both & 0x0F != 15 { remarks.insert(number: both & 0x0F, of: .testedByPerson, count: 3) }
            if both >> 4 != 15 { remarks.insert(number: both >> 4, of: .minorHealthIssues, count: 5) }
        }
        if flags & 8 != 0 {
            // How long it took has no quantity of its own.
            if try field.u16() != 0 { remarks.insert(.partlyDecoded) }
            values.append(Value(.exercise, Amount(Int32(try field.u8())), .percent))
        }
        if flags & 16 != 0 {
            remarks.insert(number: try field.u8(), of: .rapidActing, count: 5)
            let amount = try field.sfloat()
            values.append(
                flags & 32 != 0
                    ? Value(.medication, amount.scaled(byPowerOfTen: 3), .millilitre)
                    : Value(.medication, amount.scaled(byPowerOfTen: 6), .milligram))
        }
        if flags & 64 != 0 { values.append(Value(.glycatedHaemoglobin, try field.sfloat(), .percent)) }
        field.remarkTrailing(in: &remarks)
        return Reading(consume values, taken: .unknown, sequence: sequence, remarks: remarks)
    }
}

extension Remarks {
    /// Inserts the remark for a number that counts from 1, where `first` stands for 1; what is reserved is remarked.
    fileprivate mutating func insert(number: UInt8, of first: Remark, count: UInt8) {
        guard 1...count ~= number, let remark = Remark(rawValue: first.rawValue + number - 1) else {
            return insert(.partlyDecoded)
        }
        insert(remark)
    }
}

/// Joins each measurement with the context that it announces, by their number.
///
/// A measurement waits until its context, another measurement or the end of the records has come. When the device goes
/// before that, the measurement stays with it: it forgets none, and tells all again in the next visit. So a record is
/// always reported in the same form, and is recognised when it comes again.
///
/// TaiDoc's meters number their records from the newest on, so that each has another number as soon as somebody measures
/// (NightscoutFoundation/xDrip). Of these the number is no part of a record, or all of them would be new ones.
struct GlucoseRecords {
    private let areRenumbered: Bool
    private var waiting: Reading?, undated = UndatedRecords()

    init(areRenumbered: Bool) { self.areRenumbered = areRenumbered }

    /// What is now complete.
    mutating func take(_ update: Update) -> [Reading] {
        guard update.characteristic == 0x2A34 else {
            // Sent twice, it has a context all the same.
            if update.value == waiting?.bytes { return [] }
            let earlier = end(), reading = decoded(update.value, by: Glucose.measurement)
            guard Glucose.announcesContext(update.value), reading.sequence != nil else {
                return earlier + [told(reading)]
            }
            waiting = reading
            return earlier
        }
        let context = decoded(update.value, by: Glucose.context)
        guard let measurement = waiting, measurement.sequence == context.sequence else { return [told(context)] }
        waiting = nil
        var whole = unnumbered(measurement)
        // Both begin with a byte of flags, and then the number.
        whole.bytes += unnumbered(context).bytes
        // Nobody ate before a meter was proved with its fluid.
        if !whole.remarks.contains(.controlSolution) {
            for value in context.values { whole.values.append(value) }
            for remark in context.remarks { whole.remarks.insert(remark) }
        }
        return [areRenumbered ? undated.numbered(whole) : whole]
    }

    /// The records have ended: the context that was announced does not come.
    mutating func end() -> [Reading] {
        defer { waiting = nil }
        return waiting.map { [told($0)] } ?? []
    }

    private mutating func told(_ reading: Reading) -> Reading {
        areRenumbered ? undated.numbered(unnumbered(reading)) : reading
    }

    private func unnumbered(_ reading: Reading) -> Reading {
        guard areRenumbered else { return reading }
        var reading = reading
        reading.sequence = nil
        reading.bytes = Array(reading.bytes.prefix(1) + reading.bytes.dropFirst(3))
        return reading
    }
}
