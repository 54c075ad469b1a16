import Core
import Devices
import Testing

/// What the layouts say beyond the published vectors, field by field.
@Suite struct ProfileTests {
    private func read(_ decode: Decode, _ hex: String) throws -> String {
        let value = try #require(bytes(hex: hex))
        return try decode(value.span).description
    }

    private func why(_ decode: Decode, _ hex: String) -> Malformed? {
        do throws(Malformed) {
            let value = bytes(hex: hex) ?? []
            _ = try decode(value.span)
            return nil
        } catch {
            return error
        }
    }

    // MARK: Blood pressure

    @Test func kilopascalStayKilopascal() throws {
        #expect(
            try read(BloodPressure.measurement, "01 b0f0 6ef0 84f0")
                == "systolic 17.6 kPa diastolic 11.0 kPa mean 13.2 kPa now")
    }

    @Test(arguments: [
        ("0100", "body-movement"), ("0200", "cuff-too-loose"), ("0400", "irregular-pulse"), ("0800", "pulse-rate-over"),
        ("1000", "pulse-rate-under"), ("1800", "partly-decoded"), ("2000", "improper-position"),
        ("4000", "partly-decoded"), ("0080", "partly-decoded"),
    ])
    func bloodPressureStatus(status: String, remark: String) throws {
        #expect(try read(BloodPressure.measurement, "10 7800 5000 5d00 \(status)").hasSuffix("now #\(remark)"))
    }

    @Test func nobodyInParticularIsNoUser() throws {
        #expect(try read(BloodPressure.measurement, "08 7800 5000 5d00 ff").hasSuffix("now"))
        #expect(try read(BloodPressure.measurement, "08 7800 5000 5d00 00").hasSuffix("now user 0"))
    }

    @Test func aFailedCuffHasAReasonAndNoNumber() throws {
        #expect(
            try read(BloodPressure.measurement, "00 ff07 ff07 ff07")
                == "systolic ?not-a-number mm[Hg] diastolic ?not-a-number mm[Hg] mean ?not-a-number mm[Hg] now")
    }

    @Test func aCutBloodPressureSaysWhere() {
        let whole = "1e 8000 5200 6100 ea07 03 02 0a 0b 0c 4700 01 0000"
        let bytes = bytes(hex: whole) ?? []
        // flags, three pressures, time, pulse, user, status: where each begins and how long it is
        let fields = [(0, 1), (1, 2), (3, 2), (5, 2), (7, 7), (14, 2), (16, 1), (17, 2)]
        for length in 0..<bytes.count {
            guard let field = fields.last(where: { $0.0 <= length }) else { continue }
            let expected = Malformed.truncated(at: field.0, need: field.1, have: length - field.0)
            #expect(why(BloodPressure.measurement, hex(bytes.prefix(length))) == expected)
        }
        #expect(why(BloodPressure.measurement, whole) == nil)
    }

    @Test func whatStandsBehindTheLayoutIsRemarked() throws {
        #expect(try read(BloodPressure.measurement, "00 7800 5000 5d00 99").hasSuffix("now #partly-decoded"))
        #expect(try read(WeightScale.measurement, "00 b036 01") == "weight 70.000 kg now #partly-decoded")
    }

    // MARK: Time

    @Test(arguments: [
        ("0000 03 02 0a 0b 0c", "undated"), ("ea07 00 02 0a 0b 0c", "undated"), ("ea07 03 00 0a 0b 0c", "undated"),
        ("ea07 02 1d 0a 0b 0c", "undated #invalid-time"), ("e807 02 1d 0a 0b 0c", "at 2024-02-29T10:11:12"),
        ("ea07 0d 01 0a 0b 0c", "undated #invalid-time"), ("ea07 03 02 18 00 00", "undated #invalid-time"),
        ("ea07 03 02 00 3c 00", "undated #invalid-time"), ("ea07 03 02 00 00 00", "at 2026-03-02T00:00:00"),
    ])
    func dates(hex: String, taken: String) throws {
        #expect(try read(DateTime.dateTime, hex) == taken)
        #expect(try read(HealthThermometer.measurement, "02 6c0100ff \(hex)") == "temperature 36.4 Cel \(taken)")
    }

    @Test func fractionsOfASecondAre256ths() throws {
        #expect(try read(DateTime.currentTime, "ea07 03 02 0a 0b 0c 01 80 00") == "at 2026-03-02T10:11:12.500")
        #expect(try read(DateTime.currentTime, "ea07 03 02 0a 0b 0c 01 ff 01") == "at 2026-03-02T10:11:12.996")
        #expect(why(DateTime.currentTime, "ea07 03 02 0a 0b 0c 01 80") == .truncated(at: 0, need: 10, have: 9))
    }

    // MARK: Oximeters

    @Test func aSpotCheckWithEverything() throws {
        #expect(
            try read(PulseOximeter.spotCheck, "1f 6100 4800 ea07 03 02 0a 0b 0c 0002 200000 0cf0")
                == "spo2 97 % spot pulse-oximeter-rate 72 /min spot perfusion-index 1.2 % spot at 2026-03-02T10:11:12 "
                + "#from-storage #low-perfusion #device-clock-not-set")
    }

    @Test func aStoredSpotCheckWithoutAStampIsNotOfNow() throws {
        #expect(try read(PulseOximeter.spotCheck, "02 6100 4800 0002").hasSuffix("undated #from-storage"))
        #expect(try read(PulseOximeter.spotCheck, "02 6100 4800 0080").hasSuffix("now #invalid"))
    }

    @Test func fastAndSlowPairsAreAspects() throws {
        #expect(
            try read(PulseOximeter.continuous, "03 6100 4800 6200 4900 6000 4700")
                == "spo2 97 % pulse-oximeter-rate 72 /min spo2 98 % fast pulse-oximeter-rate 73 /min fast "
                + "spo2 96 % slow pulse-oximeter-rate 71 /min slow now")
    }

    @Test func everyStatusBitHasItsRemark() throws {
        let names = [
            "measurement-ongoing", "early-estimate", "validated", "fully-qualified", "from-storage", "demonstration",
            "test-data", "calibration-ongoing", "measurement-unavailable", "questionable", "invalid",
        ]
        for (index, name) in names.enumerated() {
            let bits = UInt16(1) << UInt16(index + 5)
            let text = try read(PulseOximeter.continuous, "04 6100 4800 \(hex([UInt8(bits & 0xFF), UInt8(bits >> 8)]))")
            #expect(text.hasSuffix("now #\(name)"))
        }
        #expect(try read(PulseOximeter.continuous, "08 6100 4800 000001").hasSuffix("now #partly-decoded"))
        #expect(try read(PulseOximeter.continuous, "08 6100 4800 008000").hasSuffix("now #sensor-disconnected"))
        #expect(why(PulseOximeter.continuous, "20 6100 4800") == .reserved(at: 0, bits: 0x20))
    }

    @Test func aBatteryAboveFull() throws {
        #expect(try read(BatteryLevel.level, "64") == "battery 100 % now")
        #expect(try read(BatteryLevel.level, "65") == "battery ?error % now")
    }

    // MARK: Scales

    @Test func pounds() throws {
        // 154.32 lb, 70.9 in: index 21.6
        #expect(
            try read(WeightScale.measurement, "09 483c d800 c502")
                == "weight 154.32 [lb_av] bmi 21.6 kg/m2 height 70.9 [in_i] now")
        // 3 % of 22.3 is 0.67: 21.6 is near enough to 22.2, and not to 22.3.
        #expect(try read(WeightScale.measurement, "09 483c de00 c502").hasSuffix("[in_i] now"))
        #expect(try read(WeightScale.measurement, "09 483c df00 c502").hasSuffix("#weight-not-confirmed-by-index"))
    }

    @Test func anIndexThatDisprovesTheWeightIsRemarked() throws {
        // 15 762 counts as 0.005 kg are 78.81 kg, and 24.3 at 1.800 m; an index of 48.6 would be 0.01 kg.
        #expect(try read(WeightScale.measurement, "08 923d e601 0807").hasSuffix("now #weight-not-confirmed-by-index"))
        // 3 % of 24.3 is 0.73: 25.0 is still confirmed by 24.32, 25.2 is not.
        #expect(try read(WeightScale.measurement, "08 923d fa00 0807").hasSuffix("m now"))
        #expect(try read(WeightScale.measurement, "08 923d fc00 0807").hasSuffix("#weight-not-confirmed-by-index"))
    }

    @Test func aFailedWeighing() throws {
        #expect(try read(WeightScale.measurement, "00 ffff") == "weight ?error kg now")
        #expect(
            try read(WeightScale.measurement, "08 b036 0000 0000")
                == "weight 70.000 kg bmi ?unknown kg/m2 height ?unknown m now")
    }

    @Test func aBodyCompositionWithEverything() throws {
        #expect(
            try read(
                BodyComposition.measurement,
                "fe1f 9600 ea07 03 02 0a 0b 0c 02 711b c800 b80b b036 2823 6419 8813 a038 d006")
                == "fat 15.0 % basal-metabolism 7025 kJ muscle 20.0 % muscle-mass 15.000 kg fat-free-mass 70.000 kg "
                + "soft-lean-mass 45.000 kg water 32.500 kg impedance 500.0 Ohm weight 72.480 kg "
                + "height 1.744 m at 2026-03-02T10:11:12 user 2 #multiple-packets")
        #expect(try read(BodyComposition.measurement, "0000 ffff") == "fat ?error % now")
        #expect(why(BodyComposition.measurement, "0020 9600") == .reserved(at: 0, bits: 0x2000))
    }

    // MARK: Thermometers

    @Test(
        arguments: [
            (1, "temperature-armpit"), (2, "temperature"), (3, "temperature-ear"), (4, "temperature-finger"),
            (5, "temperature-gastrointestinal"), (6, "temperature-mouth"), (7, "temperature-rectum"),
            (8, "temperature-toe"), (9, "temperature-tympanum"), (255, "temperature-room"),
        ] as [(UInt8, String)])
    func sites(type: UInt8, name: String) throws {
        #expect(try read(HealthThermometer.measurement, "04 680100ff \(hex(type))") == "\(name) 36.0 Cel now")
    }

    @Test func aReservedSiteIsABodyAndRemarked() throws {
        for type in [0, 10, 254] as [UInt8] {
            #expect(
                try read(HealthThermometer.measurement, "04 680100ff \(hex(type))")
                    == "temperature 36.0 Cel now #partly-decoded")
        }
        #expect(why(HealthThermometer.measurement, "08 680100ff") == .reserved(at: 0, bits: 8))
    }

    // MARK: Nonin and Contec

    @Test func aNoninFrameSaysWhatIsWrong() {
        #expect(why(NoninFormat8.sample, "00396220") == .invalid(at: 0, expected: .flagByte))
        #expect(why(NoninFormat8.sample, "80b96220") == .invalid(at: 1, expected: .dataByte))
        #expect(why(NoninFormat8.sample, "803962") == .truncated(at: 3, need: 1, have: 0))
        #expect(why(NoninFormat8.sample, "8039622000") == .length(got: 5, expected: 4))
        let frame = "0002000d000e20130305142233000200004800614f03"
        #expect(
            why(NoninFormat13.spotCheck, frame.dropLast(4) + "5003") == .checksum(at: 20, got: 0x50, expected: 0x4F))
        #expect(why(NoninFormat13.spotCheck, frame.dropLast(2) + "04") == .invalid(at: 21, expected: .endOfFrame))
        #expect(why(NoninFormat13.spotCheck, "0003" + frame.dropFirst(4)) == .header(at: 1, got: 3, expected: 2))
        #expect(why(NoninFormat13.spotCheck, String(frame.dropLast(2))) == .truncated(at: 6, need: 16, have: 15))
    }

    @Test func aSensorThatIsPulledOutIsSaid() throws {
        #expect(
            try read(NoninFormat8.sample, "c37f7f08")
                == "spo2 ?unknown % pulse-oximeter-rate ?unknown /min now #sensor-unconnected-to-user #sensor-disconnected"
        )
        // On the 9560 the bit is reserved and may be anything.
        #expect(try read(NoninFormat8.sample, "c0486100") == "spo2 97 % pulse-oximeter-rate 72 /min now")
    }

    @Test func aSpotCheckWithAnImpossibleDateIsKept() throws {
        // 20 13 13 05: a thirteenth month; then a digit that is none. Sums by hand: 4F + 10 = 5F, 4F + 09 = 58.
        #expect(
            try read(NoninFormat13.spotCheck, "0002000d000e20131305142233000200004800615f03")
                == "spo2 97 % spot pulse-oximeter-rate 72 /min spot undated #smart-point #invalid-time")
        #expect(
            try read(NoninFormat13.spotCheck, "0002000d000e20130c05142233000200004800615803")
                == "spo2 97 % spot pulse-oximeter-rate 72 /min spot undated #smart-point #invalid-time")
    }

    @Test func aLongerSpotCheckIsReadAsFarAsItIsKnown() throws {
        #expect(
            try read(NoninFormat13.spotCheck, "0002000d001020130305142233000200004800610102 5203")
                == "spo2 97 % spot pulse-oximeter-rate 72 /min spot at 2013-03-05T14:22:33 #smart-point #partly-decoded"
        )
    }

    @Test func aContecPulseAbove127() throws {
        #expect(try read(ContecCMS50DPlus.live, "8600480b61") == "spo2 97 % pulse-oximeter-rate 139 /min now")
        #expect(
            try read(ContecCMS50DPlus.recorded, "f18b61")
                == "spo2 97 % pulse-oximeter-rate 139 /min undated #from-storage")
        #expect(
            try read(ContecCMS50DPlus.live, "80 00 30 00 00").hasSuffix(
                "#signal-analysis-ongoing #sensor-malfunctioning"))
    }

    @Test func profilesAndEndpointsAreWhatDecodeNames() {
        #expect(profiles.map(\.id) == ["sig-bcs", "sig-bas", "phd", "primitives"])
        #expect(
            (drivers.filter(\.isGeneric) + profiles).flatMap(\.endpoints).map(\.name) == [
                "2A35", "2A36", "ghs-live", "ghs-stored", "2BF2", "2A18", "2A34", "2A1C", "2A5E", "2A5F", "2A9D",
                "2A9C", "2A9C", "2A19", "11073-10404", "11073-10407",
                "11073-10415", "sfloat",
                "float", "datetime", "currenttime",
            ])
        for driver in drivers + profiles { #expect(Set(driver.endpoints.map(\.name)).count == driver.endpoints.count) }
    }
}
