import Core

extension Quantity {
    var coding: Coding { .mdc(rawValue, reference) }

    /// The LOINC codes beside the MDC code, the one that HL7's vital signs demand first. Empty where none is certain.
    var loinc: [Coding] {
        switch self {
        case .oxygenSaturation:
            [
                .loinc("2708-6", "Oxygen saturation in Arterial blood"),
                .loinc("59408-5", "Oxygen saturation in Arterial blood by Pulse oximetry"),
            ]
        case .pulseOximeterRate, .pulseRate: [.loinc("8867-4", "Heart rate")]
        case .perfusionIndex: [.loinc("61006-3", "Perfusion index Tissue by Pulse oximetry")]
        case .systolic: [.loinc("8480-6", "Systolic blood pressure")]
        case .diastolic: [.loinc("8462-4", "Diastolic blood pressure")]
        case .meanPressure: [.loinc("8478-0", "Mean blood pressure")]
        case .bodyWeight: [.loinc("29463-7", "Body weight")]
        case .bodyHeight: [.loinc("8302-2", "Body height")]
        case .bodyMassIndex: [.loinc("39156-5", "Body mass index (BMI) [Ratio]")]
        case .bodyFat: [.loinc("41982-0", "Percentage of body fat Measured")]
        case .bodyTemperature, .tympanicTemperature, .rectalTemperature, .oralTemperature, .earTemperature,
            .fingerTemperature, .toeTemperature, .axillaryTemperature, .gastrointestinalTemperature:
            [.loinc("8310-5", "Body temperature")]
        case .forcedVolume1s: [.loinc("20150-9", "FEV1")]
        case .forcedVitalCapacity:
            [.loinc("19868-9", "Forced vital capacity [Volume] Respiratory system by Spirometry")]
        case .ratioFEV1FVC: [.loinc("19926-5", "FEV1/FVC")]
        case .peakExpiratoryFlow: [.loinc("33452-4", "Maximum expiratory gas flow Respiratory system airway")]
        case .forcedVolume500ms, .forcedVolume750ms, .forcedVolume3s, .forcedVolume6s, .ratioFEV1FEV6,
            .forcedFlow25To75, .forcedFlow25, .forcedFlow50, .forcedFlow75, .forcedExpiratoryTime,
            .personalBestPeakFlow, .flowAway, .volumeAway:
            []
        case .fatFreeMass, .softLeanMass, .bodyWater, .basalMetabolism, .bodyMuscle, .muscleMass, .bodyImpedance,
            .cuffPressure, .roomTemperature, .batteryCharge, .basicNumericValue, .simpleNumericValue:
            []
        // LOINC has a code of its own for each sample and kind of unit: beside the MDC code it would say nothing new.
        case .glucose, .capillaryWholeBloodGlucose, .capillaryPlasmaGlucose, .venousWholeBloodGlucose,
            .venousPlasmaGlucose, .arterialWholeBloodGlucose, .arterialPlasmaGlucose, .undeterminedWholeBloodGlucose,
            .undeterminedPlasmaGlucose, .interstitialGlucose, .controlGlucose, .glycatedHaemoglobin, .exercise,
            .carbohydrate, .medication:
            []
        }
    }

    /// Whether FHIR R4 has a vital-signs profile for it, which then also wants that category.
    var isVitalSign: Bool {
        switch self {
        case .oxygenSaturation, .pulseOximeterRate, .pulseRate, .bodyWeight, .bodyHeight, .bodyMassIndex: true
        default: loinc.first?.code == "8310-5"
        }
    }

    /// Whether the clinic hears of it: of what is about a person, and of the battery, which it may have changed.
    /// The rest stays on the hub.
    var isTold: Bool { isAboutPerson || self == .batteryCharge }

    /// Whether the clinics' contract has a code for it. What has none goes along in words.
    var isAgreed: Bool {
        switch self {
        case .forcedVolume500ms, .forcedVolume750ms, .forcedVolume3s, .forcedFlow25, .forcedFlow50, .forcedFlow75,
            .forcedExpiratoryTime, .personalBestPeakFlow:
            false
        default: true
        }
    }

    /// A concentration that a meter measured in a person.
    var isGlucose: Bool {
        switch self {
        case .glucose, .capillaryWholeBloodGlucose, .capillaryPlasmaGlucose, .venousWholeBloodGlucose,
            .venousPlasmaGlucose, .arterialWholeBloodGlucose, .arterialPlasmaGlucose, .undeterminedWholeBloodGlucose,
            .undeterminedPlasmaGlucose, .interstitialGlucose:
            true
        default: false
        }
    }

    /// One of the three that make a blood pressure together.
    var isBloodPressure: Bool { self == .systolic || self == .diastolic || self == .meanPressure }
}

extension Aspect {
    /// The supplemental type of ISO/IEEE 11073-10404 that says how an oximeter averaged.
    var supplement: Coding? {
        switch self {
        case .spot: .mdc(150588, "MDC_MODALITY_SPOT")
        case .fast: .mdc(150580, "MDC_MODALITY_FAST")
        case .slow: .mdc(150584, "MDC_MODALITY_SLOW")
        default: nil
        }
    }

    /// The code of a statistic over a time of wear, and its words; nil for what is no statistic.
    var statistic: (coding: Coding, text: String)? {
        switch self {
        case .minimum: (Coding(CodeSystem.statistics, "minimum", "Minimum"), "Lowest value")
        case .mean: (Coding(CodeSystem.statistics, "average", "Average"), "Average")
        case .maximum: (Coding(CodeSystem.statistics, "maximum", "Maximum"), "Highest value")
        case .observed:
            (Coding(CodeSystem.wear, "seconds-observed", "Seconds observed"), "Seconds in which there was a value")
        default:
            threshold.map { limit in
                (
                    Coding(CodeSystem.wear, "seconds-below-\(limit)", "Seconds below \(limit) %"),
                    "Seconds in which the value was below \(limit) %"
                )
            }
        }
    }
}

extension Unit {
    /// What a person reads beside the number.
    var display: String {
        switch self {
        case .millimetreOfMercury: "mmHg"
        case .celsius: "°C"
        case .fahrenheit: "°F"
        case .pound: "lb"
        case .inch: "in"
        case .one: "1"
        case .kilogramPerSquareMetre: "kg/m²"
        default: ucum
        }
    }
}

extension Driver.Kind {
    /// The device specialisation of ISO/IEEE 11073.
    var specialization: Coding {
        switch self {
        case .pulseOximeter: .mdc(528388, "MDC_DEV_SPEC_PROFILE_PULS_OXIM")
        case .bloodPressure: .mdc(528391, "MDC_DEV_SPEC_PROFILE_BP")
        case .thermometer: .mdc(528392, "MDC_DEV_SPEC_PROFILE_TEMP")
        case .scale: .mdc(528399, "MDC_DEV_SPEC_PROFILE_SCALE")
        case .glucose: .mdc(528401, "MDC_DEV_SPEC_PROFILE_GLUCOSE")
        case .healthSensor: .mdc(528457, "MDC_DEV_SPEC_PROFILE_GENERIC")
        case .spirometer: Coding(CodeSystem.missingMDC, "528413", "MDC_DEV_SPEC_PROFILE_SPIROMETER")
        }
    }
}
