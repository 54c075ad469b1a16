import Core
import Devices
import Testing

/// Bytes whose meaning somebody else has published: the id names the collection they were gathered in, the source the
/// public place. Values are written down from there, not computed.
struct Vector: Sendable, CustomTestStringConvertible {
    var id: String
    /// The driver or profile, and its endpoint.
    var driver: String, endpoint: String
    var hex: String
    var reading: String
    var testDescription: String { id }

    init(_ id: String, _ driver: String, _ endpoint: String, _ hex: String, _ reading: String) {
        (self.id, self.driver, self.endpoint, self.hex, self.reading) = (id, driver, endpoint, hex, reading)
    }

    static let all =
        primitives + profiles + oximeters + bluetoothOximeters + bluetoothMeters + glucose + classic + spirometers
        + scales + several + texts

    static let primitives = [
        // weliem/blessed-android, BluetoothBytesParserTest.java (MIT)
        Vector("sfloat-001", "primitives", "sfloat", "0102", "sfloat 513 1 now"),
        Vector("sfloat-003", "primitives", "sfloat", "ff02", "sfloat 767 1 now"),
        Vector("float-001", "primitives", "float", "01020304", "float 1971210000 1 now"),
        Vector("float-003", "primitives", "float", "ff02fd04", "float -1958410000 1 now"),
        Vector("datetime-001", "primitives", "datetime", "e40701020a1530", "at 2020-01-02T10:21:48"),
        // signove/antidote, bytelib.c: the special values
        Vector("sfloat-special-002", "primitives", "sfloat", "0008", "sfloat ?error 1 now"),
        Vector("sfloat-special-004", "primitives", "sfloat", "0208", "sfloat ?negative-infinity 1 now"),
        Vector("float-special-002", "primitives", "float", "00008000", "float ?error 1 now"),
        Vector("float-special-004", "primitives", "float", "02008000", "float ?negative-infinity 1 now"),
        // Beurer FT95 vendor document
        Vector("ht2a1c-004", "primitives", "float", "6c0100ff", "float 36.4 1 now"),
        // chalimov/ha-beurer-bf600, PROTOCOL.md: what the maker's application wrote
        Vector("ctime-001", "primitives", "currenttime", "ea070313110129000000", "at 2026-03-19T17:01:41.000"),
    ]

    static let profiles = [
        // derdilla/blood-pressure-monitor-fl, ble_measurement_data_test.dart
        Vector(
            "bp2a35-001", "sig-blp", "2A35", "167c0056006100e807060f11111b33000000",
            "systolic 124 mm[Hg] diastolic 86 mm[Hg] mean 97 mm[Hg] pulse 51 /min at 2024-06-15T17:17:27"),
        Vector(
            "bp2a35-003", "sig-blp", "2A35", "167c0056006100e807060f11111b33000800",
            "systolic 124 mm[Hg] diastolic 86 mm[Hg] mean 97 mm[Hg] pulse 51 /min at 2024-06-15T17:17:27 #pulse-rate-over"
        ),
        // Beurer BM77 vendor document, which prints 117 for the byte 70 = 112; status bit 6 is the maker's own
        Vector(
            "beurer-bm77-ble-001", "sig-blp", "2A35", "1e70004d000000df07010e0a37004800004000",
            "systolic 112 mm[Hg] diastolic 77 mm[Hg] mean ?unsupported mm[Hg] pulse 72 /min at 2015-01-14T10:55:00 user 0 #partly-decoded"
        ),
        // Layout of the specification: diastolic and mean are NaN
        Vector("bp2a36-001", "sig-blp", "2A36", "00a000ff07ff07", "cuff 160 mm[Hg] now"),
        // RonanB96/bluetooth-sig-python: its SFLOATs are biased by 8, these are what the bytes mean by IEEE 11073-20601
        Vector("trap-2a36-001", "sig-blp", "2A36", "007880ff07ff07", "cuff 0.00000120 mm[Hg] now"),
        Vector(
            "trap-2a5e-001", "sig-plx", "2A5E", "0062804880",
            "spo2 0.00000098 % spot pulse-oximeter-rate 0.00000072 /min spot now"),
        Vector(
            "plx2a5e-002", "sig-plx", "2A5E", "00ff07ff07",
            "spo2 ?not-a-number % spot pulse-oximeter-rate ?not-a-number /min spot now"),
        // StanfordSpezi/SpeziBluetooth, PLXTests.swift (MIT): exponent −1
        Vector("plx2a5f-001", "sig-plx", "2A5F", "00e8f384f3", "spo2 100.0 % pulse-oximeter-rate 90.0 /min now"),
        // chalimov/ha-beurer-bf600, PROTOCOL.md: a real weighing; 78.81 kg / (1.800 m)² is its index 24.3
        Vector(
            "ws2a9d-001", "sig-wsp", "2A9D", "0e923dea07031311012f01f3000807",
            "weight 78.810 kg bmi 24.3 kg/m2 height 1.800 m at 2026-03-19T17:01:47 user 1"),
        // The same with shoes on: nothing was measured but the weight, which the flags put under soft lean mass
        Vector(
            "bc2a9c-001", "sig-bcs", "2A9C", "98030000711b0000923d00000000",
            "fat ?not-performed % basal-metabolism 7025 kJ muscle ?not-performed % soft-lean-mass 78.810 kg water ?not-performed kg impedance ?not-performed Ohm now"
        ),
        // RonanB96/bluetooth-sig-python, weight and body composition tests (MIT)
        Vector("ws2a9d-003", "sig-wsp", "2A9D", "00b036", "weight 70.000 kg now"),
        Vector("ws2a9d-005", "sig-wsp", "2A9D", "02b036e7070c190e1e2d", "weight 70.000 kg at 2023-12-25T14:30:45"),
        Vector("bc2a9c-003", "sig-bcs", "2A9C", "03009600e80706140a1e00", "fat 15.0 % at 2024-06-20T10:30:00"),
        Vector(
            "bc2a9c-005", "sig-bcs", "2A9C", "30006400c800b80b", "fat 10.0 % muscle 20.0 % muscle-mass 15.000 kg now"),
        // Beurer FT95 vendor document: 78.4 °F of an object, not of a person
        Vector(
            "ht2a1c-003", "sig-htp", "2A1C", "07100300ffe107040d0e0700ff",
            "temperature-room 78.4 [degF] at 2017-04-13T14:07:00"),
    ]

