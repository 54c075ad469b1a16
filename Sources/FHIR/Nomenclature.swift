import Core

/// By which URIs a Danish clinic knows NPU's, DNK's and MedCom's codes. The national guides differ, so nobody guesses.
package enum DanishCodes: String, Sendable {
    /// The common telemedicine infrastructure (FUT, eHealth).
    case fut
    /// MedCom's terminology.
    case medcom
    /// HL7 Denmark's core guide.
    case dkCore = "dk-core"

    /// NPU's and DNK's code system.
    fileprivate var laboratory: String {
        self == .dkCore ? "http://npu-terminology.org" : "urn:oid:1.2.208.176.2.1"
    }

    /// MedCom's own.
    fileprivate var medCom: String {
        self == .fut
            ? "urn:oid:1.2.208.184.100.8" : "http://medcomfhir.dk/ig/terminology/CodeSystem/medcom-observation-codes"
    }
}

extension Destination {
    /// What stands behind MDC and LOINC in the code of a quantity, beside a value in this unit. A Danish code implies its
    /// unit, and is left out beside any other.
    func further(_ quantity: Quantity, in unit: Unit) -> [Coding] {
        var codings: [Coding] = []
        if usesSNOMED, let code = quantity.snomed { codings.append(Coding(CodeSystem.snomed, code)) }
        if let danishCodes, let danish = quantity.danish(danishCodes), danish.unit == unit {
            codings.append(danish.coding)
        }
        return codings
    }

    /// The same for the panel of a blood pressure.
    var furtherPanel: [Coding] {
        var codings: [Coding] = []
        if usesSNOMED { codings.append(Coding(CodeSystem.snomed, "75367002")) }
        switch danishCodes {
        case .fut: codings.append(Coding("urn:oid:1.2.208.176.2.4", "ZZ3170"))
        case .medcom: codings.append(Coding(DanishCodes.medcom.medCom, "MCS88206"))
        case .dkCore, nil: break
        }
        return codings
    }
}

extension Quantity {
    /// The observable entity of SNOMED CT; nil where none is certain.
    fileprivate var snomed: String? {
        switch self {
        case .oxygenSaturation: "431314004"
        case .pulseOximeterRate, .pulseRate: "78564009"
        case .systolic: "271649006"
        case .diastolic: "271650006"
        case .meanPressure: "6797001"
        case .bodyWeight: "27113001"
        case .bodyHeight: "1153637007"
        case .bodyMassIndex: "60621009"
        case .forcedVolume1s: "59328004"
        case .forcedVitalCapacity: "50834005"
        case .ratioFEV1FVC: "251944000"
        case .peakExpiratoryFlow: "18491006"
        case .forcedFlow25To75: "251932003"
        case .capillaryWholeBloodGlucose, .capillaryPlasmaGlucose, .undeterminedWholeBloodGlucose,
            .undeterminedPlasmaGlucose:
            "434912009"
        default: isTemperature ? "386725007" : nil
        }
    }

    /// The Danish code and the unit that it implies.
    fileprivate func danish(_ names: DanishCodes) -> (coding: Coding, unit: Unit)? {
        func laboratory(_ code: String, _ unit: Unit) -> (Coding, Unit) { (Coding(names.laboratory, code), unit) }
        func medCom(_ code: String, _ unit: Unit) -> (Coding, Unit) { (Coding(names.medCom, code), unit) }
        return switch self {
        case .oxygenSaturation: laboratory("NPU03011", .percent)
        case .pulseOximeterRate, .pulseRate: laboratory("NPU21692", .perMinute)
        // MedCom tells a pressure taken at home from one taken in a clinic.
        case .systolic where names == .medcom: medCom("MCS88019", .millimetreOfMercury)
        case .diastolic where names == .medcom: medCom("MCS88020", .millimetreOfMercury)
        case .systolic: laboratory("DNK05472", .millimetreOfMercury)
        case .diastolic: laboratory("DNK05473", .millimetreOfMercury)
        case .bodyWeight: laboratory("NPU03804", .kilogram)
        case .bodyMassIndex: laboratory("NPU27281", .kilogramPerSquareMetre)
        case .forcedVolume1s: medCom("MCS88015", .litre)
        case .forcedVitalCapacity: medCom("MCS88016", .litre)
        case .forcedVolume6s: medCom("MCS88100", .litre)
        case .ratioFEV1FVC: medCom("MCS88017", .one)
        case .ratioFEV1FEV6: medCom("MCS88099", .one)
        case .peakExpiratoryFlow: medCom("MCS88102", .litrePerMinute)
        // The concentration in plasma; a sensor of whole blood would need another.
        case .capillaryPlasmaGlucose: laboratory("NPU22089", .millimolePerLitre)
        default: isTemperature ? laboratory("NPU08676", .celsius) : nil
        }
    }

    private var isTemperature: Bool { loinc.first?.code == "8310-5" }
}
