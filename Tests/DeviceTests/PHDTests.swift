import Bluetooth
import Core
import Devices
import Testing

/// Messages that signove/antidote publishes (tests/resources/apdu), by the names of their files, and reports that A&D's
/// devices sent (silverbullet-dk/opentele-client-android, its packet tests).
private enum Published {
    static let oximeterAssociates =
        "e2000032800000000001002a5079002680000000a0008000000040000000008000000008112233445566770401900001010000000000"
    static let scaleAssociates =
        "e2000032800000000001002a5079002680000000a0008000000040000000008000000008112233445566778840000001010000000000"
    static let cuffConfiguration =
        "e70000b000ae0001010100a80000ffffffff0d1c009e4000000300980006000100060038092f000400024a040a460002f0400a730002"
        + "0303099600020f200a76000a000300064a054a064a070a55000c000200080a75000a099000080006000200040024092f0004000248"
        + "2a0a460002f040099600020aa00a55000c000200080a4c0002099000080006000300040024092f00040002f0120a460002f0400996"
        + "000202000a55000c000200080a4c000209900008"
    static let scaleConfiguration =
        "e70000440042124501" + "01003c0000ffffffff0d1c003205dc0001002c0006000100040024092f0004"
        + "0002e1400a460002f0400996000206c30a55000c000200080a56000409900008"
    static let attributes =
        "e700006c006a00240203006400000006005e0a5a0008000100041007000109280018000a546865436f6d70616e79000a54686542504d"
        + "204142430984000a000811223344556677070a44000202bc092d00120001000e0001000000084445313234353637098700082007020"
        + "112050000"
    static let oximeterReport =
        "e7000036003412380101002e0000ffffffff0d1d0024f00000000002001c0001000a00622007120612100000000a000a004820071206"
        + "12100000"
    static let severalCuffReadings =
        "e7000088"
        + "00861000010100800000ffffffff0d1d0076f00000000005006e0001001200030006007e0047005620130225214601000001"
        + "00120003000600820042006720130225214731000001001200030006007f004800542013022522274800000100120003000600720043"
        + "005a20130225223425000001001200030006006d004d00592013022522303800"
    static let severalWeighings =
        "e70000ba"
        + "00b81000010100b20000ffffffff0d1e00a8f0000000000500a000010003001a0a560004fe0000f00990000820120604082639"
        + "000996000206c300010003001a0a560004fe001c480990000820120604103115000996000206c300010003001a0a560004fe0000dc09"
        + "90000820120605163512000996000206c300010003001a0a560004fe0022b00990000820120605164335000996000206c30001000300"
        + "1a0a560004fe0004ec0990000820120605164448000996000206c3"
    /// `pulse_oximeter_unbuf_scan_report_mp_var`
    static let personsVariable =
        "e7000050004e1238010100480037ffffffff0d25003ef0000000000100360001000200300001000200120a4c00020062099000082007"
        + "120612100000000a000200120a4c00020048099000082007120612100000"
    /// `roiv_mds_note_scan_report_mp_fixed`
    static let cuffOfPersons =
        "e7000052005000010101004a0000ffffffff0d1f0040f000000100010038004200030032000100120003000600710047005520100721"
        + "153553000002000a004720100721153553000003000a00002010072115355300"
}

@Suite struct PHDTests {
    private func event(_ hex: String) throws -> PHDEvent {
        let apdu = try #require(bytes(hex: hex)), message = try PHDMessage(apdu.span)
        return try #require(event(message))
    }

    private func event(_ message: PHDMessage) -> PHDEvent? {
        if case .event(let event) = message { event } else { nil }
    }

    private func readings(_ hex: String, _ configuration: UInt16) throws -> [String] {
        let standard = try #require(PHDConfiguration.standard[configuration])
        return try PHDScanReport.readings(of: event(hex), standard).map(\.description)
    }