    static let glucose = [
        // innoveit/react-native-ble-manager, issue 1162: an Accu-Chek Guide that showed 6.2 mmol/L; 339 minutes of offset
        Vector(
            "glu2a18-002", "sig-glp", "2A18", "1b0f00e807011e053a1b53016fb0f80000",
            "glucose-plasma 111 mg/dL at 2024-01-30T11:37:27 sequence 15"),
        // NordicSemiconductor/Android-BLE-Library, issue 130, whose log says 0.008 mol/l; 180 minutes of offset
        Vector(
            "glu2a18-004", "sig-glp", "2A18", "070200e3070815071b19b40050c0f1",
            "glucose-capillary-blood 8.0 mmol/L at 2019-08-21T10:27:25 sequence 2"),
        // Layout of the specification
        Vector(
            "glu2a34", "sig-glp", "2A34", "5f0f00013cd002510807320108a047f0",
            "carbohydrate 60 g exercise 50 % medication 8 mg hba1c 7.1 % undated sequence 15 #breakfast "
                + "#rapid-acting #partly-decoded #after-meal #tested-by-person #no-health-issues"),
        Vector("bas2a19", "sig-bas", "2A19", "57", "battery 87 % now"),
    ]

    static let classic = [
        // BluetoothServerService4And and ANDtestManager, a logged measurement in a comment
        Vector(
            "and-uc411pbtc-001", "and-uc321pbt", "and-pbt",
            "02005b000000970100dc070915003628dc070916080c16ed4a801f090055432d34313135313230343030303137000050"
                + "42542d430000000000f0002353542c2b3037382e30356b670d0a52542c303438362e314f0d0a46542c32352e34250d0a"
                + "48542c2b313734306d6d0d0a42542c30313638336b630d0a4d542c3035352e326b670d0a57542c3034322e356b670d0a"
                + "49442c30310d0a",
            "weight 78.05 kg impedance 486.1 Ohm fat 25.4 % height 1.740 m muscle-mass 55.2 kg water 42.5 kg "
                + "at 2012-09-21T00:54:40 user 1 #partly-decoded"),
        // The same source logged 801D4C4152; what stands before it is built from the layout
        Vector(
            "and-ua767pbt-001", "and-ua767pbt", "and-pbt",
            "02000a000000ff0200dc0709110b021edc0709110b02262200801f090055412d37363735313131313234303038000050"
                + "425400000000000000f0002338303144344334313532",
            "systolic 105 mm[Hg] diastolic 76 mm[Hg] mean 82 mm[Hg] pulse 65 /min at 2012-09-17T11:02:30"),
    ]

