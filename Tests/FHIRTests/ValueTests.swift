import Core
import FHIR
import Testing

@Suite struct ValueTests {
    /// By hand: kPa times 7.500617, rounded to a tenth.
    @Test(arguments: [
        (Amount(160, exponent: -1), "120.0"), (Amount(107, exponent: -1), "80.3"), (Amount(16), "120.0"),
        (Amount(5, exponent: -2), "0.4"), (Amount(1333, exponent: -2), "100.0"), (Amount(2, exponent: 1), "150.0"),
    ])
    func kilopascal(amount: Amount, digits: String) throws {
        let reading = kept([Value(.systolic, amount, .kilopascal)], cuff)
        let text = try bundle([reading]).text
        #expect(text.contains(#""value":\#(digits),"unit":"mmHg""#))
        #expect(text.contains("The device sent systolic \(amount) kPa."))
    }

    @Test(arguments: [(Amount(175, exponent: -2), "175"), (Amount(1755, exponent: -3), "175.5"), (Amount(2), "200")])
    func metresAreCentimetres(amount: Amount, digits: String) throws {
        let text = try bundle([kept([Value(.bodyHeight, amount, .metre)], scale)]).text
        #expect(text.contains(#""value":\#(digits),"unit":"cm","system":"http://unitsofmeasure.org","code":"cm""#))
    }

