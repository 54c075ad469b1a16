import Core

/// What the Observations of one reading have in common.
struct Subjects {
    var patient: String
    var device: String
    var gateway: String
    /// The coincident time stamp that dated the reading; nil where none did.
    var timeStamp: String?
}

extension Measurement {
    /// - Parameters:
    ///   - derivedFrom: the Observation that status bits and codes are about.
    func write(
        into json: inout JSONWriter, of kept: Kept, identifiers: [Identifier], subjects: Subjects, derivedFrom: String?,
        zone: Zone, _ destination: Destination
    ) {
        let remarks = kept.reading.remarks
        json.member("resourceType", "Observation")
        json.profile(profile, isTest: destination.isTest || remarks.isTest)
        json.array("extension") { json in
            json.reference(extension: Profile.gatewayReference, subjects.gateway)
            if let timeStamp = subjects.timeStamp { json.reference(extension: Profile.timeStampReference, timeStamp) }
        }
        json.identifiers(identifiers)
        json.member("status", remarks.observationStatus)
        json.array("category") { json in
            json.concept(Coding(CodeSystem.phdCategory, "phd"))
            if isVitalSign { json.concept(Coding(CodeSystem.category, "vital-signs", "Vital Signs")) }
        }
        json.concept("code", codings(for: destination), text: text)
        json.reference("subject", subjects.patient)
        Effective(kept, zone, lasting: lasting(from: kept.reading.taken)).write(into: &json)
        let notes = writeValue(into: &json, against: remarks.absence)
        if !qualifies, !remarks.interpretations.isEmpty {
            json.array("interpretation") { json in
                for code in remarks.interpretations { json.concept(Coding(CodeSystem.measurementStatus, code)) }
            }
        }
        json.notes(notes + furtherResults(of: kept.reading) + (qualifies ? [] : remarks.notes) + Note.time(of: kept))
        json.reference("device", subjects.device)
        if let derivedFrom { json.array("derivedFrom") { $0.object { $0.member("reference", derivedFrom) } } }
        writeComponents(into: &json, against: remarks.absence, destination)
    }

    /// What a spirometer gives and no code is agreed for, in words beside the FEV1, which every one gives.
    private func furtherResults(of reading: Reading) -> [String] {
        guard case .numeric(let value, _) = content, value.quantity == .forcedVolume1s else { return [] }
        let further = reading.values.filter { !$0.quantity.isAgreed }.compactMap { value in
            value.amount.map { "\(value.quantity.name) \($0) \(value.unit.display)" }
        }
        return further.isEmpty ? [] : ["The device also gave " + further.joined(separator: ", ") + "."]
    }

    private var text: String? {
        switch content {
        // So that nobody takes an average for a spot check.
        case .statistics(let statistics) where statistics.average != nil: "Average over the period"
        case .code(let enumeration): enumeration.words
        default: nil
        }
    }

    /// The value of the whole Observation, or why it has none. Returns what is to be said about it.
    private func writeValue(into json: inout JSONWriter, against status: Absence?) -> [String] {
        switch content {
        case .numeric(let value, _):
            json.value(value.delivered, against: status)
            return value.delivered.note.map { [$0] } ?? []
        case .statistics(let statistics):
            guard let average = statistics.average?.delivered else { json.absence(status ?? .unknown); return [] }
            json.value(average, against: status)
            return ([average.note] + statistics.others.map(\.delivered.note)).compactMap(\.self)
        case .bloodPressure(let pressure):
            if let status { json.absence(status) }
            let sent = [pressure.systolic, pressure.diastolic, pressure.mean].compactMap { $0?.delivered.note }
            return sent
        case .curve(let curve):
            curve.write(into: &json)
            return []
        case .code(let enumeration):
            json.concept("valueCodeableConcept", [enumeration.value], text: enumeration.answer)
            return []
        case .bits: return []
        }
    }