    /// The log alone, as it was published.
    static let texts = [
        Vector(
            "and-ua767pbt-001-text", "and-ua767pbt", "and-pbt-text", "38303144344334313532",
            "systolic 105 mm[Hg] diastolic 76 mm[Hg] mean 82 mm[Hg] pulse 65 /min undated"),
        Vector(
            "and-uc411pbtc-001-text", "and-uc321pbt", "and-pbt-text",
            "53542c2b3037382e30356b670d0a52542c303438362e314f0d0a46542c32352e34250d0a48542c2b313734306d6d0d0a42542c30"
                + "313638336b630d0a4d542c3035352e326b670d0a57542c3034322e356b670d0a49442c30310d0a",
            "weight 78.05 kg impedance 486.1 Ohm fat 25.4 % height 1.740 m muscle-mass 55.2 kg water 42.5 kg undated user 1 "
                + "#partly-decoded"),
    ]

    static let oximeters = [
        // silverbullet-dk/opentele-client-android, NoninMeasurementPacketTest.java (Apache-2.0)
        Vector(
            "nonin-df8-001", "nonin-format-8", "format-8", "80396220",
            "spo2 98 % pulse-oximeter-rate 57 /min now #smart-point"),
        Vector(
            "nonin-df8-003", "nonin-format-8", "format-8", "90396200",
            "spo2 98 % pulse-oximeter-rate 57 /min now #low-perfusion"),
        Vector(
            "nonin-df8-005", "nonin-format-8", "format-8", "8b7f6200",
            "spo2 98 % pulse-oximeter-rate ?unknown /min now #low-perfusion"),
        Vector(
            "nonin-df8-007", "nonin-format-8", "format-8", "8a626200",
            "spo2 98 % pulse-oximeter-rate 354 /min now #low-perfusion"),
        Vector(
            "nonin-df8-009", "nonin-format-8", "format-8", "80396201",
            "spo2 98 % pulse-oximeter-rate 57 /min now #low-battery"),
        Vector(
            "nonin-df8-011", "nonin-format-8", "format-8", "84396201",
            "spo2 98 % pulse-oximeter-rate 57 /min now #low-battery #artifact"),
        // mattjlewis/NoninPulseOx, DataFormat2FrameSerialiser.java: a third of a second of a 9560
        Vector(
            "nonin-df2-001", "nonin-format-2", "format-2",
            "01814300c50180434a0e0180436024018043945801804300c401804100c201803e17d601803c04c1018039601a0180366017"
                + "018035601601803400b501803400b501803400b50180354a000180366017018037601801803a00bb01804000c101804a00cb"
                + "0180574a2201806900ea01807c4a4701809000110180a10022",
            "spo2 96 % pulse-oximeter-rate 74 /min now"),
        // Built by hand from the layout in Nonin's 9560 OEM specification
        Vector(
            "nonin-df13-001", "nonin-format-13", "format-13", "0002000d000e20130305142233000200004800614f03",
            "spo2 97 % spot pulse-oximeter-rate 72 /min spot at 2013-03-05T14:22:33 #smart-point"),
        Vector(
            "nonin-df13-003", "nonin-format-13", "format-13", "0002000d000e2012122423595900010001ff007fbd03",
            "spo2 ?not-performed % spot pulse-oximeter-rate ?not-performed /min spot at 2012-12-24T23:59:59"),
        // atbrask/CMS50Dplus, unittests.py (BSD-2)
        Vector(
            "cms50dplus-live-001", "contec-cms50d-plus", "live", "c63c084861",
            "spo2 97 % pulse-oximeter-rate 72 /min now"),
        Vector(
            "cms50dplus-live-003", "contec-cms50d-plus", "live", "9000000000",
            "spo2 ?unknown % pulse-oximeter-rate ?unknown /min now #sensor-unconnected-to-user"),
        Vector(
            "cms50dplus-rec-001", "contec-cms50d-plus", "recorded", "f0c861",
            "spo2 97 % pulse-oximeter-rate 72 /min undated #from-storage"),
    ]
}

@Suite struct VectorTests {
    private func read(_ driver: String, _ name: String, _ hex: String) throws -> Reading {
        let driver = try #require((drivers + profiles).first { $0.id == driver })
        let endpoint = try #require(driver.endpoints.first { $0.name == name })
        let value = try #require(bytes(hex: hex))
        return try endpoint.decode(value.span)
    }

