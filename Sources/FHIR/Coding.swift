import Core

/// One code of a code system, with what a person reads. Written as FHIR's Coding.
struct Coding: Equatable, Sendable {
    var system: String
    var code: String
    var display: String?

    init(_ system: String, _ code: String, _ display: String? = nil) {
        self.system = system
        self.code = code
        self.display = display
    }

    /// A 32-bit code of ISO/IEEE 11073-10101 with its reference identifier.
    static func mdc(_ code: UInt32, _ reference: String) -> Coding { Coding(CodeSystem.mdc, String(code), reference) }

    static func loinc(_ code: String, _ display: String) -> Coding { Coding(CodeSystem.loinc, code, display) }

    /// A bit of an IEEE 11073 bit string, numbered from the most significant bit of its MDER form.
    static func bit(_ code: UInt32, _ bit: Int, _ name: String) -> Coding {
        Coding(CodeSystem.bits, "\(code).\(bit)", name)
    }
}

/// The URIs of the code systems in a bundle.
enum CodeSystem {
    static let mdc = "urn:iso:std:iso:11073:10101"
    /// Codes of 11073-10101 that its published FHIR code system does not have yet.
    static let missingMDC = "http://hl7.org/fhir/uv/phd/CodeSystem/MissingMDCCodes"
    static let bits = "http://terminology.hl7.org/CodeSystem/ASN1ToHL7"
    static let loinc = "http://loinc.org"
    static let snomed = "http://snomed.info/sct"
    static let ucum = "http://unitsofmeasure.org"
    static let phdCategory = "http://hl7.org/fhir/uv/phd/CodeSystem/PhdObservationCategories"
    static let category = "http://terminology.hl7.org/CodeSystem/observation-category"
    static let measurementStatus = "http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status"
    static let absence = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
    static let yesOrNo = "http://terminology.hl7.org/CodeSystem/v2-0136"
    static let deviceIdentifier = "http://terminology.hl7.org/CodeSystem/ContinuaDeviceIdentifiers"
    static let patientIdentifier = "http://terminology.hl7.org/CodeSystem/v2-0203"
    static let reason = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
    static let statistics = "http://terminology.hl7.org/CodeSystem/observation-statistics"
    /// Our own, because no public system has codes for time below a saturation. `seconds-observed`: seconds of the
    /// session in which there was a value; `seconds-below-N`: seconds of those in which saturation was below N percent.
    /// The OID is the decimal form of a UUID (X.667), so it is nobody else's.
    static let wear = "urn:oid:2.25.166904823662743522993786113874681478050"
    /// Our own, because no public system has codes for the life of a hub: see `SignOfLife`.
    static let life = "urn:oid:2.25.30950630365466917062132239233202337957"
}

/// The URLs of the profiles and extensions in a bundle.
enum Profile {
    private static let guide = "http://hl7.org/fhir/uv/phd/StructureDefinition/"
    static let patient = guide + "PhdPatient"
    static let gateway = guide + "PhgDevice"
    static let device = guide + "PhdDevice"
    static let timeStamp = guide + "PhdCoincidentTimeStampObservation"
    static let numeric = guide + "PhdNumericObservation"
    static let compound = guide + "PhdCompoundNumericObservation"
    static let curve = guide + "PhdRtsaObservation"
    static let code = guide + "PhdCodedEnumerationObservation"
    static let bits = guide + "PhdBitsEnumerationObservation"
    static let timeStampReference = guide + "CoincidentTimeStampReference"
    /// Also the system of the PHD identifier.
    static let base = guide + "PhdBaseObservation"
    static let gatewayReference = "http://hl7.org/fhir/StructureDefinition/observation-gatewayDevice"
    static let absence = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
}

extension JSONWriter {
    mutating func profile(_ url: String, isTest: Bool = false) {
        object("meta") { json in
            json.array("profile") { $0.string(url) }
            if isTest { json.testLabel() }
        }
    }

    /// Inside a resource's `meta`.
    mutating func testLabel() {
        array("security") { $0.coding(Coding(CodeSystem.reason, "HTEST", "test health data")) }
    }

    mutating func coding(_ coding: Coding) {
        object { json in
            json.member("system", coding.system)
            json.member("code", coding.code)
            if let display = coding.display { json.member("display", display) }
        }
    }

    /// A CodeableConcept.
    mutating func concept(_ key: String, _ codings: [Coding], text: String? = nil) {
        object(key) { $0.codings(codings, text: text) }
    }

    /// A CodeableConcept inside an array.
    mutating func concept(_ coding: Coding) { object { $0.codings([coding], text: nil) } }

    private mutating func codings(_ codings: [Coding], text: String?) {
        array("coding") { json in
            for coding in codings { json.coding(coding) }
        }
        if let text { member("text", text) }
    }

    mutating func absence(_ reason: Absence) { concept("dataAbsentReason", [Coding(CodeSystem.absence, reason.code)]) }

    /// The value's own digits, in UCUM.
    mutating func quantity(_ key: String, _ amount: Amount, _ unit: Unit) {
        object(key) { json in
            json.member("value", amount)
            json.unit(unit.display, unit.ucum)
        }
    }

    /// A whole number of a unit that no reading has: `us`, `ms`.
    mutating func count(_ value: Int, _ unit: String) {
        member("value", value)
        self.unit(unit, unit)
    }

    private mutating func unit(_ display: String, _ code: String) {
        member("unit", display)
        member("system", CodeSystem.ucum)
        member("code", code)
    }

    mutating func reference(_ key: String, _ target: String) { object(key) { $0.member("reference", target) } }
}
