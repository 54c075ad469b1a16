import Core
import FHIR
import Testing

@Suite struct BundleTests {
    /// The contract's worked example: 2026-11-20 08:17:55 on a local clock is 848477875.
    @Test func spotCheckAsTheContractWritesIt() throws {
        let text = try bundle([spotCheck]).text
        for part in [
            #""value":"00005EFFFE0053A1-tele-0042-urn:oid:2.999.1.2.3.4.5-150456-848477875-150588""#,
            #""value":"00005EFFFE0053A1-tele-0042-urn:oid:2.999.1.2.3.4.5-150448-848477875""#,
            #""effectiveDateTime":"2026-11-20T08:14:43.000+01:00","valueQuantity":{"value":97,"#,
            #""effectiveDateTime":"2026-11-20T08:15:30.000+01:00","valueDateTime":"2026-11-20T08:18:42.000+01:00""#,
            #""valueQuantity":{"value":4.2,"unit":"%","system":"http://unitsofmeasure.org","code":"%"}"#,
            #""reference":"Patient?identifier=urn:oid:2.999.1.2.3.4.5|tele-0042""#,
        ] { #expect(text.contains(part), "\(part)") }
    }

    @Test func pressureAsTheContractWritesIt() throws {
        let bundle = try bundle([pressure])
        #expect(bundle.entries == [.shared, .shared, .group(0), .group(0), .group(0), .group(0)])
        for part in [
            #""subject":{"reference":"Patient/pt-4711"},"effectiveDateTime":"2026-11-20T07:02:11.480+01:00""#,
            #""value":71.0,"unit":"/min""#, #""code":"8410608.1","display":"cuff-too-loose""#,
            #""code":"8410608.2","display":"irregular-pulse""#, #""value":"00-00-5E-00-53-B2""#,
        ] { #expect(bundle.text.contains(part), "\(part)") }
        #expect(!bundle.text.contains("8410608.0"))
        #expect(!bundle.text.contains(#""system":"http://hl7.org/fhir/uv/phd/StructureDefinition/PhdBaseObservation""#))
    }

    @Test func sameReadingsSameBytes() throws {
        #expect(try bundle([spotCheck]) == bundle([spotCheck]))
    }

    @Test func aReadingKeepsItsIdentifiersInAnyCompany() throws {
        let other = kept([Value(.oxygenSaturation, Amount(90), .percent)], oximeter, subject: pseudonym)
        let alone = identifiers(in: try bundle([spotCheck])),
            together = identifiers(in: try bundle([other, spotCheck]))
        #expect(!alone.isEmpty && alone.isSubset(of: together))
    }

    private func identifiers(in bundle: Bundle) -> Set<String> {
        Set(bundle.text.split(separator: #""ifNoneExist":""#).dropFirst().map { String($0.prefix { $0 != "\"" }) })
    }

    @Test func devicesAndTimeStampsAppearOnce() throws {
        let second = kept(
            [Value(.oxygenSaturation, Amount(96), .percent)], oximeter, at: local("2026-11-20T08:17:56"),
            heard: "2026-11-20T07:15:31", pair: fastClock, subject: pseudonym)
        let bundle = try bundle([spotCheck, second])
        #expect(bundle.entries == [.shared, .shared, .shared, .group(0), .group(0), .group(0), .group(1)])
    }

    @Test func oneDeviceUnderTwoIdentitiesIsOneResource() throws {
        var cable = oximeter
        cable.identity = "usb:0403:6001:A9012"
        let values: Values = [Value(.oxygenSaturation, Amount(96), .percent)]
        let bundle = try bundle([kept(values, oximeter), kept(values, cable)])
        #expect(bundle.entries == [.shared, .shared, .group(0), .group(1)])
    }

    @Test func theSamePHDIdentifierIsGivenOnceOnly() throws {
        let readings = [UInt8(1), 2].map { byte in
            kept(
                [Value(.oxygenSaturation, Amount(96), .percent)], oximeter, at: local("2026-11-20T08:17:55"),
                heard: "2026-11-20T07:15:31", pair: fastClock, bytes: [byte])
        }
        let text = try bundle(readings).text
        #expect(text.split(separator: #""value":"00005EFFFE0053A1-pt-4711-150456-848477875""#).count == 2)
    }

    @Test func testDestinationMarksEverything() throws {
        let text = try bundle([spotCheck], to: Destination(isTest: true)).text
        #expect(text.split(separator: #""code":"HTEST""#).count - 1 == 4)
        #expect(!(try bundle([spotCheck]).text.contains("HTEST")))
    }

    @Test func locationsAreTheReadings() throws {
        let bundle = try bundle([pressure, kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter)])
        let answer = Answer(
            entries: bundle.entries.indices.map { Answer.Entry(status: 201, location: "Observation/\($0)") }, date: nil)
        #expect(bundle.entries.locations(ofReading: 1, in: answer) == ["Observation/7"])
        #expect(bundle.entries.locations(ofReading: 0, in: answer).count == 4)
    }
}

@Suite struct Withheld {
    @Test(arguments: [
        (kept([Value(.systolic, Amount(120), .millimetreOfMercury)], cuff, subject: nil), Withholding.unassigned),
        (kept([], cuff, remarks: [.undecoded]), .nothingMeasured),
        (kept([Value(.cuffPressure, Amount(120), .millimetreOfMercury)], cuff), .nothingMeasured),
        (kept([Value(.roomTemperature, Amount(21), .celsius)], thermometer), .nothingMeasured),
        (kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.demonstration]), .test),
        (kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.testData]), .test),
        (kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.invalid]), .invalid),
        (kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.measurementOngoing]), .invalid),
    ])
    func withheld(kept: Kept, why: Withholding) {
        #expect(kept.withholding(from: Destination()) == why)
        #expect(Bundle.fitting([kept], to: Destination()) == 0)
        #expect(throws: Unbundleable.withheld(at: 0, why)) { try bundle([kept]) }
    }

    @Test func destinationsThatTakeThem() {
        let test = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.testData])
        let invalid = kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, remarks: [.invalid])
        #expect(test.withholding(from: Destination(isTest: true)) == nil)
        #expect(invalid.withholding(from: Destination(takesInvalid: true)) == nil)
    }

    @Test func mistakesOfTheCaller() {
        #expect(throws: Unbundleable.empty) { try bundle([]) }
        #expect(throws: Unbundleable.severalPatients) { try bundle([pressure, spotCheck]) }
        #expect(throws: Unbundleable.twice(at: 1)) { try bundle([pressure, pressure]) }
    }

    @Test func aHundredEntriesAndNoMore() throws {
        let readings = (0..<120).map { number in
            kept([Value(.oxygenSaturation, Amount(97), .percent)], oximeter, bytes: [UInt8(number)])
        }
        // One for the hub, one for the oximeter.
        #expect(throws: Unbundleable.tooManyEntries(101)) { try bundle(Array(readings[..<99])) }
        #expect(try bundle(Array(readings[..<98])).entries.count == 100)
        let fitting = Bundle.fitting(readings, to: Destination())
        #expect(fitting == 98)
        #expect(Bundle.fitting([pressure, spotCheck], to: Destination()) == 1)
        #expect(Bundle.fitting([pressure, pressure], to: Destination()) == 1)
    }
}