    @Test(arguments: Vector.all)
    func decodes(_ vector: Vector) throws {
        let reading = try read(vector.driver, vector.endpoint, vector.hex)
        #expect(reading.description == vector.reading)
        #expect(Reading(notation: vector.reading)?.description == vector.reading)
    }

    @Test(arguments: [
        // pauldemarco/flutter_blue issue 687: a maker's own frame, posted as 2A35
        ("trap-bp-001", "fe202700750055005f00e407091810093a690001", Malformed.reserved(at: 0, bits: 0xE0)),
        // derdilla/blood-pressure-monitor-fl: Beurer's BM85 is no plain 2A35 (flag 6, big-endian pulse)
        ("beurer-bm85-001", "566a0047000000ea07080b121f00003f000000", .reserved(at: 0, bits: 0x40)),
        ("beurer-bm85-003", "56770046000000ea07080b1439000057010040", .reserved(at: 0, bits: 0x40)),
    ])
    func isRefused(id: String, hex: String, why: Malformed) {
        #expect(throws: why) { try read("sig-blp", "2A35", hex) }
    }

    /// What the memory of a cuff that was never full holds, and what an oximeter says that is no sample.
    @Test(arguments: [
        ("omron-eeprom", "omron-14", String(repeating: "ff", count: 14)),
        ("omron-eeprom", "omron-14-le", String(repeating: "00", count: 14)),
        ("omron-eeprom", "omron-16", String(repeating: "ff", count: 16)),
        // sycophantic/pc60fw_pulseox: pc60fw-005
        ("viatom-pc60fw", "pc-60fw", "aa550f06210200000045"),
    ])
    func holdsNoReading(driver: String, name: String, hex: String) throws {
        let driver = try #require(drivers.first { $0.id == driver })
        let endpoint = try #require(driver.endpoints.first { $0.name == name })
        let value = try #require(bytes(hex: hex))
        let readings = try endpoint.decodeAll(value.span)
        #expect(readings == [])
    }

    /// Feet that are dry, or shoes: the weight is the same, and FFFF is no resistance.
    @Test(arguments: [("b80b", "?error"), ("ffff", "?error"), ("b70b", "2999")])
    func noBodyHasSoManyOhms(hex: String, told: String) throws {
        let reading = try read("xiaomi-scale", "xiaomi-181b", "0226e607020e10293a\(hex)9a38")
        #expect(
            reading.description
                == "weight 72.450 kg impedance \(told) Ohm at 2022-02-14T16:41:58 #not-medical-device")
    }

    /// silverbullet-dk/opentele-client-android, the packet without choice and length (ieee-and-bp-001): five pressures, not in
    /// the order of time.
    @Test func aMessageWithoutItsChoiceIsRead() throws {
        let hex =
            "00861000010100800000ffffffff0d1d0076f00000000005006e0001001200030006007e00470056201302252146010000010012"
            + "0003000600820042006720130225214731000001001200030006007f004800542013022522274800000100120003000600720043"
            + "005a20130225223425000001001200030006006d004d00592013022522303800"
        let profile = try #require(profiles.first { $0.id == "phd" })
        let endpoint = try #require(profile.endpoints.first { $0.name == "11073-10407" })
        let value = try #require(bytes(hex: hex))
        let readings = try endpoint.decodeAll(value.span)
        #expect(
            readings.map(\.description) == [
                "systolic 126 mm[Hg] diastolic 71 mm[Hg] mean 86 mm[Hg] at 2013-02-25T21:46:01",
                "systolic 130 mm[Hg] diastolic 66 mm[Hg] mean 103 mm[Hg] at 2013-02-25T21:47:31",
                "systolic 127 mm[Hg] diastolic 72 mm[Hg] mean 84 mm[Hg] at 2013-02-25T22:27:48",
                "systolic 114 mm[Hg] diastolic 67 mm[Hg] mean 90 mm[Hg] at 2013-02-25T22:34:25",
                "systolic 109 mm[Hg] diastolic 77 mm[Hg] mean 89 mm[Hg] at 2013-02-25T22:30:38",
            ])
    }

    /// A&D UT-201BLE, a real log that prints 12 of 13 bytes (ht2a1c-001): the type is cut off, and that is said.
    @Test func aCutThermometerValueIsNoTemperature() throws {
        let log = "06730100ffe40705040a072f"
        #expect(throws: Malformed.truncated(at: 12, need: 1, have: 0)) { try read("sig-htp", "2A1C", log) }
        #expect(try read("sig-htp", "2A1C", log + "02").description == "temperature 37.1 Cel at 2020-05-04T10:07:47")
    }
}