    @Test func oneMomentOfSeveralObjectsIsOneReading() throws {
        #expect(
            try readings(Published.oximeterReport, 0x0190)
                == ["spo2 98 % pulse-oximeter-rate 72 /min at 2007-12-06T12:10:00"])
        // The same without stamps: its configuration has none (antidote, pulse_oximeter_get_config_ID0190).
        let unstamped = "e7000026002412380101001e0000ffffffff0d1d0014f00000000002000c000100020062000a00020048"
        #expect(try readings(unstamped, 0x0190) == ["spo2 98 % pulse-oximeter-rate 72 /min now"])
        #expect(throws: Malformed.self) { try readings(unstamped, 0x0191) }
        // An agent that says that it sends values alone means no stamp by what stands behind them.
        var told = try #require(PHDConfiguration.standard[0x0190])
        for handle in told.metrics.keys { told.metrics[handle]?.allowsStamp = false }
        #expect(throws: Malformed.self) {
            try PHDScanReport.readings(of: event(Published.oximeterReport), told)
        }
        // H241_ID_02BC: the pulse has a decimal
        let cuff =
            "e700003e003c0054010100360000004900500d1d002cf000000000020024000100120003000600780050006420071206121000000"
            + "002000af2582007120612100000"
        #expect(
            try readings(cuff, 0x02BC) == [
                "systolic 120 mm[Hg] diastolic 80 mm[Hg] mean 100 mm[Hg] pulse 60.0 /min at 2007-12-06T12:10:00"
            ])
    }

    /// Five of a cuff's memory, the newest the fourth: all, in the order of the device.
    @Test func everyStoredReadingIsTold() throws {
        #expect(
            try readings(Published.severalCuffReadings, 0x02BC) == [
                "systolic 126 mm[Hg] diastolic 71 mm[Hg] mean 86 mm[Hg] at 2013-02-25T21:46:01",
                "systolic 130 mm[Hg] diastolic 66 mm[Hg] mean 103 mm[Hg] at 2013-02-25T21:47:31",
                "systolic 127 mm[Hg] diastolic 72 mm[Hg] mean 84 mm[Hg] at 2013-02-25T22:27:48",
                "systolic 114 mm[Hg] diastolic 67 mm[Hg] mean 90 mm[Hg] at 2013-02-25T22:34:25",
                "systolic 109 mm[Hg] diastolic 77 mm[Hg] mean 89 mm[Hg] at 2013-02-25T22:30:38",
            ])
        #expect(
            try readings(Published.severalWeighings, 0x05DC) == [
                "weight 2.40 kg at 2012-06-04T08:26:39", "weight 72.40 kg at 2012-06-04T10:31:15",
                "weight 2.20 kg at 2012-06-05T16:35:12", "weight 88.80 kg at 2012-06-05T16:43:35",
                "weight 12.60 kg at 2012-06-05T16:44:48",
            ])
    }

    @Test func aPersonsReportNamesThePerson() throws {
        #expect(
            try readings(Published.personsVariable, 0x0190)
                == ["spo2 98 % pulse-oximeter-rate 72 /min at 2007-12-06T12:10:00 user 1"])
        // The cuff announces an object of its own maker, which has no name here; what it says is known to be unread.
        let announced = try event(Published.cuffConfiguration).information
        let configuration = try PHDConfiguration(announced.span)
        #expect(
            try PHDScanReport.readings(of: event(Published.cuffOfPersons), configuration).map(\.description) == [
                "systolic 113 mm[Hg] diastolic 71 mm[Hg] mean 85 mm[Hg] pulse 71 /min at 2010-07-21T15:35:53 user 66",
                "at 2010-07-21T15:35:53 user 66 #partly-decoded",
            ])
    }

    /// What an agent announces for the standard configuration is what the standard has.
    @Test func anAnnouncedConfigurationIsTheStandardOne() throws {
        let announced = try event(Published.scaleConfiguration).information
        #expect(try PHDConfiguration(announced.span) == PHDConfiguration.standard[0x05DC])
    }

    @Test func theAssociationSaysWhoAsks() throws {
        let request = try #require(bytes(hex: Published.oximeterAssociates)), message = try PHDMessage(request.span)
        switch message {
        case .associationRequest(let association):
            #expect(association.systemID == 0x1122_3344_5566_7704 && association.configuration == 0x0190)
        default: Issue.record("no association request")
        }
    }

    /// An edited report of which the inner lengths lie (opentele-client-android): nothing of it is believed.
    @Test func lengthsThatDoNotAddUpAreRefused() {
        #expect(throws: Malformed.self) {
            try readings(
                "e700003e00861000010100800000ffffffff0d1d0076f00000000002006e0001001200030006007e00470056201302252146"
                    + "01000002000a00362013022521460100", 0x02BC)
        }
    }

    private func conversation(_ lines: String) async throws -> [String] {
        let capture = try Capture("# device: x\n# display: x\n# source: x\ntty x\n" + lines)
        var driver = Driver.noninFormat8
        driver.visit = .line { line, report async throws(Fault) in try await PHDSession.visit(line, report) }
        return await Replay.mistakes(of: driver, over: capture)
    }

    private static let oximeterVisit = """
        < \(Published.oximeterAssociates)
        = information system 1122334455667704
        > e300002c0000507900268000000080008000000000000000800000000008766974616c73640000000000000000000000
        > e700000e000c000101030006000000000000             who are you?
        < \(Published.attributes)
        = clock at 2007-02-01T12:05:00
        = information manufacturer "TheCompany" model "TheBPM ABC" serial "DE124567" system 1122334455667707
        < \(Published.oximeterReport)
        = spo2 98 % pulse-oximeter-rate 72 /min at 2007-12-06T12:10:00
        > e7000012001012380201000a0000000000000d1d0000     only now is it answered
        < e40000020000
        > e50000020000
        """

    @Test func aVisitOfAKnownAgent() async throws {
        #expect(try await conversation(Self.oximeterVisit) == [])
    }

    /// The answer ahead of the keeping is the mistake that loses readings; the conversation as it must be sees it.
    @Test func theAnswerWaitsForTheKeeping() async throws {
        let lines = Self.oximeterVisit.split(separator: "\n").map(String.init)
        let swapped = lines[..<8] + [lines[9], lines[8]] + lines[10...]
        #expect(try await conversation(swapped.joined(separator: "\n")).isEmpty == false)
    }

    /// A peak flow meter (11073-10421) announces what it reports; built by hand from the codes of 11073-10101.
    @Test func aPeakFlowMeterSaysWhatItIs() throws {
        func object(_ handle: UInt8, _ term: [UInt8], _ unit: [UInt8]) -> [UInt8] {
            let attributes: [UInt8] =
                [0x09, 0x2F, 0x00, 0x04, 0x00, 0x02] + term + [0x09, 0x96, 0x00, 0x02] + unit
                + [0x0A, 0x55, 0x00, 0x0C, 0x00, 0x02, 0x00, 0x08, 0x0A, 0x4C, 0x00, 0x02, 0x09, 0x90, 0x00, 0x08]
            return [0x00, 0x06, 0x00, handle, 0x00, 0x03, 0x00, UInt8(attributes.count)] + attributes
        }
        let objects = object(1, [0x54, 0x08], [0x0C, 0x00]) + object(3, [0x54, 0x0A], [0x06, 0x40])
        let announced: [UInt8] = [0x40, 0x00, 0x00, 0x02, 0x00, UInt8(objects.count)] + objects
        let stamp = "2026030208151000"
        let report =
            "e7000036003400010101002e0000ffffffff0d1d0024f00000000002001c0001000a019f\(stamp)0003000ae0f1\(stamp)"
        let configuration = try PHDConfiguration(announced.span)
        #expect(
            try PHDScanReport.readings(of: event(report), configuration).map(\.description)
                == ["pef 415 L/min fev1 2.41 L at 2026-03-02T08:15:10"])
    }

    /// A scale without a calendar announces stamps of its counter, of eighths of a millisecond; built by hand from the codes
    /// of 11073-10101 (MDC_ATTR_TIME_STAMP_REL is 2449). Its event says what the counter shows: 5400 s after the weighing.
    private static let countingScale =
        "40010001002600060001" + "0003001e092f00040002e1400996000206c3"
        + "0a55000c000200080a56000409910004"
    private static let countedWeighings =
        "e7000032003000010101002a0000" + "02952e00" + "0d1d0020f0000000" + "00020018"
        + "00010008fe001dce00020000" + "00010008fe001dd8ffffffff"

    @Test func aCounterDatesWhatItStamps() throws {
        let announced = try #require(bytes(hex: Self.countingScale))
        let configuration = try PHDConfiguration(announced.span)
        let told = try event(Self.countedWeighings)
        #expect(told.time == .ticks(0x0295_2E00, resolution: .microseconds(125)))
        #expect(
            try PHDScanReport.readings(of: told, configuration).map(\.description)
                == ["weight 76.30 kg ticks 131072 125", "weight 76.40 kg undated"])
    }

    /// A calendar and a counter that both are 0, as antidote's agents have them, which have neither.
    private static let clockless =
        "e7000030002e00010203002800000003" + "0022"
        + "0984000a00081122334455667788" + "098700080000000000000000" + "098f000400000000"

    /// The agent tells no clock among its attributes, or answers nothing at all: its event's own time is beside the hub's
    /// before what it stamps is kept.
    @Test(arguments: ["~", "< \(clockless)\n= information system 1122334455667788"])
    func aCounterIsReadWhereItIsTold(_ answer: String) async throws {
        let announced = "e700003e003c00010101" + "00360000ffffffff0d1c002c" + Self.countingScale
        let mistakes = try await conversation(
            """
            < \(Published.scaleAssociates)
            = information system 1122334455667788
            > e300002c0003507900268000000080008000000000000000800000000008766974616c73640000000000000000000000
            < \(announced)
            > e7000016001400010201000e0000000000000d1c000440010000
            > e700000e000c000101030006000000000000
            \(answer)
            < \(Self.countedWeighings)
            = clock ticks 43331072 125
            = weight 76.30 kg ticks 131072 125 sequence 0
            = weight 76.40 kg undated sequence 1
            > e7000012001000010201000a0000000000000d1d0000
            ~
            > e40000020000
            """)
        #expect(mistakes == [])
    }

    @Test func anUnknownAgentIsAskedForItsConfiguration() async throws {
        let mistakes = try await conversation(
            """
            < \(Published.scaleAssociates)
            = information system 1122334455667788
            > e300002c0003507900268000000080008000000000000000800000000008766974616c73640000000000000000000000
            < \(Published.scaleConfiguration)
            > e7000016001412450201000e0000000000000d1c000405dc0000
            > e700000e000c000101030006000000000000
            ~
            < \(Published.severalWeighings)
            = weight 2.40 kg at 2012-06-04T08:26:39 sequence 0
            = weight 72.40 kg at 2012-06-04T10:31:15 sequence 1
            = weight 2.20 kg at 2012-06-05T16:35:12 sequence 2
            = weight 88.80 kg at 2012-06-05T16:43:35 sequence 3
            = weight 12.60 kg at 2012-06-05T16:44:48 sequence 4
            > e7000012001010000201000a0000000000000d1e0000
            < e60000020000                                     it aborts
            """)
        #expect(mistakes == [])
    }

    /// No bytes may trap, in whatever message they stand.
    @Test func hostileBytes() {
        for hex in [
            Published.oximeterAssociates, Published.cuffConfiguration, Published.attributes, Published.oximeterReport,
            Published.severalWeighings, Published.personsVariable, Published.cuffOfPersons,
        ] {
            guard let honest = bytes(hex: hex) else { continue }
            for at in honest.indices {
                for byte in UInt8.min...UInt8.max {
                    var lie = honest
                    lie[at] = byte
                    take(lie)
                }
                take(Array(honest.prefix(at)))
            }
        }
    }

    private func take(_ bytes: [UInt8]) {
        let message = try? PHDMessage(bytes.span)
        guard let event = message.flatMap(event) else { return }
        let information = event.information
        let announced = try? PHDConfiguration(information.span)
        for configuration in [announced].compactMap(\.self) + PHDConfiguration.standard.values {
            _ = try? PHDScanReport.readings(of: event, configuration)
        }
    }
}