    private func writeComponents(
        into json: inout JSONWriter, against status: Absence?, _ destination: Destination
    ) {
        switch content {
        case .curve, .code: return
        case .numeric:
            guard !supplements.isEmpty else { return }
            json.array("component") { json in
                for supplement in supplements {
                    json.object { json in
                        json.concept("code", [.mdc(68193, "MDC_ATTR_SUPPLEMENTAL_TYPES")])
                        json.concept("valueCodeableConcept", [supplement])
                    }
                }
            }
        case .statistics(let statistics):
            guard !statistics.others.isEmpty else { return }
            json.array("component") { json in
                for value in statistics.others {
                    guard let statistic = value.aspect.statistic else { continue }
                    json.object { json in
                        json.concept("code", [statistic.coding], text: statistic.text)
                        json.value(value.delivered, against: status)
                    }
                }
            }
        case .bloodPressure(let pressure):
            json.array("component") { json in
                json.pressure(.systolic, pressure.systolic, against: status, destination)
                json.pressure(.diastolic, pressure.diastolic, against: status, destination)
                if pressure.mean != nil { json.pressure(.meanPressure, pressure.mean, against: status, destination) }
            }
        case .bits(let status):
            json.array("component") { json in
                for bit in status.bits {
                    json.object { json in
                        json.concept("code", [bit])
                        json.member("valueBoolean", true)
                    }
                }
            }
        }
    }
}

/// A value in a unit that the clinic's profiles allow, and what was sent where that differs by more than digits.
struct Delivered: Equatable {
    var outcome: Outcome
    var unit: Unit
    var note: String?
}

extension Value {
    var delivered: Delivered {
        guard let amount else { return Delivered(outcome: outcome, unit: unit) }
        switch unit {
        case .metre:
            guard let centimetres = amount.scaled(byPowerOfTen: 2) else { break }
            return Delivered(outcome: .amount(centimetres), unit: .centimetre)
        case .kilopascal:
            let note = "The device sent \(quantity.words) \(amount) kPa."
            let outcome: Outcome = amount.millimetresOfMercury.map { .amount($0) } ?? .absent(.error)
            return Delivered(outcome: outcome, unit: .millimetreOfMercury, note: note)
        default: break
        }
        return Delivered(outcome: outcome, unit: unit)
    }
}

extension Quantity {
    fileprivate var words: String { self == .meanPressure ? "mean pressure" : name }
}

extension Amount {
    /// Kilopascal as millimetres of mercury (× 7.500617) with one decimal, rounded half away from zero. Nil where no
    /// pressure can be meant.
    var millimetresOfMercury: Amount? {
        guard -12...6 ~= exponent else { return nil }
        // In tenths of a millimetre: mantissa · 10^exponent · 7 500 617 / 100 000.
        var numerator = Int128(mantissa) * 7_500_617, denominator: Int128 = 100_000
        for _ in 0..<exponent.magnitude { if exponent < 0 { denominator *= 10 } else { numerator *= 10 } }
        let tenths = (numerator.magnitude + denominator.magnitude / 2) / denominator.magnitude
        return Int32(exactly: numerator < 0 ? -Int128(tenths) : Int128(tenths)).map { Amount($0, exponent: -1) }
    }
}

extension JSONWriter {
    fileprivate mutating func reference(extension url: String, _ target: String) {
        object { json in
            json.member("url", url)
            json.reference("valueReference", target)
        }
    }

    /// The quantity, or the reason why there is none. A status that speaks against the reading wins over its numbers.
    fileprivate mutating func value(_ value: Delivered, against status: Absence?) {
        if let status { return absence(status) }
        switch value.outcome {
        case .amount(let amount): quantity("valueQuantity", amount, value.unit)
        case .absent(let reason): absence(reason)
        }
    }

    fileprivate mutating func pressure(
        _ quantity: Quantity, _ value: Value?, against status: Absence?, _ destination: Destination
    ) {
        object { json in
            let further = destination.further(quantity, in: value?.delivered.unit ?? .millimetreOfMercury)
            json.concept("code", [quantity.coding] + quantity.loinc + further)
            guard let value else { return json.absence(status ?? .unknown) }
            json.value(value.delivered, against: status)
        }
    }
}