    /// The codes of HL7's data-absent-reason.
    @Test(arguments: [
        (Absence.notANumber, "not-a-number"), (.positiveInfinity, "positive-infinity"),
        (.negativeInfinity, "negative-infinity"), (.error, "error"), (.notPerformed, "not-performed"),
    ])
    func absent(reason: Absence, code: String) throws {
        let text = try bundle([kept([Value(.pulseRate, absent: reason, .perMinute)], cuff)]).text
        #expect(
            text.contains(
                #""dataAbsentReason":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"\#(code)"}]}"#
            ))
        #expect(!text.contains("valueQuantity\":{\"value\":0"))
    }

    @Test func aMissingPressureIsSaidToBeUnknown() throws {
        let text = try bundle([kept([Value(.systolic, Amount(120), .millimetreOfMercury)], cuff)]).text
        let diastolic = try #require(text.split(separator: #""code":"150022""#).last)
        #expect(diastolic.contains(#""code":"unknown""#))
        #expect(!text.contains(#""code":"150023""#))
    }

    @Test func twoPressuresInOneReadingAreTwoPanels() throws {
        let reading = kept(
            [
                Value(.systolic, Amount(120), .millimetreOfMercury),
                Value(.diastolic, Amount(80), .millimetreOfMercury),
                Value(.systolic, Amount(124), .millimetreOfMercury),
                Value(.diastolic, Amount(82), .millimetreOfMercury),
            ], cuff)
        let bundle = try bundle([reading])
        #expect(bundle.entries.count == 4)
        for number in [120, 80, 124, 82] { #expect(bundle.text.contains(#""value":\#(number),"unit":"mmHg""#)) }
    }

    /// What has no agreed code is no Observation of its own, and is not lost.
    @Test func aSpirometersFurtherResultsAreSaidInWords() throws {
        let blow = try #require(kinds.first { $0.name == "spirometry" })
        let text = try bundle(blow.readings).text
        #expect(!text.contains("188944") && !text.contains("152585"))
        #expect(text.contains("The device also gave fev0.75 2.89 L, pef-best 420 L/min."))
        #expect(text.contains("Measured after a bronchodilator.") && text.contains(#""code":"questionable""#))
        #expect(text.contains(#""code":"20150-9""#) && text.contains(#""value":3.27,"unit":"L""#))
    }

    @Test func summaryIsOneObservationPerQuantity() throws {
        let night = try #require(kinds.first { $0.name == "night" })
        let bundle = try bundle(night.readings)
        #expect(bundle.entries == [.shared, .shared, .group(0), .group(0)])
        for part in [
            #""text":"Average over the period"}"#, #""value":93.3,"unit":"%""#,
            #"observation-statistics","code":"minimum","display":"Minimum"}],"text":"Lowest value"},"valueQuantity":{"value":78"#,
            #""code":"seconds-observed","display":"Seconds observed"}]"#,
            #""code":"seconds-below-90","display":"Seconds below 90 %"}]"#, #""value":1200,"unit":"s""#,
        ] { #expect(bundle.text.contains(part), "\(part)") }
    }

    @Test func statusAgainstTheReadingWinsOverItsNumbers() throws {
        let invalid = kept(
            [Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.invalid, .poorSignal])
        let text = try bundle([invalid], to: Destination(takesInvalid: true)).text
        #expect(text.contains(#""status":"entered-in-error""#))
        #expect(text.contains(#""code":"error""#))
        #expect(!text.contains(#""value":97"#))
        #expect(!text.contains("150604"))
    }

    @Test(arguments: [
        (Remark.questionable, "questionable", "final"), (.calibrationOngoing, "calibration-ongoing", "final"),
        (.earlyEstimate, "early-indication", "preliminary"), (.validated, "validated", "final"),
    ])
    func interpretation(remark: Remark, code: String, status: String) throws {
        let text = try bundle([kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [remark])])
            .text
        #expect(
            text.contains(#""system":"http://hl7.org/fhir/uv/pocd/CodeSystem/measurement-status","code":"\#(code)""#))
        #expect(text.contains(#""status":"\#(status)""#))
    }

    /// IEEE 11073 counts from the most significant bit of sixteen, the Pulse Oximeter Service from the least.
    @Test(arguments: 0..<16) func oximeterStatusBits(bit: Int) throws {
        var remarks: Remarks = []
        remarks.insert(bits: 1 << UInt32(bit), from: 0, count: 16, as: .extendedDisplayUpdate)
        let text = try bundle([kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: remarks)]).text
        #expect(text.contains(#""code":"150604.\#(15 - bit)""#))
        #expect(text.split(separator: #""valueBoolean":true"#).count == 2)
    }

    @Test(arguments: 0..<6) func pressureStatusBits(bit: Int) throws {
        var remarks: Remarks = []
        remarks.insert(bits: 1 << UInt32(bit), from: 0, count: 6, as: .bodyMovement)
        let text = try bundle([kept([Value(.systolic, Amount(120), .millimetreOfMercury)], cuff, remarks: remarks)])
            .text
        #expect(text.contains(#""code":"8410608.\#(bit)""#))
        #expect(text.split(separator: #""valueBoolean":true"#).count == 2)
    }

    @Test(arguments: 0..<11) func meterStatusBits(bit: Int) throws {
        var remarks: Remarks = []
        if bit == 0 { remarks.insert(.lowBattery) }
        remarks.insert(bits: 1 << UInt32(bit), from: 1, count: 11, as: .meterMalfunctioning)
        let glucose = kept([Value(.capillaryPlasmaGlucose, Amount(62), .millimolePerLitre)], meter, remarks: remarks)
        let text = try bundle([glucose]).text
        #expect(text.contains(#""code":"8417752.\#(bit)""#))
        #expect(text.split(separator: #""valueBoolean":true"#).count == 2)
    }

    /// Codes of ISO/IEEE 11073-10417, by hand.
    @Test(arguments: [
        (Remark.fingerSample, 8_417_844, 8_417_848), (.alternateSiteSample, 8_417_844, 8_417_852),
        (.earlobeSample, 8_417_844, 8_417_856), (.beforeMeal, 8_417_864, 8_417_868), (.afterMeal, 8_417_864, 8_417_872),
        (.fasting, 8_417_864, 8_417_876), (.casual, 8_417_864, 8_417_880), (.testedByPerson, 8_417_884, 8_417_888),
        (.testedByProfessional, 8_417_884, 8_417_892), (.testedByLaboratory, 8_417_884, 8_417_896),
        (.minorHealthIssues, 8_417_820, 8_417_824), (.majorHealthIssues, 8_417_820, 8_417_828),
        (.duringMenses, 8_417_820, 8_417_832), (.underStress, 8_417_820, 8_417_836),
        (.noHealthIssues, 8_417_820, 8_417_840),
    ])
    func coded(remark: Remark, question: Int, answer: Int) throws {
        let glucose = kept([Value(.capillaryPlasmaGlucose, Amount(62), .millimolePerLitre)], meter, remarks: [remark])
        let bundle = try bundle([glucose])
        #expect(bundle.entries.count == 4)
        #expect(bundle.text.contains(#""code":"\#(question)""#))
        #expect(
            bundle.text.contains(
                #""valueCodeableConcept":{"coding":[{"system":"urn:iso:std:iso:11073:10101","code":"\#(answer)""#))
        #expect(!bundle.text.contains(#""note""#))
    }

    /// A meal and an insulin name the kind of what was eaten and taken; bedtime has no code that two sources agree on.
    @Test func theKindOfACarbohydrateIsItsCode() throws {
        let readings = kept(
            [
                Value(.capillaryPlasmaGlucose, Amount(62), .millimolePerLitre), Value(.carbohydrate, Amount(45), .gram),
                Value(.medication, Amount(12), .millilitre),
            ], meter, remarks: [.supper, .premixed, .bedtime])
        let text = try bundle([readings]).text
        #expect(text.contains(#""code":"8417788","display":"MDC_CTXT_GLU_CARB_SUPPER""#))
        #expect(text.contains(#""code":"8417816","display":"MDC_CTXT_MEDICATION_PREMIX""#))
        #expect(text.contains("Measured at bedtime."))
        #expect(!text.contains("CodedEnumeration"))
    }

    /// Whatever the hub or the device remarks reaches the clinic: as an element, or in words.
    @Test(arguments: Remark.allCases) func noRemarkIsLost(remark: Remark) throws {
        // The last two go to test destinations only, and there everything is marked as they are.
        let mute: Set<Remark> = [.fullyQualified, .undecoded, .unassigned, .demonstration, .testData]
        let destination = Destination(isTest: true, takesInvalid: true)
        let plain = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter)
        var remarked = plain
        remarked.reading.remarks.insert(remark)
        let same = try bundle([plain], to: destination) == bundle([remarked], to: destination)
        #expect(same == mute.contains(remark))
    }

    @Test func identifiersAreEscapedForFHIRAndThenForTheURL() throws {
        let odd = Subject.identifier(system: "urn:x:a+b&c", value: "100% #1|x,y$\\ø")
        let text = try bundle([kept([Value(.bodyWeight, Amount(70), .kilogram)], scale, subject: odd)]).text
        #expect(text.contains(#""Patient?identifier=urn:x:a%2Bb%26c|100%25%20%231%5C|x%5C,y%5C$%5C%5C%C3%B8""#))
    }

    @Test func whatADeviceSaysOfItselfIsMadeLegible() throws {
        var device = cuff
        device.information.manufacturer = "  "
        device.information.model = "BP\u{0}-7 \u{7} \"x\""
        device.information.serial = "\u{0}"
        device.information.firmware = nil
        let text = try bundle([kept([Value(.systolic, Amount(120), .millimetreOfMercury)], device)]).text
        #expect(
            text.contains(
                #""_manufacturer":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]}"#
            ))
        #expect(text.contains(#""modelNumber":"BP-7 \"x\"""#))
        #expect(!text.contains("serialNumber"))
        #expect(text.contains(#""_value":"#))
    }

    @Test(arguments: [
        (Duration.microseconds(1), 1), (.milliseconds(1), 1000), (.milliseconds(3), 10_000), (.seconds(1), 1_000_000),
        (.seconds(99_999), 1_000_000_000),
    ])
    func accuracyIsAPowerOfTen(accuracy: Duration, microseconds: Int) throws {
        var precise = gateway
        precise.accuracy = accuracy
        let bundle = try Bundle(of: [pressure], from: precise, to: Destination(), offset: winter)
        #expect(
            bundle.text.contains(
                #""code":"68221","display":"MDC_TIME_SYNC_ACCURACY"}]},"valueQuantity":[{"value":\#(microseconds),"unit":"us""#
            ))
    }
}
